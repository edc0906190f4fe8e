//! Policy templates: what a new policy starts from (domain, section 2), and the sequences they look for (section 3).
//! Never: edited by an installation; a policy is.

mod data;

use crate::{scoring::threshold::Thresholds, words::words};

words! {
    /// The twelve templates (domain, section 2), in the order of [`templates`]; described as data.
    #[expect(missing_docs, reason = "described as data")]
    TemplateCode {
        DataTheftByDepartingUsers = "DATA_THEFT_BY_DEPARTING_USERS",
        DataLeaks = "DATA_LEAKS",
        DataLeaksByPriorityUsers = "DATA_LEAKS_BY_PRIORITY_USERS",
        DataLeaksByRiskyUsers = "DATA_LEAKS_BY_RISKY_USERS",
        GeneralDataLeaks = "GENERAL_DATA_LEAKS",
        SecurityPolicyViolations = "SECURITY_POLICY_VIOLATIONS",
        SecurityPolicyViolationsByDepartingUsers = "SECURITY_POLICY_VIOLATIONS_BY_DEPARTING_USERS",
        SecurityPolicyViolationsByPriorityUsers = "SECURITY_POLICY_VIOLATIONS_BY_PRIORITY_USERS",
        SecurityPolicyViolationsByRiskyUsers = "SECURITY_POLICY_VIOLATIONS_BY_RISKY_USERS",
        PatientDataMisuse = "PATIENT_DATA_MISUSE",
        RiskyBrowserUsage = "RISKY_BROWSER_USAGE",
        RiskyAiUsage = "RISKY_AI_USAGE",
    }
}

impl TemplateCode {
    /// What it stands for.
    pub fn template(self) -> &'static Template {
        // The discriminant is the place in the table: a test holds them together.
        &data::TEMPLATES[self as usize]
    }
}

/// A template.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Template {
    /// Which.
    pub code: TemplateCode,
    /// Its name for people.
    pub name: &'static str,
    /// What it finds, in a sentence or two.
    pub description: &'static str,
    /// Codes of the indicators of which one event starts scoring.
    pub triggers: &'static [&'static str],
    /// Whether a day at medium or more of one of the policy's exfiltration indicators starts scoring.
    pub volume_trigger: bool,
    /// Indicators that a new policy selects, as far as they are enabled.
    pub indicators: &'static [&'static str],
    /// Sequences that a new policy looks for.
    pub sequences: &'static [SequenceRule],
    /// Whether a new policy scores everybody in scope without waiting for an event: for those whose trigger is the
    /// activity itself. Elsewhere a policy may not.
    pub always_on: bool,
    /// Whether exfiltration is added up over 30 days.
    pub cumulative: bool,
    /// What has to be there first, one sentence each.
    pub requires: &'static [&'static str],
    /// Subjects that may be scored at once, over all policies of this template.
    pub max_subjects: u32,
}

/// Steps in order on one object within 7 days (domain, section 3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SequenceRule {
    /// The stable word: its steps, joined.
    pub code: &'static str,
    /// Its name for people.
    pub name: &'static str,
    /// At least two.
    pub steps: &'static [Step],
}

impl SequenceRule {
    /// 0–100: how much a day of full score weighs in the risk. The more of a theft's stages are there, the less an
    /// innocent reason explains: fetching and sharing is work; hiding and wiping what was shared rarely is.
    pub fn weight(&self) -> u8 {
        match (self.has(Step::Obfuscate) || self.has(Step::Label), self.has(Step::Delete)) {
            (false, false) => 45,
            (false, true) => 75,
            (true, false) => 80,
            (true, true) => 95,
        }
    }

    /// Objects a day from which it is low, medium, high: fewer, the more stages there are.
    pub fn thresholds(&self) -> Thresholds {
        match (self.has(Step::Obfuscate) || self.has(Step::Label), self.has(Step::Delete)) {
            (false, false) => Thresholds { low: 8, medium: 25, high: 80 },
            (false, true) => Thresholds { low: 3, medium: 8, high: 20 },
            (true, false) => Thresholds { low: 2, medium: 5, high: 15 },
            (true, true) => Thresholds { low: 1, medium: 3, high: 8 },
        }
    }

    /// Whether the other's steps are among this one's, in order: whoever completed this one completed the other.
    pub fn includes(&self, other: &Self) -> bool {
        let mut steps = self.steps.iter();
        other.steps.iter().all(|step| steps.any(|own| own == step))
    }

    fn has(&self, step: Step) -> bool {
        self.steps.contains(&step)
    }
}

