//! The scorer's transaction: take subjects that have something to score, load what the core needs, save what it says.
//! Pending rows are the truth: they are deleted and folded into the day counts in the transaction that saves the score,
//! so two scorers at once lose nothing and count nothing twice.
//! Never: a watermark over sequence numbers; rows commit in another order than they are numbered.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql, Tx, marks, tuples},
    norms::Compared,
    vault::Vault,
};
use anyhow::Context as _;
use sea_orm::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};
use uuid::Uuid;
use vizard_core::{
    alert::{AlertContent, AlertStatus},
    ids::{AlertId, InsightId, PolicyId, SubjectId},
    limits,
    policy::{Policy, PrioritySeen},
    scoring::{
        Insight, ScoringOutcome,
        history::{self, Before},
        input::{DayCount, ManualScoring, SubjectContext, Trigger},
        reading::{DaySigns, Norms, ObjectEvent, ObjectKey},
    },
    settings::site_key,
    subject::{AlertSummary, Impact, RiskStanding},
    template::Step,
    time::{Day, Micros},
};

/// Subjects to score, locked until `save` or until it is dropped.
pub(crate) struct Taken {
    tx: Tx,
    /// What is active now, and drafts, which score in the shadow.
    pub(crate) policies: Vec<Policy>,
    /// Codes of the globally enabled indicators.
    pub(crate) enabled: BTreeSet<String>,
    /// The installation's minimum of daily events.
    pub(crate) minimum: Option<u32>,
    pub(crate) subjects: Vec<Work>,
}

/// Everything about one subject that scoring may need.
pub(crate) struct Work {
    pub(crate) context: SubjectContext,
    pub(crate) days: Vec<DayCount>,
    /// Events on objects, for sequences.
    pub(crate) objects: Vec<ObjectEvent>,
    pub(crate) triggers: Vec<Trigger>,
    pub(crate) manual: Vec<(PolicyId, ManualScoring)>,
    /// Alerts that need review.
    pub(crate) open: Vec<OpenAlert>,
    /// All its alerts.
    pub(crate) alerts: Vec<AlertSummary>,
    /// Insights of alerts that were triaged: the highest count that somebody has looked at.
    pub(crate) triaged: BTreeMap<PolicyId, BTreeMap<InsightId, u64>>,
    has_scores: bool,
    /// What is stored of its scores, by policy.
    pub(crate) before: BTreeMap<PolicyId, Before>,
    /// What was about the content that a policy gives priority, for policies that give some.
    pub(crate) priority: BTreeMap<PolicyId, PrioritySeen>,
    peers: Option<Vec<u8>>,
    compared: Arc<Compared>,
}

impl Work {
    /// What others sent in the 30 days up to a day, as it was known at `at`.
    pub(crate) fn norms(&self, day: Day, at: Micros) -> Norms {
        self.compared.norms(self.peers.as_deref(), day, at)
    }

    /// The subject's days as a policy sees them, from the counts of days.
    pub(crate) fn days_under(&self, policy: &Policy, counts: &[DayCount]) -> Vec<DaySigns> {
        match (&policy.spec.priority_content, self.priority.get(&policy.id)) {
            (Some(content), Some(seen)) => seen.days(content.only, counts, &self.objects),
            _ => DaySigns::of(counts, &self.objects),
        }
    }
}

/// An alert that needs review.
pub(crate) struct OpenAlert {
    pub(crate) id: AlertId,
    pub(crate) policy: PolicyId,
    pub(crate) raised_at: Micros,
    pub(crate) content: AlertContent,
}

/// What scoring made of one subject.
pub(crate) struct Scored {
    pub(crate) subject: SubjectId,
    /// By policy; only those that know a window for the subject.
    pub(crate) outcomes: Vec<(PolicyId, i32, ScoringOutcome)>,
    pub(crate) alerts: Vec<AlertChange>,
    pub(crate) next_due: Option<Micros>,
    pub(crate) risk_score: f64,
    pub(crate) risk: RiskStanding,
}

/// A raised or updated alert.
pub(crate) struct AlertChange {
    pub(crate) id: AlertId,
    pub(crate) policy: PolicyId,
    pub(crate) raised_at: Micros,
    pub(crate) due_at: Micros,
    pub(crate) raised: bool,
    pub(crate) content: AlertContent,
}

