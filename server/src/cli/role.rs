//! `vizard role`: who holds which role, granted and taken back on the machine itself. The first ADMIN comes from here.
//! Never: past the rules that hold for the API, or without an audit entry.

use super::{Context, Failure, role};
use crate::{
    permit::Permit,
    service::{
        Slice,
        grants::{GrantFilter, GrantOrder, StoredGrant},
    },
};
use clap::Subcommand;
use vizard_core::{
    access::{Action, Resource, Role},
    ids::RoleGrantId,
    limits,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Give a role to somebody who signs in with a configured issuer; it counts from their next request on
    Grant {
        /// The issuer's `name` in the configuration
        #[arg(long)]
        issuer: String,
        /// The `sub` of their tokens; `viewer { id }` shows it behind the colon
        #[arg(long)]
        subject: String,
        #[arg(value_parser = role)]
        role: Role,
        /// For how long, 1 to 366; left out: until it is taken back
        #[arg(long)]
        days: Option<i32>,
        /// Why: it is kept with the grant and in the audit log
        #[arg(long)]
        reason: String,
    },
    /// Take a role back; it no longer counts from the next request on
    Revoke {
        /// The id that `vizard role list` shows
        grant: RoleGrantId,
        /// Why: it is kept with the grant and in the audit log
        #[arg(long)]
        reason: String,
    },
    /// Print the grants, the newest first
    List {
        /// Those that no longer hold as well
        #[arg(long)]
        all: bool,
    },
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let services = context.services().await?;
    let change = Permit::of_the_operator_bypassing_roles(Resource::RoleGrants, Action::Change);
    match command {
        Command::Grant { issuer, subject, role, days, reason } => {
            let order = GrantOrder { viewer: format!("{issuer}:{subject}"), role, days, reason };
            let made = services.grant_role(&change, order).await?;
            context.answer(&value(&made), &line(&made))
        }
        Command::Revoke { grant, reason } => {
            let gone = services.revoke_role(&change, Some(grant), &reason).await?;
            context.answer(&value(&gone), &line(&gone))
        }
        Command::List { all } => {
            let permit = Permit::of_the_operator_bypassing_roles(Resource::RoleGrants, Action::Read);
            let holding_at = (!all).then(|| services.clock().now());
            let filter = GrantFilter { viewer: None, holding_at };
            let mut after = None;
            loop {
                let slice = Slice { after, before: None, limit: limits::PAGE_NODES, from_end: false, count: false };
                let page = services.role_grants(&permit, &filter, &slice).await?;
                for grant in &page.items {
                    context.answer(&value(grant), &line(grant))?;
                }
                after = page.items.last().map(|grant| (grant.granted_at, grant.id.uuid()));
                if !page.more || after.is_none() {
                    return Ok(());
                }
            }
        }
    }
}

fn value(stored: &StoredGrant) -> serde_json::Value {
    let revoked_at = stored.revocation.as_ref().map(|(_, at, _)| at.to_string());
    serde_json::json!({
        "id": stored.id, "viewer": stored.grant.viewer, "role": stored.grant.role, "reason": stored.reason,
        "grantedBy": stored.granted_by, "grantedAt": stored.granted_at.to_string(),
        "expiresAt": stored.grant.expires_at.map(|at| at.to_string()), "revokedAt": revoked_at,
    })
}

fn line(stored: &StoredGrant) -> String {
    let until = match (&stored.revocation, stored.grant.expires_at) {
        (Some((by, at, _)), _) => format!("taken back by {by} at {at}"),
        (None, Some(at)) => format!("until {at}"),
        (None, None) => "until it is taken back".to_owned(),
    };
    format!(
        "{}  {:<12}  {}  granted by {}, {until}",
        stored.id, stored.grant.role, stored.grant.viewer, stored.granted_by
    )
}