words! {
    /// One step of a sequence: any of several indicators.
    Step {
        /// Fetched from a managed location.
        Download = "DOWNLOAD",
        /// Put into an archive.
        Archive = "ARCHIVE",
        /// Its label taken off or lowered.
        Label = "LABEL",
        /// Fetched from a third-party site.
        ThirdParty = "THIRD_PARTY",
        /// Fetched from a domain that is not allowed.
        Unallowed = "UNALLOWED",
        /// Made to look like something else.
        Obfuscate = "OBFUSCATE",
        /// Taken out.
        Exfiltrate = "EXFILTRATE",
        /// Deleted.
        Delete = "DELETE",
    }
}

impl Step {
    /// Codes of the indicators of which an event is this step.
    pub const fn indicators(self) -> &'static [&'static str] {
        match self {
            Self::Download => &["FILE_DOWNLOADED", "FILE_SYNCED", "CHAT_FILE_DOWNLOADED", "CONTENT_DOWNLOADED"],
            Self::Archive => &["FILE_ARCHIVED"],
            Self::Label => &["LABEL_DOWNGRADED", "LABEL_REMOVED"],
            Self::ThirdParty => &["FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE"],
            Self::Unallowed => &["FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN"],
            Self::Obfuscate => {
                &["FILE_RENAMED", "HIDDEN_FILE_CREATED", "FILE_ARCHIVED", "LABEL_DOWNGRADED", "LABEL_REMOVED"]
            }
            Self::Exfiltrate => data::EXFILTRATION_OF_OBJECTS,
            Self::Delete => &[
                "FILE_DELETED",
                "FILE_DELETED_FIRST_STAGE_BIN",
                "FILE_DELETED_SECOND_STAGE_BIN",
                "DEVICE_FILE_DELETED",
                "CONTENT_DELETED",
            ],
        }
    }
}

/// All sequences, the catalogue of [`SequenceRule`]s.
pub fn sequences() -> &'static [SequenceRule] {
    data::SEQUENCES
}

/// The sequence of that code.
pub fn sequence(code: &str) -> Option<&'static SequenceRule> {
    data::SEQUENCES.iter().find(|rule| rule.code == code)
}

/// All templates, in the order of [`TemplateCode::ALL`].
pub fn templates() -> &'static [Template] {
    data::TEMPLATES
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::indicator;
    use std::collections::BTreeSet;

    #[test]
    fn every_code_has_its_template() {
        assert_eq!(templates().len(), TemplateCode::ALL.len());
        for &code in TemplateCode::ALL {
            assert_eq!(code.template().code, code);
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
    }

    #[test]
    fn a_template_names_indicators_of_the_catalogue_each_once() {
        for template in templates() {
            let once: BTreeSet<_> = template.indicators.iter().collect();
            assert_eq!(once.len(), template.indicators.len(), "{:?}", template.code);
            for code in template.indicators {
                let found = indicator::find(code);
                assert!(found.is_some_and(indicator::Indicator::is_selectable), "{:?}: {code}", template.code);
            }
            for code in template.triggers {
                assert!(indicator::triggers_by_itself(code), "{:?}: {code}", template.code);
            }
        }
    }

    #[test]
    fn something_starts_the_scoring_of_every_template() {
        for template in templates() {
            assert!(template.volume_trigger || !template.triggers.is_empty(), "{:?}", template.code);
            let exfiltrates = |code: &&str| {
                indicator::find(code).is_some_and(|found| found.action == indicator::ActionClass::Exfiltration)
            };
            assert!(!template.volume_trigger || template.indicators.iter().any(exfiltrates), "{:?}", template.code);
        }
    }

    #[test]
    fn every_indicator_that_starts_scoring_is_some_templates_trigger() {
        let used: BTreeSet<_> = templates().iter().flat_map(|template| template.triggers).copied().collect();
        let able: BTreeSet<_> =
            indicator::catalogue().iter().filter(|found| found.triggers).map(|found| found.code).collect();
        assert_eq!(able, used);
    }

    #[test]
    fn a_sequence_is_named_by_its_steps_and_every_step_is_of_the_catalogue() {
        for sequence in templates().iter().flat_map(|template| template.sequences) {
            let words: Vec<_> = sequence.steps.iter().map(|step| step.as_str()).collect();
            assert_eq!(words.join("_"), sequence.code);
            assert!(sequence.steps.len() >= 2 && sequence.steps.contains(&Step::Exfiltrate), "{}", sequence.code);
            for code in sequence.steps.iter().flat_map(|step| step.indicators()) {
                assert!(indicator::find(code).is_some(), "{code}");
            }
        }
    }
}