impl Store {
    /// Takes up to `limits::SCORING_SUBJECTS` subjects that have pending rows or are due; nothing where there are none.
    /// `from` is where to begin looking: several scorers begin in different places and rarely meet.
    pub(crate) async fn take_subjects(&self, from: Uuid, now: Micros) -> anyhow::Result<Option<Taken>> {
        let mut candidates = self.candidates(from, now).await?;
        if candidates.is_empty() {
            candidates = self.candidates(Uuid::nil(), now).await?;
        }
        if candidates.is_empty() {
            return Ok(None);
        }
        let tx = self.db.begin().await?;
        let skip = if tx.is_postgres() { "ORDER BY s.id FOR UPDATE OF s SKIP LOCKED" } else { "ORDER BY s.id" };
        let sql = format!("SELECT s.id FROM subjects s WHERE s.id IN ({}) {skip}", marks(0, candidates.len()));
        let locked = tx.rows(&sql, candidates.into_iter().map(Value::from).collect()).await?;
        let ids: Vec<Uuid> = locked.iter().map(|row| row.get("id")).collect::<Result<_, _>>()?;
        if ids.is_empty() {
            // Others hold all of them.
            return Ok(None);
        }
        fold_pending(&tx, &ids).await?;
        let policies = super::policies::in_force(&tx).await?;
        let enabled = super::policies::enabled(&tx).await?;
        let minimum = super::settings::current(&tx).await?.1.minimum_daily_events;
        let subjects = load_work(&tx, &self.vault, &ids, &policies, now).await?;
        Ok(Some(Taken { tx, policies, enabled, minimum, subjects }))
    }

    async fn candidates(&self, from: Uuid, now: Micros) -> anyhow::Result<Vec<Uuid>> {
        let limit = limits::SCORING_SUBJECTS;
        let pending = self
            .db
            .rows(
                &format!("SELECT DISTINCT subject_id AS id FROM pending WHERE subject_id >= $1 ORDER BY subject_id LIMIT {limit}"),
                vec![from.into()],
            )
            .await?;
        let due = self
            .db
            .rows(
                &format!("SELECT id FROM subjects WHERE next_due <= $1 ORDER BY next_due LIMIT {limit}"),
                vec![now.0.into()],
            )
            .await?;
        let mut ids: Vec<Uuid> = pending.iter().chain(&due).map(|row| row.get("id")).collect::<Result<_, _>>()?;
        ids.sort_unstable();
        ids.dedup();
        ids.truncate(usize::try_from(limit)?);
        Ok(ids)
    }

    /// Rows that wait to be scored.
    pub(crate) async fn pending_rows(&self) -> anyhow::Result<i64> {
        self.db.row("SELECT count(*) AS waiting FROM pending", vec![]).await?.context("no count")?.get("waiting")
    }

    /// Saves what was made of the taken subjects, and lets go of them.
    pub(crate) async fn save_scored(&self, taken: Taken, scored: &[Scored], now: Micros) -> anyhow::Result<()> {
        let tx = &taken.tx;
        let had: Vec<Uuid> =
            taken.subjects.iter().filter(|work| work.has_scores).map(|work| work.context.id.uuid()).collect();
        if !had.is_empty() {
            for table in ["insights", "scores"] {
                let sql = format!("DELETE FROM {table} WHERE subject_id IN ({})", marks(0, had.len()));
                tx.run(&sql, had.iter().map(|id| (*id).into()).collect()).await?;
            }
        }
        let outcomes: Vec<_> = scored
            .iter()
            .flat_map(|one| {
                one.outcomes.iter().map(|(policy, version, outcome)| (one.subject, *policy, *version, outcome))
            })
            .collect();
        let setup = history::setup(&taken.enabled, taken.minimum);
        insert_history(tx, &taken.subjects, &outcomes, setup, now).await?;
        insert_scores(tx, &outcomes, setup).await?;
        insert_insights(tx, &outcomes).await?;
        for one in scored {
            for alert in &one.alerts {
                save_alert(tx, one.subject, alert, now).await?;
            }
        }
        let raised: Vec<Entry> = scored
            .iter()
            .flat_map(|one| &one.alerts)
            .filter(|alert| alert.raised)
            .map(|alert| {
                let content = &alert.content;
                let detail = serde_json::json!({
                    "policy": alert.policy, "version": content.policy_version, "severity": content.severity,
                });
                Entry::by_the_system("ADDED", "ALERTS", &alert.id.to_string(), &detail)
            })
            .collect();
        insert_entries(tx, &self.ids, &raised, now).await?;
        for one in scored {
            tx.run(
                "UPDATE subjects SET next_due = $1, risk_score = $2, risk_level = $3, risk_until = $4 WHERE id = $5",
                vec![
                    one.next_due.map(|due| due.0).into(),
                    one.risk_score.into(),
                    one.risk.level.as_str().into(),
                    one.risk.until.map(|until| until.0).into(),
                    one.subject.uuid().into(),
                ],
            )
            .await?;
        }
        taken.tx.commit().await
    }
}

