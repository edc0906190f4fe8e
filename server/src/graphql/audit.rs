//! The audit log, for auditors: entries, checkpoints and proofs.
//! Never: an entry in other words than those of its leaf; only a reason comes from beside it.

use super::{
    directive::Role,
    guard::{Guarded, guarded},
    page::{Connection, Page, PageArgs, wants},
    request, rules,
    scalars::{DateTime, Json, int},
    words::{AuditActivity, AuditCategory},
};
use crate::{
    error::ServiceError,
    service::audit::{AuditFilter, StoredCheckpoint, StoredEntry},
};
use async_graphql::{Context, ID, Object, SimpleObject};
use vizard_core::{
    audit::{self, Hash, tree::leaf_hash},
    limits,
    problem::ProblemCode,
};

/// What somebody did: it cannot be changed or removed, and auditors can prove that it was not.
pub struct AuditEntry(pub(super) StoredEntry);

/// What somebody did: it cannot be changed or removed, and auditors can prove that it was not.
#[Object]
impl AuditEntry {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its place in the log, from 0, without gaps.
    async fn sequence(&self) -> i32 {
        int(self.0.sequence)
    }

    /// When.
    async fn at(&self) -> DateTime {
        DateTime(self.0.at)
    }

    /// Who: the id of the sign-in, `system`, `operator` (at the machine itself) or `anonymous`.
    async fn actor(&self) -> &str {
        &self.0.leaf.actor
    }

    /// The roles that the actor held then.
    async fn roles(&self) -> Vec<Role> {
        self.0.leaf.roles.iter().copied().map(Into::into).collect()
    }

    /// What was done.
    async fn activity(&self) -> AuditActivity {
        self.0.leaf.activity.into()
    }

    /// To what kind of thing.
    async fn category(&self) -> AuditCategory {
        self.0.leaf.category.into()
    }

    /// To which one: an id, or a name such as `settings` or `Mutation.createPolicy`.
    async fn object(&self) -> Option<&str> {
        Some(self.0.leaf.object.as_str()).filter(|object| !object.is_empty())
    }

    /// Why, as it was written; null where no reason was asked for, or it was erased.
    async fn reason(&self) -> Option<&str> {
        self.0.reason.as_ref().map(|(_, text)| text.as_str())
    }

    /// What was there before, where one value took the place of another.
    async fn before(&self) -> Option<Json<serde_json::Value>> {
        self.0.leaf.before.clone().map(Json)
    }

    /// What is there now, where one value took the place of another.
    async fn after(&self) -> Option<Json<serde_json::Value>> {
        self.0.leaf.after.clone().map(Json)
    }

    /// What else there is to say; the keys go by the activity and the object.
    async fn detail(&self) -> Option<Json<serde_json::Value>> {
        Some(self.0.leaf.detail.clone()).filter(|detail| !detail.is_null()).map(Json)
    }

    /// The bytes that the tree binds: the entry as canonical JSON (RFC 8785), with a commitment in place of the reason.
    async fn leaf(&self) -> &str {
        &self.0.text
    }

    /// SHA-256(0x00 || leaf), in base64 (RFC 4648, section 4).
    async fn leaf_hash(&self) -> String {
        audit::base64(&leaf_hash(self.0.text.as_bytes()))
    }
}

/// A signed tree head: an auditor keeps it and later proves that nothing before it changed.
#[derive(SimpleObject)]
pub struct AuditCheckpoint {
    /// Entries that it covers.
    size: i32,
    /// The root of the tree over them (RFC 6962), in base64 (RFC 4648, section 4).
    root_hash: String,
    /// When it was signed. The log is signed again at least every minute, so that silence can be told from a standstill.
    at: DateTime,
    /// The signed note (C2SP signed-note, tlog-checkpoint), as a text of six lines. `vizard audit key` prints the key.
    note: String,
}

