//! Credentials of connectors: whoever delivers to one needs no account, and reaches no other.
//! Never: a token kept, logged or shown twice.

use super::{
    Services,
    alerts::{invalid, not_found},
};
pub(crate) use crate::store::StoredCredential;
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{CredentialSaved, Entry},
};
use std::collections::BTreeMap;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case::name_of,
    ids::{ConnectorId, CredentialId},
    limits,
    problem::{Problem, ProblemCode},
};

/// What every connector's token begins with, so that it is told apart from a sign-in's at first sight.
pub const CREDENTIAL_PREFIX: &str = "vzc_";

impl Services {
    /// Makes a credential of a connector; answers with it and its token, which exists nowhere else.
    pub(crate) async fn create_credential(
        &self,
        permit: &Permit,
        connector: Option<ConnectorId>,
        (name, days): (&str, i32),
    ) -> Result<(StoredCredential, String), ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let mut problems = Vec::new();
        let name = name_of("credential", name, &["input", "name"]).unwrap_or_else(|problem| {
            problems.push(problem);
            String::new()
        });
        if !limits::CREDENTIAL_DAYS.contains(&days) {
            let (least, most) = (limits::CREDENTIAL_DAYS.start(), limits::CREDENTIAL_DAYS.end());
            let message = format!("A credential holds for {least} to {most} days.");
            problems.push(Problem::new(&["input", "expiresInDays"], ProblemCode::Invalid, message));
        }
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(problems));
        }
        let unknown = || invalid(not_found("connector").within(&["input", "connectorId"]));
        let connector = connector.ok_or_else(unknown)?;
        let token = self.ids.token(CREDENTIAL_PREFIX);
        let id = self.ids.draw(CredentialId::new);
        let made = self.store.create_credential(connector, &token, &self.clock, |now| {
            let stored = StoredCredential {
                id,
                connector,
                name,
                created_by: viewer.id.clone(),
                created_at: now,
                expires_at: now.plus_days(days),
                revoked_at: None,
                last_used_at: None,
            };
            let detail = serde_json::json!({"credential": id, "expiresAt": stored.expires_at});
            let entry = Entry::by(viewer, AuditActivity::Added, AuditCategory::Connectors, connector, &detail);
            (stored, entry)
        });
        match made.await? {
            CredentialSaved::Done(stored) => Ok((*stored, token)),
            CredentialSaved::NoConnector => Err(unknown()),
            CredentialSaved::TooMany => {
                let message = format!(
                    "A connector has at most {} credentials at a time: revoke one.",
                    limits::CONNECTOR_CREDENTIALS
                );
                Err(invalid(Problem::new(&["input", "connectorId"], ProblemCode::LimitExceeded, message)))
            }
        }
    }

    /// Takes a credential back: from the next request on it delivers nothing.
    pub(crate) async fn revoke_credential(
        &self,
        permit: &Permit,
        id: Option<CredentialId>,
    ) -> Result<StoredCredential, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let unknown = || invalid(not_found("credential that holds").within(&["input", "credentialId"]));
        let id = id.ok_or_else(unknown)?;
        let entry = |stored: &StoredCredential| {
            let detail = serde_json::json!({"credential": id, "revoked": true});
            Entry::by(viewer, AuditActivity::Edited, AuditCategory::Connectors, stored.connector, &detail)
        };
        self.store.revoke_credential(id, entry, &self.clock).await?.ok_or_else(unknown)
    }

    /// The credentials of connectors, the newest first.
    pub(crate) async fn credentials(
        &self,
        permit: &Permit,
        ids: &[ConnectorId],
    ) -> Result<BTreeMap<ConnectorId, Vec<StoredCredential>>, ServiceError> {
        permit.require(Resource::ConnectorConfig, Action::Read)?;
        Ok(self.store.credentials(ids).await?)
    }
}
