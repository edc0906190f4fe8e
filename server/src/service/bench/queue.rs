//! `vizard bench queue`: a made-up queue in a fresh database, the same for the same seed.
//! Never: an activity of anybody; there is nothing beneath these alerts.

use super::super::{
    Services,
    policies::{NewPolicy, NewScope},
};
use crate::{
    config::Config,
    error::ServiceError,
    ids::Ids,
    permit::Permit,
    store::{MadeAlert, Store, StoredAlert, StoredCase},
};
use rand::{Rng as _, SeedableRng as _, rngs::StdRng};
use vizard_core::{
    access::{Action, Resource},
    alert::{AlertStatus, AlertTargets, DismissReason, Severity},
    case::{CaseResolution, CaseStatus},
    ids::{AlertId, CaseId, SubjectId},
    indicator,
    policy::Policy,
    scoring::{self, Booster, BoosterKind, Insight, InsightKind, RiskFactor},
    template::TemplateCode,
    time::{DAY, HOUR, Micros},
};

/// What was made.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Queue {
    /// Alerts.
    pub alerts: u64,
    /// Of those, alerts that need review.
    pub open: u64,
    /// Insights that they rest on.
    pub insights: u64,
    /// Whom they are about.
    pub subjects: usize,
    /// Cases that confirmed alerts are in.
    pub cases: usize,
    /// Policies that raised them.
    pub policies: usize,
}

/// Policies of the made-up queue.
const POLICIES: usize = 12;
/// Alerts to a subject, of which one needs review: a tenth of the queue.
const ALERTS_EACH: u64 = 10;
/// One subject in so many has a case that is worked on, and one that is closed.
const SUBJECTS_A_CASE: usize = 5;
/// Over how many days they were raised: within what retention keeps.
const SPAN_DAYS: i64 = 90;
/// Alerts that are written in one transaction.
const BATCH: u64 = 10_000;

impl Services {
    /// Whether nobody has used the database of this configuration.
    pub async fn is_fresh(config: &Config) -> Result<bool, ServiceError> {
        Ok(Store::is_fresh(config).await?)
    }

    /// Statements that this process has run on the database, without those that only begin or end a transaction.
    pub fn statements_run(&self) -> u64 {
        self.store.statements_run()
    }

    /// Fills a fresh database with a queue of `alerts` alerts; `progress` hears how many there are.
    pub async fn fill_queue(
        &self,
        alerts: u64,
        seed: u64,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Queue, ServiceError> {
        let policies = self.bench_policies().await?;
        let now = self.clock.now();
        let began = Micros(now.0 - SPAN_DAYS * DAY);
        let subjects = usize::try_from((alerts / ALERTS_EACH).max(1)).map_err(anyhow::Error::from)?;
        let subjects = self.store.fill_subjects(subjects, began).await?;
        let cases = cases(&self.ids, &subjects, began, now);
        self.store.fill_cases(&cases).await?;
        let mut made = Queue {
            alerts: 0,
            open: 0,
            insights: 0,
            subjects: subjects.len(),
            cases: cases.len(),
            policies: policies.len(),
        };
        let step = SPAN_DAYS * DAY / i64::try_from(alerts.max(1)).map_err(anyhow::Error::from)?;
        let mut maker = Maker { dice: Dice(StdRng::seed_from_u64(seed)), subjects, cases, policies };
        while made.alerts < alerts {
            let until = alerts.min(made.alerts + BATCH);
            let batch: Vec<MadeAlert> = (made.alerts..until)
                .filter_map(|at| {
                    let raised_at = Micros(began.0 + step * i64::try_from(at).ok()?);
                    maker.alert(at, self.ids.draw(AlertId::new), raised_at)
                })
                .collect();
            self.store.fill_alerts(&batch).await?;
            made.alerts = until;
            made.insights += batch.iter().map(|made| made.insights.len() as u64).sum::<u64>();
            made.open += batch.iter().filter(|made| made.alert.status == AlertStatus::NeedsReview).count() as u64;
            progress(made.alerts);
        }
        self.store.analyse().await?;
        Ok(made)
    }

    /// Policies as an administrator makes them, so that every reader knows them.
    async fn bench_policies(&self) -> Result<Vec<Policy>, ServiceError> {
        let change = |resource| Permit::of_the_operator_bypassing_roles(resource, Action::Change);
        let template = TemplateCode::DataLeaks.template();
        let codes: Vec<String> = template.indicators.iter().map(|&code| code.to_owned()).collect();
        self.enable_indicators(&change(Resource::Indicators), &codes, true).await?;
        let mut policies = Vec::new();
        for number in 1..=POLICIES {
            let asked = NewPolicy {
                name: format!("Data leaks {number}"),
                description: None,
                template: template.code,
                scope: NewScope { all: true, ..NewScope::default() },
                indicators: None,
                triggers: None,
                activation_days: None,
                lookback_days: None,
                alert_volume: None,
                state: None,
                priority_content: None,
            };
            policies.push(self.create_policy(&change(Resource::Policies), asked).await?.policy);
        }
        Ok(policies)
    }
}

/// A case that is worked on and one that is closed, of every fifth subject.
fn cases(ids: &Ids, subjects: &[SubjectId], opened_at: Micros, now: Micros) -> Vec<StoredCase> {
    let case = |number: usize, subject: SubjectId, closed: bool| StoredCase {
        id: ids.draw(CaseId::new),
        name: format!("Case {number}"),
        subject,
        status: if closed { CaseStatus::Closed } else { CaseStatus::Active },
        severity: Severity::High,
        opened_at,
        updated_at: now,
        resolution: closed.then_some(CaseResolution::Benign),
        action_taken: closed.then(|| "None was needed.".to_owned()),
        legal_hold: false,
        parted: false,
        reopens: None,
    };
    let chosen = subjects.iter().step_by(SUBJECTS_A_CASE).enumerate();
    chosen.flat_map(|(at, subject)| [case(2 * at, *subject, false), case(2 * at + 1, *subject, true)]).collect()
}

/// Numbers that look like chance and are the same for the same seed.
struct Dice(StdRng);

impl Dice {
    /// From 0 up to below `end`.
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u64() % (end.max(1) as u64)).unwrap_or(0)
    }

    fn one_of<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        of.get(self.below(of.len()))
    }
}

