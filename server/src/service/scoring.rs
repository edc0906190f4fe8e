//! Scoring: subjects with news are taken, judged by the core under every active policy, and saved.
//! Never: a rule of its own; what counts and what is raised is the core's to say.

use super::Services;
use crate::store::{AlertChange, Scored, Taken, Work};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    alert::{self, AlertMove, AlertStatus, AlertTargets},
    ids::AlertId,
    indicator::{self, ActionClass},
    policy::{Policy, PolicyState},
    scoring::{
        Counting, Insight, InsightKind, ScoringOutcome,
        input::{ManualScoring, ScoringInput},
        reading::{self, Reading},
        score, suppression,
        threshold::ThresholdLevel,
    },
    subject::{AlertSummary, HighInsight, risk_level},
    time::{Day, Micros},
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

    /// Makes the norms of today, once a day (UTC).
    pub async fn make_norms(&self) -> anyhow::Result<bool> {
        self.store.make_norms(self.clock.now()).await
    }

    /// Tells the metrics how much waits.
    pub async fn watch_pending(&self) -> anyhow::Result<()> {
        self.metrics.set_pending_rows(self.store.pending_rows().await?);
        Ok(())
    }

    fn judge(&self, taken: &Taken, work: &Work, now: Micros) -> Scored {
        if !work.covered.at(now) {
            let (outcomes, alerts, risk) = Default::default();
            let next_due = work.covered.begins_after(now);
            return Scored { subject: work.context.id, outcomes, alerts, next_due, risk_score: 0.0, risk };
        }
        let mut outcomes = Vec::new();
        let mut alerts = Vec::new();
        let (mut risk_score, mut insights) = (0.0, BTreeSet::new());
        let mut summaries = work.alerts.clone();
        let days = work.all_days(now);
        let readings = reading::read_all(&days, |day| work.norms(day, now));
        for policy in taken.policies.iter().filter(|policy| policy.covers(&work.context)) {
            let counting = Counting::of(policy, &taken.enabled).or_minimum(taken.minimum);
            let outcome = outcome(work, (policy, &counting), &readings, now);
            if outcome.activations.is_empty() {
                continue;
            }
            // A draft scores in the shadow.
            let shadow = policy.state == PolicyState::Draft;
            let change = if shadow { None } else { self.alert(policy, work, &outcome, taken.targets, now) };
            if let Some(change) = change {
                let status = AlertStatus::NeedsReview;
                let insights = &change.content.insights;
                let seen = insights.iter().map(|insight| (insight.day, insight.indicator.as_str(), insight.count));
                if let Some(at) = work.alert_counts_from(change.raised_at, seen) {
                    let severity = change.content.severity;
                    summaries.insert(change.id, AlertSummary { severity, status, at });
                }
                alerts.push(change);
            }
            if !shadow {
                risk_score = outcome.score.max(risk_score);
                high(&outcome, work, &mut insights);
            }
            outcomes.push((policy.id, policy.version, outcome));
        }
        // Two policies see the same day.
        let insights: Vec<_> = insights.into_iter().map(|(day, _, kind)| (day.start(), kind)).collect();
        let summaries: Vec<AlertSummary> = summaries.into_values().collect();
        let standing = risk_level(&summaries, &insights, taken.timing, now);
        let scoring_due = outcomes.iter().filter_map(|(_, _, outcome)| outcome.next_due).min();
        // What keeps the level up may be an insight that the next day's scoring no longer shows: look every day.
        let level_due = standing.until.map(|until| until.min(now.day().plus(1).start()));
        let suppression_due = suppression::next_change(&work.suppressions, now);
        let next_due = scoring_due.into_iter().chain(level_due).chain(suppression_due).min();
        Scored { subject: work.context.id, outcomes, alerts, next_due, risk_score, risk: standing }
    }

    fn alert(
        &self,
        policy: &Policy,
        work: &Work,
        outcome: &ScoringOutcome,
        targets: AlertTargets,
        now: Micros,
    ) -> Option<AlertChange> {
        let open = work.open.iter().find(|alert| alert.policy == policy.id);
        let nothing = BTreeMap::new();
        let triaged = work.triaged.get(&policy.id).unwrap_or(&nothing);
        // Targets that were edited later move no alert, unless it becomes one of another severity.
        let due_at = |raised_at, content: &alert::AlertContent| match open {
            Some(alert) if alert.content.severity == content.severity => alert.due_at,
            _ => targets.due_at(raised_at, content.severity),
        };
        let change = |id, raised_at, raised, content: alert::AlertContent| AlertChange {
            id,
            policy: policy.id,
            raised_at,
            due_at: due_at(raised_at, &content),
            raised,
            told: open.is_none_or(|alert| alert.content.severity < content.severity),
            content,
        };
        match (alert::decide(policy, outcome, open.map(|alert| &alert.content), triaged), open) {
            (AlertMove::Stay, _) => None,
            (AlertMove::Raise(content), _) => Some(change(self.ids.draw(AlertId::new), now, true, content)),
            (AlertMove::Update(content), open) => open.map(|alert| change(alert.id, alert.raised_at, false, content)),
        }
    }
}

/// What a subject scores under a policy. `readings` are those of all its days, which a policy that gives content priority does
/// not go by.
pub(super) fn outcome(
    work: &Work,
    (policy, counting): (&Policy, &Counting),
    readings: &[Reading],
    now: Micros,
) -> ScoringOutcome {
    let own;
    let readings = match policy.spec.priority_content {
        None => readings,
        Some(_) => {
            own = reading::read_all(&work.days_under(policy, &work.days, now), |day| work.norms(day, now));
            &own
        }
    };
    let manual: Vec<ManualScoring> =
        work.manual.iter().filter(|(of, _)| *of == policy.id).map(|(_, order)| order.clone()).collect();
    score(&ScoringInput {
        now,
        policy,
        subject: &work.context,
        counting,
        readings,
        triggers: &work.triggers,
        manual: &manual,
    })
}

/// Adds the insights at high that the risk level goes by.
fn high(outcome: &ScoringOutcome, work: &Work, found: &mut BTreeSet<(Day, String, HighInsight)>) {
    let kind = |insight: &Insight| match insight.kind {
        InsightKind::Sequence => Some(HighInsight::Sequence),
        InsightKind::CumulativeExfiltration => Some(HighInsight::Exfiltration),
        InsightKind::Indicator => {
            let known = indicator::find(&insight.indicator)?;
            (known.action == ActionClass::Exfiltration).then_some(HighInsight::Exfiltration)
        }
    };
    let high = outcome.insights.iter().filter(|insight| insight.level == ThresholdLevel::High);
    let high = high.filter(|insight| work.is_unsettled(insight));
    found.extend(high.filter_map(|insight| Some((insight.day, insight.indicator.clone(), kind(insight)?))));
}
