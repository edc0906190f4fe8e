//! Why a score changed, for its history.
//! Never: a change without a cause.

use super::ScoringOutcome;
use crate::words::words;

words! {
    /// What changed a score.
    Cause {
        /// A window opened.
        Began = "BEGAN",
        /// New activity, or more of it.
        Activity = "ACTIVITY",
        /// What was seen has aged.
        Decay = "DECAY",
        /// The policy, or what is enabled, was changed.
        Policy = "POLICY",
        /// The last window ended.
        Ended = "ENDED",
    }
}

/// A score as it was stored.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Before {
    /// Of the policy.
    pub version: i32,
    /// Whether a window was open.
    pub open: bool,
    /// 0–100.
    pub score: f64,
}

/// Why the outcome has another score than before; nothing where it has not.
pub fn cause(before: Option<Before>, version: i32, after: &ScoringOutcome) -> Option<Cause> {
    let Some(before) = before else { return after.open.then_some(Cause::Began) };
    match (before.open, after.open) {
        (false, true) => return Some(Cause::Began),
        (true, false) => return Some(Cause::Ended),
        _ => {}
    }
    if before.score == after.score {
        None
    } else if before.version != version {
        Some(Cause::Policy)
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
        let of = |outcome: &ScoringOutcome| Before { version: 1, open: outcome.open, score: outcome.score };
        let (today, tomorrow, over) = (scene.score(), scene.score_on(1), scene.score_on(40));
        let more = scene.clone().seen("FILE_DOWNLOADED", 0, 300).score();
        assert_eq!(cause(None, 1, &today), Some(Cause::Began));
        assert_eq!(cause(Some(of(&today)), 1, &today), None);
        assert_eq!(cause(Some(of(&today)), 1, &more), Some(Cause::Activity));
        assert_eq!(cause(Some(of(&today)), 1, &tomorrow), Some(Cause::Decay));
        assert_eq!(cause(Some(of(&today)), 2, &tomorrow), Some(Cause::Policy));
        assert_eq!(cause(Some(of(&today)), 1, &over), Some(Cause::Ended));
        assert_eq!(cause(Some(of(&over)), 1, &today), Some(Cause::Began));
        assert_eq!(cause(None, 1, &over), None);
    }
}
