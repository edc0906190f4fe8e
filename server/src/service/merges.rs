//! One person with many accounts: who may be one, said by whoever knows, and taken back the same way.
//! Never: a merge without a reason, of somebody out of sight, or by whoever contributes to a case about either; a merge that
//! leaves a reveal open.

use super::{
    Services,
    alerts::{invalid, not_found, required},
    reveals,
};
pub(crate) use crate::store::{MergeSuggestion, MergedPart};
use crate::{
    error::ServiceError,
    permit::{Permit, Viewer},
    store::{Entry, Joined, MergeRecord, NewNote, StoredSubject},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case::LeftToOthers,
    event::NormalisedIdentifier,
    ids::SubjectId,
    limits,
    problem::{Problem, ProblemCode},
    reveal::Reveal,
    subject,
};

const WHY_ONE: &str = "Say how it is known that they are one person.";
const WHY_TWO: &str = "Say how it is known that they are two people.";
const MERGED: &str = "The subject was merged with another that is the same person. Reveals in this case have ended: consent was \
                      given to one identity, not to both.";
const SPLIT: &str = "A part of the subject was split off: it is another person. Reveals in this case have ended.";

/// A subject, as the database knows it and as viewers do.
#[derive(Clone, Copy)]
struct Named {
    id: SubjectId,
    label: SubjectId,
}

impl Services {
    /// Makes one subject a part of another; answers with the one that is kept.
    pub(crate) async fn merge_subjects(
        &self,
        permit: &Permit,
        [kept, part]: [Option<SubjectId>; 2],
        reason: &str,
    ) -> Result<StoredSubject, ServiceError> {
        let viewer = permit.require(Resource::Merges, Action::Change)?;
        let reason = required(reason, &["input", "reason"], WHY_ONE)?;
        let kept = self.queued(permit, kept, "keepId").await?;
        let part = self.queued(permit, part, "mergeId").await?;
        self.leave_to_others(permit, [kept.id, part.id], "keepId").await?;
        self.merge(viewer, [kept, part], reason, &["input", "mergeId"]).await?;
        self.store.subject_by_label(&permit.sight(), kept.label).await?.ok_or(ServiceError::NotFound)
    }

    /// The same for accounts: the subject that has `account` becomes a part of the one that has `same_as`.
    pub async fn merge_accounts(
        &self,
        permit: &Permit,
        [account, same_as]: [&str; 2],
        reason: &str,
    ) -> Result<(), ServiceError> {
        let viewer = permit.require(Resource::Merges, Action::Change)?;
        let reason = required(reason, &["reason"], WHY_ONE)?;
        let ((kept, _), (part, _)) = (self.holder(same_as, "same-as").await?, self.holder(account, "account").await?);
        let [kept, part] = [kept, part].map(|id| Named { id, label: id });
        self.merge(viewer, [kept, part], reason, &["account"]).await
    }

    /// Takes a part off the subject that it was merged into; answers with the subject, and with the part, which is a subject of
    /// its own again.
    pub(crate) async fn split_subject(
        &self,
        permit: &Permit,
        part: Option<SubjectId>,
        reason: &str,
    ) -> Result<[StoredSubject; 2], ServiceError> {
        let viewer = permit.require(Resource::Merges, Action::Change)?;
        let reason = required(reason, &["input", "reason"], WHY_TWO)?;
        let unknown = || invalid(not_found("merged subject").within(&["input", "mergedId"]));
        let label = part.ok_or_else(unknown)?;
        let (kept, id) = self.store.part_by_label(label).await?.ok_or_else(unknown)?;
        // Out of sight is not there.
        let whole = self.store.subject_by_label(&permit.sight(), label).await?.ok_or_else(unknown)?;
        self.leave_to_others(permit, [kept, kept], "mergedId").await?;
        let kept = Named { id: kept, label: whole.label };
        self.split(viewer, [kept, Named { id, label }], reason, &["input", "mergedId"]).await?;
        let kept = self.store.subject_by_label(&permit.sight(), whole.label).await?.ok_or(ServiceError::NotFound)?;
        let part = self.store.subject_by_label(&permit.sight(), label).await?.ok_or(ServiceError::NotFound)?;
        Ok([kept, part])
    }

    /// The same for an account: the part that it came with is split off.
    pub async fn split_account(&self, permit: &Permit, account: &str, reason: &str) -> Result<(), ServiceError> {
        let viewer = permit.require(Resource::Merges, Action::Change)?;
        let reason = required(reason, &["reason"], WHY_TWO)?;
        let (kept, part) = self.holder(account, "account").await?;
        if kept == part {
            let message = "This account is no part of anything: nothing was merged into another subject with it.";
            return Err(invalid(Problem::new(&["account"], ProblemCode::NotFound, message)));
        }
        self.split(viewer, [kept, part].map(|id| Named { id, label: id }), reason, &["account"]).await
    }

    /// Pairs that may be one person, the strongest reason first, at most `first`.
    pub(crate) async fn merge_suggestions(
        &self,
        permit: &Permit,
        first: usize,
    ) -> Result<Vec<MergeSuggestion>, ServiceError> {
        permit.require(Resource::Merges, Action::Read)?;
        Ok(self.store.merge_suggestions(&permit.sight(), first.min(limits::SHOWN_SUGGESTIONS)).await?)
    }

