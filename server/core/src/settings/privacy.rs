//! How identities are protected (domain, section 8): what may be set, and what a change is called.
//! Never: pseudonyms switched off without a reason that everybody can read.

use super::Privacy;
use crate::{
    limits,
    problem::{Problem, ProblemCode},
};

impl Privacy {
    /// What is wrong with it, each at its place below `input`; the justification trimmed, and gone where pseudonyms are
    /// on.
    pub(super) fn check(&mut self, found: &mut Vec<Problem>) {
        let allowed = limits::REVEAL_HOURS_RANGE;
        if !allowed.contains(&self.reveal_hours) {
            let message = format!("{} to {} hours.", allowed.start(), allowed.end());
            found.push(Problem::new(&["input", "privacy", "revealHours"], ProblemCode::Invalid, message));
        }
        if self.pseudonymise {
            self.justification = None;
            return;
        }
        let said = self.justification.take().unwrap_or_default().trim().to_owned();
        let at = ["input", "privacy", "justification"];
        match said.chars().count() {
            chars if chars < limits::JUSTIFICATION_CHARS => {
                let message = format!(
                    "Switching pseudonyms off needs a justification of at least {} characters: everybody who reads the settings sees it.",
                    limits::JUSTIFICATION_CHARS
                );
                found.push(Problem::new(&at, ProblemCode::Required, message));
            }
            chars if chars > limits::STAFF_TEXT_CHARS => {
                let message = format!("At most {} characters.", limits::STAFF_TEXT_CHARS);
                found.push(Problem::new(&at, ProblemCode::LimitExceeded, message));
            }
            _ => {}
        }
        self.justification = Some(said);
    }

    /// What another protection changes, a sentence each.
    pub(super) fn changes(&self, after: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        match (self.pseudonymise, after.pseudonymise) {
            (true, false) => changes
                .push("Pseudonyms switched off: every identity is shown to whoever may see the subject.".to_owned()),
            (false, true) => changes.push("Pseudonyms switched on.".to_owned()),
            (false, false) if self.justification != after.justification => {
                changes.push("Another justification of why pseudonyms are off.".to_owned());
            }
            _ => {}
        }
        if self.reveal_approval != after.reveal_approval {
            let (was, is) = (self.reveal_approval, after.reveal_approval);
            changes.push(format!("Consent to a reveal changed from {was} to {is}."));
        }
        if self.reveal_hours != after.reveal_hours {
            let (was, is) = (self.reveal_hours, after.reveal_hours);
            changes.push(format!("Duration of a reveal changed from {was} to {is} hours."));
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{Privacy, RevealApproval, Settings};

    fn with(privacy: Privacy) -> Settings {
        Settings { privacy, ..Settings::default() }
    }

    fn off(why: &str) -> Privacy {
        Privacy { pseudonymise: false, justification: Some(why.to_owned()), ..Privacy::default() }
    }

    #[test]
    fn pseudonyms_go_off_with_a_justification_alone_and_come_back_without_one() {
        let wrong = |privacy: Privacy| -> Vec<String> {
            let problems = with(privacy).checked().err().unwrap_or_default();
            problems.into_iter().map(|problem| problem.field.join(".")).collect()
        };
        assert_eq!(wrong(Privacy { pseudonymise: false, ..Privacy::default() }), ["input.privacy.justification"]);
        assert_eq!(wrong(off("   nineteen characters   ")), ["input.privacy.justification"]);
        assert_eq!(wrong(off("twenty characters...")), ["input.privacy.justification"; 0]);
        assert_eq!(wrong(Privacy { reveal_hours: 0, ..Privacy::default() }), ["input.privacy.revealHours"]);
        assert_eq!(wrong(Privacy { reveal_hours: 73, ..Privacy::default() }), ["input.privacy.revealHours"]);
        let kept = with(off("  A court has ordered it: 4 K 17/26.  ")).checked().unwrap();
        assert_eq!(kept.privacy.justification.as_deref(), Some("A court has ordered it: 4 K 17/26."));
        let on = Privacy { pseudonymise: true, ..kept.privacy };
        assert_eq!(with(on).checked().unwrap().privacy, Privacy::default());
    }

    #[test]
    fn a_change_is_told_in_sentences() {
        let (on, off) = (with(Privacy::default()), with(off("A court has ordered it: 4 K 17/26.")));
        assert_eq!(
            on.changes(&off),
            ["Pseudonyms switched off: every identity is shown to whoever may see the subject."]
        );
        assert_eq!(off.changes(&on), ["Pseudonyms switched on."]);
        let other = with(Privacy { reveal_approval: RevealApproval::None, reveal_hours: 2, ..Privacy::default() });
        assert_eq!(
            on.changes(&other),
            [
                "Consent to a reveal changed from SECOND_PERSON to NONE.",
                "Duration of a reveal changed from 8 to 2 hours."
            ]
        );
    }
}
