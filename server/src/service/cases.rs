//! Cases, as they are read. They come from confirmed alerts (`service::alerts`).
//! Never: a case whose existence a viewer may not know.

use super::Services;
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Page, Slice, StoredCase, StoredNote},
};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    case::CaseStatus,
    ids::CaseId,
    time::Micros,
};

impl Services {
    /// Cases, the newest first.
    pub(crate) async fn cases(
        &self,
        permit: &Permit,
        status: Option<CaseStatus>,
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredCase>, ServiceError> {
        permit.require(Resource::Cases, Action::Read)?;
        Ok(self.store.cases(status, slice).await?)
    }

    /// Cases by id, those that exist.
    pub(crate) async fn cases_by_id(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, StoredCase>, ServiceError> {
        permit.require(Resource::Cases, Action::Read)?;
        Ok(self.store.cases_by_id(ids).await?)
    }

    /// Notes on cases, the oldest first.
    pub(crate) async fn case_notes(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<Uuid, Vec<StoredNote>>, ServiceError> {
        permit.require(Resource::Cases, Action::Read)?;
        Ok(self.store.case_notes(ids).await?)
    }
}
