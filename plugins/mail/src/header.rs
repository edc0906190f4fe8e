//! Headers of messages: fields, lists of addresses, encoded words, dates (RFC 5322, RFC 2047).
//! Never: refuses a message for what many programs write wrongly.

use crate::mail::Recipient;
use connector_sdk::identifier;
use connector_sdk::jiff::tz::TimeZone;
use connector_sdk::time::{self, DateOrder};

/// Fields that are looked at; a message with more says nothing more.
const FIELDS: usize = 1_000;
/// Addresses of one message that are looked at.
const ADDRESSES: usize = 1_000;
/// Bytes of a text that are looked at for encoded words. The search for the end of each goes over all that follows: in
/// a longer text, a million beginnings would keep it busy for hours.
const WORDS_BYTES: usize = 16 * 1_024;

/// The fields of a message or of a part of one, and what comes after them.
pub(crate) struct Fields {
    fields: Vec<(String, String)>,
}

impl Fields {
    /// Reads up to the empty line; also what is after it.
    pub(crate) fn read(bytes: &[u8]) -> (Self, &[u8]) {
        let (mut fields, mut rest): (Vec<(String, String)>, &[u8]) = (Vec::new(), bytes);
        while !rest.is_empty() {
            let (line, after) = split_line(rest);
            if line.is_empty() {
                return (Self { fields }, after);
            }
            let folded = line.first().is_some_and(|byte| matches!(byte, b' ' | b'\t'));
            let colon = line.iter().position(|byte| *byte == b':');
            if folded {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(text(line).trim());
                }
            } else if let Some(colon) = colon.filter(|_| fields.len() < FIELDS) {
                // A line without a colon is no field: the separator of a mailbox file, or rubbish.
                let (name, value) = line.split_at(colon);
                let value = value.get(1..).unwrap_or_default();
                fields.push((text(name).trim().to_ascii_lowercase(), text(value).trim().to_owned()));
            }
            rest = after;
        }
        (Self { fields }, rest)
    }

    /// The first field of that name, in lower case; `None` where it is absent or empty.
    pub(crate) fn get<'f>(&'f self, name: &'f str) -> Option<&'f str> {
        self.all(name).next()
    }

    /// Every field of that name that is not empty.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl DoubleEndedIterator<Item = &'f str> {
        let named = move |field: &&(String, String)| field.0 == name && !field.1.is_empty();
        self.fields.iter().filter(named).map(|(_, value)| value.as_str())
    }
}

/// The first line without its break, and the rest.
pub(crate) fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        None => (bytes.strip_suffix(b"\r").unwrap_or(bytes), &[]),
        Some(at) => {
            let (line, rest) = bytes.split_at(at);
            (line.strip_suffix(b"\r").unwrap_or(line), rest.get(1..).unwrap_or_default())
        }
    }
}

/// Bytes as text: UTF-8, else each byte as the character of that number, which is what old programs meant.
pub(crate) fn text(bytes: &[u8]) -> String {
    std::str::from_utf8(bytes).map_or_else(|_| bytes.iter().copied().map(char::from).collect(), str::to_owned)
}

/// Everybody in a list like `Ada <ada@x.org>, "Doe, Jo" <jo@y.org>, Team: a@z.org, b@z.org;`.
pub(crate) fn addresses(list: &str) -> Vec<Recipient> {
    items(list).iter().filter_map(|item| address(item)).take(ADDRESSES).collect()
}

/// Cuts a list at commas and semicolons outside of quotes, comments and angle brackets; takes the names of groups away.
fn items(list: &str) -> Vec<String> {
    let (mut items, mut item) = (Vec::new(), String::new());
    let (mut quoted, mut escaped, mut angle, mut depth) = (false, false, false, 0_u32);
    for c in list.chars() {
        let plain = !quoted && depth == 0;
        let end = plain && !angle && (c == ',' || c == ';');
        if escaped {
            escaped = false;
        } else if c == '\\' && (quoted || depth > 0) {
            escaped = true;
        } else if quoted {
            quoted = c != '"';
        } else {
            match c {
                '"' if depth == 0 => quoted = true,
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                '<' if plain => angle = true,
                '>' if plain => angle = false,
                ':' if plain && !angle => {
                    // The name of a group ends here.
                    item.clear();
                    continue;
                }
                _ => {}
            }
        }
        if end {
            items.push(std::mem::take(&mut item));
        } else {
            item.push(c);
        }
    }
    items.push(item);
    items
}

fn address(item: &str) -> Option<Recipient> {
    let (plain, comment) = without_comments(item);
    let found = identifier::address(&plain)?;
    let called = match plain.rfind('<') {
        Some(open) => plain.get(..open).unwrap_or_default(),
        None => comment.as_str(),
    };
    let called = called.trim().trim_matches('"').replace("\\\"", "\"");
    Some(Recipient { address: found, name: words(&called) })
}

