//! Tuning a policy from an alert: what it would have done, and doing it.
//! Never: names anybody; the effect is counts, and the score of the subject that the alert shows anyway.

use super::{
    alert::{Alert, standing},
    guard::{Guarded, guarded},
    overview::SeverityCount,
    page::wants,
    policy::{Policy, PolicyIndicator, ThresholdsInput},
    request, rules,
    scalars::{DateTime, int},
    user_error::{UserError, outcome},
    words::{DismissReason, Severity},
};
use crate::{
    error::ServiceError,
    service::tuning::{self, Tuning, TuningEffect},
};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use vizard_core::{limits, policy};

/// What becomes of an indicator.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "policy::TuningChange")]
pub enum TuningChange {
    /// It takes the recommended daily counts.
    Recommended,
    /// It takes the counts in `thresholds`.
    Own,
    /// It counts no more under the policy.
    Stop,
}

/// What `tuneIndicator` and `tuningPreview` take.
#[derive(InputObject)]
pub struct TuneIndicatorInput {
    /// The alert whose policy is tuned.
    alert_id: ID,
    /// The code of an indicator of that policy.
    code: String,
    /// What becomes of it.
    change: TuningChange,
    /// The daily counts, for OWN.
    thresholds: Option<ThresholdsInput>,
    /// The version of the policy that you saw: where it is no longer the newest, nothing is changed.
    policy_version: i32,
    /// Dismisses the alert in the same step, for this reason. Left out: the alert stays as it is.
    dismiss: Option<DismissReason>,
    /// More about it, at most 4,000 characters. Kept as a note on the alert and in the audit log; leave names out.
    note: Option<String>,
}

impl From<TuneIndicatorInput> for Tuning {
    fn from(input: TuneIndicatorInput) -> Self {
        let counts = |ThresholdsInput { low, medium, high }| policy::ThresholdCounts { low, medium, high };
        Self {
            alert: input.alert_id.parse().ok(),
            code: input.code,
            change: input.change.into(),
            thresholds: input.thresholds.map(counts),
            policy_version: input.policy_version,
            dismiss: input.dismiss.map(Into::into),
            note: input.note,
        }
    }
}

/// What a tuning changes: counts of subjects whom the viewer may see, without anybody's name.
#[derive(SimpleObject)]
pub struct TuningPreview {
    /// The indicator as the policy uses it.
    current: PolicyIndicator,
    /// The indicator as it would use it; null where it stops.
    proposed: Option<PolicyIndicator>,
    /// The newest versions of the policy that changed this indicator, up to 20, the newest first.
    earlier_edits: Vec<IndicatorEdit>,
    /// Days that were looked at, today included.
    days: i32,
    /// Subjects whose activity was looked at, up to 2,000.
    subjects: i32,
    /// Whether these are all whom the policy covers and the viewer may see.
    complete: bool,
    /// Alerts about them that the policy as it is would have raised in these days, by their highest severity, all three.
    alerts_before: Vec<SeverityCount>,
    /// The same, had the change been made before.
    alerts_after: Vec<SeverityCount>,
    /// What the alert's subject scores now under the policy with the change, 0–100; null where it is not scored under it.
    this_alert_score_after: Option<f64>,
}

/// A version of a policy that changed an indicator.
#[derive(SimpleObject)]
pub struct IndicatorEdit {
    /// The version that it made.
    version: i32,
    /// When.
    at: DateTime,
    /// The id of the viewer who made it.
    by: String,
    /// As the policy used it before; null where it did not.
    from: Option<PolicyIndicator>,
    /// As the policy used it from then on; null where it did no more.
    to: Option<PolicyIndicator>,
}

impl From<tuning::IndicatorEdit> for IndicatorEdit {
    fn from(edit: tuning::IndicatorEdit) -> Self {
        let tuning::IndicatorEdit { version, at, by, was, is } = edit;
        Self { version, at: DateTime(at), by, from: was.as_ref().map(Into::into), to: is.as_ref().map(Into::into) }
    }
}

impl From<TuningEffect> for TuningPreview {
    fn from(effect: TuningEffect) -> Self {
        let by_severity = |[low, medium, high]: [u64; 3]| {
            let all = [(Severity::High, high), (Severity::Medium, medium), (Severity::Low, low)];
            all.into_iter().map(|(severity, count)| SeverityCount { severity, count: int(count) }).collect()
        };
        Self {
            current: (&effect.current).into(),
            proposed: effect.proposed.as_ref().map(Into::into),
            earlier_edits: effect.edits.into_iter().map(Into::into).collect(),
            days: limits::TUNING_PREVIEW_DAYS,
            subjects: int(effect.subjects),
            complete: effect.complete,
            alerts_before: by_severity(effect.before),
            alerts_after: by_severity(effect.after),
            this_alert_score_after: effect.score,
        }
    }
}

/// The part of the root that shows what a tuning would do.
#[derive(Default)]
pub struct TuningQuery;

#[Object]
impl TuningQuery {
    /// What `tuneIndicator` with this input would have done over the last 30 days. Nothing is stored. Null where there is no such
    /// alert, its policy does not select the indicator, or has another version by now.
    async fn tuning_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As for `tuneIndicator`.")] input: TuneIndicatorInput,
    ) -> Guarded<TuningPreview, rules::QueryTuningPreview> {
        guarded(ctx, async |permit| {
            let effect = request::services(ctx)?.tuning_preview(&permit, &input.into()).await?;
            Ok::<_, ServiceError>(effect.map(TuningPreview::from))
        })
        .await
    }
}

/// What `tuneIndicator` answers: the policy is changed and, where that was wanted, the alert dismissed, or neither.
#[derive(SimpleObject)]
pub struct TuneIndicatorPayload {
    /// The policy in its new version; null where something was wrong with the input.
    policy: Option<Policy>,
    /// The alert as it stands now; null where there is no such alert.
    alert: Option<Alert>,
    /// What the change does, as `tuningPreview` tells it; null where something was wrong with the input. Worked out only where
    /// it is asked for.
    preview: Option<TuningPreview>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
    /// What the author should know: that a text names somebody who is monitored. It was kept as written.
    warnings: Vec<String>,
}

/// The part of the root that tunes.
#[derive(Default)]
pub struct TuningMutation;

#[Object]
impl TuningMutation {
    /// Changes one indicator of the alert's policy, which is its next version, and may dismiss the alert in the same step. Only
    /// while the settings allow it (`inlineTuning`).
    async fn tune_indicator(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From which alert, which indicator, and what becomes of both.")] input: TuneIndicatorInput,
    ) -> Guarded<TuneIndicatorPayload, rules::TuneIndicator> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let warnings = services.warnings(&permit, &[input.note.as_deref()]).await?;
            let asked = Tuning::from(input);
            let tuned = services.tune_indicator(&permit, &asked, wants(ctx, "preview")).await;
            let (made, user_errors) = outcome(tuned)?;
            let (policy, alert, preview) = match made {
                Some(made) => (Some(made.policy.into()), Some(made.alert.into()), made.effect.map(Into::into)),
                None => (None, standing(ctx, asked.alert).await?, None),
            };
            Ok::<_, ServiceError>(TuneIndicatorPayload { policy, alert, preview, user_errors, warnings })
        })
        .await
    }
}