async fn fold_pending(tx: &Tx, subjects: &[Uuid]) -> anyhow::Result<()> {
    let sql = format!(
        "DELETE FROM pending WHERE subject_id IN ({}) RETURNING subject_id, indicator, day, count",
        marks(0, subjects.len())
    );
    let mut folded: BTreeMap<(Uuid, i64, String), i64> = BTreeMap::new();
    for row in tx.rows(&sql, subjects.iter().map(|id| (*id).into()).collect()).await? {
        *folded.entry((row.get("subject_id")?, row.get("day")?, row.get("indicator")?)).or_default() +=
            row.get::<i64>("count")?;
    }
    for rows in folded.into_iter().collect::<Vec<_>>().chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 4);
        for ((subject, day, indicator), count) in rows {
            values.extend([(*subject).into(), (*day).into(), indicator.as_str().into(), (*count).into()]);
        }
        let sql = format!(
            "INSERT INTO activity_days (subject_id, day, indicator, count) VALUES {} ON CONFLICT (subject_id, day, indicator) \
             DO UPDATE SET count = activity_days.count + excluded.count",
            tuples(tx, 4, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}

pub(super) async fn load_work(
    tx: &impl Sql,
    vault: &Vault,
    ids: &[Uuid],
    policies: &[Policy],
    now: Micros,
) -> anyhow::Result<Vec<Work>> {
    let mut work: BTreeMap<Uuid, Work> = BTreeMap::new();
    let sql = format!(
        "SELECT s.id, p.department, p.impact, p.subject_id AS profile, \
         EXISTS (SELECT 1 FROM scores c WHERE c.subject_id = s.id) AS has_scores \
         FROM subjects s LEFT JOIN profiles p ON p.subject_id = s.id WHERE s.id IN ({})",
        marks(0, ids.len())
    );
    let values = |ids: &[Uuid]| -> Vec<Value> { ids.iter().map(|id| (*id).into()).collect() };
    let subjects: Vec<SubjectId> = ids.iter().map(|id| SubjectId::new(*id)).collect();
    let mut groups = super::groups::groups_of(tx, &subjects).await?;
    for row in tx.rows(&sql, values(ids)).await? {
        let id: Uuid = row.get("id")?;
        let impact: Option<String> = row.get("impact")?;
        let impact = impact.and_then(|word| word.parse::<Impact>().ok());
        let context = SubjectContext {
            id: SubjectId::new(id),
            department: row.get("department")?,
            groups: groups.remove(&SubjectId::new(id)).unwrap_or_default(),
            title: None,
            has_profile: row.get::<Option<Uuid>>("profile")?.is_some(),
            prior_violation: false,
            high_impact: impact.map(|impact| impact.reason().to_owned()),
        };
        let (days, objects, triggers, manual, open, alerts, triaged, before) = Default::default();
        let (priority, peers, compared) = Default::default();
        let has_scores = row.get("has_scores")?;
        work.insert(
            id,
            Work {
                context,
                days,
                objects,
                triggers,
                manual,
                open,
                alerts,
                triaged,
                has_scores,
                before,
                priority,
                peers,
                compared,
            },
        );
    }
    load_before(tx, ids, &mut work).await?;
    load_causes(tx, ids, &mut work, now).await?;
    // Without a cause nobody is scored, unless a policy takes activity itself for one.
    let by_activity = |policy: &Policy| policy.template.template().volume_trigger || policy.spec.always_on;
    let volume = policies.iter().any(by_activity);
    let caused = |work: &Work| volume || !work.triggers.is_empty() || !work.manual.is_empty();
    let wanted: Vec<Uuid> = work.iter().filter(|(_, work)| caused(work)).map(|(id, _)| *id).collect();
    if !wanted.is_empty() {
        load_days(tx, &wanted, &mut work, now).await?;
        if policies.iter().any(|policy| policy.spec.cumulative || !policy.spec.sequences.is_empty()) {
            load_objects(tx, &wanted, &mut work, now).await?;
        }
        load_priority(tx, vault, &wanted, policies, &mut work, now).await?;
        if policies.iter().any(|policy| policy.spec.cumulative) {
            let (mut peers, compared) = super::norms::load(tx, &wanted, now).await?;
            let compared = Arc::new(compared);
            for id in &wanted {
                if let Some(one) = work.get_mut(id) {
                    one.peers = peers.remove(id);
                    one.compared = Arc::clone(&compared);
                }
            }
        }
        load_alerts(tx, &wanted, &mut work).await?;
    }
    Ok(work.into_values().collect())
}

async fn load_before(tx: &impl Sql, ids: &[Uuid], work: &mut BTreeMap<Uuid, Work>) -> anyhow::Result<()> {
    let sql = format!(
        "SELECT subject_id, policy_id, policy_version, setup, open, score FROM scores WHERE subject_id IN ({})",
        marks(0, ids.len())
    );
    for row in tx.rows(&sql, ids.iter().map(|id| (*id).into()).collect()).await? {
        let before = Before {
            version: i32::try_from(row.get::<i64>("policy_version")?)?,
            setup: row.get("setup")?,
            open: row.get::<i64>("open")? != 0,
            score: row.get("score")?,
        };
        of(work, &row)?.before.insert(PolicyId::new(row.get("policy_id")?), before);
    }
    Ok(())
}

async fn load_causes(tx: &impl Sql, ids: &[Uuid], work: &mut BTreeMap<Uuid, Work>, now: Micros) -> anyhow::Result<()> {
    let since = now.plus_days(-limits::SCORING_HISTORY_DAYS).0;
    let sql = format!(
        "SELECT subject_id, indicator, occurred_at, lasts_until FROM triggers WHERE subject_id IN ({}) \
         AND (occurred_at >= {since} OR lasts_until >= {since})",
        marks(0, ids.len())
    );
    for row in tx.rows(&sql, ids.iter().map(|id| (*id).into()).collect()).await? {
        let trigger = Trigger {
            at: Micros(row.get("occurred_at")?),
            indicator: row.get("indicator")?,
            until: row.get::<Option<i64>>("lasts_until")?.map(Micros),
        };
        of(work, &row)?.triggers.push(trigger);
    }
    let sql = format!(
        "SELECT subject_id, policy_id, ordered_at, days, reason FROM manual_scoring WHERE subject_id IN ({}) AND ordered_at >= {since}",
        marks(0, ids.len())
    );
    for row in tx.rows(&sql, ids.iter().map(|id| (*id).into()).collect()).await? {
        let order = ManualScoring {
            at: Micros(row.get("ordered_at")?),
            days: i32::try_from(row.get::<i64>("days")?)?,
            reason: row.get("reason")?,
        };
        let policy = PolicyId::new(row.get("policy_id")?);
        of(work, &row)?.manual.push((policy, order));
    }
    Ok(())
}

async fn load_days(tx: &impl Sql, ids: &[Uuid], work: &mut BTreeMap<Uuid, Work>, now: Micros) -> anyhow::Result<()> {
    let sql = format!(
        "SELECT subject_id, day, indicator, count FROM activity_days WHERE subject_id IN ({}) AND day >= {}",
        marks(0, ids.len()),
        now.day().plus(-limits::SCORING_HISTORY_DAYS).0
    );
    for row in tx.rows(&sql, ids.iter().map(|id| (*id).into()).collect()).await? {
        let day = DayCount {
            day: Day(i32::try_from(row.get::<i64>("day")?)?),
            indicator: row.get("indicator")?,
            count: u64::try_from(row.get::<i64>("count")?)?,
        };
        of(work, &row)?.days.push(day);
    }
    Ok(())
}

/// What was about the content that policies give priority.
async fn load_priority(
    tx: &impl Sql,
    vault: &Vault,
    ids: &[Uuid],
    policies: &[Policy],
    work: &mut BTreeMap<Uuid, Work>,
    now: Micros,
) -> anyhow::Result<()> {
    let wanted: Vec<_> = policies
        .iter()
        .filter_map(|policy| {
            let content = policy.spec.priority_content.as_ref()?;
            let sites: BTreeSet<Vec<u8>> =
                content.sites.iter().map(|site| vault.object(&site_key(site)).to_vec()).collect();
            Some((policy, content, sites))
        })
        .collect();
    if wanted.is_empty() {
        return Ok(());
    }
    let sql = format!(
        "SELECT indicator, variants, occurred_at, quantity, facts, site, object FROM events WHERE subject_id = $1 AND weight = 0 \
         AND occurred_at >= {} ORDER BY occurred_at DESC, event_key LIMIT {}",
        now.plus_days(-limits::SEQUENCE_HISTORY_DAYS).0,
        limits::SEQUENCE_EVENTS
    );
    for id in ids {
        let Some(one) = work.get_mut(id) else { continue };
        let covering: Vec<_> = wanted.iter().filter(|(policy, ..)| policy.covers(&one.context)).collect();
        if covering.is_empty() {
            continue;
        }
        for (policy, ..) in &covering {
            one.priority.insert(policy.id, PrioritySeen::default());
        }
        for row in tx.rows(&sql, vec![(*id).into()]).await? {
            let facts: serde_json::Map<String, serde_json::Value> = row.json("facts")?;
            let site: Option<Vec<u8>> = row.get("site")?;
            let day = Micros(row.get("occurred_at")?).day();
            let count = u64::try_from(row.get::<i64>("quantity")?)?;
            let variants: Option<String> = row.get("variants")?;
            let object: Option<Vec<u8>> = row.get("object")?;
            for (policy, content, sites) in &covering {
                if !content.holds(&facts, site.as_ref().is_some_and(|site| sites.contains(site))) {
                    continue;
                }
                let Some(seen) = one.priority.get_mut(&policy.id) else { continue };
                let codes = variants.iter().flat_map(|codes| codes.split(' ')).map(str::to_owned);
                for code in codes.chain([row.get("indicator")?]) {
                    *seen.counts.entry((day, code)).or_default() += count;
                }
                seen.objects.extend(object.as_deref().map(object_key));
            }
        }
    }
    Ok(())
}

/// The newest events on objects of which a sequence may be made.
async fn load_objects(tx: &impl Sql, ids: &[Uuid], work: &mut BTreeMap<Uuid, Work>, now: Micros) -> anyhow::Result<()> {
    let mut steps: Vec<&str> = Step::ALL.iter().flat_map(|step| step.indicators()).copied().collect();
    steps.sort_unstable();
    steps.dedup();
    let steps: Vec<String> = steps.into_iter().map(|code| format!("'{code}'")).collect();
    let sql = format!(
        "SELECT indicator, occurred_at, object, previous_object FROM events WHERE subject_id = $1 AND occurred_at >= {} \
         AND object IS NOT NULL AND indicator IN ({}) ORDER BY occurred_at DESC, object, indicator, previous_object LIMIT {}",
        now.plus_days(-limits::SEQUENCE_HISTORY_DAYS).0,
        steps.join(", "),
        limits::SEQUENCE_EVENTS
    );
    for id in ids {
        let Some(one) = work.get_mut(id) else { continue };
        for row in tx.rows(&sql, vec![(*id).into()]).await? {
            one.objects.push(ObjectEvent {
                at: Micros(row.get("occurred_at")?),
                indicator: row.get("indicator")?,
                object: object_key(&row.get::<Vec<u8>>("object")?),
                previous: row.get::<Option<Vec<u8>>>("previous_object")?.as_deref().map(object_key),
            });
        }
    }
    Ok(())
}

/// The digest as stored (16 bytes, or the first 16 of more).
fn object_key(digest: &[u8]) -> ObjectKey {
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = *from;
    }
    ObjectKey(u128::from_be_bytes(bytes))
}

