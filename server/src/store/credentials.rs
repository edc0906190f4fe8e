//! Credentials of connectors: found by the digest of their token.
//! Never: a token; only its SHA-256 is kept.

use super::{
    Store,
    audit::{Entry, insert_entries},
    cases::instant,
    db::{Row, Sql as _, marks},
    reveals::common_time,
    shares::digest,
};
use crate::{clock::Clock, permit::Viewer};
use std::collections::BTreeMap;
use vizard_core::{
    access::Role,
    ids::{ConnectorId, CredentialId},
    limits,
    time::{Micros, SECOND},
};

/// A credential, without its token.
#[derive(Clone)]
pub(crate) struct StoredCredential {
    pub(crate) id: CredentialId,
    pub(crate) connector: ConnectorId,
    pub(crate) name: String,
    /// Who made it, by id.
    pub(crate) created_by: String,
    pub(crate) created_at: Micros,
    pub(crate) expires_at: Micros,
    pub(crate) revoked_at: Option<Micros>,
    /// To the minute.
    pub(crate) last_used_at: Option<Micros>,
}

/// What became of a new credential.
pub(crate) enum CredentialSaved {
    Done(Box<StoredCredential>),
    /// There is no such connector.
    NoConnector,
    /// The connector has as many as it can have.
    TooMany,
}

/// Why a credential opens nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NoCredential {
    /// There is no such credential.
    Unknown,
    /// Its time is over, or it was taken back.
    Over,
}

const CREDENTIAL: &str = "id, connector_id, name, created_by, created_at, expires_at, revoked_at, last_used_at";

fn credential(row: &Row) -> anyhow::Result<StoredCredential> {
    Ok(StoredCredential {
        id: CredentialId::new(row.get("id")?),
        connector: ConnectorId::new(row.get("connector_id")?),
        name: row.get("name")?,
        created_by: row.get("created_by")?,
        created_at: Micros(row.get("created_at")?),
        expires_at: Micros(row.get("expires_at")?),
        revoked_at: instant(row, "revoked_at")?,
        last_used_at: instant(row, "last_used_at")?,
    })
}

impl Store {
    /// Makes a credential: `make` draws it up at the common time.
    pub(crate) async fn create_credential(
        &self,
        connector: ConnectorId,
        token: &str,
        clock: &Clock,
        make: impl FnOnce(Micros) -> (StoredCredential, Entry),
    ) -> anyhow::Result<CredentialSaved> {
        let tx = self.db.begin().await?;
        let sql = format!("SELECT id FROM connectors WHERE id = $1 {}", tx.for_update());
        if tx.row(&sql, vec![connector.uuid().into()]).await?.is_none() {
            return Ok(CredentialSaved::NoConnector);
        }
        let now = common_time(&tx, clock).await?;
        let sql = "SELECT count(*) AS number FROM connector_credentials \
                   WHERE connector_id = $1 AND revoked_at IS NULL AND expires_at > $2";
        if tx.count(sql, vec![connector.uuid().into(), now.0.into()]).await? >= limits::CONNECTOR_CREDENTIALS {
            return Ok(CredentialSaved::TooMany);
        }
        let (stored, entry) = make(now);
        tx.run(
            "INSERT INTO connector_credentials (id, connector_id, name, token, created_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            vec![
                stored.id.uuid().into(),
                connector.uuid().into(),
                stored.name.as_str().into(),
                digest(token).into(),
                stored.created_by.as_str().into(),
                stored.created_at.0.into(),
                stored.expires_at.0.into(),
            ],
        )
        .await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(CredentialSaved::Done(Box::new(stored)))
    }

    /// Takes a credential back; nothing where there is none that was not taken back before.
    pub(crate) async fn revoke_credential(
        &self,
        id: CredentialId,
        entry: impl FnOnce(&StoredCredential) -> Entry,
        clock: &Clock,
    ) -> anyhow::Result<Option<StoredCredential>> {
        let tx = self.db.begin().await?;
        let now = common_time(&tx, clock).await?;
        let sql = format!(
            "UPDATE connector_credentials SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL RETURNING {CREDENTIAL}"
        );
        let Some(row) = tx.row(&sql, vec![now.0.into(), id.uuid().into()]).await? else { return Ok(None) };
        let stored = credential(&row)?;
        insert_entries(&tx, &self.ids, &[entry(&stored)], now).await?;
        tx.commit().await?;
        Ok(Some(stored))
    }

    /// The credentials of connectors, the newest first.
    pub(crate) async fn credentials(
        &self,
        ids: &[ConnectorId],
    ) -> anyhow::Result<BTreeMap<ConnectorId, Vec<StoredCredential>>> {
        let mut found: BTreeMap<ConnectorId, Vec<StoredCredential>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT {CREDENTIAL} FROM connector_credentials WHERE connector_id IN ({}) ORDER BY created_at DESC, id DESC",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            let stored = credential(&row)?;
            found.entry(stored.connector).or_default().push(stored);
        }
        Ok(found)
    }

    /// Whoever holds this credential: somebody who delivers to its connector and does nothing else. When it was used is kept
    /// to the minute.
    pub(crate) async fn use_credential(
        &self,
        token: &str,
        clock: &Clock,
    ) -> anyhow::Result<Result<Viewer, NoCredential>> {
        let sql = format!("SELECT {CREDENTIAL} FROM connector_credentials WHERE token = $1");
        let Some(row) = self.db.row(&sql, vec![digest(token).into()]).await? else {
            return Ok(Err(NoCredential::Unknown));
        };
        let stored = credential(&row)?;
        let now = common_time(&self.db, clock).await?;
        if stored.revoked_at.is_some() || stored.expires_at <= now {
            return Ok(Err(NoCredential::Over));
        }
        if stored.last_used_at.is_none_or(|at| now.0 - at.0 >= 60 * SECOND) {
            let tx = self.db.begin().await?;
            let sql = "UPDATE connector_credentials SET last_used_at = $1 WHERE id = $2";
            tx.run(sql, vec![now.0.into(), stored.id.uuid().into()]).await?;
            tx.commit().await?;
        }
        let viewer = Viewer::new(stored.id.to_string(), stored.name, &[Role::Connector]);
        Ok(Ok(Viewer { connector: Some(stored.connector), ..viewer }))
    }
}
