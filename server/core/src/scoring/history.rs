//! Why a score changed, for its history.
//! Never: a change without a cause.

use super::{
    ScoringOutcome,
    suppression::{self, Suppression},
};
use crate::{time::Micros, words::words};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

words! {
    /// What changed a score.
    Cause {
        /// A window opened.
        Began = "BEGAN",
        /// New activity, or more of it.
        Activity = "ACTIVITY",
        /// What was seen has aged.
        Decay = "DECAY",
        /// The policy was changed.
        Policy = "POLICY",
        /// What is enabled or set for all policies was changed.
        Settings = "SETTINGS",
        /// A suppression began or ended.
        Suppression = "SUPPRESSION",
        /// Accounts were found to be the same person's, or not to be.
        Accounts = "ACCOUNTS",
        /// The subject is outside of whom the installation monitors.
        Uncovered = "UNCOVERED",
        /// The last window ended.
        Ended = "ENDED",
    }
}

/// A score as it was stored.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Before {
    /// Of the policy.
    pub version: i32,
    /// Of what applied to all policies; see [`setup`].
    pub setup: i64,
    /// Whether a window was open.
    pub open: bool,
    /// 0–100.
    pub score: f64,
    /// The clock it was computed with.
    pub as_of: Micros,
}

/// A number for what applies to all policies: the same for the same enabled codes and minimum of daily events. The first
/// 8 bytes of a SHA-256.
pub fn setup(enabled: &BTreeSet<String>, minimum: Option<u32>) -> i64 {
    let mut hash = Sha256::new();
    for code in enabled {
        hash.update(code.as_bytes());
        hash.update([0]);
    }
    hash.update(minimum.unwrap_or(0).to_be_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.finalize()[..8]);
    i64::from_be_bytes(bytes)
}

/// What a score was made under, besides the subject's activity.
#[derive(Clone, Copy)]
pub struct Circumstances<'a> {
    /// Of the policy.
    pub version: i32,
    /// Of what applies to all policies; see [`setup`].
    pub setup: i64,
    /// The subject's.
    pub suppressions: &'a [Suppression],
    /// When subjects were merged into it or split off it last.
    pub regrouped_at: Option<Micros>,
}

/// Why the outcome has another score than before; nothing where it has not.
pub fn cause(before: Option<Before>, now: Circumstances<'_>, after: &ScoringOutcome) -> Option<Cause> {
    let Some(before) = before else { return after.open.then_some(Cause::Began) };
    match (before.open, after.open) {
        (false, true) => return Some(Cause::Began),
        (true, false) => return Some(Cause::Ended),
        _ => {}
    }
    if before.score == after.score {
        None
    } else if before.version != now.version {
        Some(Cause::Policy)
    } else if before.setup != now.setup {
        Some(Cause::Settings)
    } else if now.regrouped_at.is_some_and(|at| before.as_of <= at && at <= after.as_of) {
        Some(Cause::Accounts)
    } else if suppression::changed(now.suppressions, before.as_of, after.as_of) {
        Some(Cause::Suppression)
    } else if after.score > before.score {
        Some(Cause::Activity)
    } else {
        Some(Cause::Decay)
    }
}

impl Cause {
    /// One plain sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Began => "Scoring began.",
            Self::Activity => "New activity was added.",
            Self::Decay => "What was seen has aged.",
            Self::Policy => "The policy was changed.",
            Self::Settings => "What is enabled or set for all policies was changed.",
            Self::Suppression => "A suppression of an indicator began or ended.",
            Self::Accounts => "Accounts were found to be the same person's, or not to be.",
            Self::Uncovered => "The subject is not covered by the monitoring any more.",
            Self::Ended => "The window of scoring ended.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scoring::tests::Scene;

    #[test]
    fn every_change_of_a_score_has_its_cause() {
        let scene = Scene::resigned(0).seen("FILE_COPIED_TO_USB", 0, 150);
        let of = |outcome: &ScoringOutcome| Before {
            version: 1,
            setup: 5,
            open: outcome.open,
            score: outcome.score,
            as_of: outcome.as_of,
        };
        let (today, tomorrow, over) = (scene.score(), scene.score_on(1), scene.score_on(40));
        let more = scene.clone().seen("FILE_DOWNLOADED", 0, 300).score();
        let of_version = |version, setup| Circumstances { version, setup, suppressions: &[], regrouped_at: None };
        assert_eq!(cause(None, of_version(1, 5), &today), Some(Cause::Began));
        assert_eq!(cause(Some(of(&today)), of_version(1, 5), &today), None);
        assert_eq!(cause(Some(of(&today)), of_version(1, 5), &more), Some(Cause::Activity));
        assert_eq!(cause(Some(of(&today)), of_version(1, 5), &tomorrow), Some(Cause::Decay));
        assert_eq!(cause(Some(of(&today)), of_version(2, 5), &tomorrow), Some(Cause::Policy));
        assert_eq!(cause(Some(of(&today)), of_version(1, 6), &tomorrow), Some(Cause::Settings));
        assert_eq!(cause(Some(of(&today)), of_version(1, 6), &today), None, "the score is the same");
        assert_eq!(cause(Some(of(&today)), of_version(1, 5), &over), Some(Cause::Ended));
        assert_eq!(cause(Some(of(&over)), of_version(1, 5), &today), Some(Cause::Began));
        assert_eq!(cause(None, of_version(1, 5), &over), None);
        let ended = Suppression { indicator: "FILE_PRINTED".to_owned(), from: Micros(0), until: tomorrow.as_of };
        assert_eq!(
            cause(Some(of(&today)), Circumstances { suppressions: &[ended], ..of_version(1, 5) }, &tomorrow),
            Some(Cause::Suppression)
        );
        let merged = Circumstances { regrouped_at: Some(tomorrow.as_of), ..of_version(1, 5) };
        assert_eq!(cause(Some(of(&today)), merged, &tomorrow), Some(Cause::Accounts));
        assert_eq!(
            cause(Some(of(&tomorrow)), Circumstances { regrouped_at: Some(today.as_of), ..merged }, &today),
            Some(Cause::Activity)
        );
    }

    #[test]
    fn a_setup_is_told_by_what_is_enabled_and_the_minimum() {
        let codes = |codes: &[&str]| codes.iter().map(|&code| code.to_owned()).collect::<BTreeSet<_>>();
        let one = setup(&codes(&["A", "B"]), None);
        assert_eq!(one, setup(&codes(&["B", "A"]), None));
        for other in [setup(&codes(&["AB"]), None), setup(&codes(&["A"]), None), setup(&codes(&["A", "B"]), Some(5))] {
            assert_ne!(one, other);
        }
    }
}
