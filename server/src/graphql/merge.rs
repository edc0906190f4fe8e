//! Subjects that are one person: what suggests it, and merging and splitting them.
//! Never: why two accounts are alike in words that tell a name; whom a case shows under a label of its own.

use super::{
    guard::{Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    scalars::DateTime,
    subject::{Subject, SubjectOf},
    user_error::{UserError, outcome},
    words::MergeReason,
};
use crate::{
    error::ServiceError,
    service::merges::{MergeSuggestion as Stored, MergedPart},
};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::SubjectId,
    limits,
    problem::{Problem, ProblemCode},
};

/// A subject that was merged into another: the same person under other accounts. Its id leads to the other.
#[derive(SimpleObject, Clone)]
pub struct MergedSubject {
    /// The id that it had; `splitSubject` takes it.
    id: ID,
    /// The pseudonym that it had.
    pseudonym: String,
    /// When it was merged.
    merged_at: DateTime,
    /// Who merged it: the id of a viewer.
    merged_by: String,
}

impl From<MergedPart> for MergedSubject {
    fn from(part: MergedPart) -> Self {
        let MergedPart { label, pseudonym, at, by } = part;
        Self { id: label.into(), pseudonym, merged_at: DateTime(at), merged_by: by }
    }
}

/// The key of what was merged into a subject.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct PartsOf(pub(super) SubjectId);

impl Loader<PartsOf> for Reader {
    type Value = Vec<MergedPart>;
    type Error = Fault;

    async fn load(&self, keys: &[PartsOf]) -> Result<HashMap<PartsOf, Vec<MergedPart>>, Fault> {
        let permit = self.permit(Resource::Merges, Action::Read)?;
        let ids: Vec<SubjectId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.merged_parts(&permit, &ids).await?;
        Ok(found.into_iter().map(|(subject, parts)| (PartsOf(subject), parts)).collect())
    }
}

/// Two subjects that may be one person.
pub struct MergeSuggestion(Stored);

/// Two subjects that may be one person with several accounts. Nothing is merged unless somebody does it.
#[Object]
impl MergeSuggestion {
    /// The two.
    async fn subjects(&self, ctx: &Context<'_>) -> Result<Vec<Subject>, Error> {
        let mut found = Vec::new();
        for id in self.0.subjects {
            found.push(request::load_known(ctx, SubjectOf(id, None)).await.map(Subject::from)?);
        }
        Ok(found)
    }

    /// What suggests it.
    async fn reason(&self) -> MergeReason {
        self.0.because.into()
    }

    /// When it was noticed first.
    async fn found_at(&self) -> DateTime {
        DateTime(self.0.found_at)
    }
}

/// The part of the root about subjects that may be one.
#[derive(Default)]
pub struct MergeQuery;

#[Object]
impl MergeQuery {
    /// Pairs of subjects that may be one person, the strongest reason first. Accounts are compared every hour; what a source
    /// puts on one record is noticed at once. Settle each with `mergeSubjects` or `dismissMergeSuggestion`, and ask again.
    async fn subject_merge_suggestions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100; 20 where left out.")] first: Option<i32>,
    ) -> Guarded<Vec<MergeSuggestion>, rules::QuerySubjectMergeSuggestions> {
        guarded(ctx, async |permit| {
            let most = limits::SHOWN_SUGGESTIONS;
            let first = usize::try_from(first.unwrap_or(20)).ok().filter(|first| *first <= most);
            let Some(first) = first else {
                let message = format!("`first` is a number from 0 to {most}.");
                return Err(ServiceError::Invalid(vec![Problem::new(&["first"], ProblemCode::Invalid, message)]));
            };
            let found = request::services(ctx)?.merge_suggestions(&permit, first).await?;
            Ok(found.into_iter().map(MergeSuggestion).collect::<Vec<_>>())
        })
        .await
    }
}

/// What `mergeSubjects` takes.
#[derive(InputObject)]
pub struct MergeSubjectsInput {
    /// The subject that is kept: its pseudonym and id stay.
    keep_id: ID,
    /// The subject that becomes a part of it: its id leads to the kept one from then on.
    merge_id: ID,
    /// How it is known that they are one person, at most 4,000 characters. Kept in the audit log; leave names out.
    reason: String,
}

