//! Exports of cases: that there are packages, and the mutation that makes one. The packages are downloaded at `url`.
//! Never: anything of a package beyond its size and digest.

use super::{
    guard::{Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    scalars::{DateTime, int},
    user_error::{UserError, outcome},
};
use crate::{error::ServiceError, service::exports::StoredExport};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::CaseId,
};

/// A sealed evidence package of a case.
#[derive(Clone)]
pub struct CaseExport(StoredExport);

impl From<StoredExport> for CaseExport {
    fn from(stored: StoredExport) -> Self {
        Self(stored)
    }
}

/// A sealed evidence package of a case: a summary to read, the evidence as NDJSON, the chain of custody with its proofs, the
/// SHA-256 of every file and an Ed25519 signature. `vizard case verify` checks it without the server.
#[Object]
impl CaseExport {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// The name of the viewer who exported the case.
    async fn created_by(&self) -> &str {
        &self.0.creator
    }

    /// When; the package shows the case as it was then.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// The SHA-256 of the package, in hexadecimal.
    async fn sha256(&self) -> &str {
        &self.0.sha256
    }

    /// The length of the package.
    async fn bytes(&self) -> i32 {
        int(self.0.bytes)
    }

    /// Where investigators download it, from the server's root: `GET` with their bearer token; ranges are served, so that a
    /// broken download goes on. Every download is audited.
    async fn url(&self) -> String {
        format!("/exports/{}", self.0.id)
    }
}

/// The key of a case's exports.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ExportsOf(pub(super) CaseId);

impl Loader<ExportsOf> for Reader {
    type Value = Vec<StoredExport>;
    type Error = Fault;

    async fn load(&self, keys: &[ExportsOf]) -> Result<HashMap<ExportsOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Exports, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.case_exports(&permit, &ids).await?;
        Ok(found.into_iter().map(|(case, exports)| (ExportsOf(case), exports)).collect())
    }
}

/// What `exportCase` takes.
#[derive(InputObject)]
pub struct ExportCaseInput {
    /// Which case; active or closed.
    case_id: ID,
    /// Why, at most 4,000 characters. It is kept in the audit log and is not in the package.
    reason: String,
}

/// What `exportCase` answers.
#[derive(SimpleObject)]
pub struct ExportCasePayload {
    /// The export; null where something was wrong with the input.
    export: Option<CaseExport>,
    /// What was wrong with the input. Nothing was exported then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// The part of the root that exports cases.
#[derive(Default)]
pub struct ExportMutation;

#[Object]
impl ExportMutation {
    /// Makes a sealed package of a case as it is now, for a court or a lawyer. The subject stays a pseudonym in it; the content
    /// of evidence and what staff wrote is in it and may name somebody. It goes when the case goes.
    async fn export_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, and why.")] input: ExportCaseInput,
    ) -> Guarded<ExportCasePayload, rules::ExportCase> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let asked = services.export_case(&permit, input.case_id.parse().ok(), &input.reason);
            let (export, user_errors) = outcome(asked.await)?;
            Ok::<_, ServiceError>(ExportCasePayload { export: export.map(CaseExport), user_errors, warnings })
        })
        .await
    }
}
