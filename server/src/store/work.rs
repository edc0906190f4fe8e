//! Everything about a subject that scoring, replay and preview look at, read in a number of statements that does not grow
//! with the policies.
//! Never: writes.

use super::{
    db::{Row, Sql, marks},
    devices::{self, Owners},
    norms::{Compared, KnownNorms},
    scoring::insight,
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
    indicator, limits,
    policy::{Policy, PrioritySeen},
    scoring::{
        Insight,
        history::Before,
        input::{DayCount, ManualScoring, SubjectContext, Trigger},
        reading::{DaySigns, Norms, ObjectEvent, ObjectKey, codes_of_objects},
        suppression::{self, Suppression},
    },
    settings::{coverage::Covered, site_key},
    subject::{AlertSummary, Impact, RiskReset},
    time::{Day, Micros},
};

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
    /// Whether the installation monitors it.
    pub(crate) covered: Covered,
    /// All its alerts that count for the risk level.
    pub(crate) alerts: BTreeMap<AlertId, AlertSummary>,
    /// Indicators that do not count for it, or lately did not.
    pub(crate) suppressions: Vec<Suppression>,
    /// When subjects were merged into it or split off it last.
    pub(super) regrouped_at: Option<Micros>,
    /// When the risk level was taken away by hand, if it was.
    pub(crate) reset: Option<RiskReset>,
    /// Insights of alerts that were triaged: the highest count that somebody has looked at.
    pub(crate) triaged: BTreeMap<PolicyId, BTreeMap<InsightId, u64>>,
    /// What was shown by alerts that were put aside: dismissed, or of a resolved case. By day and indicator, the highest
    /// count.
    pub(crate) settled: BTreeMap<(Day, String), u64>,
    pub(super) has_scores: bool,
    /// What is stored of its scores, by policy.
    pub(crate) before: BTreeMap<PolicyId, Before>,
    /// What was about the content that a policy gives priority, for policies that give some.
    pub(crate) priority: BTreeMap<PolicyId, PrioritySeen>,
    peers: Option<Vec<u8>>,
    compared: Arc<Compared>,
    owners: Arc<Owners>,
}

impl Work {
    /// What others sent in the 30 days up to a day, as it was known at `at`.
    pub(crate) fn norms(&self, day: Day, at: Micros) -> Norms<'_> {
        self.compared.norms(self.peers.as_deref(), day, at)
    }

    /// From when on an alert with these insights counts for the risk level; none where a reset took it away.
    pub(crate) fn alert_counts_from<'a>(
        &self,
        raised_at: Micros,
        insights: impl IntoIterator<Item = (Day, &'a str, u64)>,
    ) -> Option<Micros> {
        self.reset.as_ref().map_or(Some(raised_at), |reset| reset.counts_from(raised_at, insights))
    }

    /// Whether an insight counts for the risk level: not what somebody has put aside, unless it has grown since.
    pub(crate) fn is_unsettled(&self, insight: &Insight) -> bool {
        let settled = self.settled.get(&(insight.day, insight.indicator.clone()));
        settled.is_none_or(|&seen| insight.count > seen)
            && self.reset.as_ref().is_none_or(|reset| reset.is_new(insight.day, &insight.indicator, insight.count))
    }

    /// The subject's days as they were known at `at`.
    pub(crate) fn all_days(&self, at: Micros) -> Vec<DaySigns> {
        self.as_known(DaySigns::of(&self.days, &self.objects), at)
    }

    /// The subject's days as a policy sees them, from the counts of days, as they were known at `at`.
    pub(crate) fn days_under(&self, policy: &Policy, counts: &[DayCount], at: Micros) -> Vec<DaySigns> {
        let days = match (&policy.spec.priority_content, self.priority.get(&policy.id)) {
            (Some(content), Some(seen)) => seen.days(content.only, counts, &self.objects),
            _ => DaySigns::of(counts, &self.objects),
        };
        self.as_known(days, at)
    }

    fn as_known(&self, mut days: Vec<DaySigns>, at: Micros) -> Vec<DaySigns> {
        suppression::leave_out(&mut days, &self.suppressions, at);
        self.owners.tell(&mut days, self.context.id, at);
        days
    }
}

/// An alert that needs review.
pub(crate) struct OpenAlert {
    pub(crate) id: AlertId,
    pub(crate) policy: PolicyId,
    pub(crate) raised_at: Micros,
    pub(crate) due_at: Micros,
    pub(crate) content: AlertContent,
}

