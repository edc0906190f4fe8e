//! Shares of cases with HR and legal.
//! Never: a token, but in the one answer of the mutation that made it.

use super::{
    case::{Case, shared},
    guard::{Answer, Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    scalars::{DateTime, int},
    user_error::{UserError, outcome},
    words::{ShareAudience, ShareSection},
};
use crate::{
    error::ServiceError,
    service::shares::{ShareAsked, StoredShare},
};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::CaseId,
};

/// One case, shared with somebody without an account, to read, for a time.
#[derive(Clone)]
pub struct CaseShare(StoredShare);

impl From<StoredShare> for CaseShare {
    fn from(stored: StoredShare) -> Self {
        Self(stored)
    }
}

/// One case, shared with somebody without an account, to read, for a time.
#[Object]
impl CaseShare {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The case.
    async fn case(&self, ctx: &Context<'_>) -> Result<Case, Error> {
        request::load_known(ctx, self.0.case).await.map(Case::from)
    }

    /// For whom.
    async fn audience(&self) -> ShareAudience {
        self.0.audience.into()
    }

    /// Who exactly, in the words of who shared it.
    async fn recipient(&self) -> &str {
        &self.0.recipient
    }

    /// What of the case it opens.
    async fn sections(&self) -> Vec<ShareSection> {
        self.0.sections.iter().map(|section| (*section).into()).collect()
    }

    /// Whether it may show the identity: as long as the identity is revealed to who shared it.
    async fn include_identity(&self) -> bool {
        self.0.reveal.is_some()
    }

    /// The name of the viewer who shared it.
    async fn created_by(&self) -> &str {
        &self.0.creator
    }

    /// Why it was shared; null to its holder: staff wrote it.
    async fn reason(&self, ctx: &Context<'_>) -> Option<&str> {
        shared(ctx).is_none().then_some(self.0.reason.as_str())
    }

    /// When it was shared.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// From then on it opens nothing.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }

    /// When it was taken back.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.0.revoked_at.map(DateTime)
    }

    /// When somebody last used it.
    async fn last_used_at(&self) -> Option<DateTime> {
        self.0.last_used_at.map(DateTime)
    }

    /// How many requests were made through it.
    async fn uses(&self) -> i32 {
        int(self.0.uses)
    }
}

/// The key of a case's shares.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SharesOf(pub(super) CaseId);

impl Loader<SharesOf> for Reader {
    type Value = Vec<StoredShare>;
    type Error = Fault;

    async fn load(&self, keys: &[SharesOf]) -> Result<HashMap<SharesOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Shares, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.case_shares(&permit, &ids).await?;
        Ok(found.into_iter().map(|(case, shares)| (SharesOf(case), shares)).collect())
    }
}

/// The share that the viewer holds.
pub(super) async fn held(ctx: &Context<'_>) -> Answer<CaseShare> {
    let found = async {
        let (Some(share), Some(permit)) = (shared(ctx), request::permit(ctx, Resource::CaseHeaders, Action::Read))
        else {
            return Ok(None);
        };
        let found = request::services(ctx)?.shares_by_id(&permit, &[share.id]).await?.remove(&share.id);
        Ok::<_, ServiceError>(found.map(CaseShare))
    };
    found.await.into()
}

/// What `shareCase` takes.
#[derive(InputObject)]
pub struct ShareCaseInput {
    /// Which case.
    case_id: ID,
    /// For whom.
    audience: ShareAudience,
    /// Who exactly: a role, a department, a name of staff. At most 200 characters.
    recipient: String,
    /// What is opened.
    sections: Vec<ShareSection>,
    /// Whether the identity is shown, as long as it is revealed to you in this case; otherwise the share is masked.
    include_identity: Option<bool>,
    /// For how many hours, 1 to 2,160.
    expires_in_hours: i32,
    /// Why, at most 4,000 characters.
    reason: String,
}

/// What `shareCase` answers.
#[derive(SimpleObject)]
pub struct ShareCasePayload {
    /// The share; null where something was wrong with the input.
    share: Option<CaseShare>,
    /// Opens the share: hand it to the recipient over a safe channel. It is in this answer once and nowhere else, ever. It goes
    /// into the Authorization header, as `Bearer vzs_…`.
    token: Option<String>,
    /// Opens the page of the share in a browser: `…/share#vzs_…`, the token behind the `#`, where browsers keep it to themselves. It
    /// begins with the configuration's `public_url`; without one with `/share`, to be completed with the server's address. Like
    /// the token: in this answer once, for a safe channel.
    url: Option<String>,
    /// What was wrong with the input. Nothing was shared then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `revokeCaseShare` takes.
#[derive(InputObject)]
pub struct RevokeCaseShareInput {
    /// Which share.
    share_id: ID,
    /// Why, at most 4,000 characters.
    reason: String,
}

/// What `revokeCaseShare` answers.
#[derive(SimpleObject)]
pub struct RevokeCaseSharePayload {
    /// The share, revoked; null where something was wrong with the input. Also null to who may revoke but not read shares.
    share: Option<CaseShare>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that decides about shares.
#[derive(Default)]
pub struct ShareMutation;

#[Object]
impl ShareMutation {
    /// Gives somebody without an account one case to read, for a time. They query this same schema and see that case alone, its
    /// subject under a pseudonym of the share's own.
    async fn share_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, with whom, and what of it.")] input: ShareCaseInput,
    ) -> Guarded<ShareCasePayload, rules::ShareCase> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let asked = ShareAsked {
                case: input.case_id.parse().ok(),
                audience: input.audience.into(),
                recipient: input.recipient,
                sections: input.sections.into_iter().map(Into::into).collect(),
                identity: input.include_identity.unwrap_or(false),
                hours: input.expires_in_hours,
                reason: input.reason,
            };
            let (made, user_errors) = outcome(services.share_case(&permit, asked).await)?;
            let (share, token) = made.map_or((None, None), |(share, token)| (Some(CaseShare(share)), Some(token)));
            let url = token.as_deref().map(|token| services.share_link(token));
            Ok::<_, ServiceError>(ShareCasePayload { share, token, url, user_errors, warnings })
        })
        .await
    }

    /// Takes a share back. From the next request on it opens nothing.
    async fn revoke_case_share(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which share, and why.")] input: RevokeCaseShareInput,
    ) -> Guarded<RevokeCaseSharePayload, rules::RevokeCaseShare> {
        guarded(ctx, async |permit| {
            let asked = request::services(ctx)?.revoke_share(&permit, input.share_id.parse().ok(), &input.reason);
            let (share, user_errors) = outcome(asked.await)?;
            let share = share.filter(|_| request::permit(ctx, Resource::Shares, Action::Read).is_some());
            Ok::<_, ServiceError>(RevokeCaseSharePayload { share: share.map(CaseShare), user_errors })
        })
        .await
    }
}
