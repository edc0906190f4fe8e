//! The first look at a document: how many tokens, and how many brackets are open at once. The parser behind it is
//! recursive, so its stack depends on the second number.
//! Never: a string that reads shorter here than in the parser; where the two might differ, the document is refused.

use super::{INVALID, at_most, refused};
use async_graphql::ServerError;
use vizard_core::limits;

/// Refuses a document with too many tokens or brackets open at once.
pub(super) fn check(text: &str) -> Result<(), ServerError> {
    let bytes = text.as_bytes();
    let (mut at, mut tokens, mut open) = (0, 0_usize, 0_usize);
    while let Some(byte) = bytes.get(at) {
        at = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at += length_while(&bytes[at..], |byte| !matches!(byte, b'\n' | b'\r'));
                continue;
            }
            b'"' => string_end(bytes, at).ok_or_else(|| refused("a text in the document does not end", INVALID))?,
            b'{' | b'[' | b'(' => {
                open += 1;
                at_most("brackets open at once", open, limits::GRAPHQL_NESTING)?;
                at + 1
            }
            b'}' | b']' | b')' => {
                open = open.saturating_sub(1);
                at + 1
            }
            _ => at + length_while(&bytes[at..], |byte| byte.is_ascii_alphanumeric() || byte == b'_').max(1),
        };
        tokens += 1;
        at_most("words and signs in one document", tokens, limits::GRAPHQL_TOKENS)?;
    }
    Ok(())
}

fn length_while(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| belongs(**byte)).count()
}

/// Where the string that begins at `start` ends.
fn string_end(bytes: &[u8], start: usize) -> Option<usize> {
    let block = bytes[start..].starts_with(br#"""""#);
    let mut at = start + if block { 3 } else { 1 };
    loop {
        let rest = bytes.get(at..)?;
        match (block, rest) {
            (true, [b'\\', b'"', b'"', b'"', ..]) => at += 4,
            (true, [b'"', b'"', b'"', ..]) => return Some(at + 3),
            (true, [_, ..]) | (false, [b'\\', ..]) => at += if block { 1 } else { 2 },
            (false, [b'"', ..]) => return Some(at + 1),
            (_, []) | (false, [b'\n' | b'\r', ..]) => return None,
            (false, [_, ..]) => at += 1,
        }
    }
}