    /// Settles a suggestion: they are two people.
    pub(crate) async fn dismiss_merge_suggestion(
        &self,
        permit: &Permit,
        of: [Option<SubjectId>; 2],
        reason: &str,
    ) -> Result<(), ServiceError> {
        let viewer = permit.require(Resource::Merges, Action::Change)?;
        let reason = required(reason, &["input", "reason"], WHY_TWO)?;
        let [first, second] = of;
        let first = self.queued(permit, first, "subjectIds").await?;
        let second = self.queued(permit, second, "subjectIds").await?;
        let detail = serde_json::json!({"notTheSameAs": second.label});
        let entry =
            Entry::by(viewer, AuditActivity::Edited, AuditCategory::Subjects, first.label, &detail).reason(reason);
        let pair = (first.id, second.id);
        if self.store.dismiss_suggestion(&permit.sight(), pair, entry, self.clock.now()).await? {
            return Ok(());
        }
        Err(invalid(not_found("suggestion of these two").within(&["input", "subjectIds"])))
    }

    /// What was merged into subjects.
    pub(crate) async fn merged_parts(
        &self,
        permit: &Permit,
        ids: &[SubjectId],
    ) -> Result<BTreeMap<SubjectId, Vec<MergedPart>>, ServiceError> {
        permit.require(Resource::Merges, Action::Read)?;
        Ok(self.store.merged_parts(ids).await?)
    }

    /// Compares all accounts for suggestions, when it is time; see `store::suggestions`.
    pub async fn compare_accounts(&self) -> anyhow::Result<Option<usize>> {
        self.store.compare_accounts(self.clock.now()).await
    }

    async fn merge(
        &self,
        viewer: &Viewer,
        [kept, part]: [Named; 2],
        reason: &str,
        field: &[&str],
    ) -> Result<(), ServiceError> {
        if kept.id == part.id {
            return Err(invalid(Problem::new(field, ProblemCode::Invalid, "They are one subject already.")));
        }
        let detail = serde_json::json!({"merged": part.label});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Subjects, kept.label, &detail);
        let ended = |reveal: &Reveal| reveals::entry(viewer, AuditActivity::RevealEnded, reveal, None);
        let record = record(viewer, entry.reason(reason), MERGED, &ended);
        let joined = self.store.merge_subjects((kept.id, part.id), record, &self.clock).await?;
        self.joined(joined, field)
    }

    async fn split(
        &self,
        viewer: &Viewer,
        [kept, part]: [Named; 2],
        reason: &str,
        field: &[&str],
    ) -> Result<(), ServiceError> {
        let detail = serde_json::json!({"split": part.label});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Subjects, kept.label, &detail);
        let ended = |reveal: &Reveal| reveals::entry(viewer, AuditActivity::RevealEnded, reveal, None);
        let record = record(viewer, entry.reason(reason), SPLIT, &ended);
        let joined = self.store.split_subject((kept.id, part.id), record, &self.clock).await?;
        self.joined(joined, field)
    }

    fn joined(&self, joined: Joined, field: &[&str]) -> Result<(), ServiceError> {
        let (code, message) = match joined {
            Joined::Done => {
                self.bell.scoring.notify_one();
                return Ok(());
            }
            Joined::Gone => {
                (ProblemCode::Conflict, "One of them was merged, split or erased meanwhile: look again.".into())
            }
            Joined::TooMany => {
                let message = format!("At most {} subjects can be merged into one.", limits::SUBJECT_PARTS);
                (ProblemCode::LimitExceeded, message)
            }
        };
        Err(invalid(Problem::new(field, code, message)))
    }

    /// A subject under its label in the queue. What a case shows under a label of its own is not told to be anybody else.
    async fn queued(&self, permit: &Permit, id: Option<SubjectId>, field: &str) -> Result<Named, ServiceError> {
        let unknown = || invalid(not_found("subject").within(&["input", field]));
        let id = id.ok_or_else(unknown)?;
        let found = self.store.subject_by_label(&permit.sight(), id).await?.ok_or_else(unknown)?;
        if found.case.is_some() || found.erased {
            return Err(unknown());
        }
        Ok(Named { id: found.id, label: found.label })
    }

    async fn leave_to_others(&self, permit: &Permit, of: [SubjectId; 2], field: &str) -> Result<(), ServiceError> {
        match self.store.limited(&permit.sight(), &BTreeSet::from(of)).await?.is_empty() {
            true => Ok(()),
            false => Err(invalid(LeftToOthers::Merge.problem(&["input", field]))),
        }
    }

    /// The subject that has an account, and the part that the account came with.
    async fn holder(&self, account: &str, field: &str) -> Result<(SubjectId, SubjectId), ServiceError> {
        let unknown = || invalid(Problem::new(&[field], ProblemCode::NotFound, "Nobody here has this account."));
        let name = account_of(account).ok_or_else(unknown)?;
        self.store.part_by_account(&name).await?.ok_or_else(unknown)
    }
}

fn record<'a>(
    viewer: &'a Viewer,
    entry: Entry,
    note: &'static str,
    ended: &'a (dyn Fn(&Reveal) -> Entry + Sync),
) -> MergeRecord<'a> {
    let note = NewNote { author: Cow::Borrowed(&viewer.name), system: true, body: Cow::Borrowed(note) };
    MergeRecord { by: &viewer.id, entry, note, ended }
}

/// An address, a sign-in name, or `scheme:value` for what looks like neither: `employee-id:4711`, `sid:S-1-5-21-…`.
fn account_of(text: &str) -> Option<NormalisedIdentifier> {
    const SCHEMES: &[&str] = &["employee-id", "sid", "object-id"];
    match text.split_once(':') {
        Some((scheme, value)) if SCHEMES.contains(&scheme.trim()) => subject::normalise(scheme, value).ok(),
        _ => subject::normalise("login", text).ok(),
    }
}
