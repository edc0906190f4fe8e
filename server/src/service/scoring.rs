//! Scoring: subjects with news are taken, judged by the core under every active policy, and saved.
//! Never: a rule of its own; what counts and what is raised is the core's to say.

use super::Services;
use crate::store::{AlertChange, Scored, Taken, Work};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    alert::{self, AlertMove, AlertStatus},
    ids::AlertId,
    indicator::{self, ActionClass},
    policy::Policy,
    scoring::{
        Counting, ScoringOutcome,
        input::{ManualScoring, ScoringInput},
        reading::{self, DaySigns, Norms},
        score,
        threshold::ThresholdLevel,
    },
    subject::{AlertSummary, RiskLevel, risk_level},
    time::Micros,
};

impl Services {
    /// Scores some of the subjects that have news or are due; tells how many, 0 where there are none.
    pub async fn score_some(&self) -> anyhow::Result<usize> {
        let now = self.clock.now();
        let Some(taken) = self.store.take_subjects(self.ids.random(|from: Uuid| from), now).await? else {
            return Ok(0);
        };
        let scored: Vec<Scored> = taken.subjects.iter().map(|work| self.judge(&taken, work, now)).collect();
        let raised: Vec<_> = scored
            .iter()
            .flat_map(|one| &one.alerts)
            .filter(|alert| alert.raised)
            .map(|alert| alert.content.severity)
            .collect();
        self.store.save_scored(taken, &scored, now).await?;
        self.metrics.add_scored_subjects(scored.len() as u64);
        for severity in raised {
            self.metrics.add_alert(severity.as_str());
        }
        Ok(scored.len())
    }

    /// Scores until nobody has news.
    pub async fn score_all(&self) -> anyhow::Result<u64> {
        let mut scored = 0;
        loop {
            match self.score_some().await? {
                0 if self.store.pending_rows().await? == 0 => return Ok(scored),
                // Others hold what is left.
                0 => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
                some => scored += some as u64,
            }
        }
    }

    /// Tells the metrics how much waits.
    pub async fn watch_pending(&self) -> anyhow::Result<()> {
        self.metrics.set_pending_rows(self.store.pending_rows().await?);
        Ok(())
    }

    fn judge(&self, taken: &Taken, work: &Work, now: Micros) -> Scored {
        let mut outcomes = Vec::new();
        let mut alerts = Vec::new();
        let mut summaries = work.alerts.clone();
        let days = DaySigns::of(&work.days, &work.objects);
        let readings = reading::read_all(&days, |_| Norms::default());
        for policy in taken.policies.iter().filter(|policy| policy.covers(&work.context)) {
            let counting = Counting::of(policy, &taken.enabled).or_minimum(taken.minimum);
            let own;
            let readings = match policy.spec.priority_content {
                None => &readings,
                Some(_) => {
                    own = reading::read_all(&work.days_under(policy, &work.days), |_| Norms::default());
                    &own
                }
            };
            let manual: Vec<ManualScoring> =
                work.manual.iter().filter(|(of, _)| *of == policy.id).map(|(_, order)| order.clone()).collect();
            let outcome = score(&ScoringInput {
                now,
                policy,
                subject: &work.context,
                counting: &counting,
                readings,
                triggers: &work.triggers,
                manual: &manual,
            });
            if outcome.activations.is_empty() {
                continue;
            }
            if let Some(change) = self.alert(policy, work, &outcome, now) {
                let status = AlertStatus::NeedsReview;
                summaries.push(AlertSummary { severity: change.content.severity, status, at: change.raised_at });
                alerts.push(change);
            }
            outcomes.push((policy.id, policy.version, outcome));
        }
        let risk_score = outcomes.iter().map(|(_, _, outcome)| outcome.score).fold(0.0, f64::max);
        let risk_level = risk_level(&summaries, &high_exfiltration(&outcomes), now);
        let scoring_due = outcomes.iter().filter_map(|(_, _, outcome)| outcome.next_due).min();
        let level_due = (risk_level != RiskLevel::None).then(|| now.day().plus(1).start());
        let next_due = scoring_due.into_iter().chain(level_due).min();
        Scored { subject: work.context.id, outcomes, alerts, next_due, risk_score, risk_level }
    }

    fn alert(&self, policy: &Policy, work: &Work, outcome: &ScoringOutcome, now: Micros) -> Option<AlertChange> {
        let open = work.open.iter().find(|alert| alert.policy == policy.id);
        let nothing = BTreeMap::new();
        let triaged = work.triaged.get(&policy.id).unwrap_or(&nothing);
        let change = |id, raised_at, raised, content: alert::AlertContent| AlertChange {
            id,
            policy: policy.id,
            raised_at,
            due_at: alert::due_at(raised_at, content.severity),
            raised,
            content,
        };
        match (alert::decide(policy, outcome, open.map(|alert| &alert.content), triaged), open) {
            (AlertMove::Stay, _) => None,
            (AlertMove::Raise(content), _) => Some(change(self.ids.draw(AlertId::new), now, true, content)),
            (AlertMove::Update(content), open) => open.map(|alert| change(alert.id, alert.raised_at, false, content)),
        }
    }
}

/// The days on which data left in a high amount.
fn high_exfiltration(outcomes: &[(vizard_core::ids::PolicyId, i32, ScoringOutcome)]) -> Vec<Micros> {
    let exfiltrates = |code: &str| indicator::find(code).is_some_and(|found| found.action == ActionClass::Exfiltration);
    let mut seen: Vec<_> = outcomes
        .iter()
        .flat_map(|(_, _, outcome)| &outcome.insights)
        .filter(|insight| insight.level == ThresholdLevel::High && exfiltrates(&insight.indicator))
        .map(|insight| (insight.day, insight.indicator.as_str()))
        .collect();
    // Two policies see the same day.
    seen.sort_unstable();
    seen.dedup();
    seen.into_iter().map(|(day, _)| day.start()).collect()
}
