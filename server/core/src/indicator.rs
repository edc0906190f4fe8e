//! The catalogue of indicators (domain, section 3): what can be seen, what it stands for, from which daily count it
//! matters. The reasoning behind the numbers is in `docs/thresholds.md`.
//! Never: a number without its reasoning in the documentation.

mod catalogue;
pub mod measure;
#[cfg(test)]
mod stories;

use crate::{scoring::threshold::Thresholds, words::words};
use std::sync::LazyLock;

words! {
    /// What kind of act an indicator stands for.
    #[expect(missing_docs, reason = "the words of the field")]
    ActionClass {
        Access = "ACCESS",
        Deletion = "DELETION",
        Collection = "COLLECTION",
        Exfiltration = "EXFILTRATION",
        Infiltration = "INFILTRATION",
        Obfuscation = "OBFUSCATION",
        CleanUp = "CLEAN_UP",
        Security = "SECURITY",
        Context = "CONTEXT",
    }
}

words! {
    /// The groups of the catalogue.
    #[expect(missing_docs, reason = "the words of the field")]
    Category {
        File = "FILE",
        Mail = "MAIL",
        Chat = "CHAT",
        Device = "DEVICE",
        EndpointSecurity = "ENDPOINT_SECURITY",
        Browsing = "BROWSING",
        Clinical = "CLINICAL",
        Physical = "PHYSICAL",
        CloudApps = "CLOUD_APPS",
        CloudStorage = "CLOUD_STORAGE",
        GenerativeAi = "GENERATIVE_AI",
        Communications = "COMMUNICATIONS",
        Hr = "HR",
        Directory = "DIRECTORY",
        Dlp = "DLP",
        Behaviour = "BEHAVIOUR",
        Context = "CONTEXT",
        Custom = "CUSTOM",
    }
}

/// One indicator of the catalogue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Indicator {
    /// The stable word, for example `FILE_DOWNLOADED`.
    pub code: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// The group it is listed under.
    pub category: Category,
    /// What kind of act it stands for.
    pub action: ActionClass,
    /// 0–100: how much a day of full score weighs in the risk. 0 where it only starts scoring or is context.
    pub weight: u8,
    /// Families of connectors that feed it. Empty where the engine computes it.
    pub sources: &'static [&'static str],
    /// The recommended daily counts; none where it has no weight.
    pub thresholds: Option<Thresholds>,
    /// Whether one event of it can start scoring by itself (`event::accept` decides which do).
    pub triggers: bool,
}

impl Indicator {
    /// Whether a connector may deliver events of it: all but those that the engine computes.
    pub fn is_delivered(&self) -> bool {
        self.category != Category::Behaviour
    }

    /// Whether its events say that something was sent out, and so to whom.
    pub fn goes_out(&self) -> bool {
        self.action == ActionClass::Exfiltration || self.code == "EMAIL_SENT_EXTERNAL"
    }

    /// Whether a policy may select it: context and mere triggers score nothing.
    pub fn is_selectable(&self) -> bool {
        self.thresholds.is_some()
    }
}

/// All indicators, by category.
pub fn catalogue() -> &'static [Indicator] {
    catalogue::ALL
}

/// What separates an indicator's code from the name of a variant.
const VARIANT: char = '#';

/// The code of a variant of an indicator, or of an indicator of one's own over the base of its class.
pub fn variant_code(base: &str, name: &str) -> String {
    format!("{base}{VARIANT}{name}")
}

/// The code without the name of a variant, and that name.
pub fn split(code: &str) -> (&str, Option<&str>) {
    code.split_once(VARIANT).map_or((code, None), |(base, name)| (base, Some(name)))
}

/// What indicators of one's own of an action class rest on; none for context.
pub fn custom_base(action: ActionClass) -> Option<&'static str> {
    catalogue::CUSTOM.iter().find(|base| base.action == action).map(|base| base.code)
}

/// The indicator of that code; for a variant the one that it narrows, for one of one's own the base of its class.
pub fn find(code: &str) -> Option<&'static Indicator> {
    if let (base, Some(_)) = split(code) {
        return catalogue::CUSTOM.iter().find(|found| found.code == base).or_else(|| find(base));
    }
    static BY_CODE: LazyLock<Vec<&'static Indicator>> = LazyLock::new(|| {
        let mut sorted: Vec<_> = catalogue::ALL.iter().collect();
        sorted.sort_unstable_by_key(|indicator| indicator.code);
        sorted
    });
    let at = BY_CODE.binary_search_by_key(&code, |indicator| indicator.code).ok()?;
    BY_CODE.get(at).copied()
}