struct Maker {
    dice: Dice,
    subjects: Vec<SubjectId>,
    /// Of each subject that has any, the one that is worked on, then the closed one.
    cases: Vec<StoredCase>,
    policies: Vec<Policy>,
}

impl Maker {
    /// The alert of that number. Of every ten alerts one needs review, each about a subject of its own: nobody has two
    /// open alerts under one policy.
    fn alert(&mut self, at: u64, id: AlertId, raised_at: Micros) -> Option<MadeAlert> {
        let (subject, status, case) = self.standing(at)?;
        let Self { dice, policies, .. } = self;
        let policy = dice.one_of(policies)?;
        // 24 and more, as alerts of the volume DEFAULT have; the higher, the rarer.
        let share = dice.below(10_000).min(dice.below(10_000));
        let score = hundredths(2_400 + share * 76 / 100);
        let severity = Severity::of(score);
        let insights = insights(dice, policy, subject, raised_at, score);
        let triaged_at = (status != AlertStatus::NeedsReview).then_some(Micros(raised_at.0 + HOUR));
        let reason = dice.one_of(DismissReason::ALL).copied();
        let alert = StoredAlert {
            id,
            subject,
            policy: policy.id,
            policy_version: policy.version,
            severity,
            status,
            score,
            trigger: "Much was sent out of the organisation within a day.".to_owned(),
            risk_factors: vec![RiskFactor::Unusual],
            assignee: None,
            dismiss_reason: reason.filter(|_| status == AlertStatus::Dismissed),
            case,
            raised_at,
            updated_at: triaged_at.unwrap_or(raised_at),
            due_at: AlertTargets::default().due_at(raised_at, severity),
            review: None,
        };
        Some(MadeAlert { alert, triaged_at, insights })
    }

    /// Whom it is about, where it stands, and in which case.
    fn standing(&mut self, at: u64) -> Option<(SubjectId, AlertStatus, Option<CaseId>)> {
        if at % ALERTS_EACH == ALERTS_EACH - 1 {
            let of = usize::try_from(at / ALERTS_EACH).ok()?;
            return Some((*self.subjects.get(of)?, AlertStatus::NeedsReview, None));
        }
        match self.dice.below(9) {
            0..6 => Some((*self.dice.one_of(&self.subjects)?, AlertStatus::Dismissed, None)),
            6 => self.in_case(0, AlertStatus::Confirmed),
            _ => self.in_case(1, AlertStatus::Resolved),
        }
    }

    fn in_case(&mut self, which: usize, status: AlertStatus) -> Option<(SubjectId, AlertStatus, Option<CaseId>)> {
        let pair = self.dice.below(self.cases.len() / 2);
        let case = self.cases.get(2 * pair + which)?;
        Some((case.subject, status, Some(case.id)))
    }
}

