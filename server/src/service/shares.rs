//! Shares: one case for HR or legal, for a time, without an account.
//! Never: a token kept, logged or shown twice; a share that shows more than who shared may see.

use super::{
    Services,
    alerts::{invalid, not_found, required},
};
pub(crate) use crate::store::StoredShare;
use crate::{
    error::ServiceError,
    permit::{Permit, Sight, Viewer},
    store::{Entry, NewNote, Shared},
};
use std::collections::BTreeMap;
use vizard_core::{
    access::{
        Action, Resource,
        share::{self, ShareAudience, ShareSection},
    },
    audit::{AuditActivity, AuditCategory},
    case::LeftToOthers,
    consultation::Question,
    ids::{CaseId, ConsultationId, ShareId},
    limits,
    problem::{Problem, ProblemCode},
    time::{HOUR, Micros},
};

/// What every share token begins with, so that it is told apart from a sign-in's at first sight.
pub const SHARE_TOKEN_PREFIX: &str = "vzs_";

/// A share as it is asked for.
#[derive(Clone, Debug)]
pub struct ShareAsked {
    /// Which case; `None` where a viewer's text is no case's id.
    pub case: Option<CaseId>,
    /// For whom.
    pub audience: ShareAudience,
    /// Who exactly, in the sharer's words.
    pub recipient: String,
    /// What is opened.
    pub sections: Vec<ShareSection>,
    /// Whether the identity is shown, as long as it is revealed to the sharer.
    pub identity: bool,
    /// For how long.
    pub hours: i32,
    /// Why.
    pub reason: String,
}

impl Services {
    /// Shares a case; answers with the share and its token, which exists nowhere else.
    pub(crate) async fn share_case(
        &self,
        permit: &Permit,
        asked: ShareAsked,
    ) -> Result<(StoredShare, String), ServiceError> {
        let viewer = permit.require(Resource::Shares, Action::Change)?;
        self.open_share(viewer, &permit.sight(), asked, None).await
    }

    /// The link that opens a share's page. What stands behind `#` is sent to no server by a browser, so it is in no log on the way.
    pub(crate) fn share_link(&self, token: &str) -> String {
        format!("{}/share#{token}", self.settings.public_url)
    }

    /// Makes a share, with a question where there is one.
    pub(super) async fn open_share(
        &self,
        viewer: &Viewer,
        sight: &Sight,
        asked: ShareAsked,
        question: Option<(ConsultationId, &Question)>,
    ) -> Result<(StoredShare, String), ServiceError> {
        let reason = required(&asked.reason, &["input", "reason"], "Say why the case is shared.")?.to_owned();
        let problems = share::check(&asked.sections, asked.hours, &asked.recipient, question.is_some());
        if !problems.is_empty() {
            return Err(ServiceError::Invalid(problems));
        }
        let unknown = || invalid(not_found("case").within(&["input", "caseId"]));
        let case = asked.case.ok_or_else(unknown)?;
        let mut sections = asked.sections;
        sections.sort_unstable();
        sections.dedup();
        let token = self.ids.token(SHARE_TOKEN_PREFIX);
        let id = self.ids.draw(ShareId::new);
        let until = |now: Micros| Micros(now.0.saturating_add(i64::from(asked.hours) * HOUR));
        let shared = self.store.share_case(
            (sight, viewer),
            (case, asked.identity),
            (&token, question),
            &self.clock,
            |_, reveal, now| {
                let stored = StoredShare {
                    id,
                    case,
                    reveal: reveal.map(|reveal| reveal.id),
                    audience: asked.audience,
                    recipient: asked.recipient.trim().to_owned(),
                    sections: sections.clone(),
                    reason: reason.clone(),
                    created_by: viewer.id.clone(),
                    creator: viewer.name.clone(),
                    created_at: now,
                    expires_at: until(now),
                    revoked_at: None,
                    last_used_at: None,
                    uses: 0,
                };
                let detail = serde_json::json!({
                    "case": case, "audience": asked.audience, "sections": sections, "identity": asked.identity,
                    "expiresAt": stored.expires_at, "consultation": question.map(|(id, _)| id),
                });
                let entry =
                    Entry::by(viewer, AuditActivity::Shared, AuditCategory::Shares, id, &detail).reason(&reason);
                let with = if asked.identity { "with identity" } else { "masked" };
                let what = if question.is_some() { "Asked" } else { "Shared with" };
                let body = format!("{what} {}, {with}, for {} hours.", asked.audience, asked.hours);
                (stored, NewNote { author: viewer.name.clone().into(), system: true, body: body.into() }, entry)
            },
        );
        match shared.await? {
            Shared::Done(stored) => Ok((*stored, token)),
            Shared::NoCase => Err(unknown()),
            Shared::TooMany => {
                let message = format!("A case has at most {} shares.", limits::CASE_SHARES);
                Err(invalid(Problem::new(&["input", "caseId"], ProblemCode::LimitExceeded, message)))
            }
            Shared::Limited => Err(invalid(LeftToOthers::ShareEvidence.problem(&["input", "sections"]))),
            Shared::NotRevealed => {
                let message = "The identity is not revealed to you in this case: request a reveal, or share it masked.";
                Err(invalid(Problem::new(&["input", "includeIdentity"], ProblemCode::NotAllowed, message)))
            }
        }
    }

    /// Takes a share back.
    pub(crate) async fn revoke_share(
        &self,
        permit: &Permit,
        id: Option<ShareId>,
        reason: &str,
    ) -> Result<StoredShare, ServiceError> {
        let viewer = permit.require(Resource::ShareRevocations, Action::Change)?;
        let reason = required(reason, &["input", "reason"], "Say why the share is revoked.")?;
        let field = ["input", "shareId"];
        let unknown = || invalid(not_found("share").within(&field));
        let id = id.ok_or_else(unknown)?;
        if !self.store.shares_by_id(&permit.sight(), &[id]).await?.contains_key(&id) {
            return Err(unknown());
        }
        let note = NewNote { author: viewer.name.as_str().into(), system: true, body: "Share revoked.".into() };
        let entry = Entry::by(viewer, AuditActivity::ShareRevoked, AuditCategory::Shares, id, &serde_json::json!({}))
            .reason(reason);
        if !self.store.revoke_share(id, &note, entry, &self.clock).await? {
            return Err(invalid(Problem::new(&field, ProblemCode::Conflict, "The share was revoked already.")));
        }
        self.store.shares_by_id(&permit.sight(), &[id]).await?.remove(&id).ok_or(ServiceError::NotFound)
    }

    /// Shares by id, those of cases in sight; the holder of a share finds their own.
    pub(crate) async fn shares_by_id(
        &self,
        permit: &Permit,
        ids: &[ShareId],
    ) -> Result<BTreeMap<ShareId, StoredShare>, ServiceError> {
        match &permit.viewer().share {
            Some(share) if ids == [share.id] => permit.require(Resource::CaseHeaders, Action::Read)?,
            _ => permit.require(Resource::Shares, Action::Read)?,
        };
        Ok(self.store.shares_by_id(&permit.sight(), ids).await?)
    }

    /// The shares of cases, the newest first.
    pub(crate) async fn case_shares(
        &self,
        permit: &Permit,
        ids: &[CaseId],
    ) -> Result<BTreeMap<CaseId, Vec<StoredShare>>, ServiceError> {
        permit.require(Resource::Shares, Action::Read)?;
        Ok(self.store.case_shares(ids).await?)
    }
}
