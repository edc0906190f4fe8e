//! Reveals: requests to lift the mask, and what became of them.
//! Never: an identity; `Subject.identity` shows it, in the one case and to who asked.

use super::{
    case::Case,
    guard::{Guarded, guarded},
    page::{Connection, Page, PageArgs, wants},
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    user_error::{UserError, outcome},
    words::RevealState,
};
use crate::{
    error::ServiceError,
    service::reveals::{RevealDecision, StoredReveal},
};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::CaseId,
};

/// A request to lift the mask of one subject in one case, for who asked, for a time.
#[derive(Clone)]
pub struct Reveal(StoredReveal);

impl From<StoredReveal> for Reveal {
    fn from(stored: StoredReveal) -> Self {
        Self(stored)
    }
}

/// A request to lift the mask of one subject in one case, for who asked, for a time.
#[Object]
impl Reveal {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.reveal.id.into()
    }

    /// The only case in which it shows the identity.
    async fn case(&self, ctx: &Context<'_>) -> Result<Case, Error> {
        request::load_known(ctx, self.0.reveal.case).await.map(Case::from)
    }

    /// The name of the viewer who asked, the only one it shows the identity to.
    async fn requested_by(&self) -> &str {
        &self.0.requester
    }

    /// Why, in their words.
    async fn reason(&self) -> &str {
        &self.0.reason
    }

    /// Where it stands now.
    async fn state(&self, ctx: &Context<'_>) -> Result<RevealState, Error> {
        let now = async { request::services(ctx)?.common_time().await };
        let now = now.await.map_err(|error: ServiceError| super::errors::failed(&error))?;
        Ok(self.0.reveal.state(now).into())
    }

    /// When it was asked for.
    async fn requested_at(&self) -> DateTime {
        DateTime(self.0.reveal.requested_at)
    }

    /// The name of the viewer who decided; null while nobody has, and where the settings ask for nobody's consent.
    async fn decided_by(&self) -> Option<&str> {
        self.0.decider.as_deref()
    }

    /// Whether it was opened in an emergency, for minutes and without consent. `decidedBy` and `decidedAt` are then who judged
    /// it, and when.
    async fn emergency(&self) -> bool {
        self.0.reveal.emergency
    }

    /// Whether it was an emergency and nobody has judged it: `decideReveal` does.
    async fn awaits_judgement(&self) -> bool {
        self.0.reveal.awaits_judgement()
    }

    /// When the configured addresses were told of it; null until then, and where it was no emergency.
    async fn told_at(&self) -> Option<DateTime> {
        self.0.told_at.map(DateTime)
    }

    /// When it was decided.
    async fn decided_at(&self) -> Option<DateTime> {
        self.0.reveal.decided_at.map(DateTime)
    }

    /// What who decided said about it.
    async fn note(&self) -> Option<&str> {
        self.0.note.as_deref()
    }

    /// From then on it shows nothing; of a request, until when it can be decided.
    async fn expires_at(&self) -> Option<DateTime> {
        Some(DateTime(self.0.reveal.expires_at))
    }
}

/// The key of a case's reveals.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct RevealsOf(pub(super) CaseId);

impl Loader<RevealsOf> for Reader {
    type Value = Vec<StoredReveal>;
    type Error = Fault;

    async fn load(&self, keys: &[RevealsOf]) -> Result<HashMap<RevealsOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Reveals, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.case_reveals(&permit, &ids).await?;
        Ok(found.into_iter().map(|(case, reveals)| (RevealsOf(case), reveals)).collect())
    }
}

/// The part of the root about reveals.
#[derive(Default)]
pub struct RevealQuery;

#[Object]
impl RevealQuery {
    /// Requests to lift the mask, the newest first.
    async fn reveals(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only those that stand so now.")] state: Option<RevealState>,
        #[graphql(desc = "True: only emergencies that nobody has judged. False: all others.")] awaits_judgement: Option<
            bool,
        >,
    ) -> Guarded<Connection<Reveal>, rules::QueryReveals> {
        guarded(ctx, async |permit| {
            let page = Page::asked("reveals", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed =
                request::services(ctx)?.reveals(&permit, (state.map(Into::into), awaits_judgement), &slice).await?;
            let key = |stored: &StoredReveal| (stored.reveal.requested_at, stored.reveal.id.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, Reveal))
        })
        .await
    }
}

/// What `requestReveal` takes.
#[derive(InputObject)]
pub struct RequestRevealInput {
    /// An active case.
    case_id: ID,
    /// Why the identity is needed, at most 4,000 characters. Whoever decides reads it.
    reason: String,
}

