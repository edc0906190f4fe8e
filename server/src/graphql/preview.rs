//! Looking ahead: what a policy would have done.
//! Never: stores anything, or names anybody.

use super::{
    guard::{Guarded, guarded},
    indicator::Indicator,
    policy::CreatePolicyInput,
    request, rules,
    scalars::int,
};
use crate::error::ServiceError;
use async_graphql::{Context, Object, SimpleObject};

/// What the policy would have done over past activity, before anyone enables it.
#[derive(SimpleObject)]
pub struct PolicyPreview {
    /// Days that were looked at, today included.
    days: i32,
    /// Subjects that would have been scored.
    subjects_activated: i32,
    /// Subjects whose score would have reached HIGH, and an alert.
    alerts_high: i32,
    /// Of the others, those whose alert would have been MEDIUM.
    alerts_medium: i32,
    /// Of the others, those whose alert would have been LOW.
    alerts_low: i32,
    /// Every indicator that the policy selects.
    by_indicator: Vec<IndicatorPreview>,
}

/// How many subjects one indicator would have marked.
#[derive(SimpleObject)]
pub struct IndicatorPreview {
    /// Which.
    indicator: Indicator,
    /// Subjects with a day of at least low.
    subjects_over_low: i32,
    /// Subjects with a day of at least medium.
    subjects_over_medium: i32,
    /// Subjects with a day of at least high.
    subjects_over_high: i32,
}

/// Looking ahead.
#[derive(Default)]
pub struct PreviewQuery;

/// Looking ahead.
#[Object]
impl PreviewQuery {
    /// What a policy would have done over the last days, had it been active. Nothing is stored, nobody is named.
    async fn policy_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The policy, as for `createPolicy`.")] input: CreatePolicyInput,
        #[graphql(desc = "How many days, 1–90; left out: 30.")] days: Option<i32>,
    ) -> Guarded<PolicyPreview, rules::QueryPolicyPreview> {
        guarded(ctx, async |permit| {
            let seen = request::services(ctx)?.policy_preview(&permit, input.into(), days).await?;
            let [low, medium, high] = seen.alerts.map(int);
            let shown = |(code, over): (&String, &[u64; 3])| {
                let [low, medium, high] = over.map(int);
                Some(IndicatorPreview {
                    indicator: Indicator::of_code(code)?,
                    subjects_over_low: low,
                    subjects_over_medium: medium,
                    subjects_over_high: high,
                })
            };
            Ok::<_, ServiceError>(PolicyPreview {
                days: seen.days,
                subjects_activated: int(seen.activated),
                alerts_high: high,
                alerts_medium: medium,
                alerts_low: low,
                by_indicator: seen.over.iter().filter_map(shown).collect(),
            })
        })
        .await
    }
}