impl From<StoredCheckpoint> for AuditCheckpoint {
    fn from(stored: StoredCheckpoint) -> Self {
        let StoredCheckpoint { size, root, at, note } = stored;
        Self { size: int(size), root_hash: audit::base64(&root), at: DateTime(at), note }
    }
}

/// The part of the root about the audit log.
#[derive(Default)]
pub struct AuditQuery;

#[Object]
impl AuditQuery {
    /// What was done by whom, the newest first, once it has its place in the log (250 ms). Reading is an entry too, one a
    /// request.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the contract")]
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only these.")] activity: Option<Vec<AuditActivity>>,
        #[graphql(desc = "Only of this actor.")] actor: Option<String>,
        #[graphql(desc = "Only from this instant on.")] from: Option<DateTime>,
        #[graphql(desc = "Only before this instant.")] to: Option<DateTime>,
    ) -> Guarded<Connection<AuditEntry>, rules::QueryAuditLog> {
        guarded(ctx, async |permit| {
            let page = Page::asked("audit", PageArgs { first, after, ..PageArgs::default() })?;
            if actor.as_ref().is_some_and(|actor| actor.chars().count() > limits::NAME_CHARS) {
                let message = format!("At most {} characters.", limits::NAME_CHARS);
                return Err(ServiceError::invalid(&["actor"], ProblemCode::LimitExceeded, message));
            }
            let activities = activity.unwrap_or_default().into_iter().map(Into::into).collect();
            let filter = AuditFilter { activities, actor, from: from.map(|at| at.0), to: to.map(|at| at.0) };
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.audit_log(&permit, request::looks(ctx)?, &filter, &slice).await?;
            let key = |entry: &StoredEntry| (entry.sequence, entry.id.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, AuditEntry))
        })
        .await
    }

    /// The newest checkpoint.
    async fn audit_checkpoint(&self, ctx: &Context<'_>) -> Guarded<AuditCheckpoint, rules::QueryAuditCheckpoint> {
        guarded(ctx, async |permit| {
            let found = request::services(ctx)?.audit_checkpoint(&permit).await?;
            Ok::<_, ServiceError>(found.map(AuditCheckpoint::from))
        })
        .await
    }

    /// The hashes that lead from an entry's `leafHash` to the root of the tree of this size (RFC 6962, section 2.1.1), each
    /// in base64.
    async fn audit_inclusion_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The entry's place.")] sequence: i32,
        #[graphql(desc = "Of a checkpoint, or any smaller.")] tree_size: i32,
    ) -> Guarded<Vec<String>, rules::QueryAuditInclusionProof> {
        guarded(ctx, async |permit| {
            let (sequence, size) = (place(sequence, "sequence")?, place(tree_size, "treeSize")?);
            let proof = request::services(ctx)?.prove_inclusion(&permit, sequence, size).await?;
            Ok::<_, ServiceError>(written(&proof))
        })
        .await
    }

    /// The hashes that prove that the log of one size is the beginning of the log of another (RFC 6962, section 2.1.2), each
    /// in base64. Empty where both are the same.
    async fn audit_consistency_proof(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of the checkpoint that was kept, at least 1.")] from_size: i32,
        #[graphql(desc = "Of a newer checkpoint.")] to_size: i32,
    ) -> Guarded<Vec<String>, rules::QueryAuditConsistencyProof> {
        guarded(ctx, async |permit| {
            let (from, to) = (place(from_size, "fromSize")?, place(to_size, "toSize")?);
            let proof = request::services(ctx)?.prove_consistency(&permit, from, to).await?;
            Ok::<_, ServiceError>(written(&proof))
        })
        .await
    }
}

fn place(given: i32, field: &str) -> Result<u64, ServiceError> {
    u64::try_from(given)
        .map_err(|_| ServiceError::invalid(&[field], ProblemCode::Invalid, "Places and sizes are not negative."))
}

fn written(proof: &[Hash]) -> Vec<String> {
    proof.iter().map(|hash| audit::base64(hash)).collect()
}
