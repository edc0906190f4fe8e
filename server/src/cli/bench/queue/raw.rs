//! The yardstick: a route that answers with the bytes of the GraphQL answer, from the same calls, without GraphQL.
//! Never: served by the product; it exists while the benchmark runs.

use crate::{
    error::ServiceError,
    http,
    permit::{Permit, Viewer},
    service::{
        Services, Slice,
        alerts::{AlertFilter, AlertOrder, StoredAlert, StoredCase},
        policies::StoredPolicy,
        sign_in::SignIn,
        subjects::StoredSubject,
    },
};
use axum::{
    Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    alert::AlertStatus,
    ids::{AlertId, CaseId, PolicyId, SubjectId},
    indicator,
    scoring::Insight,
};

/// Where the route is.
pub(super) const PATH: &str = "/alerts";

/// The running route.
pub(super) struct Raw {
    pub(super) address: SocketAddr,
    closing: CancellationToken,
    doors: JoinHandle<anyhow::Result<()>>,
}

struct Behind {
    services: Services,
    sign_in: Arc<dyn SignIn>,
}

impl Raw {
    /// Opens the route on a free port of this machine.
    pub(super) async fn start(services: Services, sign_in: Arc<dyn SignIn>) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let router = Router::new().route(PATH, get(page)).with_state(Arc::new(Behind { services, sign_in }));
        let closing = CancellationToken::new();
        let closed = closing.clone();
        let doors = tokio::spawn(http::serve(listener, router, async move { closed.cancelled().await }));
        Ok(Self { address, closing, doors })
    }

    pub(super) async fn stop(self) -> anyhow::Result<()> {
        self.closing.cancel();
        self.doors.await?
    }
}

/// What of the queue is wanted, in the words of the API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Asked {
    pub(super) first: usize,
    pub(super) after: Option<String>,
    pub(super) open: bool,
    pub(super) order_by: String,
    pub(super) total: bool,
}

impl Asked {
    /// As the end of a path. Cursors and words need no escape.
    pub(super) fn path(&self) -> String {
        let Self { first, after, open, order_by, total } = self;
        let after = after.as_ref().map(|cursor| format!("&after={cursor}")).unwrap_or_default();
        format!("{PATH}?first={first}&open={open}&orderBy={order_by}&total={total}{after}")
    }
}

async fn page(State(behind): State<Arc<Behind>>, Query(asked): Query<Asked>, headers: HeaderMap) -> Response {
    match answer(&behind, &asked, &headers).await {
        Ok(body) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn answer(behind: &Behind, asked: &Asked, headers: &HeaderMap) -> anyhow::Result<Vec<u8>> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let viewer = behind.sign_in.sign_in(bearer.unwrap_or_default(), None).await?;
    let permit = |resource| Permit::check(Some(&viewer), resource, Action::Read).map_err(ServiceError::from);
    let (list, order) = match asked.order_by.as_str() {
        "SCORE_DESC" => ("alerts/score_desc", AlertOrder::ScoreDesc),
        "DUE_AT_ASC" => ("alerts/due_at_asc", AlertOrder::DueAtAsc),
        _ => ("alerts/raised_at_desc", AlertOrder::RaisedAtDesc),
    };
    let after = match &asked.after {
        Some(cursor) => {
            let (_, key): (String, (f64, Uuid)) = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cursor)?)?;
            Some(key)
        }
        None => None,
    };
    let status = if asked.open { vec![AlertStatus::NeedsReview] } else { vec![] };
    let filter = AlertFilter { status, ..AlertFilter::default() };
    let slice = Slice { after, before: None, limit: asked.first, from_end: false, count: asked.total };
    let listed = behind.services.alerts(&permit(Resource::Alerts)?, &filter, order, &slice).await?;
    let beneath = Beneath::of(&behind.services, &viewer, &listed.items).await?;
    let end_cursor = match listed.items.last() {
        Some(alert) => {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of this age fit a double exactly")]
            let value = match order {
                AlertOrder::ScoreDesc => alert.score,
                AlertOrder::DueAtAsc => alert.due_at.0 as f64,
                AlertOrder::RaisedAtDesc | AlertOrder::RaisedAtAsc => alert.raised_at.0 as f64,
            };
            Some(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, (value, alert.id.uuid())))?))
        }
        None => None,
    };
    let nodes = listed.items.iter().map(|alert| beneath.node(alert)).collect::<Option<Vec<_>>>();
    let nodes = nodes.ok_or_else(|| anyhow::anyhow!("a row refers to one that is missing"))?;
    let page_info = PageInfo { has_next_page: listed.more, end_cursor };
    let alerts = Alerts { nodes, page_info, total_count: asked.total.then_some(listed.total) };
    Ok(serde_json::to_vec(&Body { data: Data { alerts } })?)
}

/// What the alerts of a page refer to.
struct Beneath {
    subjects: BTreeMap<(SubjectId, Option<CaseId>), StoredSubject>,
    policies: BTreeMap<PolicyId, StoredPolicy>,
    insights: BTreeMap<AlertId, Vec<Insight>>,
    cases: BTreeMap<CaseId, StoredCase>,
}

