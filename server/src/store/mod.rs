//! Everything durable: SQLite or PostgreSQL behind one type. Statements are written by hand, once for both engines.
//! Never: a type of the database library in a public signature; a name, address or path outside of sealed bytes.

mod alerts;
mod audit;
mod bench;
mod cases;
mod changes;
mod connectors;
mod consultations;
mod content;
mod coverage;
mod credentials;
mod db;
mod devices;
mod erasure;
mod experience;
mod exports;
mod grants;
mod groups;
mod handover;
mod identity;
mod intake;
mod lines;
mod merges;
mod norms;
mod notices;
mod notifications;
mod organisation;
mod outbox;
mod overview;
mod own_data;
mod page;
mod patients;
mod people;
mod plugins;
mod policies;
mod policy_edits;
mod profiles;
mod replay;
mod reports;
mod retention;
mod reveals;
mod scoring;
mod settings;
mod shares;
mod sight;
mod sources;
mod subjects;
mod suggestions;
mod suppressions;
mod tuning;
mod vault;
mod webhooks;
mod work;

pub use alerts::{AlertFilter, AlertOrder};
pub(crate) use alerts::{NewNote, StoredAlert, StoredCase, StoredNote, StoredReview, Triage};
pub use audit::AuditFilter;
pub(crate) use audit::{Entry, StoredCheckpoint, StoredEntry};
pub(crate) use bench::MadeAlert;
pub(crate) use cases::{Contributed, SeenFrom};
pub use changes::Change;
pub use connectors::ConnectorState;
pub(crate) use connectors::{Secrets, SetUp, StoredConnector, StoredReject, StoredRun};
pub(crate) use consultations::{Answered, StoredConsultation};
pub(crate) use coverage::{Admitted, Heard};
pub(crate) use credentials::{CredentialSaved, NoCredential, StoredCredential};
pub(crate) use erasure::Erased;
pub(crate) use exports::{Exported, NewExport, OpenPackage, StoredExport};
pub(crate) use grants::GrantSaved;
pub use grants::{GrantFilter, StoredGrant};
pub use groups::StoredGroup;
pub(crate) use groups::{GroupSaved, GroupWrite};
pub(crate) use handover::Handover;
pub(crate) use identity::OpenIdentity;
pub use intake::Counts;
pub(crate) use intake::{Batch, ClaimedDelivery, Lease, NewDelivery, Queued, RunState, SealedBatch};
pub(crate) use merges::{Joined, MergeRecord, MergedPart};
pub(crate) use notices::{NoticeToSend, Noticed, StoredNotice, StoredTemplate, TemplateSaved};
pub(crate) use notifications::StoredNotification;
pub(crate) use outbox::{Outgoing, Receivers};
pub use overview::Decisions;
pub(crate) use overview::{Counted, DecisionStatistics};
pub use page::{Page, Slice};
pub(crate) use plugins::{NewPlugin, StoredPlugin};
pub(crate) use policies::{PolicyCounts, StoredPolicy};
pub(crate) use policy_edits::{PolicyWrite, Saved, SetupWrite, StoredVersion};
pub(crate) use replay::Stored;
pub(crate) use reports::{ReportLine, Reported, StoredReport};
pub use retention::Gone;
pub(crate) use reveals::{RevealChange, StoredReveal};
pub(crate) use scoring::{AlertChange, Scored, Taken};
pub(crate) use settings::{InForce, NewVersion, SettingsVersion};
pub(crate) use shares::{NoShare, Shared, StoredShare};
pub(crate) use sources::{ClaimedSource, NewPage, StoredSource};
pub use subjects::InsightFilter;
pub(crate) use subjects::{StoredActivity, StoredSubject};
pub(crate) use suggestions::MergeSuggestion;
pub use suppressions::SuppressionFilter;
pub(crate) use suppressions::{Over, StoredSuppression, Suppressed};
pub(crate) use webhooks::{Credentials, StoredDelivery, StoredWebhook, WebhookSaved};
pub(crate) use work::Work;

use crate::{config::Config, ids::Ids};
use anyhow::{Context as _, ensure};
use db::{Db, Sql as _};
use people::Acquaintances;
use std::sync::Arc;
use vault::Vault;

/// The database and the keys to it. Clones share both.
#[derive(Clone)]
pub struct Store {
    db: Db,
    vault: Arc<Vault>,
    ids: Ids,
    people: Arc<Acquaintances>,
    norms: Arc<norms::KnownNorms>,
}

impl Store {
    /// Opens the database that the configuration names, brings its schema up to date and checks that the vault's key
    /// belongs to it.
    pub async fn open(config: &Config, ids: Ids) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir)
            .with_context(|| format!("cannot create the data directory {}", config.data_dir.display()))?;
        let vault = Vault::open_or_create(&config.vault_key_file)?;
        let db = Db::open(config).await?;
        db.migrate().await?;
        let store = Self { db, vault: Arc::new(vault), ids, people: Arc::default(), norms: Arc::default() };
        store.check_vault().await?;
        Ok(store)
    }

    /// Steps of the schema that `open` would take; opens the database, changes nothing.
    pub async fn pending_migrations(config: &Config) -> anyhow::Result<usize> {
        Db::open(config).await?.pending_migrations().await
    }

    /// Whether the database answers.
    pub async fn ready(&self) -> anyhow::Result<()> {
        self.db.row("SELECT 1 AS one", vec![]).await?.context("no answer")?;
        Ok(())
    }

    async fn check_vault(&self) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        tx.run(
            "INSERT INTO meta (name, value) VALUES ('vault', $1) ON CONFLICT (name) DO NOTHING",
            vec![self.vault.fingerprint().into()],
        )
        .await?;
        let row = tx.row("SELECT value FROM meta WHERE name = 'vault'", vec![]).await?.context("no answer")?;
        ensure!(
            row.get::<String>("value")? == self.vault.fingerprint(),
            "the vault key does not belong to this database: identities in it could not be opened. Put the right key \
             file in place (vault_key_file), or start with an empty database"
        );
        tx.commit().await
    }
}
