//! Insights and the activity beneath them.
//! Never: content of evidence for a viewer without the right to it; it is not even loaded.

use super::{
    case::opened,
    connector::Connector,
    guard::{Guarded, guarded},
    indicator::Indicator,
    page::{Connection, Page, PageArgs, wants},
    policy::SequenceRule,
    request::{self, Fault, Reader},
    rules,
    scalars::{Date, DateTime, Json, int},
    words::{RiskFactor, ThresholdLevel},
};
use crate::{
    error::ServiceError,
    service::subjects::{self, Content, StoredActivity},
};
use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource, share::ShareSection},
    case::LeftToOthers,
    ids::{ConnectorId, SubjectId},
    scoring, template,
};

/// What an insight is about.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "scoring::InsightKind")]
pub enum InsightKind {
    /// One indicator over one day.
    Indicator,
    /// Steps that follow each other on one object.
    Sequence,
    /// Everything that was taken out over 30 days.
    CumulativeExfiltration,
}

/// Why an insight counts more than its count alone.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "scoring::BoosterKind")]
pub enum BoosterKind {
    /// Compared with what is usual for the subject and for its peers: below 1 where either always does it.
    AboveUsual,
    /// An earlier case was a violation.
    PriorViolation,
    /// The subject is in a priority group.
    PriorityGroup,
    /// The subject could do great harm.
    HighImpact,
    /// Content that the policy protects in particular.
    PriorityContent,
    /// A domain that is not allowed.
    UnallowedDomain,
    /// Below 1: everything sent that day went to domains that the subject has sent to for a month.
    KnownDestination,
    /// Below 1: what was fetched was put on a network share the same day, and did not leave.
    MovedInside,
}

/// Something that made an insight count more.
#[derive(SimpleObject)]
pub struct Booster {
    /// What it was.
    kind: BoosterKind,
    /// By how much it multiplied the odds.
    factor: f64,
    /// One plain sentence.
    explanation: String,
}

/// Which insights are wanted; what is left out wants all.
#[derive(InputObject)]
pub struct InsightFilter {
    /// From this day on.
    from: Option<Date>,
    /// Up to and with this day.
    to: Option<Date>,
    /// Any of these kinds.
    kinds: Option<Vec<InsightKind>>,
    /// With any of these marks.
    risk_factors: Option<Vec<RiskFactor>>,
    /// With at least this score.
    min_score: Option<f64>,
}

impl InsightFilter {
    /// The service's filter.
    pub(super) fn read(self) -> subjects::InsightFilter {
        subjects::InsightFilter {
            kinds: self.kinds.into_iter().flatten().map(Into::into).collect(),
            from: self.from.map(|day| day.0),
            to: self.to.map(|day| day.0),
            risk_factors: self.risk_factors.into_iter().flatten().map(Into::into).collect(),
            min_score: self.min_score,
        }
    }
}

/// One subject's activity of one indicator over one day.
#[derive(Clone)]
pub struct Insight {
    subject: SubjectId,
    insight: scoring::Insight,
}

impl Insight {
    pub(super) fn new(subject: SubjectId, insight: scoring::Insight) -> Self {
        Self { subject, insight }
    }
}

/// One subject's activity of one indicator over one calendar day (UTC), compared with the policy's thresholds: the unit
/// of scoring.
#[Object]
impl Insight {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.insight.id.into()
    }

    /// The day, in UTC.
    async fn day(&self) -> Date {
        Date(self.insight.day)
    }

    /// What it is about.
    async fn kind(&self) -> InsightKind {
        self.insight.kind.into()
    }

    /// What was seen; null for sequences and cumulative insights.
    async fn indicator(&self) -> Option<Indicator> {
        Indicator::of_code(&self.insight.indicator)
    }

    /// The sequence that was completed; null for the other kinds.
    async fn sequence(&self) -> Option<SequenceRule> {
        template::sequence(&self.insight.indicator).map(SequenceRule::from)
    }

    /// How often on that day; of a sequence the objects that went through it, of cumulative exfiltration what left in the
    /// 30 days up to it.
    async fn count(&self) -> i32 {
        int(self.insight.count)
    }

    /// Against the policy's thresholds.
    async fn level(&self) -> ThresholdLevel {
        self.insight.level.into()
    }

    /// 0–100: the insight for itself, with its boosters, before its weight and age.
    async fn score(&self) -> f64 {
        self.insight.score
    }

    /// What made it count more, or less: factors on the odds of its score.
    async fn boosters(&self) -> Vec<Booster> {
        let boosters = self.insight.boosters.iter();
        let shown = |booster: &scoring::Booster| Booster {
            kind: booster.kind.into(),
            factor: booster.factor,
            explanation: booster.explanation.clone(),
        };
        boosters.map(shown).collect()
    }

    /// One plain sentence a lawyer can read, with no personal data in it.
    async fn explanation(&self) -> &str {
        &self.insight.explanation
    }

    /// What marks it.
    async fn risk_factors(&self) -> Vec<RiskFactor> {
        self.insight.risk_factors.iter().map(|factor| (*factor).into()).collect()
    }

    /// The events beneath it, in the order in which they happened. Empty through a share without evidence.
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<Activity>, Error> {
        let listed = async {
            let page = Page::asked("activities", PageArgs { first, after, ..PageArgs::default() })?;
            let Some(permit) = opened(ctx, Resource::Activities, ShareSection::Evidence)? else {
                return Ok(Connection::new(&page, vec![], false, 0));
            };
            let slice = page.slice(wants(ctx, "totalCount"));
            let (services, insight) = (request::services(ctx)?, &self.insight);
            let listed = services.activities(&permit, self.subject, &insight.beneath(), &slice).await?;
            let key = |activity: &StoredActivity| (activity.occurred_at, activity.seq);
            Ok(Connection::of(&page, listed, key, Activity))
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }
}

