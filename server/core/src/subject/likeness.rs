//! Which subjects may be one person with several accounts: the same account name at two places, the same name, or one spelt in
//! the ways in which directories make account names of names. Somebody decides; this only shows whom to look at.
//! Never: a merge; a suggestion between two people whom HR numbers, or from a spelling that a crowd shares.

use super::ADDRESS;
use crate::{event::foldings, limits, words::words};
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// Why two subjects may be one person, the strongest reason first.
    MergeReason {
        /// A source put accounts of both on one record.
        NamedTogether = "NAMED_TOGETHER",
        /// Both have an account of that name, at different places.
        SameAccount = "SAME_ACCOUNT",
        /// HR calls both by the same name.
        SameName = "SAME_NAME",
        /// An account of one is spelt as directories spell the name of the other.
        Spelling = "SPELLING",
    }
}

/// Shorter names of accounts are too common to say anything.
const LETTERS: usize = 4;
/// Accounts of everybody and nobody.
const SHARED: &[&str] = &[
    "admin",
    "administrator",
    "contact",
    "guest",
    "helpdesk",
    "info",
    "mail",
    "noreply",
    "office",
    "postmaster",
    "reception",
    "root",
    "sales",
    "service",
    "support",
    "system",
    "test",
    "user",
];

/// How a subject is spelt: folded, for comparison only.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Likeness {
    names: BTreeSet<String>,
    accounts: BTreeSet<String>,
    spellings: BTreeSet<String>,
    numbered: bool,
}

impl Likeness {
    /// Of namespace and value of each identifier, and of the name that HR delivers.
    pub fn of(identifiers: &[(String, String)], display_name: Option<&str>) -> Self {
        let mut of = Self::default();
        for (namespace, value) in identifiers {
            match namespace.as_str() {
                "employee-id" => of.numbered = true,
                ADDRESS | "sam" => of.account(value),
                _ => {}
            }
        }
        if let Some(name) = display_name {
            for words in folded(name) {
                of.spell(&words);
                if words.len() > 1 {
                    let mut words = words;
                    words.sort_unstable();
                    of.names.insert(words.join(" "));
                }
            }
        }
        of
    }

    fn account(&mut self, account: &str) {
        let account = account.rsplit('\\').next().unwrap_or(account);
        let local = account.rsplit_once('@').map_or(account, |(local, _)| local);
        for words in folded(local) {
            let whole = words.concat();
            if !tells(&whole) {
                continue;
            }
            let unnumbered = whole.trim_end_matches(|c: char| c.is_ascii_digit());
            if unnumbered != whole && tells(unnumbered) {
                self.spellings.insert(unnumbered.to_owned());
            }
            self.spell(&words);
            self.accounts.insert(whole);
        }
    }

    /// What directories make of a first and a last name: adaquill, quillada, aquill, adaq, quilla.
    fn spell(&mut self, words: &[String]) {
        let [first, .., last] = words else { return };
        let initial = |word: &str| word.chars().take(1).collect::<String>();
        let (f, l) = (initial(first), initial(last));
        let forms = [(first, last), (last, first), (&f, last), (first, &l), (last, &f)];
        let forms = forms.into_iter().map(|(one, other)| format!("{one}{other}"));
        self.spellings.extend(forms.filter(|form| tells(form)));
    }
}

/// The words of a text in plain letters, once or in two spellings.
fn folded(text: &str) -> Vec<Vec<String>> {
    let words: Vec<&str> = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let spelt = |plain: bool| -> Vec<String> {
        let word = |word: &&str| if plain { foldings(word).next() } else { foldings(word).last() };
        words.iter().filter_map(word).filter(|word| !word.is_empty()).collect()
    };
    let (plain, spelt) = (spelt(true), spelt(false));
    if plain == spelt { vec![plain] } else { vec![plain, spelt] }
}

fn tells(account: &str) -> bool {
    account.chars().count() >= LETTERS && account.chars().any(char::is_alphabetic) && !SHARED.contains(&account)
}

