//! Cuts JSON: the elements of an array, at the root or within objects; objects one a line, or one after another.
//! Never: parses a record, holds more than one, or goes deeper on the stack where the input nests deeper.

use super::text;
use super::window::Window;
use super::{Cut, FramingError};
use memchr::memchr2;
use std::io::{self, Read};
use vizard_core::limits::RECORD_BYTES;

/// What the next byte belongs to.
enum Place {
    /// Nothing is read yet.
    Start,
    /// Before a document that has the array.
    Document,
    /// Within the array.
    Array,
    /// One object a line: a broken line costs only itself.
    Lines,
    /// Objects one after another, over several lines or several on one.
    Sequence,
}

pub(super) struct Json {
    place: Place,
    /// The keys that lead to the array; none where it is the root.
    keys: Vec<String>,
    pointer: String,
    lines: u64,
    elements: u64,
}

impl Json {
    /// `pointer` as in RFC 6901, through objects only.
    pub(super) fn new(pointer: &str) -> Self {
        let keys = pointer.split('/').skip(1).map(|key| key.replace("~1", "/").replace("~0", "~")).collect();
        Self { place: Place::Start, keys, pointer: pointer.into(), lines: 0, elements: 0 }
    }

    pub(super) fn next<R: Read>(&mut self, window: &mut Window<R>) -> Result<Option<Cut>, FramingError> {
        loop {
            match self.place {
                Place::Start => self.start(window)?,
                Place::Lines => return text::line(window, &mut self.lines),
                Place::Sequence => return self.sequence(window),
                Place::Document => {
                    if self.skip_space(window)?.is_none() {
                        return Ok(None);
                    }
                    self.find_array(window)?;
                    self.place = Place::Array;
                }
                Place::Array => match self.element(window)? {
                    Some(cut) => return Ok(Some(cut)),
                    None => {
                        // The objects around the array end too; another document may follow (pages appended).
                        if !self.keys.is_empty() && !pass_nested(window, self.keys.len() as u64)? {
                            return Err(self.error("the delivery ends within the object around the array"));
                        }
                        self.place = Place::Document;
                    }
                },
            }
        }
    }

    fn start<R: Read>(&mut self, window: &mut Window<R>) -> Result<(), FramingError> {
        self.place = match (self.skip_space(window)?, self.keys.is_empty()) {
            (None, _) | (Some(b'['), true) | (Some(b'{'), false) => Place::Document,
            (Some(b'{'), true) => first_lines(window)?,
            (Some(b'['), false) => {
                return Err(
                    self.error(&format!("an array at the root, not at {}, where this feed has it", self.pointer))
                );
            }
            (Some(_), _) => return Err(self.error("neither an array nor an object: is this JSON?")),
        };
        Ok(())
    }

    fn sequence<R: Read>(&mut self, window: &mut Window<R>) -> Result<Option<Cut>, FramingError> {
        match self.skip_between(window)? {
            None => Ok(None),
            Some(b'{') => self.value(window).map(Some),
            Some(_) => Err(self.error("something else than an object follows it")),
        }
    }

    /// The next element, or nothing after the array's end.
    fn element<R: Read>(&mut self, window: &mut Window<R>) -> Result<Option<Cut>, FramingError> {
        match self.skip_between(window)? {
            None => Err(self.error("the delivery ends within the array after it")),
            Some(b']') => {
                window.pass(1);
                Ok(None)
            }
            Some(b'}' | b':') => Err(self.error("the array is broken after it")),
            Some(_) => self.value(window).map(Some),
        }
    }

    fn value<R: Read>(&mut self, window: &mut Window<R>) -> Result<Cut, FramingError> {
        self.elements += 1;
        window.begin();
        if !pass_value(window)? {
            return Err(self.error("the delivery ends within it"));
        }
        Ok(Cut { position: self.elements, body: window.record().map(<[u8]>::to_vec) })
    }

    /// To the first element of the array.
    fn find_array<R: Read>(&mut self, window: &mut Window<R>) -> Result<(), FramingError> {
        for at in 0..self.keys.len() {
            self.expect(window, b'{')?;
            loop {
                match self.skip_between(window)? {
                    Some(b'"') => {}
                    Some(b'}') => return Err(self.no_array()),
                    _ => return Err(self.error("the object around the array is broken")),
                }
                window.begin();
                if !pass_value(window)? {
                    return Err(self.no_array());
                }
                // A key that is larger than a record is not the one.
                let found = window.record().is_some_and(|key| is_key(key, &self.keys[at]));
                self.expect(window, b':')?;
                self.skip_space(window)?;
                if found {
                    break;
                }
                if !pass_value(window)? {
                    return Err(self.no_array());
                }
            }
        }
        self.expect(window, b'[')
    }

    fn expect<R: Read>(&mut self, window: &mut Window<R>, wanted: u8) -> Result<(), FramingError> {
        if self.skip_space(window)? != Some(wanted) {
            return Err(self.no_array());
        }
        window.pass(1);
        Ok(())
    }

    /// Over white space; the byte after it.
    fn skip_space<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Option<u8>> {
        self.skip(window, |byte| byte.is_ascii_whitespace())
    }

    /// Over white space and commas: a missing or a second comma is no reason to refuse what can be told apart.
    fn skip_between<R: Read>(&mut self, window: &mut Window<R>) -> io::Result<Option<u8>> {
        self.skip(window, |byte| byte.is_ascii_whitespace() || byte == b',')
    }