/// One event of a subject.
pub struct Activity(pub(super) StoredActivity);

impl Activity {
    const PREFIX: &'static str = "activity_";

    /// The place in the log that a global id names.
    pub(super) fn seq(id: &ID) -> Option<i64> {
        let hex = id.strip_prefix(Self::PREFIX).filter(|hex| hex.len() == 16)?;
        i64::from_str_radix(hex, 16).ok()
    }
}

/// One event of a subject, as a connector delivered it.
#[Object]
impl Activity {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        format!("{}{:016x}", Self::PREFIX, self.0.seq).into()
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        DateTime(self.0.occurred_at)
    }

    /// What it counts as.
    async fn indicator(&self) -> Result<Indicator, Error> {
        Indicator::known(&self.0.indicator)
    }

    /// Through which connector it came; null for viewers who may not see connectors.
    async fn connector(&self, ctx: &Context<'_>) -> Result<Option<Connector>, Error> {
        if request::permit(ctx, Resource::Connectors, Action::Read).is_none() {
            return Ok(None);
        }
        let found = request::load::<ConnectorId, _>(ctx, self.0.connector).await;
        found.map(|found| found.map(Connector::from)).map_err(|error| super::errors::failed(&error))
    }

    /// How often it counts: an event may stand for several files.
    async fn quantity(&self) -> i32 {
        int(self.0.quantity)
    }

    /// Safe for every viewer who may see the activity: sizes, labels, file types, domains, device kind.
    async fn facts(&self) -> Json<&serde_json::Map<String, serde_json::Value>> {
        Json(&self.0.facts)
    }

    /// Full object names, paths, recipients, message subjects: they can name a person. Null where there is nothing more; and
    /// with an error FORBIDDEN for whoever contributes to a case about the subject, even with the role.
    async fn content(&self, ctx: &Context<'_>) -> Guarded<Json<serde_json::Value>, rules::ActivityContent> {
        guarded(ctx, async |_| match request::load(ctx, ContentOf(self.0.clone())).await? {
            Some(Content::Open(content)) => Ok(Some(Json(content))),
            Some(Content::LeftToOthers) => Err(ServiceError::LeftToOthers(LeftToOthers::Content.sentence())),
            None => Ok(None),
        })
        .await
    }
}

/// The key of an event's content.
#[derive(Clone)]
pub(super) struct ContentOf(StoredActivity);

impl PartialEq for ContentOf {
    fn eq(&self, other: &Self) -> bool {
        self.0.seq == other.0.seq
    }
}

impl Eq for ContentOf {}

impl std::hash::Hash for ContentOf {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.seq.hash(state);
    }
}

impl Loader<ContentOf> for Reader {
    type Value = Content;
    type Error = Fault;

    async fn load(&self, keys: &[ContentOf]) -> Result<HashMap<ContentOf, Content>, Fault> {
        let permit = self.permit(Resource::EvidenceContent, Action::Read)?;
        let activities: Vec<&StoredActivity> = keys.iter().map(|key| &key.0).collect();
        let contents = self.services.contents(&permit, &self.looks, &activities).await?;
        Ok(keys.iter().cloned().zip(contents).filter_map(|(key, content)| Some((key, content?))).collect())
    }
}
