//! Who looks into an alert, and to whom it is sent for a second look: neither decides about it.
//! Never: an alert that two people took, or sent, each without knowing of the other.

use super::{AlertStatus, decided};
use crate::{
    access::Role,
    problem::{Problem, ProblemCode},
};

/// Roles that an alert can be sent to: those that may decide about it.
pub const REVIEWERS: &[Role] = &[Role::Analyst, Role::Investigator];

/// What an alert is sent to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Addressee<'a> {
    /// Whoever holds the role.
    Role(Role),
    /// One viewer, by id.
    Viewer(&'a str),
}

impl<'a> Addressee<'a> {
    /// Reads what was given for the input field at `field`: the word of a role, or the id of a viewer. Ids of viewers have a
    /// colon, words of roles have none.
    pub fn read(given: &'a str, field: &[&str]) -> Result<Self, Problem> {
        let given = given.trim();
        match given.parse::<Role>() {
            Ok(role) if REVIEWERS.contains(&role) => Ok(Self::Role(role)),
            Ok(_) => {
                let message = "Alerts are reviewed by ANALYST and INVESTIGATOR: name one of the two, or a viewer.";
                Err(Problem::new(field, ProblemCode::Invalid, message))
            }
            Err(_) => Ok(Self::Viewer(given)),
        }
    }
}

/// Whether an alert can be given to somebody: only while nobody has decided about it. The problem has no path.
pub fn hand_over(status: AlertStatus) -> Result<(), Problem> {
    decided(status).map_or(Ok(()), Err)
}

/// Whether who has it now is who the caller believes has it: of two who act at once, the second is told of the first.
/// Otherwise what is wrong with the input field at `field`.
pub fn unchanged(now: Option<&str>, believed: Option<&str>, field: &[&str]) -> Result<(), Problem> {
    if now == believed {
        return Ok(());
    }
    let message = match now {
        Some(_) => "Somebody else has it: see the alert as it stands, and name them in `insteadOf` to take it over.",
        None => "Nobody has it any more: see the alert as it stands, and leave `insteadOf` out.",
    };
    Err(Problem::new(field, ProblemCode::Conflict, message))
}

/// The system note of an alert that was given to somebody, or to nobody.
pub fn assigned_note(to: Option<&str>) -> String {
    to.map_or_else(|| "No longer assigned.".to_owned(), |viewer| format!("Assigned to {viewer}."))
}

/// The system note of an alert that was sent for review.
pub fn sent_note(to: &str) -> String {
    format!("Sent for review to {to}.")
}

/// The system note of an alert whose review is over.
pub const REVIEWED_NOTE: &str = "The review is over.";

#[cfg(test)]
mod tests {
    use super::*;

    const FIELD: &[&str] = &["input", "to"];

    #[test]
    fn an_alert_is_sent_to_a_role_that_reviews_or_to_a_viewer() {
        assert_eq!(Addressee::read(" ANALYST ", FIELD), Ok(Addressee::Role(Role::Analyst)));
        assert_eq!(Addressee::read("INVESTIGATOR", FIELD), Ok(Addressee::Role(Role::Investigator)));
        assert_eq!(Addressee::read("dev:bea", FIELD), Ok(Addressee::Viewer("dev:bea")));
        for role in [Role::Admin, Role::Auditor, Role::Approver, Role::Connector] {
            assert_eq!(Addressee::read(role.as_str(), FIELD).unwrap_err().code, ProblemCode::Invalid);
        }
    }

    #[test]
    fn only_an_alert_that_needs_review_is_handed_over() {
        assert_eq!(hand_over(AlertStatus::NeedsReview), Ok(()));
        for status in [AlertStatus::Confirmed, AlertStatus::Dismissed, AlertStatus::Resolved] {
            assert_eq!(hand_over(status).unwrap_err().code, ProblemCode::Conflict);
        }
    }

    #[test]
    fn whoever_did_not_see_the_change_before_is_told() {
        assert_eq!(unchanged(None, None, FIELD), Ok(()));
        assert_eq!(unchanged(Some("dev:ann"), Some("dev:ann"), FIELD), Ok(()));
        for (now, believed) in [(Some("dev:ann"), None), (None, Some("dev:ann")), (Some("dev:ann"), Some("dev:bea"))] {
            assert_eq!(unchanged(now, believed, FIELD).unwrap_err().code, ProblemCode::Conflict);
        }
    }
}
