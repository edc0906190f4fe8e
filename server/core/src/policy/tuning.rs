//! Tuning one indicator of a policy, from an alert that the policy raised (domain, section 5).
//! Never: a change of anything but that indicator.

use super::{
    IndicatorChoice, Policy, PolicyDraft, PolicyIndicator, PolicySpec, ThresholdCounts, ThresholdMode, update,
};
use crate::{
    problem::{Problem, ProblemCode},
    scoring::threshold::Thresholds,
    words::words,
};
use std::collections::{BTreeMap, BTreeSet};

words! {
    /// What becomes of the indicator.
    TuningChange {
        /// It takes the recommended daily counts.
        Recommended = "RECOMMENDED",
        /// It takes counts of one's own.
        Own = "OWN",
        /// It counts no more under the policy.
        Stop = "STOP",
    }
}

impl Policy {
    /// The indicator, as the policy uses it.
    pub fn indicator(&self, code: &str) -> Option<&PolicyIndicator> {
        self.spec.indicator(code)
    }
}

impl PolicySpec {
    /// The indicator, as this version uses it.
    pub fn indicator(&self, code: &str) -> Option<&PolicyIndicator> {
        self.indicators.iter().find(|selected| selected.code == code)
    }
}

/// The draft of the policy with the indicator changed and all else as it is.
pub fn tune(
    policy: &Policy,
    code: &str,
    change: TuningChange,
    thresholds: Option<ThresholdCounts>,
) -> Result<PolicyDraft, Problem> {
    let refuse = |code, message: &str| Err(Problem::new(&["input", "thresholds"], code, message));
    let mut draft = PolicyDraft::of(policy);
    let mut chosen = draft.indicators.take().unwrap_or_default();
    let Some(at) = chosen.iter().position(|choice| choice.code == code) else {
        let message = "The policy that raised the alert does not select this indicator.";
        return Err(Problem::new(&["input", "code"], ProblemCode::NotFound, message));
    };
    let choice = |mode| IndicatorChoice { code: code.to_owned(), mode: Some(mode), thresholds };
    match (change, thresholds) {
        (TuningChange::Own, None) => {
            return refuse(ProblemCode::Required, "OWN needs thresholds: low, medium and high.");
        }
        (TuningChange::Own, Some(_)) => chosen[at] = choice(ThresholdMode::Custom),
        (TuningChange::Recommended | TuningChange::Stop, Some(_)) => {
            return refuse(ProblemCode::Invalid, "Thresholds go with OWN: leave them out, or choose OWN.");
        }
        (TuningChange::Recommended, None) => chosen[at] = choice(ThresholdMode::Recommended),
        (TuningChange::Stop, None) => {
            chosen.remove(at);
        }
    }
    if chosen.is_empty() {
        let message = "It is the policy's only indicator: an administrator can switch the policy off instead.";
        return Err(Problem::new(&["input", "change"], ProblemCode::NotAllowed, message));
    }
    Ok(PolicyDraft { indicators: Some(chosen), ..draft })
}

/// The policy as the draft wants it: see [`update`]. Problems stand at the places of the input of a tuning.
pub fn tuned(
    policy: &Policy,
    draft: PolicyDraft,
    enabled: &BTreeSet<String>,
    organisation: &BTreeMap<String, Thresholds>,
) -> Result<Policy, Vec<Problem>> {
    update(policy, draft, enabled, organisation).map_err(|problems| problems.into_iter().map(placed).collect())
}

/// A problem of `thresholds`, wherever in the draft that was, is one of the only thresholds that were given.
fn placed(problem: Problem) -> Problem {
    let at = problem.field.iter().position(|part| part == "thresholds");
    let field = at.map_or_else(|| vec!["change".to_owned()], |at| problem.field[at..].to_vec());
    Problem { field, ..problem }.within(&["input"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        ids::PolicyId,
        policy::{PolicyScope, create},
        template::TemplateCode,
    };

    const CODE: &str = "FILE_DOWNLOADED";

    fn policy() -> (Policy, BTreeSet<String>) {
        let template = TemplateCode::DataTheftByDepartingUsers;
        let enabled: BTreeSet<String> = template.template().indicators.iter().map(|&code| code.to_owned()).collect();
        let scope = PolicyScope { all: true, ..PolicyScope::default() };
        let draft = PolicyDraft::new("Departing".to_owned(), template, scope);
        let id = PolicyId::new(uuid::Uuid::from_u128(1));
        (create(draft, &enabled, &BTreeMap::new(), id).unwrap(), enabled)
    }

    fn next(
        policy: &Policy,
        change: TuningChange,
        thresholds: Option<(i32, i32, i32)>,
    ) -> Result<Policy, Vec<Problem>> {
        let thresholds = thresholds.map(|(low, medium, high)| ThresholdCounts { low, medium, high });
        let draft = tune(policy, CODE, change, thresholds).map_err(|problem| vec![problem])?;
        tuned(policy, draft, &self::policy().1, &BTreeMap::new())
    }

    fn fields(refused: Result<Policy, Vec<Problem>>) -> Vec<String> {
        refused.unwrap_err().iter().map(|problem| problem.field.join(".")).collect()
    }

    #[test]
    fn the_indicator_changes_and_nothing_else_does() {
        let (first, _) = policy();
        let own = next(&first, TuningChange::Own, Some((200, 300, 400))).unwrap();
        assert_eq!(own.version, 2);
        let set = own.indicator(CODE).unwrap();
        assert_eq!((set.mode, set.thresholds.high), (ThresholdMode::Custom, 400));
        let back = next(&own, TuningChange::Recommended, None).unwrap();
        assert_eq!((back.version, &back.spec), (3, &first.spec));
        let stopped = next(&own, TuningChange::Stop, None).unwrap();
        assert!(stopped.indicator(CODE).is_none());
        assert_eq!(stopped.spec.indicators.len(), first.spec.indicators.len() - 1);
        assert_eq!(PolicySpec { indicators: vec![], ..stopped.spec }, PolicySpec { indicators: vec![], ..first.spec });
    }

    #[test]
    fn what_is_wrong_is_told_where_it_was_given() {
        let (first, _) = policy();
        assert_eq!(fields(next(&first, TuningChange::Own, None)), ["input.thresholds"]);
        assert_eq!(fields(next(&first, TuningChange::Stop, Some((1, 2, 3)))), ["input.thresholds"]);
        assert_eq!(fields(next(&first, TuningChange::Own, Some((5, 2, 3)))), ["input.thresholds.medium"]);
        let unknown = tune(&first, "FILE_PRINTED#NOT", TuningChange::Stop, None);
        assert_eq!(unknown.unwrap_err().field, ["input", "code"]);
    }

    #[test]
    fn the_last_indicator_is_not_stopped() {
        let (mut only, _) = policy();
        only.spec.indicators.retain(|selected| selected.code == CODE);
        assert_eq!(fields(next(&only, TuningChange::Stop, None)), ["input.change"]);
    }
}
