//! Cases, as far as this version has them: opened by a confirmed alert, with their alerts and notes, and resolved.
//! Never: another subject's alert in a case.

use super::{
    alert::{Alert, AlertConnectionOf},
    guard::{Answer, Guarded, guarded},
    page::{Connection, Page, PageArgs, wants},
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    subject::Subject,
    user_error::{UserError, outcome},
    words::{CaseResolution, CaseStatus, Severity},
};
use crate::{
    error::ServiceError,
    permit::{Permit, Viewer},
    service::{
        alerts::{StoredCase, StoredNote},
        cases::Resolution,
    },
};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::CaseId,
};

/// Something that was written down about an alert or a case. It cannot be changed or removed.
#[derive(SimpleObject)]
pub struct Note {
    /// Id.
    id: ID,
    /// The name of the viewer who wrote it, or whose act the system noted.
    author: String,
    /// Whether the system wrote it.
    system: bool,
    /// As it was written.
    body: String,
    /// When.
    at: DateTime,
}

impl From<StoredNote> for Note {
    fn from(note: StoredNote) -> Self {
        let StoredNote { id, author, system, body, at } = note;
        Self { id: id.into(), author, system, body, at: DateTime(at) }
    }
}

/// What was found worth looking into.
#[derive(Clone)]
pub struct Case(StoredCase);

impl From<StoredCase> for Case {
    fn from(stored: StoredCase) -> Self {
        Self(stored)
    }
}

/// What was found worth looking into, about one subject.
#[Object]
impl Case {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// As it was named when it was opened.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// Whom it is about, under a pseudonym.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Subject, Error> {
        request::load_known(ctx, self.0.subject).await.map(Subject::from)
    }

    /// Whether it is worked on.
    async fn status(&self) -> CaseStatus {
        self.0.status.into()
    }

    /// The highest of its alerts.
    async fn severity(&self) -> Severity {
        self.0.severity.into()
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.0.opened_at)
    }

    /// When an alert last joined it, it was resolved, or its legal hold began or ended.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// How it ended; null while it is worked on, and where its subject was erased before.
    async fn resolution(&self) -> Option<CaseResolution> {
        self.0.resolution.map(Into::into)
    }

    /// What was done about it; null while it is worked on.
    async fn action_taken(&self) -> Option<&str> {
        self.0.action_taken.as_deref()
    }

    /// Whether it is on legal hold: until that is lifted, neither the case nor anything of its subject is removed or erased.
    async fn legal_hold(&self) -> bool {
        self.0.legal_hold
    }

    /// Its alerts, the newest first.
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<Alert>, Error> {
        let listed = async {
            let permit = Permit::check(ctx.data_opt::<Viewer>(), Resource::Alerts, Action::Read)?;
            let args = PageArgs { first, after, ..PageArgs::default() };
            AlertConnectionOf::Case(self.0.id).page(ctx, &permit, args).await
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }

    /// Notes of it, the oldest first.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<Note>, Error> {
        let found = request::load(ctx, CaseNotesOf(self.0.id)).await.map_err(|error| super::errors::failed(&error))?;
        Ok(found.unwrap_or_default().into_iter().map(Note::from).collect())
    }
}

impl Loader<CaseId> for Reader {
    type Value = StoredCase;
    type Error = Fault;

    async fn load(&self, ids: &[CaseId]) -> Result<HashMap<CaseId, StoredCase>, Fault> {
        let permit = self.permit(Resource::Cases, Action::Read)?;
        Ok(self.services.cases_by_id(&permit, ids).await?.into_iter().collect())
    }
}

/// The key of a case's notes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CaseNotesOf(CaseId);

impl Loader<CaseNotesOf> for Reader {
    type Value = Vec<StoredNote>;
    type Error = Fault;

    async fn load(&self, keys: &[CaseNotesOf]) -> Result<HashMap<CaseNotesOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Cases, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.case_notes(&permit, &ids).await?;
        Ok(found.into_iter().map(|(case, notes)| (CaseNotesOf(CaseId::new(case)), notes)).collect())
    }
}

/// The part of the root about cases.
#[derive(Default)]
pub struct CaseQuery;

#[Object]
impl CaseQuery {
    /// One case; null where there is none of that id, or the viewer may not see cases.
    async fn case(&self, ctx: &Context<'_>, #[graphql(desc = "The case's id.")] id: ID) -> Answer<Case> {
        let found = async {
            let (Ok(id), Some(_)) = (id.parse::<CaseId>(), request::permit(ctx, Resource::Cases, Action::Read)) else {
                return Ok(None);
            };
            Ok::<_, ServiceError>(request::load(ctx, id).await?.map(Case))
        };
        found.await.into()
    }

    /// Cases, the newest first.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn cases(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those in this state.")] status: Option<CaseStatus>,
    ) -> Guarded<Connection<Case>, rules::QueryCases> {
        guarded(ctx, async |permit| {
            let page = Page::asked("cases", PageArgs { first, after, last, before })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.cases(&permit, status.map(Into::into), &slice).await?;
            let key = |case: &StoredCase| (case.opened_at, case.id.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, Case))
        })
        .await
    }
}

/// What `resolveCase` takes.
#[derive(InputObject)]
pub struct ResolveCaseInput {
    /// An active case.
    case_id: ID,
    /// How it ended.
    resolution: CaseResolution,
    /// What was done, at most 4,000 characters; leave names out.
    action_taken: String,
}

/// What `resolveCase` answers.
#[derive(SimpleObject)]
pub struct ResolveCasePayload {
    /// The closed case; null where something was wrong with the input.
    case: Option<Case>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that decides about cases.
#[derive(Default)]
pub struct CaseMutation;

#[Object]
impl CaseMutation {
    /// Closes an active case for good: nothing can be added to it afterwards, its confirmed alerts are RESOLVED, and what
    /// they gave to the subject's risk level goes.
    async fn resolve_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, how it ended, and what was done.")] input: ResolveCaseInput,
    ) -> Guarded<ResolveCasePayload, rules::ResolveCase> {
        guarded(ctx, async |permit| {
            let asked = Resolution {
                case: input.case_id.parse().ok(),
                resolution: input.resolution.into(),
                action_taken: input.action_taken,
            };
            let (case, user_errors) = outcome(request::services(ctx)?.resolve_case(&permit, asked).await)?;
            Ok::<_, ServiceError>(ResolveCasePayload { case: case.map(Case), user_errors })
        })
        .await
    }
}