/// The pairs that may be one person, each with its strongest reason; the smaller id first.
pub fn pairs<I: Ord + Copy>(people: &[(I, Likeness)]) -> BTreeMap<(I, I), MergeReason> {
    type By<'a> = BTreeMap<&'a str, Vec<usize>>;
    let (mut names, mut accounts, mut spellings) = (By::new(), By::new(), By::new());
    for (at, (_, like)) in people.iter().enumerate() {
        for (by, of) in [(&mut names, &like.names), (&mut accounts, &like.accounts), (&mut spellings, &like.spellings)]
        {
            of.iter().for_each(|text| by.entry(text).or_default().push(at));
        }
    }
    let mut found: BTreeMap<(I, I), MergeReason> = BTreeMap::new();
    let mut suggest = |one: usize, other: usize, because: MergeReason| {
        let ((a, like), (b, unlike)) = (&people[one], &people[other]);
        if a != b && !(like.numbered && unlike.numbered) {
            let reason = found.entry((*a.min(b), *a.max(b))).or_insert(because);
            *reason = because.min(*reason);
        }
    };
    let few = |holders: &&Vec<usize>| holders.len() <= limits::LIKENESS_CROWD;
    for (of, because) in [(&accounts, MergeReason::SameAccount), (&names, MergeReason::SameName)] {
        for holders in of.values().filter(few) {
            for (at, one) in holders.iter().enumerate() {
                holders[at + 1..].iter().for_each(|other| suggest(*one, *other, because));
            }
        }
    }
    for (text, spelt) in spellings.iter().filter(|(_, spelt)| few(spelt)) {
        for other in accounts.get(text).filter(few).into_iter().flatten() {
            spelt.iter().for_each(|one| suggest(*one, *other, MergeReason::Spelling));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use MergeReason::{SameAccount, SameName, Spelling};
    use proptest::prelude::*;

    /// Pairs of a company of people, each an account or `name|account`; `#` before it: HR numbers the person.
    fn found(people: &[&str]) -> Vec<(usize, usize, MergeReason)> {
        let like = |text: &&str| {
            let numbered = text.starts_with('#');
            let (name, account) =
                text.trim_start_matches('#').rsplit_once('|').map_or((None, *text), |(n, a)| (Some(n), a));
            let account = account.trim_start_matches('#');
            let namespace = if account.contains('@') { ADDRESS } else { "sam" };
            let mut identifiers = vec![(namespace.to_owned(), account.to_owned())];
            if numbered {
                identifiers.push(("employee-id".to_owned(), text.len().to_string()));
            }
            Likeness::of(&identifiers, name)
        };
        let people: Vec<(usize, Likeness)> = people.iter().map(like).enumerate().collect();
        pairs(&people).into_iter().map(|((one, other), because)| (one, other, because)).collect()
    }

    #[test]
    fn the_ways_in_which_directories_spell_a_person_are_found() {
        let ada = "ada.quill@haldenoptics.example";
        for (other, because) in [
            ("ada.quill@halden.example", SameAccount),
            ("HALDEN\\ada.quill", SameAccount),
            ("ada_quill@halden.example", SameAccount),
            ("adaquill", SameAccount),
            ("aquill", Spelling),
            ("halden\\quilla", Spelling),
            ("adaq", Spelling),
            ("quill.ada@halden.example", Spelling),
            ("ada.quill2@haldenoptics.example", Spelling),
        ] {
            assert_eq!(found(&[ada, other]), [(0, 1, because)], "{other}");
            assert_eq!(found(&[other, ada]), [(0, 1, because)], "{other}");
        }
    }

    #[test]
    fn the_name_that_hr_delivers_is_spelt_as_well() {
        assert_eq!(found(&["#Ada Quill|e4711@halden.example", "aquill"]), [(0, 1, Spelling)]);
        assert_eq!(found(&["Jörg Müller|jm@halden.example", "joerg.mueller@partner.example"]), [(0, 1, Spelling)]);
        assert_eq!(found(&["Jörg Müller|jm@halden.example", "jmuller"]), [(0, 1, Spelling)]);
        assert_eq!(found(&["Quill, Ada|one@halden.example", "#Ada Quill|two@halden.example"]), [(0, 1, SameName)]);
    }

    #[test]
    fn two_people_whom_hr_numbers_are_two() {
        assert_eq!(found(&["#Ada Quill|ada.quill@halden.example", "#Ada Quill|ada.quill@partner.example"]), []);
    }

    #[test]
    fn what_many_share_and_what_is_nobodys_says_nothing() {
        assert_eq!(found(&["info@halden.example", "info@partner.example"]), []);
        assert_eq!(found(&["4711", "4711@halden.example"]), []);
        assert_eq!(found(&["ab", "ab@halden.example"]), []);
        assert_eq!(found(&["anna.quill@halden.example", "ada.quill@halden.example"]), []);
        let crowd: Vec<String> = (0..9).map(|n| format!("scanner@site{n}.example")).collect();
        assert_eq!(found(&crowd.iter().map(String::as_str).collect::<Vec<_>>()), []);
    }

    #[test]
    fn of_two_whom_a_spelling_fits_both_are_shown() {
        let found = found(&["anna.quill@halden.example", "ada.quill@halden.example", "aquill"]);
        assert_eq!(found, [(0, 2, Spelling), (1, 2, Spelling)]);
    }

    proptest! {
        #[test]
        fn the_order_of_people_decides_nothing(
            mut people in prop::collection::vec(("[a-c]{1,3}[.]?[a-c]{2,4}[0-9]?(@x|@y)?", any::<bool>()), 0..8),
            seed in any::<u64>(),
        ) {
            let like = |(at, (account, numbered)): (usize, &(String, bool))| {
                let mut identifiers = vec![(ADDRESS.to_owned(), account.clone())];
                identifiers.extend(numbered.then(|| ("employee-id".to_owned(), at.to_string())));
                (at, Likeness::of(&identifiers, None))
            };
            people.sort();
            people.dedup_by(|a, b| a.0 == b.0);
            let mut of: Vec<(usize, Likeness)> = people.iter().enumerate().map(like).collect();
            let before = pairs(&of);
            let half = if of.is_empty() { 0 } else { usize::try_from(seed % of.len() as u64).unwrap() };
            of.rotate_left(half);
            prop_assert_eq!(pairs(&of), before);
        }

        #[test]
        fn any_text_is_compared(account in "\\PC{0,30}", name in "\\PC{0,30}") {
            let like = Likeness::of(&[("sam".to_owned(), account)], Some(&name));
            let _ = pairs(&[(1, like), (2, Likeness::default())]);
        }
    }
}
