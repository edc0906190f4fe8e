//! The audit log: its sequencer, what an auditor reads and proves, exports, and entries about looks and refusals.
//! Never: something sensitive shown before the entry about it is durable; a checkpoint kept in the database alone.

mod sink;

use super::Services;
pub use crate::store::AuditFilter;
pub(crate) use crate::store::{StoredCheckpoint, StoredEntry};
use crate::{
    config::Config,
    error::ServiceError,
    keyfile,
    permit::{Permit, Viewer},
    store::{Entry, Page, SeenFrom, Slice},
};
use anyhow::Context as _;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde_json::json;
use sink::Sink;
use std::{collections::BTreeSet, path::Path, sync::Mutex, sync::PoisonError};
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{
        AuditActivity, AuditCategory, Hash,
        export::{self, CheckpointLine, EntryLine, Header},
        note::LogKey,
        tree::{self, Part},
    },
    ids::{AuditEntryId, SubjectId},
    limits,
    problem::ProblemCode,
    time::{Micros, SECOND},
};

/// What the services have for the audit log.
pub(crate) struct Log {
    pub(super) key: LogKey,
    sink: tokio::sync::Mutex<Sink>,
    denials: Mutex<Denials>,
}

/// Refusals of the current minute.
#[derive(Default)]
struct Denials {
    began: i64,
    written: u64,
    counted: u64,
}

impl Denials {
    /// Whether another one is written at `now`, and how many were counted since the last that was.
    fn admit(&mut self, now: Micros) -> Option<u64> {
        let minute = now.0.div_euclid(60 * SECOND);
        if minute != self.began {
            (self.began, self.written) = (minute, 0);
        }
        if self.written >= limits::AUDIT_DENIALS_PER_MINUTE {
            self.counted += 1;
            return None;
        }
        self.written += 1;
        Some(std::mem::take(&mut self.counted))
    }
}

impl Log {
    /// Opens the key and the file of checkpoints.
    pub(super) fn open(config: &Config) -> anyhow::Result<Self> {
        let key = LogKey::new(&*keyfile::open_or_create(&config.audit_key_file)?);
        let sink = tokio::sync::Mutex::new(Sink::new(config.audit_checkpoint_file.clone()));
        Ok(Self { key, sink, denials: Mutex::default() })
    }
}

/// The verifier key of the key file at `path`, which is made where there is none: `name+hash+key`, one line.
pub fn public_key(path: &Path) -> anyhow::Result<String> {
    Ok(LogKey::new(&*keyfile::open_or_create(path)?).public().to_string())
}

/// What one request has looked at: each thing is audited once a request, however many fields show it.
#[derive(Default)]
pub(crate) struct Looks {
    objects: tokio::sync::Mutex<BTreeSet<String>>,
    /// Opened identities, by subject and case.
    pub(super) identities: tokio::sync::Mutex<BTreeSet<SeenFrom>>,
}

/// Lines of an export.
pub type Lines = BoxStream<'static, anyhow::Result<Vec<u8>>>;

/// Gives an export of the log to whoever may have it.
#[async_trait::async_trait]
pub trait Exporter: Send + Sync {
    /// The lines of [`vizard_core::audit::export`], up to the newest checkpoint.
    ///
    /// # Errors
    /// Where the permit is another, or the database fails.
    async fn export(&self, permit: &Permit) -> Result<Lines, ServiceError>;
}

#[async_trait::async_trait]
impl Exporter for Services {
    async fn export(&self, permit: &Permit) -> Result<Lines, ServiceError> {
        self.export_audit_log(permit).await
    }
}

impl Services {
    /// One turn of the sequencer: entries get their places, the new root is signed and appended to the file outside of
    /// the database. False where nothing waited.
    pub async fn sequence_audit(&self) -> anyhow::Result<bool> {
        let now = self.clock.now();
        let turn = self.store.sequence_audit(&self.log.key, now).await?;
        let newest = match &turn {
            Some(turn) => Some(turn.newest.clone()),
            // Another replica may have signed.
            None => self.store.newest_checkpoint().await?,
        };
        if let Some(newest) = newest {
            self.log.sink.lock().await.publish(&newest, self.log.key.public()).await?;
        }
        if turn.is_some() {
            self.bell.feeds.notify_waiters();
        }
        Ok(turn.is_some_and(|turn| turn.entries > 0))
    }

    /// Takes turns until no entry waits.
    pub async fn sequence_audit_fully(&self) -> anyhow::Result<()> {
        while self.sequence_audit().await? {}
        Ok(())
    }

