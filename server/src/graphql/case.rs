//! Cases: opened by a confirmed alert, with their alerts, timeline, notes, contributors, reveals, shares and exports.
//! Never: another subject's alert in a case.

use super::{
    alert::{Alert, AlertConnectionOf},
    consultation::{Consultation, ConsultationsOf},
    content::ContentSummary,
    export::{CaseExport, ExportsOf},
    guard::{Answer, Guarded, guarded},
    insight::Insight,
    line::ReopenedAs,
    notice::{Notice, NoticesOf},
    page::{Connection, Page, PageArgs, wants},
    request::{self, Fault, Reader},
    reveal::{Reveal, RevealsOf},
    rules,
    scalars::DateTime,
    share::{CaseShare, SharesOf},
    subject::{Subject, SubjectOf},
    user_error::{UserError, outcome},
    words::{CaseResolution, CaseStatus, Severity},
};
use crate::{
    error::ServiceError,
    permit::{Permit, SharedCase, Viewer},
    service::{
        alerts::{StoredCase, StoredNote},
        cases::Resolution,
    },
};
use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource, share::ShareSection},
    case,
    ids::{CaseId, SubjectId},
    scoring,
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

impl Case {
    /// Whether it is closed and no case goes on from it. Its subject may have been erased: that is said when it is tried.
    async fn may_be_reopened(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        if self.0.status == case::CaseStatus::Active {
            return Ok(false);
        }
        let next = request::load(ctx, ReopenedAs(self.0.id)).await.map_err(|error| super::errors::failed(&error))?;
        Ok(next.is_none())
    }
}

/// What was found worth looking into, about one subject.
#[Object]
impl Case {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// As it was named when it was opened. Through a share that hides identity: "Shared case", since staff wrote the name.
    async fn name(&self, ctx: &Context<'_>) -> &str {
        match shared(ctx) {
            Some(share) if !share.identity => "Shared case",
            _ => &self.0.name,
        }
    }

    /// Whom it is about, under a pseudonym.
    async fn subject(&self, ctx: &Context<'_>) -> Result<Subject, Error> {
        request::load_known(ctx, SubjectOf(self.0.subject, Some(self.0.id))).await.map(Subject::from)
    }

    /// Whether it is worked on.
    async fn status(&self) -> CaseStatus {
        self.0.status.into()
    }

    /// The highest of its alerts.
    async fn severity(&self) -> Severity {
        self.0.severity.into()
    }

    /// The closed case that it goes on from; null where there is none any more, and through a share. Both show their subject
    /// under the same pseudonym, and neither leads to the queue where it is not the queue's.
    async fn reopens(&self, ctx: &Context<'_>) -> Answer<Case> {
        let found = async {
            let Some(id) = self.0.reopens.filter(|_| shared(ctx).is_none()) else { return Ok(None) };
            Ok::<_, ServiceError>(request::load(ctx, id).await?.map(Case))
        };
        found.await.into()
    }