/// What `mergeSubjects` answers.
#[derive(SimpleObject)]
pub struct MergeSubjectsPayload {
    /// The subject that was kept; null where something was wrong with the input.
    subject: Option<Subject>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `splitSubject` takes.
#[derive(InputObject)]
pub struct SplitSubjectInput {
    /// Which part: the id of a `MergedSubject`.
    merged_id: ID,
    /// How it is known that they are two people, at most 4,000 characters. Kept in the audit log; leave names out.
    reason: String,
}

/// What `splitSubject` answers.
#[derive(SimpleObject)]
pub struct SplitSubjectPayload {
    /// The subject that it was split off; null where something was wrong with the input.
    subject: Option<Subject>,
    /// The part, which is a subject of its own again; null where something was wrong with the input.
    split: Option<Subject>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// What `dismissMergeSuggestion` takes.
#[derive(InputObject)]
pub struct DismissMergeSuggestionInput {
    /// The two subjects of the suggestion.
    subject_ids: Vec<ID>,
    /// How it is known that they are two people, at most 4,000 characters. Kept in the audit log; leave names out.
    reason: String,
}

/// What `dismissMergeSuggestion` answers.
#[derive(SimpleObject)]
pub struct DismissMergeSuggestionPayload {
    /// Whether the suggestion is settled.
    dismissed: bool,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// The part of the root that merges and splits subjects.
#[derive(Default)]
pub struct MergeMutation;

#[Object]
impl MergeMutation {
    /// Makes one subject a part of another, because they are one person with several accounts. Everything about it is about the
    /// kept one from then on, which is scored from all of it. Live reveals of both end, since consent was given to one
    /// identity. Alerts that wait go on waiting: of two of one policy the
    /// older follows the score from then on. `splitSubject` takes it back.
    async fn merge_subjects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which two, and why.")] input: MergeSubjectsInput,
    ) -> Guarded<MergeSubjectsPayload, rules::MergeSubjects> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let ids = [input.keep_id.parse().ok(), input.merge_id.parse().ok()];
            let (kept, user_errors) = outcome(services.merge_subjects(&permit, ids, &input.reason).await)?;
            Ok::<_, ServiceError>(MergeSubjectsPayload { subject: kept.map(Subject::from), user_errors, warnings })
        })
        .await
    }

    /// Takes a part off a subject again: what came with the part before it was merged, and what came in under its accounts
    /// since. Cases and alerts that were made about both together stay with the kept subject; alerts go with their case. Live
    /// reveals end.
    async fn split_subject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which part, and why.")] input: SplitSubjectInput,
    ) -> Guarded<SplitSubjectPayload, rules::SplitSubject> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let split = services.split_subject(&permit, input.merged_id.parse().ok(), &input.reason).await;
            let (apart, user_errors) = outcome(split)?;
            let (subject, split) = apart.map(|[kept, part]| (Subject::from(kept), Subject::from(part))).unzip();
            Ok::<_, ServiceError>(SplitSubjectPayload { subject, split, user_errors, warnings })
        })
        .await
    }

    /// Says of a suggestion that they are two people: it is not suggested again.
    async fn dismiss_merge_suggestion(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: DismissMergeSuggestionInput,
    ) -> Guarded<DismissMergeSuggestionPayload, rules::DismissMergeSuggestion> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[Some(&input.reason)]).await?;
            let dismissed = match input.subject_ids.as_slice() {
                [one, other] => {
                    let ids = [one, other].map(|id| id.parse().ok());
                    services.dismiss_merge_suggestion(&permit, ids, &input.reason).await
                }
                _ => {
                    let message = "Name the two subjects of the suggestion.";
                    Err(ServiceError::Invalid(vec![Problem::new(
                        &["input", "subjectIds"],
                        ProblemCode::Invalid,
                        message,
                    )]))
                }
            };
            let (done, user_errors) = outcome(dismissed)?;
            Ok::<_, ServiceError>(DismissMergeSuggestionPayload { dismissed: done.is_some(), user_errors, warnings })
        })
        .await
    }
}
