//! Cases: what was found worth looking into, about one subject.
//! Never: two subjects in one case; a change to a closed one.

use crate::{
    alert::Severity,
    ids::{AlertId, CaseId, SubjectId},
    limits,
    problem::{Problem, ProblemCode},
    words::words,
};

words! {
    /// Whether a case is worked on (domain, section 6).
    CaseStatus {
        /// Open.
        Active = "ACTIVE",
        /// Resolved and frozen.
        Closed = "CLOSED",
    }
}

words! {
    /// How a case ended (domain, section 6).
    CaseResolution {
        /// There was a good reason.
        Benign = "BENIGN",
        /// A policy was violated: what the subject does later counts more.
        ConfirmedPolicyViolation = "CONFIRMED_POLICY_VIOLATION",
    }
}

/// The name of a new case as it is kept, or what is wrong with the input field at `field`.
pub fn name(given: &str, field: &[&str]) -> Result<String, Problem> {
    name_of("case", given, field)
}

/// Whether an alert about `alert_subject` may join a case. Otherwise what is wrong with the input field at `field`.
pub fn admit(
    status: CaseStatus,
    case_subject: SubjectId,
    alert_subject: SubjectId,
    field: &[&str],
) -> Result<(), Problem> {
    if case_subject != alert_subject {
        let message = "The case is about another subject. A case is about one subject: open a new one.";
        return Err(Problem::new(field, ProblemCode::Conflict, message));
    }
    match status {
        CaseStatus::Active => Ok(()),
        CaseStatus::Closed => {
            let message = "The case is closed. Only an active case takes alerts: open a new one.";
            Err(Problem::new(field, ProblemCode::NotAllowed, message))
        }
    }
}

/// Whether a case may be resolved. Otherwise what is wrong with the input field at `field`.
pub fn resolve(status: CaseStatus, field: &[&str]) -> Result<CaseStatus, Problem> {
    match status {
        CaseStatus::Active => Ok(CaseStatus::Closed),
        CaseStatus::Closed => {
            let message = "The case is resolved already. A closed case is frozen.";
            Err(Problem::new(field, ProblemCode::NotAllowed, message))
        }
    }
}

/// The system note of a case that was resolved.
pub fn resolved_note(resolution: CaseResolution) -> String {
    format!("Case resolved as {resolution}.")
}

/// Whether a case may be put on legal hold, or taken off it. Otherwise what is wrong with the input field at `field`.
/// A closed case may: what happened in it stays as it is, and is kept longer.
pub fn hold(held: bool, wanted: bool, field: &[&str]) -> Result<(), Problem> {
    let message = match (held, wanted) {
        (true, true) => "The case is on legal hold already.",
        (false, false) => "The case is not on legal hold.",
        _ => return Ok(()),
    };
    Err(Problem::new(field, ProblemCode::Conflict, message))
}

/// What whoever contributes to a case about a subject leaves to others, as far as that subject goes (domain, section 6).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LeftToOthers {
    /// To confirm or dismiss an alert.
    Decide,
    /// To say who contributes.
    Contributors,
    /// To open a closed case again.
    Reopen,
    /// To read evidence in full.
    Content,
    /// To export evidence, which a package holds in full.
    Export,
    /// To show evidence to others.
    ShareEvidence,
    /// To say that the subject is the same person as another, or is not.
    Merge,
}

impl LeftToOthers {
    /// Why it is refused, and who can do it.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Decide => {
                "You contribute to a case about this subject: only somebody who does not can confirm or dismiss its alerts."
            }
            Self::Contributors => {
                "You contribute to a case about this subject: only somebody who does not can say who contributes."
            }
            Self::Reopen => {
                "You contribute to a case about this subject: only somebody who does not can open a closed one again."
            }
            Self::Content => {
                "You contribute to a case about this subject: only an INVESTIGATOR who does not can read its evidence in full."
            }
            Self::Export => {
                "You contribute to a case about this subject: only an INVESTIGATOR who does not can export its cases."
            }
            Self::ShareEvidence => {
                "You contribute to a case about this subject: only an INVESTIGATOR who does not can share its evidence. \
                 Leave the section EVIDENCE out."
            }
            Self::Merge => {
                "You contribute to a case about this subject: only an INVESTIGATOR who does not can merge it or split it."
            }
        }
    }

    /// The same about the input field at `field`.
    pub fn problem(self, field: &[&str]) -> Problem {
        Problem::new(field, ProblemCode::NotAllowed, self.sentence())
    }
}

/// Whether a case may be opened again, as a new one; `reopened` tells whether it was before. Otherwise what is wrong with
/// the input field at `field`.
pub fn reopen(status: CaseStatus, reopened: bool, field: &[&str]) -> Result<(), Problem> {
    let message = match (status, reopened) {
        (CaseStatus::Active, _) => "The case is active: work in it.",
        (CaseStatus::Closed, true) => "The case was reopened already: `reopenedAs` is the case to work in.",
        (CaseStatus::Closed, false) => return Ok(()),
    };
    Err(Problem::new(field, ProblemCode::Conflict, message))
}

/// The system note of a closed case that was opened again as `new`.
pub fn reopened_note(new: CaseId) -> String {
    format!("Reopened as {new}.")
}

/// The system note of a case that goes on where the closed case `old` ended.
pub fn reopening_note(old: CaseId) -> String {
    format!("Reopens {old}, which stays closed.")
}

