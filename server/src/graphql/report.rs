//! Reports of everything that was received of one subject in a period, under the pseudonym.
//! Never: through a share; an event or a count before the look at the report is audited.

use super::{
    guard::{Guarded, guarded},
    indicator::Indicator,
    insight::Activity,
    page::{Connection, Page, PageArgs, wants},
    request, rules,
    scalars::{Date, DateTime, int},
    subject::{Subject, SubjectOf},
    user_error::{UserError, outcome},
};
use crate::{
    error::ServiceError,
    permit::{Permit, Viewer},
    service::{
        reports::{ReportLine, ReportOrder, StoredReport},
        subjects::StoredActivity,
    },
};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject};
use vizard_core::{
    access::{Action, Resource},
    report,
};

/// A report of everything that was received of one subject in a period.
pub struct ActivityReport(StoredReport);

impl From<StoredReport> for ActivityReport {
    fn from(stored: StoredReport) -> Self {
        Self(stored)
    }
}

/// The permit for what a report shows.
fn permit(ctx: &Context<'_>) -> Result<Permit, ServiceError> {
    Ok(Permit::check(ctx.data_opt::<Viewer>(), Resource::ActivityReports, Action::Read)?)
}

/// A report of everything that was received of one subject in a period, whether or not any policy scores them, under the
/// pseudonym. It is read anew: an event that comes in late is in it, one that retention removes is not. Of a subject that
/// was seen from a case with a pseudonym of its own it has what that case's insights rest on, and nothing beyond.
#[Object]
impl ActivityReport {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Whom it is about, under a pseudonym.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Subject, Error> {
        request::load_known(ctx, SubjectOf(self.0.subject, self.0.case)).await.map(Subject::from)
    }

    /// Its first day (UTC).
    async fn from(&self) -> Date {
        Date(self.0.from)
    }

    /// Its last day, which is in it.
    async fn to(&self) -> Date {
        Date(self.0.to)
    }

    /// Why it was made, as it was written.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The id of the viewer who made it.
    async fn created_by(&self) -> &str {
        &self.0.by
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When it goes: 120 days after it was made; later where a case of the subject is on legal hold, at once where the subject
    /// is erased or the case goes that it is of.
    async fn expires_at(&self) -> DateTime {
        DateTime(report::expires_at(self.0.created_at))
    }

    /// What was received, by indicator in the order of their codes. The look at it is in the audit log.
    async fn by_indicator(&self, ctx: &Context<'_>) -> Result<Vec<IndicatorActivity>, Error> {
        let lines = async {
            let services = request::services(ctx)?;
            services.report_lines(&permit(ctx)?, request::looks(ctx)?, &self.0).await
        };
        let lines = lines.await.map_err(|error: ServiceError| super::errors::failed(&error))?;
        Ok(lines.into_iter().map(IndicatorActivity).collect())
    }

    /// Every event, in the order in which they happened. The look at them is in the audit log.
    async fn activities(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<Activity>, Error> {
        let listed = async {
            let page = Page::asked("report", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let services = request::services(ctx)?;
            let listed = services.report_activities(&permit(ctx)?, request::looks(ctx)?, &self.0, &slice).await?;
            let key = |activity: &StoredActivity| (activity.occurred_at, activity.seq);
            Ok(Connection::of(&page, listed, key, Activity))
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }
}

/// What a report has of one indicator.
pub struct IndicatorActivity(ReportLine);

/// What a report has of one indicator.
#[Object]
impl IndicatorActivity {
    /// Which.
    async fn indicator(&self) -> Result<Indicator, Error> {
        Indicator::known(&self.0.indicator)
    }

    /// How many events.
    async fn activities(&self) -> i32 {
        int(self.0.activities)
    }

    /// How often they count together: an event may stand for several files.
    async fn quantity(&self) -> i32 {
        int(self.0.quantity)
    }

    /// On how many days (UTC) there was one.
    async fn days(&self) -> i32 {
        int(self.0.days)
    }

    /// The last of these days.
    async fn last_day(&self) -> Date {
        Date(self.0.last)
    }
}

/// The part of the root about reports.
#[derive(Default)]
pub struct ReportQuery;

#[Object]
impl ReportQuery {
    /// One report; null where there is none of that id about a subject whom the viewer may see.
    async fn activity_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The report's id.")] id: ID,
    ) -> Guarded<ActivityReport, rules::QueryActivityReport> {
        guarded(ctx, async |permit| {
            let Ok(id) = id.parse() else { return Ok(None) };
            let found = request::services(ctx)?.activity_report(&permit, id).await?;
            Ok::<_, ServiceError>(found.map(ActivityReport))
        })
        .await
    }

    /// Reports about subjects whom the viewer may see, whoever made them, the newest first.
    async fn activity_reports(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Guarded<Connection<ActivityReport>, rules::QueryActivityReports> {
        guarded(ctx, async |permit| {
            let page = Page::asked("reports", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.activity_reports(&permit, &slice).await?;
            let key = |one: &StoredReport| (one.created_at, one.id.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, ActivityReport))
        })
        .await
    }
}

/// What `createActivityReport` takes.
#[derive(InputObject)]
pub struct CreateActivityReportInput {
    /// Whose.
    subject_id: ID,
    /// The first day (UTC).
    from: Date,
    /// The last day, which is in it: today at the latest, and at most 90 days in all.
    to: Date,
    /// Why, at most 4,000 characters. Kept with the report and in the audit log; leave names out.
    reason: String,
}

/// What `createActivityReport` answers.
#[derive(SimpleObject)]
pub struct CreateActivityReportPayload {
    /// The report; null where something was wrong with the input.
    activity_report: Option<ActivityReport>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// The part of the root that makes reports.
#[derive(Default)]
pub struct ReportMutation;

#[Object]
impl ReportMutation {
    /// Makes a report of everything that was received of one subject in a period of at most 90 days.
    async fn create_activity_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, of which days, and why.")] input: CreateActivityReportInput,
    ) -> Guarded<CreateActivityReportPayload, rules::CreateActivityReport> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let order = ReportOrder {
                subject: input.subject_id.parse().ok(),
                from: input.from.0,
                to: input.to.0,
                reason: input.reason,
            };
            let (made, user_errors) = outcome(services.create_activity_report(&permit, order).await)?;
            let activity_report = made.map(ActivityReport);
            Ok::<_, ServiceError>(CreateActivityReportPayload { activity_report, user_errors, warnings })
        })
        .await
    }
}
