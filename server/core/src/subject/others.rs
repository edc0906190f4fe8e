//! Other people's names in what is handed to one person about themselves: found word by word, and covered.
//! Never: a name of somebody else let through because it stands in a longer text, a path or an address.

use crate::event::NormalisedIdentifier;
use serde_json::{Map, Value as Json};
use std::collections::BTreeSet;

/// What stands in the place of a name.
pub const COVERED: &str = "[somebody else]";
/// What stands in the place of a text that people write to each other.
pub const WITHHELD: &str = "[withheld: it may name somebody else]";
/// Shorter words are initials and particles: they are in every text.
const LETTERS: usize = 3;
/// Attributes that tell who else took part; nothing of them is the person's own.
const ABOUT_OTHERS: &[&str] = &["parties", "recipients", "target_account", "manager", "manager_name", "manager_email"];

/// Texts that people write to each other: names of strangers in them are nobody's known to the installation.
const FREE_TEXT: &[&str] = &["subject_line", "message_text", "rule_name"];

/// Words of the names of people, in lower case.
#[derive(Default)]
pub struct Words(BTreeSet<String>);

impl Words {
    /// Adds an identifier: of an address what is before the domain, as a whole and word by word.
    pub fn add_identifier(&mut self, identifier: &NormalisedIdentifier) {
        let local = identifier.value.rsplit_once('@').map_or(identifier.value.as_str(), |(local, _)| local);
        self.add(local.rsplit_once('\\').map_or(local, |(_, name)| name));
    }

    /// Adds how somebody is called.
    pub fn add(&mut self, name: &str) {
        self.0.extend(words(name).map(|(_, word)| word.to_lowercase()).filter(|word| word.chars().count() >= LETTERS));
    }
}

/// Runs of letters and digits of a text, with where they begin.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(char::is_alphanumeric)?;
        let end = text[start..].find(|c: char| !c.is_alphanumeric()).map_or(text.len(), |length| start + length);
        rest = end;
        Some((start, &text[start..end]))
    })
}

/// Covers the names of others in what is told to one person. A word that is also in the person's own names stays.
pub struct Cover {
    /// Words of everybody else's names.
    pub others: Words,
    /// Words of the person's own.
    pub own: Words,
}

impl Cover {
    /// The text without words of others' names; an address that is not the person's goes as a whole.
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        for part in text.split_inclusive([' ', ',', ';', '<', '>', '"', '\n', '\t']) {
            let foreign = part.contains('@') && !self.is_own_address(part);
            match foreign {
                true => {
                    let end = part.len()
                        - part.chars().next_back().filter(|c| !c.is_alphanumeric()).map_or(0, char::len_utf8);
                    out.push_str(COVERED);
                    out.push_str(&part[end..]);
                }
                false => self.words_of(part, &mut out),
            }
        }
        out
    }

    fn is_own_address(&self, text: &str) -> bool {
        let Some((local, _)) = text.rsplit_once('@') else { return false };
        let found: Vec<String> = words(local).map(|(_, word)| word.to_lowercase()).collect();
        let own = |word: &String| self.own.0.contains(word);
        found.iter().any(own) && found.iter().all(|word| word.chars().count() < LETTERS || own(word))
    }

    fn words_of(&self, text: &str, out: &mut String) {
        let mut done = 0;
        for (at, word) in words(text) {
            let folded = word.to_lowercase();
            if self.others.0.contains(&folded) && !self.own.0.contains(&folded) {
                out.push_str(&text[done..at]);
                out.push_str(COVERED);
                done = at + word.len();
            }
        }
        out.push_str(&text[done..]);
    }

    /// The same with everything below; attributes that are about others go, and free texts are withheld.
    pub fn json(&self, value: Json) -> Json {
        match value {
            Json::String(text) => Json::String(self.text(&text)),
            Json::Array(items) => items.into_iter().map(|item| self.json(item)).collect(),
            Json::Object(fields) => {
                let kept = fields.into_iter().filter(|(name, _)| !ABOUT_OTHERS.contains(&name.as_str()));
                let told = |(name, value): (String, Json)| {
                    let value = match FREE_TEXT.contains(&name.as_str()) {
                        true => Json::from(WITHHELD),
                        false => self.json(value),
                    };
                    (self.text(&name), value)
                };
                Json::Object(kept.map(told).collect::<Map<_, _>>())
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn address(text: &str) -> NormalisedIdentifier {
        NormalisedIdentifier { namespace: "address".into(), value: text.into() }
    }

    fn cover() -> Cover {
        let (mut others, mut own) = (Words::default(), Words::default());
        others.add_identifier(&address("ottoline.brackwater@halden.example"));
        others.add_identifier(&NormalisedIdentifier { namespace: "sam".into(), value: "halden\\gsommer".into() });
        others.add("Jörg Lindt-Maier");
        own.add_identifier(&address("mara.lindt@halden.example"));
        Cover { others, own }
    }

    #[test]
    fn names_of_others_are_covered_wherever_they_stand_and_own_ones_stay() {
        let cover = cover();
        for (text, shown) in [
            (
                "/personal/ottoline_brackwater_halden_example/plan.docx",
                "/personal/[somebody else]_[somebody else]_halden_example/plan.docx",
            ),
            ("Minutes Ottoline", "Minutes [somebody else]"),
            ("for mara.lindt@halden.example", "for mara.lindt@halden.example"),
            ("to stranger@other.example, thanks", "to [somebody else], thanks"),
            ("\\\\srv\\gsommer\\a.txt", "\\\\srv\\[somebody else]\\a.txt"),
            ("Lindt and Maier", "Lindt and [somebody else]"),
            ("al@other.example", "[somebody else]"),
            ("plan.docx", "plan.docx"),
        ] {
            assert_eq!(cover.text(text), shown, "{text}");
        }
        let told = json!({"object_name": "Ottoline.docx", "parties": [{"role": "target"}], "recipients": ["x"], "n": 1,
            "subject_line": "Dinner with Stranger"});
        assert_eq!(cover.json(told), json!({"object_name": "[somebody else].docx", "n": 1, "subject_line": WITHHELD}));
    }

    proptest! {
        #[test]
        fn no_word_of_anothers_name_is_left(before in "\\PC{0,12}", between in "[ ._/@,-]", after in "[ ._/@,-]\\PC{0,12}") {
            let text = cover().text(&format!("{before}{between}Brackwater{after}"));
            prop_assert!(!text.to_lowercase().contains("brackwater"), "{}", text);
        }
    }
}