async fn load_alerts(tx: &impl Sql, ids: &[Uuid], work: &mut BTreeMap<Uuid, Work>) -> anyhow::Result<()> {
    let sql = format!(
        "SELECT a.id AS alert_id, a.subject_id, a.policy_id, a.policy_version, a.severity, a.status, a.score AS alert_score, a.cause, \
         a.risk_factors AS alert_factors, a.raised_at, i.position, i.insight_id AS id, i.day, i.kind, i.indicator, i.count, i.level, i.score, \
         i.boosters, i.points, i.explanation, i.risk_factors FROM alerts a JOIN alert_insights i ON i.alert_id = a.id \
         WHERE a.subject_id IN ({}) ORDER BY a.id, i.position",
        marks(0, ids.len())
    );
    for row in tx.rows(&sql, ids.iter().map(|id| (*id).into()).collect()).await? {
        let policy = PolicyId::new(row.get("policy_id")?);
        let insight = insight(&row)?;
        let status: AlertStatus = row.word("status")?;
        let one = of(work, &row)?;
        if row.get::<i64>("position")? == 0 {
            let at = Micros(row.get("raised_at")?);
            one.alerts.push(AlertSummary { severity: row.word("severity")?, status, at });
        }
        if status != AlertStatus::NeedsReview {
            let seen = one.triaged.entry(policy).or_default().entry(insight.id).or_default();
            *seen = insight.count.max(*seen);
            continue;
        }
        let id = AlertId::new(row.get("alert_id")?);
        if one.open.last().is_none_or(|open| open.id != id) {
            let content = AlertContent {
                policy_version: i32::try_from(row.get::<i64>("policy_version")?)?,
                severity: row.word("severity")?,
                score: row.get("alert_score")?,
                trigger: row.get("cause")?,
                risk_factors: row.json("alert_factors")?,
                insights: Vec::new(),
            };
            one.open.push(OpenAlert { id, policy, raised_at: Micros(row.get("raised_at")?), content });
        }
        if let Some(open) = one.open.last_mut() {
            open.content.insights.push(insight);
        }
    }
    Ok(())
}

