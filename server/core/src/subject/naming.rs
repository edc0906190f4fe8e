//! The words by which a text names somebody: pieces of names and accounts, folded, to be compared as keyed digests.
//! Never: who it is. Staff are warned that their text names somebody who is monitored, not whom.

use crate::{event::foldings, limits};
use std::collections::BTreeSet;

/// Shorter pieces are initials, particles and everyday words.
const LETTERS: usize = 4;

/// The pieces of how a person is called: each word of at least four letters.
pub fn of_name(name: &str) -> BTreeSet<String> {
    words(name).into_iter().filter(|word| !word.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

/// The pieces of an account, an address or a number of a person: its words, and all before the domain in one.
pub fn of_account(account: &str) -> BTreeSet<String> {
    let account = account.rsplit(['|', '\\']).next().unwrap_or(account);
    let local = account.rsplit_once('@').map_or(account, |(local, _)| local);
    let mut pieces = words(local);
    pieces.extend(foldings(local).filter(|piece| piece.chars().count() >= LETTERS));
    pieces
}

/// Everything in a text that could be such a piece, at most [`limits::NAMING_WORDS`] of them.
pub fn of_text(text: &str) -> BTreeSet<String> {
    let mut found = words(text);
    for token in text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '<' | '>' | '(' | ')' | '"')) {
        found.extend(of_account(token.trim_matches(|c: char| !c.is_alphanumeric())));
    }
    found.into_iter().take(limits::NAMING_WORDS).collect()
}

fn words(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_alphanumeric() && !unicode_normalization::char::is_combining_mark(c));
    words.flat_map(foldings).filter(|word| word.chars().count() >= LETTERS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meets(pieces: &BTreeSet<String>, text: &str) -> bool {
        !pieces.is_disjoint(&of_text(text))
    }

    #[test]
    fn a_text_that_names_a_person_in_any_spelling_is_noticed() {
        let mut pieces = of_name("Zsófia Quarrelwick-Ñandú");
        pieces.extend(of_account("HALDEN\\zquarrel"));
        pieces.extend(of_account("zsofia.quarrelwick@halden-optics.example"));
        pieces.extend(of_account("E-48213"));
        for text in [
            "Talked to Zsófia today",
            "QUARRELWICK took the files",
            "see zquarrel, who left",
            "mail zsofia.quarrelwick@elsewhere.example",
            "number 48213 again",
            "C:\\Users\\zquarrel\\Desktop",
            "quarrelwick-nandu.docx",
        ] {
            assert!(meets(&pieces, text), "{text}");
        }
    }

    #[test]
    fn a_text_about_the_matter_is_not() {
        let mut pieces = of_name("Zsófia Quarrelwick");
        pieces.extend(of_account("zsofia.quarrelwick@halden-optics.example"));
        for text in
            ["The subject copied 300 files to a stick.", "halden-optics.example", "", "HR was asked on 2026-07-01."]
        {
            assert!(!meets(&pieces, text), "{text}");
        }
    }

    #[test]
    fn a_long_text_has_a_bound() {
        let text: String = (0..10_000).map(|n| format!("word{n} ")).collect();
        assert_eq!(of_text(&text).len(), limits::NAMING_WORDS);
    }
}
