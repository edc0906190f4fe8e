//! Exports of cases: made by an investigator for a reason, downloaded under audit, gone with the case.
//! Never: a byte of a package before the entry about it is durable; a package of a case that the viewer may not see.

use super::{
    Services,
    alerts::{invalid, not_found, required},
    audit::Lines,
};
pub(crate) use crate::store::StoredExport;
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, Exported, NewExport, NewNote, OpenPackage},
};
use futures_util::stream::{self, StreamExt as _};
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case::LeftToOthers,
    ids::{CaseId, ExportId},
    limits,
    problem::{Problem, ProblemCode},
};

/// What is known of a package before it is read.
pub struct Package {
    /// Which.
    pub id: ExportId,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

/// Hands packages to whoever may have them.
#[async_trait::async_trait]
pub trait Packages: Send + Sync {
    /// The package of this id, where there is one and its case is in sight.
    ///
    /// # Errors
    /// `NotFound` otherwise; `LeftToOthers` for whoever contributes to a case about its subject; where the permit is another,
    /// or the database fails.
    async fn find(&self, permit: &Permit, id: &str) -> Result<Package, ServiceError>;

    /// Bytes of it, in parts. That they are read is audited first.
    ///
    /// # Errors
    /// As `find`.
    async fn read(&self, permit: &Permit, package: &Package, range: Range<u64>) -> Result<Lines, ServiceError>;
}

#[async_trait::async_trait]
impl Packages for Services {
    async fn find(&self, permit: &Permit, id: &str) -> Result<Package, ServiceError> {
        let id = id.parse().map_err(|_| ServiceError::NotFound)?;
        let StoredExport { id, bytes, sha256, .. } = self.packaged(permit, id).await?;
        Ok(Package { id, bytes, sha256 })
    }

    async fn read(&self, permit: &Permit, package: &Package, range: Range<u64>) -> Result<Lines, ServiceError> {
        let stored = self.packaged(permit, package.id).await?;
        let detail = json!({"case": stored.case, "from": range.start, "to": range.end, "bytes": stored.bytes});
        let (activity, category) = (AuditActivity::Exported, AuditCategory::Cases);
        let entry = Entry::by(permit.viewer(), activity, category, stored.id, &detail);
        let open = self.store.open_export(&stored, entry, self.clock.now()).await?;
        self.bell.audit.notify_one();
        Ok(stream::try_unfold((open, range), async |(open, left)| part(open, left).await).boxed())
    }
}

/// What of a range lies in its first piece, and the rest.
async fn part(open: OpenPackage, left: Range<u64>) -> anyhow::Result<Option<(Vec<u8>, (OpenPackage, Range<u64>))>> {
    if left.is_empty() {
        return Ok(None);
    }
    let piece = open.piece(left.start).await?;
    let from = usize::try_from(left.start - piece.at)?;
    let to = usize::try_from(left.end - piece.at)?.min(piece.bytes.len());
    let bytes = piece.bytes.get(from..to).filter(|bytes| !bytes.is_empty()).map(<[u8]>::to_vec);
    let bytes = bytes.ok_or_else(|| anyhow::anyhow!("the package is gone"))?;
    let next = left.start + bytes.len() as u64;
    Ok(Some((bytes, (open, next..left.end))))
}

impl Services {
    async fn packaged(&self, permit: &Permit, id: ExportId) -> Result<StoredExport, ServiceError> {
        permit.require(Resource::ExportPackages, Action::Read)?;
        let sight = permit.sight();
        let found = self.store.export_by_id(&sight, id).await?.ok_or(ServiceError::NotFound)?;
        if self.store.limited(&sight, &BTreeSet::from([found.subject])).await?.is_empty() {
            return Ok(found);
        }
        Err(ServiceError::LeftToOthers(LeftToOthers::Export.sentence()))
    }

    /// Makes a package of a case as it is now.
    pub(crate) async fn export_case(
        &self,
        permit: &Permit,
        case: Option<CaseId>,
        reason: &str,
    ) -> Result<StoredExport, ServiceError> {
        let viewer = permit.require(Resource::Exports, Action::Change)?;
        let reason = required(reason, &["input", "reason"], "Say why the case is exported.")?;
        let field = ["input", "caseId"];
        let unknown = || invalid(not_found("case").within(&field));
        let case = case.ok_or_else(unknown)?;
        let busy = |_| ServiceError::TooBusy { retry_after_seconds: limits::RETRY_AFTER_SECONDS };
        let _one = self.exporting.try_acquire().map_err(busy)?;
        // What happened up to now has its place, so that the package can prove it.
        self.sequence_audit_fully().await?;
        let id = self.ids.draw(ExportId::new);
        let new = NewExport { id, case, viewer, key: &self.log.key, now: self.clock.now() };
        let note =
            NewNote { author: viewer.name.as_str().into(), system: true, body: "Exported as a sealed package.".into() };
        let entry = |made: &StoredExport| {
            let detail = json!({"export": made.id, "sha256": made.sha256, "bytes": made.bytes});
            Entry::by(viewer, AuditActivity::Exported, AuditCategory::Cases, case, &detail).reason(reason)
        };
        let refused = |code, message: String| Err(invalid(Problem::new(&field, code, message)));
        match self.store.export_case(&permit.sight(), new, entry, &note).await? {
            Exported::Done(made) => {
                self.bell.audit.notify_one();
                Ok(made)
            }
            Exported::NoCase => Err(unknown()),
            Exported::Limited => Err(invalid(LeftToOthers::Export.problem(&field))),
            Exported::Erased => {
                let message = "The person whom this case is about was erased: there is nothing left to export.";
                refused(ProblemCode::NotAllowed, message.to_owned())
            }
            Exported::TooMany => {
                let message = format!("A case has at most {} exports: use one that there is.", limits::CASE_EXPORTS);
                refused(ProblemCode::LimitExceeded, message)
            }
            Exported::TooLarge => {
                let message = format!("The package would be larger than {} MiB.", limits::EXPORT_BYTES >> 20);
                refused(ProblemCode::LimitExceeded, message)
            }
        }
    }

    /// The exports of cases, the newest first.
    pub(crate) async fn case_exports(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, Vec<StoredExport>>, ServiceError> {
        permit.require(Resource::Exports, Action::Read)?;
        Ok(self.store.case_exports(ids).await?)
    }

    /// An export, where its case is in sight.
    pub(crate) async fn export(&self, permit: &Permit, id: ExportId) -> Result<Option<StoredExport>, ServiceError> {
        permit.require(Resource::Exports, Action::Read)?;
        Ok(self.store.export_by_id(&permit.sight(), id).await?)
    }
}
