//! Credentials of connectors: tokens for whoever delivers records.
//! Never: a token, but in the one answer of the mutation that made it.

use super::{
    guard::{Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    user_error::{UserError, outcome},
};
use crate::{error::ServiceError, service::credentials::StoredCredential};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::ConnectorId,
};

/// What somebody delivers to one connector with, and can do nothing else.
#[derive(SimpleObject)]
pub struct ConnectorCredential {
    /// Id.
    id: ID,
    /// Whose it is, in the words of who made it.
    name: String,
    /// The id of the viewer who made it.
    created_by: String,
    /// When.
    created_at: DateTime,
    /// From then on it delivers nothing.
    expires_at: DateTime,
    /// When it was taken back.
    revoked_at: Option<DateTime>,
    /// When it was last used, to the minute.
    last_used_at: Option<DateTime>,
}

impl From<StoredCredential> for ConnectorCredential {
    fn from(stored: StoredCredential) -> Self {
        Self {
            id: stored.id.into(),
            name: stored.name,
            created_by: stored.created_by,
            created_at: DateTime(stored.created_at),
            expires_at: DateTime(stored.expires_at),
            revoked_at: stored.revoked_at.map(DateTime),
            last_used_at: stored.last_used_at.map(DateTime),
        }
    }
}

/// The key of a connector's credentials.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct CredentialsOf(pub(super) ConnectorId);

impl Loader<CredentialsOf> for Reader {
    type Value = Vec<StoredCredential>;
    type Error = Fault;

    async fn load(&self, keys: &[CredentialsOf]) -> Result<HashMap<CredentialsOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::ConnectorConfig, Action::Read)?;
        let ids: Vec<ConnectorId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.credentials(&permit, &ids).await?;
        Ok(found.into_iter().map(|(connector, all)| (CredentialsOf(connector), all)).collect())
    }
}

/// What `createConnectorCredential` takes.
#[derive(InputObject)]
pub struct CreateConnectorCredentialInput {
    /// To which connector it delivers.
    connector_id: ID,
    /// Whose it is: a system, a job. At most 200 characters.
    name: String,
    /// For how many days it holds, 1 to 366.
    expires_in_days: i32,
}

/// What `createConnectorCredential` answers.
#[derive(SimpleObject)]
pub struct CreateConnectorCredentialPayload {
    /// The credential; null where something was wrong.
    credential: Option<ConnectorCredential>,
    /// The token, in this answer once and nowhere else, ever. It goes into the Authorization header of `POST /ingest/NAME`, as
    /// `Bearer vzc_…`.
    token: Option<String>,
    /// Everything that was wrong with the input. Nothing was made then.
    user_errors: Vec<UserError>,
}

/// What `revokeConnectorCredential` takes.
#[derive(InputObject)]
pub struct RevokeConnectorCredentialInput {
    /// Which.
    credential_id: ID,
}

/// What `revokeConnectorCredential` answers.
#[derive(SimpleObject)]
pub struct RevokeConnectorCredentialPayload {
    /// The credential, revoked; null where something was wrong.
    credential: Option<ConnectorCredential>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the root that makes and takes back credentials.
#[derive(Default)]
pub struct CredentialMutation;

#[Object]
impl CredentialMutation {
    /// Makes a token with which records are delivered to one connector, and nothing else is done. A connector has up to 10 at a
    /// time, so that one can be exchanged for the next.
    async fn create_connector_credential(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which connector, whose, and for how long.")] input: CreateConnectorCredentialInput,
    ) -> Guarded<CreateConnectorCredentialPayload, rules::CreateConnectorCredential> {
        guarded(ctx, async |permit| {
            let asked = (input.name.as_str(), input.expires_in_days);
            let connector = input.connector_id.parse().ok();
            let made = request::services(ctx)?.create_credential(&permit, connector, asked).await;
            let (made, user_errors) = outcome(made)?;
            let (credential, token) = made.unzip();
            let credential = credential.map(ConnectorCredential::from);
            Ok::<_, ServiceError>(CreateConnectorCredentialPayload { credential, token, user_errors })
        })
        .await
    }

    /// Takes a credential back. From the next request on it delivers nothing.
    async fn revoke_connector_credential(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RevokeConnectorCredentialInput,
    ) -> Guarded<RevokeConnectorCredentialPayload, rules::RevokeConnectorCredential> {
        guarded(ctx, async |permit| {
            let id = input.credential_id.parse().ok();
            let (revoked, user_errors) = outcome(request::services(ctx)?.revoke_credential(&permit, id).await)?;
            let credential = revoked.map(ConnectorCredential::from);
            Ok::<_, ServiceError>(RevokeConnectorCredentialPayload { credential, user_errors })
        })
        .await
    }
}
