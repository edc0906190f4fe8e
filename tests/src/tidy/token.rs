//! Rust source as words: enough to tell a name in code from the same name in a comment or a string.
//! Never: understands Rust; what matters is only which names stand in paths, and which macros are called.

/// A word, `::`, or another single character, and the line it stands on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Token<'a> {
    pub(super) line: usize,
    pub(super) text: &'a str,
}

/// The tokens of `source` without comments, strings and characters.
pub(super) fn tokens(source: &str) -> Vec<Token<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let (length, keep) = if rest.starts_with("//") {
            (rest.find('\n').unwrap_or(rest.len()), false)
        } else if rest.starts_with("/*") {
            (block_comment(rest), false)
        } else if let Some(length) = string(rest).or_else(|| character(rest)) {
            (length, false)
        } else if is_word(first) {
            (rest.find(|c| !is_word(c)).unwrap_or(rest.len()), true)
        } else if rest.starts_with("::") {
            (2, true)
        } else {
            (first.len_utf8(), !first.is_whitespace())
        };
        let (text, after) = rest.split_at(length);
        if keep {
            found.push(Token { line, text });
        }
        line += text.matches('\n').count();
        rest = after;
    }
    found
}

/// The words that are segments of a path: beside `::`, or anywhere in a `use`.
pub(super) fn path_segments(source: &str) -> Vec<Token<'_>> {
    let tokens = tokens(source);
    let text = |i: usize| tokens.get(i).map_or("", |token| token.text);
    let mut found = Vec::new();
    let mut in_use = false;
    for (i, token) in tokens.iter().enumerate() {
        match token.text {
            // `use<'a>` in a type is no import.
            "use" => in_use = text(i + 1) != "<",
            ";" => in_use = false,
            word if word.starts_with(is_word) && (in_use || text(i + 1) == "::" || (i > 0 && text(i - 1) == "::")) => {
                found.push(*token);
            }
            _ => {}
        }
    }
    found
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of the comment that `rest` opens with. They nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// The length of the string that `rest` opens with: plain, byte or C, raw or not.
fn string(rest: &str) -> Option<usize> {
    let unprefixed = rest.strip_prefix(['b', 'c']).unwrap_or(rest);
    let raw = unprefixed.strip_prefix('r');
    let quoted = raw.unwrap_or(unprefixed);
    let hashes = if raw.is_some() { quoted.len() - quoted.trim_start_matches('#').len() } else { 0 };
    let body = quoted[hashes..].strip_prefix('"')?;
    let start = rest.len() - body.len();
    if raw.is_some() {
        let close = format!("\"{}", "#".repeat(hashes));
        return Some(body.find(&close).map_or(rest.len(), |at| start + at + close.len()));
    }
    Some(until_quote(body, b'"').map_or(rest.len(), |at| start + at))
}

/// The length of the character that `rest` opens with; `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    if body.starts_with('\\') {
        return until_quote(body, b'\'').map(|at| 1 + at);
    }
    let first = body.chars().next()?;
    body[first.len_utf8()..].starts_with('\'').then(|| first.len_utf8() + 2)
}

/// Behind the first `quote` that no backslash stands before.
fn until_quote(body: &str, quote: u8) -> Option<usize> {
    let bytes = body.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            byte if byte == quote => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(source: &str) -> String {
        tokens(source).iter().map(|token| token.text).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn comments_strings_and_characters_are_passed_over() {
        assert_eq!(words("a // b\nc /* d /* e */ f */ g"), "a c g");
        assert_eq!(words(r##"a "b \" c" d r#"e " f"# g b"h" i br"j" k"##), "a d g i k");
        assert_eq!(words(r"a 'b' c '\'' d '\u{1F600}' e '→' f"), "a c d e f");
    }

    #[test]
    fn lifetimes_raw_names_and_open_ends_do_not_swallow_what_follows() {
        assert_eq!(words("fn f<'a>(x: &'a str) {}"), "fn f < ' a > ( x : & ' a str ) { }");
        assert_eq!(words("r#type rest bytes"), "r # type rest bytes");
        assert_eq!(words("a \"open\nb"), "a");
        assert_eq!(words("a /* open"), "a");
    }

    #[test]
    fn a_token_knows_its_line() {
        let lines: Vec<usize> = tokens("a\n/* \n */ b\n\"\n\" c").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 3, 5]);
    }

    #[test]
    fn path_segments_are_the_words_beside_colons_and_within_use() {
        let segments = |source| path_segments(source).iter().map(|token| token.text).collect::<Vec<_>>().join(" ");
        assert_eq!(segments("use a::{b, c as d};\nlet e = f.g();"), "a b c as d");
        assert_eq!(segments("let x = crate::store::open(store);"), "crate store open");
        assert_eq!(segments("fn f() -> impl Fn() + use<'_> { store }"), "");
    }
}