fn of<'a>(work: &'a mut BTreeMap<Uuid, Work>, row: &Row) -> anyhow::Result<&'a mut Work> {
    work.get_mut(&row.get::<Uuid>("subject_id")?).context("a row of another subject")
}

/// An insight from the columns that `insights` and `alert_insights` share; its id is selected as `id`.
pub(super) fn insight(row: &Row) -> anyhow::Result<Insight> {
    Ok(Insight {
        id: InsightId::new(row.get("id")?),
        day: Day(i32::try_from(row.get::<i64>("day")?)?),
        kind: row.word("kind")?,
        indicator: row.get("indicator")?,
        count: u64::try_from(row.get::<i64>("count")?)?,
        level: row.word("level")?,
        score: row.get("score")?,
        boosters: row.json("boosters")?,
        points: row.get("points")?,
        explanation: row.get("explanation")?,
        risk_factors: row.json("risk_factors")?,
    })
}

/// The values of those columns, in the order day … risk_factors.
fn insight_values(insight: &Insight) -> anyhow::Result<[Value; 10]> {
    Ok([
        i64::from(insight.day.0).into(),
        insight.kind.as_str().into(),
        insight.indicator.as_str().into(),
        i64::try_from(insight.count)?.into(),
        insight.level.as_str().into(),
        insight.score.into(),
        serde_json::to_string(&insight.boosters)?.into(),
        insight.points.into(),
        insight.explanation.as_str().into(),
        serde_json::to_string(&insight.risk_factors)?.into(),
    ])
}

