//! Replay: every stored score is computed again from the log, with the version of its policy and the clock of its time.
//! Never: repairs what differs; it tells, and a person looks.

use super::Services;
use crate::store::Stored;
use serde::Serialize;
use std::collections::BTreeMap;
use vizard_core::{
    indicator::measure::{self, Measure},
    limits,
    policy::Policy,
    scoring::{
        Counting,
        input::{DayCount, ManualScoring, ScoringInput},
        reading, score,
    },
};

/// What a replay found.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Replayed {
    /// Subjects whose scores were compared.
    pub subjects: u64,
    /// Scores, one a subject and policy.
    pub scores: u64,
    /// Insights beneath them.
    pub insights: u64,
    /// Subjects with news that are not scored yet: not compared.
    pub waiting: u64,
    /// What differs: the subject's id, and what.
    pub differences: Vec<String>,
    /// More differences than are listed.
    pub more: u64,
}

/// Differences that are listed.
const LISTED: usize = 100;

impl Replayed {
    fn differs(&mut self, what: String) {
        if self.differences.len() < LISTED {
            self.differences.push(what);
        } else {
            self.more += 1;
        }
    }
}

impl Services {
    /// Compares every stored score with what the log gives. `progress` hears how many subjects are done.
    pub async fn replay(&self, mut progress: impl FnMut(u64)) -> anyhow::Result<Replayed> {
        let (versions, enabled) = self.store.policy_versions().await?;
        let policies: Vec<Policy> = versions.values().cloned().collect();
        let now = self.clock.now();
        let mut replayed = Replayed::default();
        let mut after = None;
        loop {
            let limit = usize::try_from(limits::SCORING_SUBJECTS)?;
            let stored = self.store.stored_after(after, limit, &policies, now).await?;
            let Some(last) = stored.last() else { return Ok(replayed) };
            after = Some(last.work.context.id);
            for one in &stored {
                if one.waiting {
                    replayed.waiting += 1;
                    continue;
                }
                replayed.subjects += 1;
                Self::compare(one, &versions, &enabled, &mut replayed)?;
            }
            progress(replayed.subjects);
        }
    }

    fn compare(
        one: &Stored,
        versions: &BTreeMap<(vizard_core::ids::PolicyId, i32), Policy>,
        enabled: &std::collections::BTreeSet<String>,
        replayed: &mut Replayed,
    ) -> anyhow::Result<()> {
        let subject = one.work.context.id;
        let days = recounted(one, &mut |what| replayed.differs(format!("{subject}: {what}")));
        for stored in &one.scores {
            replayed.scores += 1;
            if !one.work.covered.at(stored.as_of) {
                replayed.differs(format!("{subject}, {}: scored outside of the coverage", stored.policy));
                continue;
            }
            let Some(policy) = versions.get(&(stored.policy, stored.version)) else {
                replayed.differs(format!("{subject}: scored under a version of {} that is not there", stored.policy));
                continue;
            };
            let manual: Vec<ManualScoring> =
                one.work.manual.iter().filter(|(of, _)| *of == policy.id).map(|(_, order)| order.clone()).collect();
            let readings = reading::read_all(&one.work.days_under(policy, &days, stored.as_of), |day| {
                one.work.norms(day, stored.as_of)
            });
            let outcome = score(&ScoringInput {
                now: stored.as_of,
                policy,
                subject: &one.work.context,
                counting: &Counting::of(policy, enabled),
                readings: &readings,
                triggers: &one.work.triggers,
                manual: &manual,
            });
            replayed.insights += outcome.insights.len() as u64;
            let policy = stored.policy;
            // As text: what is compared is what would be stored, to the byte.
            let parts = [
                ("score", serde_json::to_string(&outcome.score)?, serde_json::to_string(&stored.score)?),
                ("open", outcome.open.to_string(), stored.open.to_string()),
                ("missing inputs", serde_json::to_string(&outcome.missing)?, serde_json::to_string(&stored.missing)?),
                ("windows", serde_json::to_string(&outcome.activations)?, serde_json::to_string(&stored.activations)?),
                ("next due", format!("{:?}", outcome.next_due), format!("{:?}", stored.next_due)),
                ("insights", serde_json::to_string(&outcome.insights)?, serde_json::to_string(&stored.insights)?),
            ];
            for (what, again, was) in parts.iter().filter(|(_, again, was)| again != was) {
                let shown = if again.len() + was.len() < 80 {
                    format!(": {was} is stored, {again} comes out")
                } else {
                    String::new()
                };
                replayed.differs(format!("{subject}, {policy}: {what}{shown}"));
            }
        }
        Ok(())
    }
}

/// The subject's day counts with those of indicators taken from the log; hours, machines and destinations stand beside
/// them as they were stored. Tells where the two differ.
fn recounted(one: &Stored, differs: &mut dyn FnMut(String)) -> Vec<DayCount> {
    let mut log = one.counted.clone();
    let mut days = Vec::with_capacity(one.work.days.len());
    for stored in &one.work.days {
        let is_count = matches!(measure::read(&stored.indicator), Measure::Count(_));
        let counted = if is_count { log.remove(&(stored.day, stored.indicator.clone())) } else { Some(stored.count) };
        let counted = counted.unwrap_or(0);
        if counted != stored.count {
            differs(format!(
                "{} on {}: {} are stored, the log has {counted}",
                stored.indicator, stored.day, stored.count
            ));
        }
        days.push(DayCount { count: counted, ..stored.clone() });
    }
    let first = one.work.days.iter().map(|stored| stored.day).min();
    for ((day, indicator), count) in log {
        // What is older than any score looks was not loaded.
        if first.is_some_and(|first| day >= first) {
            differs(format!("{indicator} on {day}: none are stored, the log has {count}"));
            days.push(DayCount { day, indicator, count });
        }
    }
    days
}