/// Whether a plugin may say that it delivers events of that code: one of the catalogue, or one of an installation's own, which
/// begins with `OWN_` so that a slip of the pen is none. Where the settings do not define such a code, its records are rejected.
pub fn is_declarable(code: &str) -> bool {
    let word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    match find(code) {
        Some(known) => known.is_delivered(),
        None => code.strip_prefix("OWN_").is_some_and(|rest| !rest.is_empty() && rest.chars().all(word)),
    }
}

/// Whether one event of that indicator can start scoring by itself.
pub fn triggers_by_itself(code: &str) -> bool {
    find(code).is_some_and(|indicator| indicator.triggers)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_code_occurs_once_and_is_found() {
        let codes: BTreeSet<_> = catalogue().iter().map(|indicator| indicator.code).collect();
        assert_eq!(codes.len(), catalogue().len());
        for indicator in catalogue() {
            assert_eq!(find(indicator.code), Some(indicator));
        }
        assert_eq!(find("FILE_DOWNLOADE"), None);
        assert_eq!(find(""), None);
    }

    #[test]
    fn every_kind_that_connectors_know_is_in_the_catalogue_under_the_same_name() {
        let source = include_str!("../../../connector-sdk/src/kind.rs");
        let (_, table) = source.split_once("\nkinds! {").unwrap();
        let (table, _) = table.split_once("\n}").unwrap();
        let kinds: Vec<(&str, &str)> = table
            .lines()
            .filter_map(|line| line.trim().strip_suffix("\";"))
            .map(|line| line.split_once(" \"").unwrap())
            .collect();
        assert!(kinds.len() > 80, "the table was not read: {}", kinds.len());
        for (code, title) in kinds {
            assert_eq!(find(code).map(|indicator| indicator.name), Some(title), "{code}");
        }
    }

    #[test]
    fn thresholds_rise_and_stand_where_there_is_weight() {
        for indicator in catalogue() {
            assert_eq!(indicator.thresholds.is_some(), indicator.weight > 0, "{}", indicator.code);
            assert!(indicator.weight <= 100, "{}", indicator.code);
            if let Some(Thresholds { low, medium, high }) = indicator.thresholds {
                assert!(1 <= low && low <= medium && medium <= high, "{}", indicator.code);
            }
        }
    }

    #[test]
    fn only_what_the_engine_computes_has_no_source() {
        for indicator in catalogue() {
            assert_eq!(indicator.sources.is_empty(), !indicator.is_delivered(), "{}", indicator.code);
        }
    }

    #[test]
    fn every_threshold_is_in_the_documentation() {
        let page = include_str!("../../../docs/thresholds.md");
        for indicator in catalogue() {
            let Some(Thresholds { low, medium, high }) = indicator.thresholds else { continue };
            let row = format!("| {} | {} | {low} / {medium} / {high} |", indicator.code, indicator.weight);
            assert!(page.contains(&row), "docs/thresholds.md lacks: {row}");
        }
    }

    #[test]
    fn a_variant_rests_on_its_indicator_and_an_own_one_on_its_class() {
        let page = include_str!("../../../docs/thresholds.md");
        for action in ActionClass::ALL.iter().filter(|action| **action != ActionClass::Context) {
            let base = custom_base(*action).unwrap();
            let found = find(&variant_code(base, "OWN")).unwrap();
            assert!((found.action, found.category) == (*action, Category::Custom) && found.weight > 0);
            assert!(page.contains(&format!("| {action} | {} |", found.weight)), "docs/thresholds.md lacks {action}");
            assert_eq!(find(base), None, "a class alone is no indicator");
        }
        assert_eq!(custom_base(ActionClass::Context), None);
        assert_eq!(find("FILE_PRINTED#OWN"), find("FILE_PRINTED"));
        assert_eq!((find("NONE#OWN"), find("#")), (None, None));
    }

    #[test]
    fn codes_are_words_of_the_interface() {
        let word = |code: &str| code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        assert!(catalogue().iter().all(|indicator| word(indicator.code) && word(indicator.category.as_str())));
    }
}
