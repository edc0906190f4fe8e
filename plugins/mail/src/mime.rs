//! The parts of a message: which of them are attached files, and what they are called (RFC 2045, 2046, 2231).
//! Never: reads what is in a part, beyond the lines that tell where it ends.

use crate::header::{self, Fields, in_charset, quoted, split_line, words};
use crate::mail::{Attachment, extension};

/// How deep parts are looked at; programs nest three or four.
const DEPTH: usize = 16;
/// Parts that are looked at; beyond it a message is an attack.
const PARTS: usize = 2_000;

/// What the parts of a message tell.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) files: Vec<Attachment>,
    seen: usize,
}

impl Parts {
    /// Of the message with these fields and this body.
    pub(crate) fn of(fields: &Fields, body: &[u8]) -> Self {
        let mut parts = Self::default();
        parts.add(fields, body, 0);
        parts
    }

    fn add(&mut self, fields: &Fields, body: &[u8], depth: usize) {
        self.seen += 1;
        if self.seen > PARTS {
            return;
        }
        let content = Value::of(fields.get("content-type").unwrap_or("text/plain"));
        if content.word.starts_with("multipart/")
            && let Some(boundary) = content.parameter("boundary").filter(|boundary| !boundary.is_empty())
        {
            if depth < DEPTH {
                self.add_all(body, &boundary, depth + 1);
            }
            return;
        }
        let disposition = Value::of(fields.get("content-disposition").unwrap_or_default());
        let name = disposition.parameter("filename").or_else(|| content.parameter("name")).unwrap_or_default();
        if is_file(&content.word, &disposition.word, &name, fields.get("content-id").is_some()) {
            self.files.push(Attachment { extension: extension(&name).unwrap_or_default(), name, hash: String::new() });
        }
    }

    fn add_all(&mut self, body: &[u8], boundary: &str, depth: usize) {
        let delimiter = format!("--{boundary}");
        let (mut rest, mut start): (&[u8], Option<&[u8]>) = (body, None);
        loop {
            let ended = rest.is_empty();
            let (line, after) = split_line(rest);
            let found = line.strip_prefix(delimiter.as_bytes()).map(|behind| behind.trim_ascii_end());
            let (next, last) = (found == Some(b"".as_slice()), found == Some(b"--".as_slice()));
            if next || last || ended {
                if let Some(part) = start {
                    let part = part.get(..part.len() - rest.len()).unwrap_or_default();
                    let (fields, body) = Fields::read(part);
                    self.add(&fields, body, depth);
                }
                if last || ended || self.seen > PARTS {
                    return;
                }
                start = Some(after);
            }
            rest = after;
        }
    }
}

/// Whether a part is a file that somebody attached: not the text, its pictures, or what programs add for themselves.
fn is_file(kind: &str, disposition: &str, name: &str, referred_to: bool) -> bool {
    const OF_PROGRAMS: [&str; 8] = [
        "application/pkcs7-signature",
        "application/x-pkcs7-signature",
        "application/pkcs7-mime",
        "application/x-pkcs7-mime",
        "application/pgp-signature",
        "application/pgp-encrypted",
        "message/delivery-status",
        "message/disposition-notification",
    ];
    if OF_PROGRAMS.contains(&kind) || kind.starts_with("multipart/") {
        return false;
    }
    if disposition == "attachment" {
        return true;
    }
    if kind.starts_with("image/") && (referred_to || disposition == "inline") {
        return false;
    }
    !name.is_empty() || !(kind.starts_with("text/") || kind == "message/external-body")
}

/// A field like `text/plain; charset=utf-8; name="a.txt"`.
struct Value {
    word: String,
    parameters: Vec<(String, String)>,
}

impl Value {
    fn of(text: &str) -> Self {
        let (text, _) = header::without_comments(text);
        let mut pieces = pieces(&text).into_iter();
        let word = pieces.next().unwrap_or_default().trim().to_ascii_lowercase();
        let parameters = pieces
            .filter_map(|piece| {
                let (name, value) = piece.split_once('=')?;
                let value = value.trim();
                let inner = value.strip_prefix('"').map(|rest| rest.strip_suffix('"').unwrap_or(rest));
                let value =
                    inner.map_or_else(|| value.to_owned(), |inner| inner.replace("\\\"", "\"").replace("\\\\", "\\"));
                Some((name.trim().to_ascii_lowercase(), value))
            })
            .collect();
        Self { word, parameters }
    }

    fn plain(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter in any of the ways to write one: plain, with encoded words, with its character set (`name*`), in
    /// numbered pieces (`name*0`).
    fn parameter(&self, name: &str) -> Option<String> {
        if let Some(value) = self.plain(&format!("{name}*")) {
            return Some(extended(value));
        }
        if let Some(value) = self.plain(name) {
            return Some(words(value));
        }
        let (mut joined, mut encoded) = (String::new(), false);
        for at in 0..100 {
            let (bare, marked) = (format!("{name}*{at}"), format!("{name}*{at}*"));
            match (self.plain(&bare), self.plain(&marked)) {
                (Some(piece), _) => joined.push_str(piece),
                (None, Some(piece)) => {
                    encoded = true;
                    joined.push_str(piece);
                }
                (None, None) => break,
            }
        }
        if joined.is_empty() {
            return None;
        }
        Some(if encoded { extended(&joined) } else { words(&joined) })
    }
}

/// `utf-8'en'M%C3%BCller.pdf`
fn extended(value: &str) -> String {
    let mut parts = value.splitn(3, '\'');
    let (Some(charset), Some(_), Some(encoded)) = (parts.next(), parts.next(), parts.next()) else {
        return header::text(&quoted(value, '%'));
    };
    in_charset(&quoted(encoded, '%'), charset).unwrap_or_else(|| encoded.to_owned())
}

/// Cuts at semicolons outside of quotes.
fn pieces(text: &str) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    let (mut quoted, mut escaped) = (false, false);
    for c in text.chars() {
        if c == ';' && !quoted {
            pieces.push(std::mem::take(&mut piece));
            continue;
        }
        if c == '"' && !escaped {
            quoted = !quoted;
        }
        escaped = c == '\\' && !escaped;
        piece.push(c);
    }
    pieces.push(piece);
    pieces
}
