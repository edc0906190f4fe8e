//! Cases that were opened again: `reopenCase`, and what leads from one case of a line to the next.
//! Never: through a share; it opens one case.

use super::{
    case::Case,
    guard::{Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    user_error::{UserError, outcome},
};
use crate::{error::ServiceError, service::lines::ReopenOrder};
use async_graphql::{Context, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::CaseId,
};

/// The key of the case that goes on from a case.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ReopenedAs(pub(super) CaseId);

impl Loader<ReopenedAs> for Reader {
    type Value = CaseId;
    type Error = Fault;

    async fn load(&self, keys: &[ReopenedAs]) -> Result<HashMap<ReopenedAs, CaseId>, Fault> {
        let permit = self.permit(Resource::CaseHeaders, Action::Read)?;
        let ids: Vec<CaseId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.reopened_as(&permit, &ids).await?;
        Ok(found.into_iter().map(|(old, new)| (ReopenedAs(old), new)).collect())
    }
}

/// What `reopenCase` takes.
#[derive(InputObject)]
pub struct ReopenCaseInput {
    /// A closed case that was not reopened before.
    case_id: ID,
    /// What the new case is called; as the closed one where left out. Leave the subject's name out: everybody who may see
    /// cases sees it.
    name: Option<String>,
    /// Why, at most 4,000 characters: it stands in the new case and in the audit log. Leave names out.
    reason: String,
}

/// What `reopenCase` answers.
#[derive(SimpleObject)]
pub struct ReopenCasePayload {
    /// The new case; null where something was wrong with the input.
    case: Option<Case>,
    /// What was wrong with the input: CONFLICT of a case that is active, or was reopened. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// The part of the root that opens cases again.
#[derive(Default)]
pub struct LineMutation;

#[Object]
impl LineMutation {
    /// Goes on with a closed case in a new, active one about the same subject: with its severity and its contributors, without
    /// its alerts, shares, reveals and legal hold. The closed one stays as it is; a note of the system in it names the new one.
    async fn reopen_case(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which case, and why.")] input: ReopenCaseInput,
    ) -> Guarded<ReopenCasePayload, rules::ReopenCase> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[input.name.as_deref(), Some(&input.reason)]).await?;
            let order = ReopenOrder { case: input.case_id.parse().ok(), name: input.name, reason: input.reason };
            let (case, user_errors) = outcome(services.reopen_case(&permit, order).await)?;
            Ok::<_, ServiceError>(ReopenCasePayload { case: case.map(Case::from), user_errors, warnings })
        })
        .await
    }
}