/// The text without what is in round brackets, and the first of what was in them.
pub(crate) fn without_comments(text: &str) -> (String, String) {
    let (mut plain, mut comment) = (String::with_capacity(text.len()), String::new());
    let (mut quoted, mut depth, mut comments) = (false, 0_u32, 0_u32);
    for c in text.chars() {
        match c {
            '"' if depth == 0 => {
                quoted = !quoted;
                plain.push(c);
            }
            '(' if !quoted => {
                depth += 1;
                comments += 1;
            }
            ')' if !quoted && depth > 0 => depth -= 1,
            _ if depth == 0 => plain.push(c),
            _ if comments == 1 => comment.push(c),
            _ => {}
        }
    }
    (plain, comment)
}

/// A date as messages write it: with the zone in words, a comment behind it, or two digits for the year.
pub(crate) fn date(text: &str) -> Option<i64> {
    let (plain, _) = without_comments(text);
    let written = with_offset(&with_century(plain.trim()));
    time::parse(&written, &TimeZone::UTC, DateOrder::MonthFirst)
}

/// `Mon, 5 Jan 98 10:00` as RFC 5322 (section 4.3) reads it: 1998; up to 49 it is this century.
fn with_century(text: &str) -> String {
    let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let month =
        words.iter().position(|word| word.len() >= 3 && word.chars().all(char::is_alphabetic) && !word.ends_with(','));
    if let Some(year) = month.and_then(|at| words.get_mut(at + 1))
        && let (2, Ok(number)) = (year.len(), year.parse::<u32>())
    {
        *year = (if number < 50 { 2_000 } else { 1_900 } + number).to_string();
    }
    words.join(" ")
}

/// A zone in words, as in `10:00:00 PST`, as an offset. Others stay as they are.
pub(crate) fn with_offset(text: &str) -> String {
    const ZONES: [(&str, &str); 9] = [
        ("UT", "+0000"),
        ("EST", "-0500"),
        ("EDT", "-0400"),
        ("CST", "-0600"),
        ("CDT", "-0500"),
        ("MST", "-0700"),
        ("MDT", "-0600"),
        ("PST", "-0800"),
        ("PDT", "-0700"),
    ];
    let text = text.trim();
    let zone = text.rsplit_once(' ').and_then(|(time, word)| {
        let (_, offset) = ZONES.iter().find(|(name, _)| name.eq_ignore_ascii_case(word))?;
        Some(format!("{time} {offset}"))
    });
    zone.unwrap_or_else(|| text.to_owned())
}

/// A text with encoded words (`=?utf-8?Q?M=C3=BCller?=`) as it reads.
pub(crate) fn words(text: &str) -> String {
    let text = text.get(..text.floor_char_boundary(WORDS_BYTES)).unwrap_or_default();
    let (mut read, mut rest, mut after_word) = (String::with_capacity(text.len()), text, false);
    while let Some(start) = rest.find("=?") {
        let (before, from) = rest.split_at(start);
        let Some((word, after)) = encoded_word(from) else {
            let (sign, behind) = from.split_at(2);
            read.push_str(before);
            read.push_str(sign);
            (rest, after_word) = (behind, false);
            continue;
        };
        // Space between two encoded words belongs to neither.
        if !after_word || !before.trim().is_empty() {
            read.push_str(before);
        }
        read.push_str(&word);
        (rest, after_word) = (after, true);
    }
    read.push_str(rest);
    read
}

/// The word that begins here, and what follows it.
fn encoded_word(text: &str) -> Option<(String, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let (encoding, rest) = rest.split_once('?')?;
    let (encoded, after) = rest.split_once("?=")?;
    let bytes = match encoding {
        "b" | "B" => base64(encoded.as_bytes()),
        "q" | "Q" => quoted(&encoded.replace('_', " "), '='),
        _ => return None,
    };
    Some((in_charset(&bytes, charset)?, after))
}

/// `None` for character sets that are not built in; the word then stays as it was written.
pub(crate) fn in_charset(bytes: &[u8], charset: &str) -> Option<String> {
    // A language may follow: `utf-8*en`.
    let charset = charset.split('*').next().unwrap_or(charset).to_ascii_lowercase();
    match charset.as_str() {
        "utf-8" | "utf8" | "us-ascii" | "ascii" | "" | "iso-8859-1" | "latin1" | "iso-8859-15" | "windows-1252"
        | "cp1252" => Some(text(bytes)),
        _ => None,
    }
}

/// The bytes of base64; what is no letter of it is passed over, as mail programs do.
pub(crate) fn base64(encoded: &[u8]) -> Vec<u8> {
    let (mut bytes, mut bits, mut held) = (Vec::with_capacity(encoded.len() / 4 * 3), 0_u32, 0_u32);
    for value in encoded.iter().filter_map(|letter| base64_value(*letter)) {
        bits = (bits << 6) | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).unwrap_or(0));
        }
    }
    bytes
}

fn base64_value(letter: u8) -> Option<u8> {
    match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// The bytes of `M=C3=BCller` or, with `%` as sign, `M%C3%BCller`.
pub(crate) fn quoted(encoded: &str, sign: char) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some(c) = rest.chars().next() {
        let (first, after) = rest.split_at(c.len_utf8());
        let digits = after.get(..2).filter(|digits| c == sign && digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                bytes.extend_from_slice(first.as_bytes());
                rest = after;
            }
        }
    }
    bytes
}