/// What `requestReveal` answers.
#[derive(SimpleObject)]
pub struct RequestRevealPayload {
    /// The request; null where something was wrong with the input.
    reveal: Option<Reveal>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `decideReveal` takes.
#[derive(InputObject)]
pub struct DecideRevealInput {
    /// A request of somebody else.
    reveal_id: ID,
    /// True to consent, false to deny.
    approve: bool,
    /// More about it, at most 4,000 characters, for who asked.
    note: Option<String>,
}

/// What `decideReveal` answers.
#[derive(SimpleObject)]
pub struct DecideRevealPayload {
    /// The reveal as decided; null where something was wrong with the input.
    reveal: Option<Reveal>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `breakGlass` takes.
#[derive(InputObject)]
pub struct BreakGlassInput {
    /// An active case.
    case_id: ID,
    /// Why it cannot wait for consent, at most 4,000 characters. Whoever judges reads it.
    reason: String,
}

/// What `breakGlass` answers.
#[derive(SimpleObject)]
pub struct BreakGlassPayload {
    /// The reveal; null where something was wrong with the input.
    reveal: Option<Reveal>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `endReveal` takes.
#[derive(InputObject)]
pub struct EndRevealInput {
    /// A request that waits, or a reveal that holds.
    reveal_id: ID,
}

/// What `endReveal` answers.
#[derive(SimpleObject)]
pub struct EndRevealPayload {
    /// The reveal, ended; null where something was wrong with the input.
    reveal: Option<Reveal>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that decides about reveals.
#[derive(Default)]
pub struct RevealMutation;

#[Object]
impl RevealMutation {
    /// Asks to see who a case's subject is. Somebody else, with the role APPROVER, decides; then `Subject.identity` answers in
    /// this case, to who asked, until the reveal expires. From the consent on, the subject has a new pseudonym everywhere but
    /// in this case.
    async fn request_reveal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which case, and why.")] input: RequestRevealInput,
    ) -> Guarded<RequestRevealPayload, rules::RequestReveal> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let asked = services.request_reveal(&permit, input.case_id.parse().ok(), &input.reason);
            let (reveal, user_errors) = outcome(asked.await)?;
            Ok::<_, ServiceError>(RequestRevealPayload { reveal: reveal.map(Reveal), user_errors, warnings })
        })
        .await
    }

    /// Opens the identity of a case's subject at once, in an emergency: for 15 minutes, in this case, to who asks. Addresses
    /// that the operator has configured are told immediately; without them it is refused. Somebody else judges it afterwards
    /// (`decideReveal`), and until then the same person cannot do it again. It cannot be shared. As after a consent, the
    /// subject has a new pseudonym everywhere but in this case.
    async fn break_glass(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "In which case, and why.")] input: BreakGlassInput,
    ) -> Guarded<BreakGlassPayload, rules::BreakGlass> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let broken = services.break_glass(&permit, input.case_id.parse().ok(), &input.reason);
            let (reveal, user_errors) = outcome(broken.await)?;
            Ok::<_, ServiceError>(BreakGlassPayload { reveal: reveal.map(Reveal), user_errors, warnings })
        })
        .await
    }

    /// Consents to a request, or denies it. Never one's own. Of an emergency, says afterwards whether it was justified: a
    /// denial ends it, consent makes it no longer.
    async fn decide_reveal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which request, and how.")] input: DecideRevealInput,
    ) -> Guarded<DecideRevealPayload, rules::DecideReveal> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[input.note.as_deref()]).await?;
            let asked =
                RevealDecision { reveal: input.reveal_id.parse().ok(), approve: input.approve, note: input.note };
            let (reveal, user_errors) = outcome(services.decide_reveal(&permit, asked).await)?;
            Ok::<_, ServiceError>(DecideRevealPayload { reveal: reveal.map(Reveal), user_errors, warnings })
        })
        .await
    }

    /// Ends a reveal before its time, or takes a request back.
    async fn end_reveal(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which one.")] input: EndRevealInput,
    ) -> Guarded<EndRevealPayload, rules::EndReveal> {
        guarded(ctx, async |permit| {
            let asked = request::services(ctx)?.end_reveal(&permit, input.reveal_id.parse().ok());
            let (reveal, user_errors) = outcome(asked.await)?;
            Ok::<_, ServiceError>(EndRevealPayload { reveal: reveal.map(Reveal), user_errors })
        })
        .await
    }
}