    /// Audits that the viewer looks at `objects`, those that this request has not looked at yet; only after that they may
    /// be shown.
    pub(crate) async fn look(
        &self,
        viewer: &Viewer,
        looks: &Looks,
        category: AuditCategory,
        objects: &BTreeSet<String>,
        detail: &serde_json::Value,
    ) -> Result<(), ServiceError> {
        // Held until the entries are durable: a second field of the request must not show what they are about before.
        let mut seen = looks.objects.lock().await;
        let new: Vec<&String> = objects.iter().filter(|object| !seen.contains(*object)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let entries: Vec<Entry> =
            new.iter().map(|object| Entry::by(viewer, AuditActivity::Viewed, category, object, detail)).collect();
        self.store.audit(&entries, self.clock.now()).await?;
        self.bell.audit.notify_one();
        seen.extend(new.into_iter().cloned());
        Ok(())
    }

    /// Audits that the viewer opens the content of evidence about these subjects.
    pub(super) async fn look_at_content(
        &self,
        viewer: &Viewer,
        looks: &Looks,
        subjects: &BTreeSet<SubjectId>,
    ) -> Result<(), ServiceError> {
        let objects = subjects.iter().map(ToString::to_string).collect();
        self.look(viewer, looks, AuditCategory::Subjects, &objects, &json!({"shown": "evidence content"})).await
    }

    /// Audits that a viewer, or nobody, tried to change what they may not. At most `AUDIT_DENIALS_PER_MINUTE` in a minute,
    /// the rest is counted in the next one. The refusal stands where this fails.
    pub(crate) async fn denied(&self, viewer: Option<&Viewer>, resource: Resource, field: &str) {
        let now = self.clock.now();
        let admitted = self.log.denials.lock().unwrap_or_else(PoisonError::into_inner).admit(now);
        let Some(counted) = admitted else { return };
        let detail = if counted > 0 { json!({"notWritten": counted}) } else { serde_json::Value::Null };
        let (object, category) = (format!("Mutation.{field}"), AuditCategory::of(resource));
        let entry = match viewer {
            Some(viewer) => Entry::by(viewer, AuditActivity::Denied, category, object, &detail),
            None => Entry::by_nobody(category, &object, &detail),
        };
        if let Err(error) = self.store.audit(&[entry], now).await {
            tracing::error!(error = %format_args!("{error:#}"), "a refusal could not be audited");
        }
    }

    /// Entries, the newest first. Reading them is audited itself.
    pub(crate) async fn audit_log(
        &self,
        permit: &Permit,
        looks: &Looks,
        filter: &AuditFilter,
        slice: &Slice<(i64, Uuid)>,
    ) -> Result<Page<StoredEntry>, ServiceError> {
        self.look_at_log(permit, looks).await?;
        Ok(self.store.audit_entries(filter, slice).await?)
    }

    /// One entry. Reading it is audited itself.
    pub(crate) async fn audit_entry(
        &self,
        permit: &Permit,
        looks: &Looks,
        id: AuditEntryId,
    ) -> Result<Option<StoredEntry>, ServiceError> {
        self.look_at_log(permit, looks).await?;
        Ok(self.store.audit_entry(id).await?)
    }

    async fn look_at_log(&self, permit: &Permit, looks: &Looks) -> Result<(), ServiceError> {
        let viewer = permit.require(Resource::AuditLog, Action::Read)?;
        let objects = BTreeSet::from(["auditLog".to_owned()]);
        self.look(viewer, looks, AuditCategory::Audit, &objects, &serde_json::Value::Null).await
    }

    /// The newest checkpoint; nothing in the first moment of an installation.
    pub(crate) async fn audit_checkpoint(&self, permit: &Permit) -> Result<Option<StoredCheckpoint>, ServiceError> {
        permit.require(Resource::AuditLog, Action::Read)?;
        Ok(self.store.newest_checkpoint().await?)
    }

    /// What proves that the entry at `sequence` is in the log of `size` entries.
    pub(crate) async fn prove_inclusion(
        &self,
        permit: &Permit,
        sequence: u64,
        size: u64,
    ) -> Result<Vec<Hash>, ServiceError> {
        permit.require(Resource::AuditLog, Action::Read)?;
        self.within(size, "treeSize").await?;
        let parts = tree::inclusion(sequence, size).ok_or_else(|| {
            let message = "The log of this size has no such entry: places begin at 0.";
            ServiceError::invalid(&["sequence"], ProblemCode::Invalid, message)
        })?;
        self.proof(&parts).await
    }

    /// What proves that the log of `from` entries is the beginning of the log of `to`.
    pub(crate) async fn prove_consistency(
        &self,
        permit: &Permit,
        from: u64,
        to: u64,
    ) -> Result<Vec<Hash>, ServiceError> {
        permit.require(Resource::AuditLog, Action::Read)?;
        self.within(to, "toSize").await?;
        let parts = tree::consistency(from, to).ok_or_else(|| {
            let message = "This is a size from 1 to `toSize`.";
            ServiceError::invalid(&["fromSize"], ProblemCode::Invalid, message)
        })?;
        self.proof(&parts).await
    }

    async fn within(&self, size: u64, field: &str) -> Result<(), ServiceError> {
        let signed = self.store.newest_checkpoint().await?.map_or(0, |newest| newest.size);
        if i64::try_from(size).is_ok_and(|size| size <= signed) {
            return Ok(());
        }
        let message = format!("The log has {signed} entries that are signed.");
        Err(ServiceError::invalid(&[field], ProblemCode::Invalid, message))
    }

    async fn proof(&self, parts: &[Part]) -> Result<Vec<Hash>, ServiceError> {
        let ids: Vec<_> = parts.iter().flat_map(|part| part.needs().iter().copied()).collect();
        let nodes = self.store.audit_nodes(&ids).await?;
        let hashes: Option<Vec<Hash>> = parts.iter().map(|part| part.hash(|id| nodes.get(&id).copied())).collect();
        hashes.ok_or_else(|| ServiceError::Internal(anyhow::anyhow!("the audit log lacks parts of its tree")))
    }

    /// The whole log as it is now: a header, entries, checkpoints. Audited before the first line.
    pub async fn export_audit_log(&self, permit: &Permit) -> Result<Lines, ServiceError> {
        let viewer = permit.require(Resource::AuditLog, Action::Read)?;
        let entry =
            Entry::by(viewer, AuditActivity::Exported, AuditCategory::Audit, "auditLog", &serde_json::Value::Null);
        self.store.audit(&[entry], self.clock.now()).await?;
        self.sequence_audit_fully().await?;
        let newest = self.store.newest_checkpoint().await?.context("the audit log has no checkpoint")?;
        let size = u64::try_from(newest.size).map_err(anyhow::Error::from)?;
        let header = export::written(&Header::new(self.log.key.public(), size)).map_err(anyhow::Error::from)?;
        let rest = Rest { services: self.clone(), newest, at: 0, checkpoints: 0, done: false };
        let lines = stream::try_unfold(rest, async |mut rest| Ok(rest.next().await?.map(|lines| (lines, rest))));
        Ok(stream::once(async { Ok(header) }).chain(lines).boxed())
    }
}

/// What is still to be exported.
struct Rest {
    services: Services,
    /// The log as it was when the export began.
    newest: StoredCheckpoint,
    at: i64,
    checkpoints: u64,
    done: bool,
}

impl Rest {
    /// Some lines; nothing after the last checkpoint.
    async fn next(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if self.done {
            return Ok(None);
        }
        let (store, from, size) = (&self.services.store, self.at, self.newest.size);
        let entries = store.audit_entries_from(from, size, limits::AUDIT_EXPORT_ROWS).await?;
        let to = entries.last().map_or(size, |last| last.sequence + 1);
        let mut checkpoints = store.checkpoints(from, to).await?.into_iter().peekable();
        let mut lines = Vec::new();
        for entry in entries {
            let hash = tree::leaf_hash(entry.text.as_bytes());
            let reason = entry.reason.as_ref().map(|(salt, text)| (salt.as_slice(), text.clone()));
            lines.extend(export::written(&EntryLine::new(u64::try_from(entry.sequence)?, entry.text, &hash, reason))?);
            while let Some(signed) = checkpoints.next_if(|signed| signed.size <= entry.sequence + 1) {
                // The newest is written at the end, as it was when the export began.
                if signed.size < size {
                    lines.extend(self.signed(signed.note)?);
                }
            }
        }
        self.at = to;
        if to >= size {
            self.done = true;
            lines.extend(self.signed(self.newest.note.clone())?);
        }
        Ok(Some(lines))
    }

    fn signed(&mut self, note: String) -> anyhow::Result<Vec<u8>> {
        let line = CheckpointLine { checkpoint: self.checkpoints, note };
        self.checkpoints += 1;
        Ok(export::written(&line)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_beyond_those_of_a_minute_are_counted_and_told_in_the_next() {
        let mut denials = Denials::default();
        let now = Micros(600 * SECOND);
        for _ in 0..limits::AUDIT_DENIALS_PER_MINUTE {
            assert_eq!(denials.admit(now), Some(0));
        }
        for _ in 0..5 {
            assert_eq!(denials.admit(Micros(now.0 + 59 * SECOND)), None);
        }
        assert_eq!(denials.admit(Micros(now.0 + 60 * SECOND)), Some(5));
        assert_eq!(denials.admit(Micros(now.0 + 61 * SECOND)), Some(0));
    }
}