pub(super) async fn load_work(
    tx: &impl Sql,
    (vault, norms): (&Vault, &KnownNorms),
    ids: &[Uuid],
    policies: &[Policy],
    now: Micros,
) -> anyhow::Result<Vec<Work>> {
    let mut work: BTreeMap<Uuid, Work> = BTreeMap::new();
    let sql = format!(
        "SELECT s.id, s.risk_reset_at, s.risk_reset_seen, s.regrouped_at, p.department, p.impact, p.subject_id AS profile, \
         (SELECT min(v.resolved_at) FROM cases v WHERE v.subject_id = s.id AND v.resolution = 'CONFIRMED_POLICY_VIOLATION') AS violated_at, \
         EXISTS (SELECT 1 FROM scores c WHERE c.subject_id = s.id) AS has_scores \
         FROM subjects s LEFT JOIN profiles p ON p.subject_id = s.id WHERE s.id IN ({})",
        marks(0, ids.len())
    );
    let values = |ids: &[Uuid]| -> Vec<Value> { ids.iter().map(|id| (*id).into()).collect() };
    let subjects: Vec<SubjectId> = ids.iter().map(|id| SubjectId::new(*id)).collect();
    let mut groups = super::groups::groups_of(tx, &subjects).await?;
    let coverage = super::settings::current(tx).await?.1.coverage;
    let covered = match coverage.is_restricted() {
        true => super::coverage::covered(tx, &coverage, ids).await?,
        false => BTreeMap::new(),
    };
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
            prior_violation: row.get::<Option<i64>>("violated_at")?.map(Micros),
            high_impact: impact.map(|impact| impact.reason().to_owned()),
        };
        let reset = match row.get::<Option<i64>>("risk_reset_at")? {
            Some(at) => Some(RiskReset { at: Micros(at), seen: row.json("risk_reset_seen")? }),
            None => None,
        };
        let (days, objects, triggers, manual, open, alerts, triaged, settled, before) = Default::default();
        let (priority, peers, compared, owners, suppressions) = Default::default();
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
                suppressions,
                reset,
                regrouped_at: row.get::<Option<i64>>("regrouped_at")?.map(Micros),
                covered: covered.get(&SubjectId::new(id)).copied().unwrap_or_default(),
                triaged,
                settled,
                has_scores,
                before,
                priority,
                peers,
                compared,
                owners,
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
        for (subject, suppression) in super::suppressions::of_late(tx, &wanted, now).await? {
            if let Some(one) = work.get_mut(&subject) {
                one.suppressions.push(suppression);
            }
        }
        load_priority(tx, vault, &wanted, policies, &mut work, now).await?;
        let (mut peers, compared) = super::norms::load(tx, norms, &wanted, now).await?;
        let compared = Arc::new(compared);
        let owners = Arc::new(devices::load(tx, work.values().flat_map(|one| &one.days)).await?);
        for id in &wanted {
            if let Some(one) = work.get_mut(id) {
                one.peers = peers.remove(id);
                one.compared = Arc::clone(&compared);
                one.owners = Arc::clone(&owners);
            }
        }
        load_alerts(tx, &wanted, &mut work).await?;
    }
    Ok(work.into_values().collect())
}

async fn load_before(tx: &impl Sql, ids: &[Uuid], work: &mut BTreeMap<Uuid, Work>) -> anyhow::Result<()> {
    let sql = format!(
        "SELECT subject_id, policy_id, policy_version, setup, as_of, open, score FROM scores WHERE subject_id IN ({})",
        marks(0, ids.len())
    );
    for row in tx.rows(&sql, ids.iter().map(|id| (*id).into()).collect()).await? {
        let before = Before {
            version: i32::try_from(row.get::<i64>("policy_version")?)?,
            setup: row.get("setup")?,
            open: row.get::<i64>("open")? != 0,
            score: row.get("score")?,
            as_of: Micros(row.get("as_of")?),
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
    let codes: Vec<String> = codes_of_objects().into_iter().map(|code| format!("'{code}'")).collect();
    let sql = format!(
        "SELECT indicator, occurred_at, object, previous_object FROM events WHERE subject_id = $1 AND occurred_at >= {} \
         AND object IS NOT NULL AND indicator IN ({}) ORDER BY occurred_at DESC, object, indicator, previous_object LIMIT {}",
        now.plus_days(-limits::SEQUENCE_HISTORY_DAYS).0,
        codes.join(", "),
        limits::SEQUENCE_EVENTS
    );
    for id in ids {
        let Some(one) = work.get_mut(id) else { continue };
        for row in tx.rows(&sql, vec![(*id).into()]).await? {
            let code: String = row.get("indicator")?;
            let Some(known) = indicator::find(&code) else { continue };
            one.objects.push(ObjectEvent {
                at: Micros(row.get("occurred_at")?),
                indicator: known.code,
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
         a.risk_factors AS alert_factors, a.raised_at, a.due_at, i.position, i.insight_id AS id, i.day, i.kind, i.indicator, i.count, i.level, i.score, \
         i.boosters, i.points, i.explanation, i.risk_factors FROM alerts a JOIN alert_insights i ON i.alert_id = a.id \
         WHERE a.subject_id IN ({}) ORDER BY a.id, i.position",
        marks(0, ids.len())
    );
    for row in tx.rows(&sql, ids.iter().map(|id| (*id).into()).collect()).await? {
        let policy = PolicyId::new(row.get("policy_id")?);
        let insight = insight(&row)?;
        let status: AlertStatus = row.word("status")?;
        let one = of(work, &row)?;
        let id = AlertId::new(row.get("alert_id")?);
        let raised_at = Micros(row.get("raised_at")?);
        let at = one.alert_counts_from(raised_at, [(insight.day, insight.indicator.as_str(), insight.count)]);
        if let Some(at) = at {
            let severity = row.word("severity")?;
            let known = one.alerts.entry(id).or_insert(AlertSummary { severity, status, at });
            known.at = known.at.max(at);
        }
        if status != AlertStatus::NeedsReview {
            let seen = one.triaged.entry(policy).or_default().entry(insight.id).or_default();
            *seen = insight.count.max(*seen);
            if status != AlertStatus::Confirmed {
                let seen = one.settled.entry((insight.day, insight.indicator)).or_default();
                *seen = insight.count.max(*seen);
            }
            continue;
        }
        if one.open.last().is_none_or(|open| open.id != id) {
            let content = AlertContent {
                policy_version: i32::try_from(row.get::<i64>("policy_version")?)?,
                severity: row.word("severity")?,
                score: row.get("alert_score")?,
                trigger: row.get("cause")?,
                risk_factors: row.json("alert_factors")?,
                insights: Vec::new(),
            };
            one.open.push(OpenAlert { id, policy, raised_at, due_at: Micros(row.get("due_at")?), content });
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