type Outcome<'a> = (SubjectId, PolicyId, i32, &'a ScoringOutcome);

/// A point of the history for every score that changed; what is too old goes.
async fn insert_history(
    tx: &Tx,
    work: &[Work],
    outcomes: &[Outcome<'_>],
    setup: i64,
    now: Micros,
) -> anyhow::Result<()> {
    let before: BTreeMap<SubjectId, &BTreeMap<PolicyId, Before>> =
        work.iter().map(|work| (work.context.id, &work.before)).collect();
    let mut points: Vec<Value> = Vec::new();
    for (subject, policy, version, outcome) in outcomes {
        let known = before.get(subject).and_then(|of| of.get(policy)).copied();
        if let Some(cause) = history::cause(known, *version, setup, outcome) {
            points.extend([
                subject.uuid().into(),
                policy.uuid().into(),
                now.0.into(),
                outcome.score.into(),
                cause.as_str().into(),
            ]);
        }
    }
    for points in points.chunks(limits::INSERT_ROWS * 5) {
        let sql = format!(
            "INSERT INTO score_history (subject_id, policy_id, at, score, cause) VALUES {} \
             ON CONFLICT (subject_id, policy_id, at) DO UPDATE SET score = excluded.score, cause = excluded.cause",
            tuples(tx, 5, points.len() / 5)
        );
        tx.run(&sql, points.to_vec()).await?;
    }
    if !points.is_empty() {
        let ids: Vec<Value> = work.iter().map(|work| work.context.id.uuid().into()).collect();
        let oldest = now.plus_days(-limits::SCORE_HISTORY_DAYS).0;
        let sql = format!("DELETE FROM score_history WHERE subject_id IN ({}) AND at < {oldest}", marks(0, ids.len()));
        tx.run(&sql, ids).await?;
    }
    Ok(())
}

async fn insert_scores(tx: &Tx, outcomes: &[Outcome<'_>], setup: i64) -> anyhow::Result<()> {
    for rows in outcomes.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 10);
        for (subject, policy, version, outcome) in rows {
            values.extend([
                subject.uuid().into(),
                policy.uuid().into(),
                i64::from(*version).into(),
                setup.into(),
                outcome.as_of.0.into(),
                i64::from(outcome.open).into(),
                outcome.score.into(),
                serde_json::to_string(&outcome.missing)?.into(),
                serde_json::to_string(&outcome.activations)?.into(),
                outcome.next_due.map(|due| due.0).into(),
            ]);
        }
        let sql = format!(
            "INSERT INTO scores (subject_id, policy_id, policy_version, setup, as_of, open, score, missing, activations, next_due) \
             VALUES {}",
            tuples(tx, 10, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}

async fn insert_insights(tx: &Tx, outcomes: &[Outcome<'_>]) -> anyhow::Result<()> {
    let insights: Vec<_> = outcomes
        .iter()
        .flat_map(|(subject, policy, _, outcome)| outcome.insights.iter().map(|insight| (*subject, *policy, insight)))
        .collect();
    for rows in insights.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 13);
        for (subject, policy, insight) in rows {
            values.extend([insight.id.uuid().into(), subject.uuid().into(), policy.uuid().into()]);
            values.extend(insight_values(insight)?);
        }
        let sql = format!(
            "INSERT INTO insights (id, subject_id, policy_id, day, kind, indicator, count, level, score, boosters, points, \
             explanation, risk_factors) VALUES {}",
            tuples(tx, 13, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}

async fn save_alert(tx: &Tx, subject: SubjectId, alert: &AlertChange, now: Micros) -> anyhow::Result<()> {
    let content = &alert.content;
    let id = Value::from(alert.id.uuid());
    let mut values = vec![
        id.clone(),
        i64::from(content.policy_version).into(),
        content.severity.as_str().into(),
        content.score.into(),
        content.trigger.as_str().into(),
        serde_json::to_string(&content.risk_factors)?.into(),
        now.0.into(),
        alert.due_at.0.into(),
    ];
    if alert.raised {
        values.extend([subject.uuid().into(), alert.policy.uuid().into(), alert.raised_at.0.into()]);
        tx.run(
            "INSERT INTO alerts (id, policy_version, severity, score, cause, risk_factors, updated_at, due_at, subject_id, policy_id, \
             raised_at, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'NEEDS_REVIEW')",
            values,
        )
        .await?;
    } else {
        tx.run(
            "UPDATE alerts SET policy_version = $2, severity = $3, score = $4, cause = $5, risk_factors = $6, updated_at = $7, \
             due_at = $8 WHERE id = $1 AND status = 'NEEDS_REVIEW'",
            values,
        )
        .await?;
        tx.run("DELETE FROM alert_insights WHERE alert_id = $1", vec![id.clone()]).await?;
    }
    let numbered: Vec<(i64, &Insight)> = (0..).zip(&content.insights).collect();
    for rows in numbered.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 13);
        for (position, insight) in rows {
            values.extend([id.clone(), (*position).into(), insight.id.uuid().into()]);
            values.extend(insight_values(insight)?);
        }
        let sql = format!(
            "INSERT INTO alert_insights (alert_id, position, insight_id, day, kind, indicator, count, level, score, boosters, \
             points, explanation, risk_factors) VALUES {}",
            tuples(tx, 13, rows.len())
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}
