//! Who holds which role by a grant. Roles that a provider's token claims are not listed here.
//! Never: a viewer by name; they are shown by the ids of their sign-in.

use super::{
    directive::Role,
    guard::{Guarded, guarded},
    page::{Connection, Page, PageArgs, wants},
    request, rules,
    scalars::DateTime,
    user_error::{UserError, outcome},
};
use crate::{
    error::ServiceError,
    service::grants::{GrantFilter, GrantOrder, StoredGrant},
};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use vizard_core::time::Micros;

/// A role that a viewer was given.
pub struct RoleGrant {
    stored: StoredGrant,
    now: Micros,
}

/// A role that a viewer was given.
#[Object]
impl RoleGrant {
    /// Id.
    async fn id(&self) -> ID {
        self.stored.id.into()
    }

    /// Who was given it: the id that their `viewer { id }` shows.
    async fn viewer(&self) -> &str {
        &self.stored.grant.viewer
    }

    /// What.
    async fn role(&self) -> Role {
        self.stored.grant.role.into()
    }

    /// Why.
    async fn reason(&self) -> &str {
        &self.stored.reason
    }

    /// Who gave it: the id of a viewer, or `operator` for a command on the machine.
    async fn granted_by(&self) -> &str {
        &self.stored.granted_by
    }

    /// When.
    async fn granted_at(&self) -> DateTime {
        DateTime(self.stored.granted_at)
    }

    /// From when on it no longer holds; null where it holds until it is taken back.
    async fn expires_at(&self) -> Option<DateTime> {
        self.stored.grant.expires_at.map(DateTime)
    }

    /// Whether it holds now.
    async fn holds(&self) -> bool {
        self.stored.grant.holds(self.now)
    }

    /// Who took it back.
    async fn revoked_by(&self) -> Option<&str> {
        self.stored.revocation.as_ref().map(|(by, ..)| by.as_str())
    }

    /// When it was taken back.
    async fn revoked_at(&self) -> Option<DateTime> {
        self.stored.revocation.as_ref().map(|(_, at, _)| DateTime(*at))
    }

    /// Why it was taken back.
    async fn revoke_reason(&self) -> Option<&str> {
        self.stored.revocation.as_ref().map(|(.., reason)| reason.as_str())
    }
}

/// The part of the root about grants.
#[derive(Default)]
pub struct GrantQuery;

#[Object]
impl GrantQuery {
    /// Roles that viewers were given, the newest first. Roles that a provider's token claims are not among them.
    #[expect(clippy::too_many_arguments, reason = "Relay's paging and two filters")]
    async fn role_grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, at most 100.")] last: Option<i32>,
        #[graphql(desc = "Only what comes before this cursor.")] before: Option<String>,
        #[graphql(desc = "Only those of this viewer, by id.")] viewer: Option<String>,
        #[graphql(desc = "Only those that hold now, or everything that ever held.", default = true)] holding: bool,
    ) -> Guarded<Connection<RoleGrant>, rules::QueryRoleGrants> {
        guarded(ctx, async |permit| {
            let page = Page::asked("roleGrants", PageArgs { first, after, last, before })?;
            let services = request::services(ctx)?;
            let now = services.clock().now();
            let filter = GrantFilter { viewer, holding_at: holding.then_some(now) };
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = services.role_grants(&permit, &filter, &slice).await?;
            let key = |grant: &StoredGrant| (grant.granted_at, grant.id.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, |stored| RoleGrant { stored, now }))
        })
        .await
    }
}

/// What `grantRole` takes.
#[derive(InputObject)]
pub struct GrantRoleInput {
    /// Who: the name of a configured issuer, a colon and the subject that its tokens say. Their `viewer { id }` shows it.
    viewer: String,
    /// What.
    role: Role,
    /// For how many days, 1 to 366; left out: until it is taken back.
    expires_in_days: Option<i32>,
    /// Why, at most 4,000 characters.
    reason: String,
}

/// What `grantRole` answers.
#[derive(SimpleObject)]
pub struct GrantRolePayload {
    /// The grant; null where something was wrong.
    grant: Option<RoleGrant>,
    /// Everything that was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// What `revokeRole` takes.
#[derive(InputObject)]
pub struct RevokeRoleInput {
    /// A grant that holds.
    grant_id: ID,
    /// Why, at most 4,000 characters.
    reason: String,
}

/// What `revokeRole` answers.
#[derive(SimpleObject)]
pub struct RevokeRolePayload {
    /// The grant, which no longer holds; null where something was wrong.
    grant: Option<RoleGrant>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the mutations about grants.
#[derive(Default)]
pub struct GrantMutation;

#[Object]
impl GrantMutation {
    /// Gives a viewer a role, from their next request on. Never to oneself (SELF_DEALING), and never one that may not be
    /// held beside another that they were granted (CONFLICT). Roles from their provider are not known before they sign
    /// in: where those clash with a grant, the sign-in is refused.
    async fn grant_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which role, to whom, until when, and why.")] input: GrantRoleInput,
    ) -> Guarded<GrantRolePayload, rules::GrantRole> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let order = GrantOrder {
                viewer: input.viewer,
                role: input.role.into(),
                days: input.expires_in_days,
                reason: input.reason,
            };
            let (made, user_errors) = outcome(services.grant_role(&permit, order).await)?;
            let now = services.clock().now();
            Ok::<_, ServiceError>(GrantRolePayload { grant: made.map(|stored| RoleGrant { stored, now }), user_errors })
        })
        .await
    }

    /// Takes a role back, from the viewer's next request on. Never one's own (SELF_DEALING), and not the grant of ADMIN
    /// that lasts longest (NOT_ALLOWED), unless the caller is ADMIN by their provider.
    async fn revoke_role(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which grant, and why.")] input: RevokeRoleInput,
    ) -> Guarded<RevokeRolePayload, rules::RevokeRole> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let id = input.grant_id.parse().ok();
            let (made, user_errors) = outcome(services.revoke_role(&permit, id, &input.reason).await)?;
            let now = services.clock().now();
            let grant = made.map(|stored| RoleGrant { stored, now });
            Ok::<_, ServiceError>(RevokeRolePayload { grant, user_errors })
        })
        .await
    }
}