impl Beneath {
    /// One look-up each for all alerts of the page, side by side, as the loaders of a request do.
    async fn of(services: &Services, viewer: &Viewer, alerts: &[StoredAlert]) -> Result<Self, ServiceError> {
        let permit = |resource| Permit::check(Some(viewer), resource, Action::Read).map_err(ServiceError::from);
        let (headers, policies, reads) =
            (permit(Resource::CaseHeaders)?, permit(Resource::Policies)?, permit(Resource::Alerts)?);
        let ids: Vec<AlertId> = alerts.iter().map(|alert| alert.id).collect();
        let mut of: Vec<PolicyId> = alerts.iter().map(|alert| alert.policy).collect();
        of.sort_unstable();
        of.dedup();
        let seen: Vec<_> = alerts.iter().map(|alert| (alert.subject, alert.case)).collect();
        let mut cases: Vec<CaseId> = alerts.iter().filter_map(|alert| alert.case).collect();
        cases.sort_unstable();
        cases.dedup();
        let (subjects, policies, insights, cases) = tokio::try_join!(
            services.subjects_seen(&headers, &seen),
            services.policies_by_id(&policies, &of),
            services.alert_insights(&reads, &ids),
            services.cases_by_id(&headers, &cases),
        )?;
        Ok(Self { subjects, policies, insights, cases })
    }

    fn node<'a>(&'a self, alert: &'a StoredAlert) -> Option<Node<'a>> {
        let subject = self.subjects.get(&(alert.subject, alert.case))?;
        let policy = &self.policies.get(&alert.policy)?.policy;
        let case = match alert.case {
            Some(id) => Some(self.cases.get(&id)?),
            None => None,
        };
        let insights = self.insights.get(&alert.id).map_or(&[][..], Vec::as_slice);
        Some(Node {
            id: alert.id,
            severity: alert.severity.as_str(),
            status: alert.status.as_str(),
            score: alert.score,
            trigger: &alert.trigger,
            risk_factors: alert.risk_factors.iter().map(|factor| factor.as_str()).collect(),
            raised_at: alert.raised_at.to_string(),
            due_at: alert.due_at.to_string(),
            subject: Subject {
                id: subject.label,
                pseudonym: &subject.pseudonym,
                risk_level: subject.risk_level.as_str(),
                risk_score: subject.risk_score,
            },
            policy: Policy { id: policy.id, name: &policy.name },
            contributions: insights.iter().map(contribution).collect::<Option<_>>()?,
            case: case.map(|case| Case { id: case.id, name: &case.name, status: case.status.as_str() }),
        })
    }
}

fn contribution(insight: &Insight) -> Option<Contribution<'_>> {
    let found = indicator::find(&insight.indicator)?;
    let indicator = Indicator { code: &insight.indicator, name: found.name };
    Some(Contribution {
        points: insight.points,
        insight: InsightShown {
            id: insight.id.to_string(),
            day: insight.day.to_string(),
            kind: insight.kind.as_str(),
            indicator,
            count: insight.count,
            level: insight.level.as_str(),
            score: insight.score,
            explanation: &insight.explanation,
        },
    })
}

/// The GraphQL document whose answer the route repeats: the fields stand in the order of the structures below.
pub(super) fn document(total: bool) -> String {
    let total = if total { " totalCount" } else { "" };
    format!(
        "query Queue($first: Int, $after: String, $filter: AlertFilter, $orderBy: AlertOrder) {{ \
         alerts(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {{ \
         nodes {{ id severity status score trigger riskFactors raisedAt dueAt \
         subject {{ id pseudonym riskLevel riskScore }} policy {{ id name }} \
         contributions {{ points insight {{ id day kind indicator {{ code name }} count level score explanation }} }} \
         case {{ id name status }} }} pageInfo {{ hasNextPage endCursor }}{total} }} }}"
    )
}

#[derive(Serialize)]
struct Body<'a> {
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    alerts: Alerts<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Alerts<'a> {
    nodes: Vec<Node<'a>>,
    page_info: PageInfo,
    #[serde(skip_serializing_if = "Option::is_none")]
    total_count: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Node<'a> {
    id: AlertId,
    severity: &'a str,
    status: &'a str,
    score: f64,
    trigger: &'a str,
    risk_factors: Vec<&'a str>,
    raised_at: String,
    due_at: String,
    subject: Subject<'a>,
    policy: Policy<'a>,
    contributions: Vec<Contribution<'a>>,
    case: Option<Case<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Subject<'a> {
    id: SubjectId,
    pseudonym: &'a str,
    risk_level: &'a str,
    risk_score: f64,
}

#[derive(Serialize)]
struct Policy<'a> {
    id: PolicyId,
    name: &'a str,
}

#[derive(Serialize)]
struct Contribution<'a> {
    points: f64,
    insight: InsightShown<'a>,
}

#[derive(Serialize)]
struct InsightShown<'a> {
    id: String,
    day: String,
    kind: &'a str,
    indicator: Indicator<'a>,
    count: u64,
    level: &'a str,
    score: f64,
    explanation: &'a str,
}

#[derive(Serialize)]
struct Indicator<'a> {
    code: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
struct Case<'a> {
    id: CaseId,
    name: &'a str,
    status: &'a str,
}