/// Two or three insights that add up to the score, the largest share first.
fn insights(dice: &mut Dice, policy: &Policy, subject: SubjectId, raised_at: Micros, score: f64) -> Vec<Insight> {
    let shares: &[f64] = if dice.below(2) == 0 { &[0.7, 0.3] } else { &[0.5, 0.3, 0.2] };
    let first = dice.below(policy.spec.indicators.len());
    let chosen = policy.spec.indicators.iter().cycle().skip(first);
    let mut insights = Vec::with_capacity(shares.len());
    for (selected, (back, share)) in chosen.zip((0..).zip(shares)) {
        let thresholds = selected.thresholds;
        let count = u64::from(thresholds.low) + dice.below(2 * thresholds.high as usize) as u64;
        let day = raised_at.day().plus(-back);
        let name = indicator::find(&selected.code).map_or("", |found| found.name);
        let unusual = Booster {
            kind: BoosterKind::AboveUsual,
            factor: 2.0,
            explanation: "More than is usual for the subject and for its peers.".to_owned(),
        };
        insights.push(Insight {
            id: scoring::insight_id(subject, policy.id, day, &selected.code),
            day,
            kind: InsightKind::Indicator,
            indicator: selected.code.clone(),
            count,
            level: thresholds.level(count),
            score: thresholds.score(count),
            boosters: vec![unusual],
            points: score * share,
            explanation: format!("{name}: {count} on {day}; {} and more in a day are high.", thresholds.high),
            risk_factors: vec![RiskFactor::Unusual],
        });
    }
    insights
}

/// A number with two digits after the point.
fn hundredths(number: usize) -> f64 {
    f64::from(u32::try_from(number).unwrap_or(u32::MAX)) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use uuid::Uuid;
    use vizard_core::{
        ids::PolicyId,
        policy::{self, PolicyDraft, PolicyScope},
    };

    fn maker(seed: u64, subjects: usize) -> Maker {
        let ids = Ids::seeded(seed);
        let subjects: Vec<SubjectId> = (0..subjects).map(|_| ids.random(SubjectId::new)).collect();
        let template = TemplateCode::DataLeaks.template();
        let enabled = template.indicators.iter().map(|&code| code.to_owned()).collect();
        let scope = PolicyScope { all: true, ..PolicyScope::default() };
        let draft = PolicyDraft::new("Data leaks".to_owned(), template.code, scope);
        let id = PolicyId::new(Uuid::from_u128(1));
        let policies = vec![policy::create(draft, &enabled, &Default::default(), id).unwrap()];
        let cases = cases(&ids, &subjects, Micros(0), Micros(DAY));
        Maker { dice: Dice(StdRng::seed_from_u64(seed)), subjects, cases, policies }
    }

    fn made(seed: u64) -> Vec<MadeAlert> {
        let (mut maker, ids) = (maker(seed, 100), Ids::seeded(seed));
        (0..1_000).filter_map(|at| maker.alert(at, ids.draw(AlertId::new), Micros(HOUR))).collect()
    }

    #[test]
    fn a_tenth_needs_review_and_nobody_has_two_of_those() {
        let all = made(1);
        assert_eq!(all.len(), 1_000);
        let open: Vec<_> = all.iter().filter(|made| made.alert.status == AlertStatus::NeedsReview).collect();
        assert_eq!(open.len(), 100);
        assert_eq!(open.iter().map(|made| made.alert.subject).collect::<BTreeSet<_>>().len(), 100);
        assert!(open.iter().all(|made| made.triaged_at.is_none() && made.alert.case.is_none()));
    }

    #[test]
    fn an_alert_adds_up_and_is_in_a_case_of_its_own_subject() {
        let cases: std::collections::BTreeMap<CaseId, SubjectId> =
            maker(2, 100).cases.iter().map(|case| (case.id, case.subject)).collect();
        for MadeAlert { alert, insights, .. } in made(2) {
            let sum: f64 = insights.iter().map(|insight| insight.points).sum();
            assert!((sum - alert.score).abs() < 0.01 && (24.0..=100.0).contains(&alert.score));
            let in_case = matches!(alert.status, AlertStatus::Confirmed | AlertStatus::Resolved);
            assert_eq!(alert.case.map(|case| cases[&case]), in_case.then_some(alert.subject));
        }
    }

    #[test]
    fn a_seed_repeats_its_queue_and_another_seed_does_not() {
        let scores = |seed| made(seed).iter().map(|made| made.alert.score).collect::<Vec<_>>();
        assert_eq!(scores(3), scores(3));
        assert_ne!(scores(3), scores(4));
    }
}