/// The system note of a case that was put on legal hold, or taken off it.
pub fn hold_note(hold: bool) -> &'static str {
    if hold { "Put on legal hold." } else { "Legal hold lifted." }
}

/// The system note of a case that an alert opened.
pub fn opened_note(alert: AlertId, severity: Severity) -> String {
    format!("Case opened from alert {alert} of severity {severity}.")
}

/// The system note of an alert that joined a case.
pub fn added_note(alert: AlertId, severity: Severity) -> String {
    format!("Alert {alert} of severity {severity} added.")
}

/// The rule for names that staff give: 1 to [`limits::NAME_CHARS`] characters on one line, without blanks around it.
pub fn name_of(what: &str, given: &str, field: &[&str]) -> Result<String, Problem> {
    let name = given.trim();
    let (code, message) = if name.is_empty() {
        (ProblemCode::Required, format!("A {what} needs a name."))
    } else if name.chars().count() > limits::NAME_CHARS {
        (ProblemCode::LimitExceeded, format!("The name of a {what} has at most {} characters.", limits::NAME_CHARS))
    } else if name.chars().any(char::is_control) {
        (ProblemCode::Invalid, format!("The name of a {what} is one line without control characters."))
    } else {
        return Ok(name.to_owned());
    };
    Err(Problem::new(field, code, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    const FIELD: &[&str] = &["input", "caseId"];

    fn subject(n: u128) -> SubjectId {
        SubjectId::new(Uuid::from_u128(n))
    }

    #[test]
    fn an_alert_joins_an_active_case_of_its_own_subject() {
        assert_eq!(admit(CaseStatus::Active, subject(1), subject(1), FIELD), Ok(()));
    }

    #[test]
    fn an_alert_about_somebody_else_stays_out() {
        let problem = admit(CaseStatus::Active, subject(1), subject(2), FIELD).unwrap_err();
        assert_eq!((problem.code, problem.field.join(".")), (ProblemCode::Conflict, "input.caseId".into()));
    }

    #[test]
    fn a_closed_case_takes_no_alert() {
        let problem = admit(CaseStatus::Closed, subject(1), subject(1), FIELD).unwrap_err();
        assert_eq!(problem.code, ProblemCode::NotAllowed);
    }

    #[test]
    fn a_case_is_resolved_once() {
        assert_eq!(resolve(CaseStatus::Active, FIELD), Ok(CaseStatus::Closed));
        assert_eq!(resolve(CaseStatus::Closed, FIELD).unwrap_err().code, ProblemCode::NotAllowed);
    }

    #[test]
    fn a_name_is_one_line_of_limited_length() {
        let code = |given: &str| name(given, FIELD).map_err(|problem| problem.code);
        assert_eq!(code("  Leaving with the price list "), Ok("Leaving with the price list".into()));
        assert_eq!(code(" \t "), Err(ProblemCode::Required));
        assert_eq!(code("two\nlines"), Err(ProblemCode::Invalid));
        assert_eq!(code(&"ä".repeat(limits::NAME_CHARS)), Ok("ä".repeat(limits::NAME_CHARS)));
        assert_eq!(code(&"ä".repeat(limits::NAME_CHARS + 1)), Err(ProblemCode::LimitExceeded));
    }

    #[test]
    fn a_hold_begins_once_and_ends_once() {
        let code = |held, wanted| hold(held, wanted, FIELD).map_err(|problem| problem.code);
        assert_eq!((code(false, true), code(true, false)), (Ok(()), Ok(())));
        assert_eq!((code(true, true), code(false, false)), (Err(ProblemCode::Conflict), Err(ProblemCode::Conflict)));
        assert_eq!(hold_note(true), "Put on legal hold.");
    }

    #[test]
    fn a_closed_case_is_reopened_once_and_an_active_one_never() {
        let code = |status, reopened| reopen(status, reopened, FIELD).map_err(|problem| problem.code);
        assert_eq!(code(CaseStatus::Closed, false), Ok(()));
        assert_eq!(code(CaseStatus::Closed, true), Err(ProblemCode::Conflict));
        for reopened in [false, true] {
            let problem = reopen(CaseStatus::Active, reopened, FIELD).unwrap_err();
            assert_eq!(
                (problem.code, problem.message.as_str()),
                (ProblemCode::Conflict, "The case is active: work in it.")
            );
        }
        let case = CaseId::new(Uuid::from_u128(7));
        assert_eq!(reopened_note(case), "Reopened as case_00000000000000000000000000000007.");
        assert_eq!(reopening_note(case), "Reopens case_00000000000000000000000000000007, which stays closed.");
    }

    #[test]
    fn whoever_contributes_is_told_why_and_who_can() {
        use LeftToOthers::*;
        for left in [Decide, Contributors, Reopen, Content, Export, ShareEvidence] {
            let problem = left.problem(FIELD);
            assert_eq!(problem.code, ProblemCode::NotAllowed);
            assert!(problem.message.starts_with("You contribute to a case about this subject: only "), "{left:?}");
            assert!(problem.message.contains(" who does not can "), "{left:?}");
        }
    }

    #[test]
    fn system_notes_name_the_alert_and_nobody() {
        let alert = AlertId::new(Uuid::from_u128(7));
        assert_eq!(
            opened_note(alert, Severity::High),
            "Case opened from alert alert_00000000000000000000000000000007 of severity HIGH."
        );
        assert_eq!(
            added_note(alert, Severity::Low),
            "Alert alert_00000000000000000000000000000007 of severity LOW added."
        );
    }
}