    /// The case that goes on from it; null where it was not reopened, and through a share.
    async fn reopened_as(&self, ctx: &Context<'_>) -> Answer<Case> {
        let found = async {
            if shared(ctx).is_some() {
                return Ok(None);
            }
            let Some(id) = request::load(ctx, ReopenedAs(self.0.id)).await? else { return Ok(None) };
            Ok::<_, ServiceError>(request::load(ctx, id).await?.map(Case))
        };
        found.await.into()
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime {
        DateTime(self.0.opened_at)
    }

    /// When an alert last joined it, it was resolved, or its legal hold began or ended.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// How it ended; null while it is worked on, where its subject was erased before, and through a share without the summary.
    async fn resolution(&self, ctx: &Context<'_>) -> Option<CaseResolution> {
        self.0.resolution.filter(|_| shared(ctx).is_none_or(has_summary)).map(Into::into)
    }

    /// What was done about it; null while it is worked on, and through a share without the summary or that hides identity:
    /// staff wrote it.
    async fn action_taken(&self, ctx: &Context<'_>) -> Option<&str> {
        let shown = shared(ctx).is_none_or(|share| share.identity && has_summary(share));
        self.0.action_taken.as_deref().filter(|_| shown)
    }

    /// What its alerts rest on, each insight once, the newest day first. Empty through a share without the timeline.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<Insight>, Error> {
        let listed = async {
            let page = Page::asked("case/timeline", PageArgs { first, after, ..PageArgs::default() })?;
            let Some(permit) = opened(ctx, Resource::Insights, ShareSection::Timeline)? else {
                return Ok(Connection::new(&page, vec![], false, 0));
            };
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.timeline(&permit, self.0.id, &slice).await?;
            let key = |insight: &scoring::Insight| (insight.day, insight.id.uuid());
            Ok(Connection::of(&page, listed, key, |insight| Insight::new(self.0.subject, insight)))
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }

    /// Ids of viewers who see the case and its subject whatever the lists of priority user groups say, and who leave decisions
    /// about the subject and its evidence in full to others.
    async fn contributors(&self, ctx: &Context<'_>) -> Result<Vec<String>, Error> {
        if shared(ctx).is_some() {
            return Ok(Vec::new());
        }
        let found = request::load(ctx, ContributorsOf(self.0.id)).await;
        found.map(Option::unwrap_or_default).map_err(|error| super::errors::failed(&error))
    }

    /// Requests to lift the mask in this case, the newest first.
    async fn reveals(&self, ctx: &Context<'_>) -> Guarded<Vec<Reveal>, rules::CaseReveals> {
        guarded(ctx, async |_| {
            let found = request::load(ctx, RevealsOf(self.0.id)).await?.unwrap_or_default();
            Ok::<_, ServiceError>(found.into_iter().map(Reveal::from).collect::<Vec<_>>())
        })
        .await
    }

    /// With whom it was shared, the newest first.
    async fn shares(&self, ctx: &Context<'_>) -> Guarded<Vec<CaseShare>, rules::CaseShares> {
        guarded(ctx, async |_| {
            let found = request::load(ctx, SharesOf(self.0.id)).await?.unwrap_or_default();
            Ok::<_, ServiceError>(found.into_iter().map(CaseShare::from).collect::<Vec<_>>())
        })
        .await
    }

    /// Notices to its subject, the newest first. None through a share.
    async fn notices(&self, ctx: &Context<'_>) -> Result<Vec<Notice>, Error> {
        if shared(ctx).is_some() {
            return Ok(Vec::new());
        }
        let found = request::load(ctx, NoticesOf(self.0.id)).await.map_err(|error| super::errors::failed(&error))?;
        Ok(found.unwrap_or_default().into_iter().map(Notice::from).collect())
    }

    /// Questions about it to people outside of the team, and their answers, the newest first. Through a share its own question.
    async fn consultations(&self, ctx: &Context<'_>) -> Result<Vec<Consultation>, Error> {
        let listed = async {
            if opened(ctx, Resource::Consultations, ShareSection::Question)?.is_none() {
                return Ok(Vec::new());
            }
            let found = request::load(ctx, ConsultationsOf(self.0.id)).await?.unwrap_or_default();
            Ok(found.into_iter().map(Consultation::from).collect())
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }

    /// The packages that it was exported as, the newest first.
    async fn exports(&self, ctx: &Context<'_>) -> Guarded<Vec<CaseExport>, rules::CaseExports> {
        guarded(ctx, async |_| {
            let found = request::load(ctx, ExportsOf(self.0.id)).await?.unwrap_or_default();
            Ok::<_, ServiceError>(found.into_iter().map(CaseExport::from).collect::<Vec<_>>())
        })
        .await
    }

    /// What the viewer may do with it as it stands: which buttons to show.
    async fn viewer_can(&self, ctx: &Context<'_>) -> Result<Vec<CaseAction>, Error> {
        let can = |resource| request::permit(ctx, resource, Action::Change).is_some();
        let active = self.0.status == case::CaseStatus::Active;
        let decides = can(Resource::Cases)
            && !is_limited(ctx, self.0.subject).await.map_err(|error| super::errors::failed(&error))?;
        let all = [
            (CaseAction::AddNote, active && can(Resource::Cases)),
            (CaseAction::AddContributor, active && decides && can(Resource::Cases)),
            (CaseAction::RemoveContributor, active && decides && can(Resource::Cases)),
            (CaseAction::Resolve, active && can(Resource::Cases)),
            (CaseAction::Reopen, decides && self.may_be_reopened(ctx).await?),
            (CaseAction::SendNotice, active && can(Resource::Notices)),
            (CaseAction::RequestReveal, active && can(Resource::RevealRequests)),
            (CaseAction::Share, can(Resource::Shares)),
            (CaseAction::AskConsultation, active && can(Resource::Consultations)),
            (CaseAction::SetLegalHold, can(Resource::LegalHolds)),
            (CaseAction::Export, decides && can(Resource::Exports)),
        ];
        Ok(all.into_iter().filter(|(_, may)| *may).map(|(action, _)| action).collect())
    }

    /// Whether it is on legal hold: until that is lifted, neither the case nor anything of its subject is removed or erased.
    async fn legal_hold(&self) -> bool {
        self.0.legal_hold
    }

    /// Its alerts, the newest first. Empty through a share without them.
    async fn alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<Alert>, Error> {
        let listed = async {
            let args = PageArgs { first, after, ..PageArgs::default() };
            let Some(permit) = opened(ctx, Resource::Alerts, ShareSection::Alerts)? else {
                let page = Page::<(f64, uuid::Uuid)>::asked("alerts/raised_at_desc", args)?;
                return Ok(Connection::new(&page, vec![], false, 0));
            };
            AlertConnectionOf::Case(self.0.id).page(ctx, &permit, args).await
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }

    /// Alerts of its subject that are not in it, of any policy, the newest first. Null where the case has a pseudonym of its own,
    /// as after a reveal: they stand under another one in the queue, and would say that both are the same person. Null through a
    /// share.
    async fn related_alerts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Guarded<Connection<Alert>, rules::CaseRelatedAlerts> {
        guarded(ctx, async |permit| {
            if self.0.parted || shared(ctx).is_some() {
                return Ok(None);
            }
            let args = PageArgs { first, after, ..PageArgs::default() };
            let around = AlertConnectionOf::Around(self.0.id, self.0.subject);
            Ok::<_, ServiceError>(Some(around.page(ctx, &permit, args).await?))
        })
        .await
    }

    /// What the events beneath its timeline are about, by kind of thing, the most events first: of its newest 2,000 insights.
    /// Facts only. Empty through a share without the timeline.
    async fn content_summary(&self, ctx: &Context<'_>) -> Result<Vec<ContentSummary>, Error> {
        let counted = async {
            let Some(permit) = opened(ctx, Resource::Insights, ShareSection::Timeline)? else { return Ok(Vec::new()) };
            let found = request::services(ctx)?.content_summary(&permit, &self.0).await?;
            Ok(found.into_iter().map(ContentSummary::from).collect())
        };
        counted.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }

    /// Notes of it, the oldest first. Through a share that hides identity only those of the system: what staff wrote may
    /// name somebody. None through a share without notes.
    async fn notes(&self, ctx: &Context<'_>) -> Result<Vec<Note>, Error> {
        let listed = async {
            if opened(ctx, Resource::Notes, ShareSection::Notes)?.is_none() {
                return Ok(Vec::new());
            }
            let found = request::load(ctx, CaseNotesOf(self.0.id)).await?.unwrap_or_default();
            Ok(readable(ctx, found))
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }
}

/// What the viewer may read of a case: a permit, or nothing where a share does not open it. Staff without the role are
/// refused.
pub(super) fn opened(
    ctx: &Context<'_>,
    resource: Resource,
    section: ShareSection,
) -> Result<Option<Permit>, ServiceError> {
    match shared(ctx) {
        Some(share) if !share.sections.contains(&section) => Ok(None),
        _ => Ok(Some(Permit::check(ctx.data_opt::<Viewer>(), resource, Action::Read)?)),
    }
}

/// The notes that a viewer may read of those there are.
pub(super) fn readable(ctx: &Context<'_>, notes: Vec<StoredNote>) -> Vec<Note> {
    let hides = shared(ctx).is_some_and(|share| !share.identity);
    notes.into_iter().filter(|note| note.system || !hides).map(Note::from).collect()
}

/// The share that the viewer holds.
pub(super) fn shared<'a>(ctx: &Context<'a>) -> Option<&'a SharedCase> {
    ctx.data_opt::<Viewer>().and_then(|viewer| viewer.share.as_deref())
}

/// Whether the viewer may look for cases; the holder of a share finds theirs, and no other is in sight.
pub(super) fn finds(ctx: &Context<'_>) -> Option<Permit> {
    let resource = if shared(ctx).is_some() { Resource::CaseHeaders } else { Resource::Cases };
    request::permit(ctx, resource, Action::Read)
}

fn has_summary(share: &SharedCase) -> bool {
    share.sections.contains(&ShareSection::Summary)
}

impl Loader<CaseId> for Reader {
    type Value = StoredCase;
    type Error = Fault;

    async fn load(&self, ids: &[CaseId]) -> Result<HashMap<CaseId, StoredCase>, Fault> {
        let permit = self.permit(Resource::CaseHeaders, Action::Read)?;
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
        let permit = self.permit(Resource::Notes, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.case_notes(&permit, &ids).await?;
        Ok(found.into_iter().map(|(case, notes)| (CaseNotesOf(CaseId::new(case)), notes)).collect())
    }
}

/// The key of who contributes to a case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ContributorsOf(CaseId);

impl Loader<ContributorsOf> for Reader {
    type Value = Vec<String>;
    type Error = Fault;

    async fn load(&self, keys: &[ContributorsOf]) -> Result<HashMap<ContributorsOf, Vec<String>>, Fault> {
        let permit = self.permit(Resource::CaseHeaders, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.contributors(&permit, &ids).await?;
        Ok(found.into_iter().map(|(case, viewers)| (ContributorsOf(case), viewers)).collect())
    }
}

/// The key of whether the viewer, as a contributor, leaves things about a subject to others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct LimitedOn(SubjectId);

impl Loader<LimitedOn> for Reader {
    type Value = ();
    type Error = Fault;

    async fn load(&self, keys: &[LimitedOn]) -> Result<HashMap<LimitedOn, ()>, Fault> {
        let permit = self.permit(Resource::CaseHeaders, Action::Read)?;
        let subjects = keys.iter().map(|key| key.0).collect();
        Ok(self.services.limited(&permit, &subjects).await?.into_iter().map(|id| (LimitedOn(id), ())).collect())
    }
}

/// Whether the viewer contributes to a case about the subject, and so leaves decisions about it to others.
pub(super) async fn is_limited(ctx: &Context<'_>, subject: SubjectId) -> Result<bool, ServiceError> {
    Ok(request::load(ctx, LimitedOn(subject)).await?.is_some())
}

/// What a viewer can do with a case.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum CaseAction {
    /// `addCaseNote`.
    AddNote,
    /// `addCaseContributor`.
    AddContributor,
    /// `removeCaseContributor`.
    RemoveContributor,
    /// `resolveCase`.
    Resolve,
    /// `reopenCase`.
    Reopen,
    /// `sendNotice`.
    SendNotice,
    /// `requestReveal`.
    RequestReveal,
    /// `shareCase`; without the section EVIDENCE where the viewer contributes to a case about the subject.
    Share,
    /// `askConsultation`.
    AskConsultation,
    /// `setLegalHold`.
    SetLegalHold,
    /// `exportCase`.
    Export,
}

/// The part of the root about cases.
#[derive(Default)]
pub struct CaseQuery;

#[Object]
impl CaseQuery {
    /// One case; null where there is none of that id, or the viewer may not see cases.
    async fn case(&self, ctx: &Context<'_>, #[graphql(desc = "The case's id.")] id: ID) -> Answer<Case> {
        let found = async {
            let (Ok(id), Some(_)) = (id.parse::<CaseId>(), finds(ctx)) else {
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
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `addCaseNote` takes.
#[derive(InputObject)]
pub struct AddCaseNoteInput {
    /// An active case.
    case_id: ID,
    /// At most 4,000 characters; leave names out.
    body: String,
}

/// What `addCaseNote` answers.
#[derive(SimpleObject)]
pub struct AddCaseNotePayload {
    /// The case with the note; null where something was wrong with the input.
    case: Option<Case>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `addCaseContributor` takes.
#[derive(InputObject)]
pub struct AddCaseContributorInput {
    /// An active case.
    case_id: ID,
    /// The viewer's id, as `viewer { id }` shows it to them.
    viewer: String,
}

/// What `addCaseContributor` answers.
#[derive(SimpleObject)]
pub struct AddCaseContributorPayload {
    /// The case; null where something was wrong with the input.
    case: Option<Case>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// What `removeCaseContributor` takes.
#[derive(InputObject)]
pub struct RemoveCaseContributorInput {
    /// An active case.
    case_id: ID,
    /// The viewer's id, as `Case.contributors` lists it.
    viewer: String,
}

/// What `removeCaseContributor` answers.
#[derive(SimpleObject)]
pub struct RemoveCaseContributorPayload {
    /// The case; null where something was wrong with the input.
    case: Option<Case>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that decides about cases.
#[derive(Default)]
pub struct CaseMutation;

#[Object]
impl CaseMutation {
    /// Writes a note into an active case. It stays as it is written.
    async fn add_case_note(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Into which case, and what.")] input: AddCaseNoteInput,
    ) -> Guarded<AddCaseNotePayload, rules::AddCaseNote> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.body)]).await?;
            let asked = services.add_case_note(&permit, input.case_id.parse().ok(), &input.body);
            let (case, user_errors) = outcome(asked.await)?;
            Ok::<_, ServiceError>(AddCaseNotePayload { case: case.map(Case), user_errors, warnings })
        })
        .await
    }

    /// Lets another viewer see a case and its subject, whatever the lists of priority user groups say. What the viewer may do
    /// there is up to their roles, but for this: a contributor neither confirms nor dismisses alerts of the subject, nor reads,
    /// exports or shares its evidence in full, nor says who contributes, as long as the case is active; and for good where
    /// nothing else lets them see the subject.
    async fn add_case_contributor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To which case, and whom.")] input: AddCaseContributorInput,
    ) -> Guarded<AddCaseContributorPayload, rules::AddCaseContributor> {
        guarded(ctx, async |permit| {
            let asked = request::services(ctx)?.add_contributor(&permit, input.case_id.parse().ok(), &input.viewer);
            let (case, user_errors) = outcome(asked.await)?;
            Ok::<_, ServiceError>(AddCaseContributorPayload { case: case.map(Case), user_errors })
        })
        .await
    }

    /// Ends that a viewer contributes to an active case. What they saw by that alone is out of their sight at once.
    async fn remove_case_contributor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From which case, and whom.")] input: RemoveCaseContributorInput,
    ) -> Guarded<RemoveCaseContributorPayload, rules::RemoveCaseContributor> {
        guarded(ctx, async |permit| {
            let asked = request::services(ctx)?.remove_contributor(&permit, input.case_id.parse().ok(), &input.viewer);
            let (case, user_errors) = outcome(asked.await)?;
            Ok::<_, ServiceError>(RemoveCaseContributorPayload { case: case.map(Case), user_errors })
        })
        .await
    }

    /// Closes an active case for good: nothing can be added to it afterwards, its confirmed alerts are RESOLVED, and what
    /// they gave to the subject's risk level goes. Reveals in it end.
    async fn resolve_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, how it ended, and what was done.")] input: ResolveCaseInput,
    ) -> Guarded<ResolveCasePayload, rules::ResolveCase> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.action_taken)]).await?;
            let asked = Resolution {
                case: input.case_id.parse().ok(),
                resolution: input.resolution.into(),
                action_taken: input.action_taken,
            };
            let (case, user_errors) = outcome(services.resolve_case(&permit, asked).await)?;
            Ok::<_, ServiceError>(ResolveCasePayload { case: case.map(Case), user_errors, warnings })
        })
        .await
    }
}