    fn skip<R: Read>(&mut self, window: &mut Window<R>, over: impl Fn(u8) -> bool) -> io::Result<Option<u8>> {
        loop {
            let ahead = window.ahead()?;
            let count = ahead.iter().position(|byte| !over(*byte)).unwrap_or(ahead.len());
            let (after, all) = (ahead.get(count).copied(), ahead.is_empty());
            if matches!(self.place, Place::Start) {
                self.lines += ahead[..count].iter().filter(|byte| **byte == b'\n').count() as u64;
            }
            window.pass(count);
            if after.is_some() || all {
                return Ok(after);
            }
        }
    }

    fn no_array(&self) -> FramingError {
        let path = if self.pointer.is_empty() { "the root" } else { &self.pointer };
        self.error(&format!("there is no array at {path}"))
    }

    fn error(&self, problem: &str) -> FramingError {
        FramingError::at("element", self.elements, problem)
    }
}

/// Whether `quoted`, a JSON string with its quotes, is `key`.
fn is_key(quoted: &[u8], key: &str) -> bool {
    let plain = quoted.get(1..quoted.len() - 1).unwrap_or_default();
    if !plain.contains(&b'\\') {
        return plain == key.as_bytes();
    }
    serde_json::from_slice::<String>(quoted).is_ok_and(|unescaped| unescaped == key)
}

/// Whether objects come one a line, by the first line and the beginning of the second. Where the first line is cut
/// short and the second begins an object, they do: one broken line must not cost the rest.
fn first_lines<R: Read>(window: &mut Window<R>) -> io::Result<Place> {
    let mut wanted = 4_096;
    loop {
        let seen = window.peek_many(wanted)?;
        let ended = seen.len() < wanted || wanted >= RECORD_BYTES;
        if let Some(place) = lines_or_sequence(seen, ended) {
            return Ok(place);
        }
        wanted *= 2;
    }
}

fn lines_or_sequence(seen: &[u8], ended: bool) -> Option<Place> {
    let first_end = memchr::memchr(b'\n', seen);
    let first = &seen[..first_end.unwrap_or(seen.len())];
    let mut scan = Nested::new(0);
    if let Some(end) = scan.pass(first) {
        let rest = first[end..].trim_ascii();
        return match rest.first() {
            Some(b'{') => Some(Place::Sequence),
            Some(_) => Some(Place::Lines),
            None if first_end.is_some() || ended => Some(Place::Lines),
            None => None,
        };
    }
    let second = first_end.and_then(|end| seen[end..].iter().find(|byte| !byte.is_ascii_whitespace()));
    match second {
        Some(b'{') => Some(Place::Lines),
        Some(_) => Some(Place::Sequence),
        None if ended => Some(Place::Lines),
        None => None,
    }
}

/// Over one value. False where the stream ends within it.
fn pass_value<R: Read>(window: &mut Window<R>) -> io::Result<bool> {
    match window.peek()? {
        None => Ok(false),
        Some(b'"') => pass_nested(window, 0),
        Some(b'{' | b'[') => pass_nested(window, 0),
        Some(_) => loop {
            let ahead = window.ahead()?;
            if ahead.is_empty() {
                return Ok(false);
            }
            let end = ahead.iter().position(|byte| byte.is_ascii_whitespace() || b",]}:\"[{".contains(byte));
            let count = end.unwrap_or(ahead.len());
            window.pass(count);
            if end.is_some() {
                return Ok(true);
            }
        },
    }
}

/// To the end of the string, array or object that begins here, or of `depth` of them that began before.
fn pass_nested<R: Read>(window: &mut Window<R>, depth: u64) -> io::Result<bool> {
    let mut scan = Nested::new(depth);
    loop {
        let ahead = window.ahead()?;
        if ahead.is_empty() {
            return Ok(false);
        }
        let end = scan.pass(ahead);
        let count = end.unwrap_or(ahead.len());
        window.pass(count);
        if end.is_some() {
            return Ok(true);
        }
    }
}

/// A scan for the end of what is open. Brackets are counted, not matched by kind: a record whose brackets do not match
/// is for the plugin to refuse.
struct Nested {
    depth: u64,
    text: Text,
}

#[derive(PartialEq)]
enum Text {
    Outside,
    Inside,
    Escaped,
}

impl Nested {
    fn new(depth: u64) -> Self {
        Self { depth, text: Text::Outside }
    }

    /// How many of the bytes belong to it, if its end is among them.
    fn pass(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while at < bytes.len() {
            match self.text {
                Text::Escaped => {
                    self.text = Text::Inside;
                    at += 1;
                }
                Text::Inside => {
                    at += memchr2(b'"', b'\\', &bytes[at..])?;
                    let quote = bytes[at] == b'"';
                    self.text = if quote { Text::Outside } else { Text::Escaped };
                    at += 1;
                    if quote && self.depth == 0 {
                        return Some(at);
                    }
                }
                Text::Outside => {
                    at += bytes[at..].iter().position(|byte| STRUCTURE[usize::from(*byte)])?;
                    match bytes[at] {
                        b'"' => self.text = Text::Inside,
                        b'{' | b'[' => self.depth += 1,
                        _ => self.depth = self.depth.saturating_sub(1),
                    }
                    at += 1;
                    if self.depth == 0 && self.text == Text::Outside {
                        return Some(at);
                    }
                }
            }
        }
        None
    }
}

static STRUCTURE: [bool; 256] = {
    let mut table = [false; 256];
    let (bytes, mut at) = (b"\"{}[]", 0);
    while at < bytes.len() {
        table[bytes[at] as usize] = true;
        at += 1;
    }
    table
};
