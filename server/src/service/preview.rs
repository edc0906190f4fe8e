//! "Would have fired": what a policy that nobody has enabled would have made of the last days.
//! Never: writes, or names anybody; it answers with counts.

use super::{Services, policies::NewPolicy};
use crate::{
    error::ServiceError,
    permit::{Permit, Sight},
    store::Work,
};
use std::collections::BTreeMap;
use vizard_core::{
    access::{Action, Resource},
    alert::Severity,
    limits,
    policy::Policy,
    problem::{Problem, ProblemCode},
    scoring::{
        Counting, Standing,
        input::{ScoringInput, Trigger},
        reading::{DaySigns, Reader},
        threshold::ThresholdLevel,
    },
    time::{DAY, Day, Micros},
};

/// What the policy would have done.
#[derive(Clone, Debug, Default)]
pub(crate) struct Preview {
    pub(crate) days: i32,
    pub(crate) activated: u64,
    /// Alerts by their highest severity: low, medium, high.
    pub(crate) alerts: [u64; 3],
    /// By indicator: subjects with a day of at least low, medium, high.
    pub(crate) over: BTreeMap<String, [u64; 3]>,
}

impl Services {
    /// What the policy would have done over the last days, had it been active.
    pub(crate) async fn policy_preview(
        &self,
        permit: &Permit,
        asked: NewPolicy,
        days: Option<i32>,
    ) -> Result<Preview, ServiceError> {
        permit.require(Resource::Policies, Action::Change)?;
        let days = days.unwrap_or(30);
        if !limits::PREVIEW_DAYS.contains(&days) {
            let allowed = limits::PREVIEW_DAYS;
            let message = format!("Allowed are {} to {} days.", allowed.start(), allowed.end());
            return Err(ServiceError::Invalid(vec![Problem::new(&["days"], ProblemCode::Invalid, message)]));
        }
        let policy = self.draft(asked).await?;
        let enabled = self.store.enabled_indicators().await?;
        let minimum = self.store.settings().await?.1.minimum_daily_events;
        let counting = Counting::of(&policy, &enabled).or_minimum(minimum);
        let now = self.clock.now();
        let first = now.day().plus(1 - days);
        let mut preview = Preview { days, ..Preview::default() };
        for selected in &policy.spec.indicators {
            preview.over.insert(selected.code.clone(), [0; 3]);
        }
        let (mut after, mut looked) = (None, 0);
        loop {
            let limit = usize::try_from(limits::SCORING_SUBJECTS).unwrap_or(64);
            let batch =
                self.store.work_after(&Sight::Everybody, after, limit, std::slice::from_ref(&policy), now).await?;
            let Some(last) = batch.last() else { return Ok(preview) };
            after = Some(last.context.id);
            for work in batch.iter().filter(|work| work.covered.at(now) && policy.covers(&work.context)) {
                looked += 1;
                if looked > limits::PREVIEW_SUBJECTS {
                    let message =
                        format!("A preview looks at up to {} people: narrow the scope.", limits::PREVIEW_SUBJECTS);
                    let problem = Problem::new(&["input", "scope"], ProblemCode::LimitExceeded, message);
                    return Err(ServiceError::Invalid(vec![problem]));
                }
                Watched { policy: &policy, counting: &counting, first, now }.over(work, &mut preview);
            }
            // Other requests have their turn.
            tokio::task::yield_now().await;
        }
    }
}

/// A policy and the days that a preview looks at.
pub(super) struct Watched<'a> {
    pub(super) policy: &'a Policy,
    pub(super) counting: &'a Counting,
    pub(super) first: Day,
    pub(super) now: Micros,
}

impl Watched<'_> {
    /// One subject, day by day: from before any look-back on, so that windows and habits are as they would have been.
    pub(super) fn over(&self, work: &Work, preview: &mut Preview) {
        let today = self.now.day();
        let from = self.first.plus(-(self.policy.spec.lookback_days + self.policy.spec.activation_days));
        let mut signs: BTreeMap<Day, DaySigns> =
            work.days_under(self.policy, &work.days, self.now).into_iter().map(|signs| (signs.day, signs)).collect();
        let first_seen =
            signs.keys().next().copied().into_iter().chain(work.triggers.iter().map(|found| found.at.day()));
        let Some(start) = first_seen.min() else { return };
        let (mut reader, mut standing) = (Reader::default(), Standing::default());
        let (mut activated, mut worst) = (false, None);
        let mut levels: BTreeMap<String, ThresholdLevel> = BTreeMap::new();
        for day in (start.0..=today.0).map(Day) {
            let readings =
                signs.remove(&day).map(|signs| reader.read(&signs, &work.norms(day, self.now))).unwrap_or_default();
            if day < from {
                continue;
            }
            let triggers: Vec<Trigger> = work.triggers.iter().filter(|found| found.at.day() == day).cloned().collect();
            let end = Micros(day.start().0 + DAY - 1);
            let seen = standing.day(&ScoringInput {
                now: end,
                policy: self.policy,
                subject: &work.context,
                counting: self.counting,
                readings: &readings,
                triggers: &triggers,
                manual: &[],
            });
            if day < self.first {
                continue;
            }
            activated |= seen.open;
            if seen.score >= self.policy.spec.alert_volume.raises_from() {
                worst = worst.max(Some(Severity::of(seen.score)));
            }
            for insight in seen.insights {
                let level = levels.entry(insight.indicator).or_insert(insight.level);
                *level = insight.level.max(*level);
            }
        }
        preview.activated += u64::from(activated);
        if let Some(worst) = worst {
            preview.alerts[worst as usize] += 1;
        }
        for (indicator, level) in levels {
            if let Some(over) = preview.over.get_mut(&indicator) {
                for (at, from) in
                    [ThresholdLevel::Low, ThresholdLevel::Medium, ThresholdLevel::High].into_iter().enumerate()
                {
                    over[at] += u64::from(level >= from);
                }
            }
        }
    }
}
