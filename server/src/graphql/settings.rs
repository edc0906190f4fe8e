//! The installation's settings: domains, exclusions, detection groups, variants, indicators of its own.
//! Never: a rule of its own about what they may hold; the core has it.

use super::{
    guard::{Guarded, guarded},
    policy::ThresholdsInput,
    protection::{AlertTargets, AlertTargetsInput, PrivacyInput, PrivacySettings, RetentionInput, RetentionSettings},
    request, rules,
    scalars::{Date, int},
    user_error::{UserError, outcome},
    words::{ActionClass, DetectionGroupKind},
};
use crate::{
    error::ServiceError,
    service::settings::{CoverageEdit, DomainsEdit, ExclusionsEdit, InForce, RiskTimingEdit, SettingsEdit},
};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use vizard_core::{
    scoring::threshold,
    settings::{self, coverage},
};

/// What is set for all policies together.
#[derive(SimpleObject)]
pub struct Settings {
    /// Counts the changes; 0 for those of a new installation.
    version: i32,
    /// How identities are protected.
    privacy: PrivacySettings,
    /// How long an alert may wait for its review.
    alert_targets: AlertTargets,
    /// How long things are kept.
    retention: RetentionSettings,
    /// Whether analysts and investigators may tune an indicator of a policy from one of its alerts (`tuneIndicator`).
    inline_tuning: bool,
    /// Domains by what they mean to the organisation.
    domains: DomainSettings,
    /// What is never scored.
    exclusions: ExclusionSettings,
    /// Events of a day below which nothing is above the usual, unless a policy says; null: each indicator's threshold for
    /// low.
    minimum_daily_events: Option<i32>,
    /// How long things count for a subject's risk level.
    risk_level: RiskLevelSettings,
    /// Whom the installation monitors; empty: everybody. Of anybody else nothing is taken in, scored or kept.
    coverage: Vec<CoverageRule>,
    /// Named lists, for variants.
    detection_groups: Vec<DetectionGroup>,
    /// Indicators narrowed to detection groups.
    variants: Vec<IndicatorVariant>,
    /// Indicators of the installation's own.
    custom_indicators: Vec<CustomIndicator>,
}

/// Lists of domains: `example.com` is that one, `*.example.com` one level below it, `**.example.com` every level below.
#[derive(SimpleObject)]
pub struct DomainSettings {
    /// They raise the score.
    unallowed: Vec<String>,
    /// Treated as internal: what goes there has not left.
    allowed: Vec<String>,
    /// Sites of others that the organisation uses. Where there are some, downloads from elsewhere score nothing.
    third_party: Vec<String>,
}

/// What is left out of scoring, and stays visible as activity.
#[derive(SimpleObject)]
pub struct ExclusionSettings {
    /// Endings of file names; they still count inside a sequence.
    file_types: Vec<String>,
    /// Folders with all that is below; `*` stands for one folder or drive.
    paths: Vec<String>,
    /// Addresses of sites with all that is below.
    sites: Vec<String>,
    /// "WORD" or "WORD unless OTHER, OTHER": what has WORD in its name, path or subject line and none of the others.
    keywords: Vec<String>,
    /// Sensitive information types; they win over priority content.
    sensitive_types: Vec<String>,
}

/// How long things count for a subject's risk level.
#[derive(SimpleObject)]
pub struct RiskLevelSettings {
    /// What happened within so many days is looked at together.
    window_days: i32,
    /// So many days a level lasts after its last match.
    lasts_days: i32,
}

/// Some of the people whom the installation monitors, since when, and by what right.
#[derive(SimpleObject)]
pub struct CoverageRule {
    /// In capitals, digits and underscores.
    name: String,
    /// What happened before this day (UTC) is not taken in.
    effective_from: Date,
    /// What the monitoring of these people rests on.
    agreement: String,
    /// Departments, by the latest HR profile.
    departments: Vec<String>,
    /// Priority user groups.
    priority_group_ids: Vec<ID>,
    /// How many accounts are listed. They are kept as keyed digests and cannot be shown.
    accounts: i32,
}

/// Up to 200 things of one kind under a name.
#[derive(SimpleObject)]
pub struct DetectionGroup {
    /// In capitals, digits and underscores.
    name: String,
    /// What it lists.
    kind: DetectionGroupKind,
    /// The things.
    items: Vec<String>,
}

/// An indicator narrowed to what is in detection groups, or to what is in none of them.
#[derive(SimpleObject)]
pub struct IndicatorVariant {
    /// By which policies select it: `INDICATOR#NAME`.
    code: String,
    /// The code of the indicator.
    indicator: String,
    /// In capitals, digits and underscores.
    name: String,
    /// Names of detection groups.
    groups: Vec<String>,
    /// Whether it counts what is in none of the groups.
    excluding: bool,
}

/// An indicator of the installation's own, fed by any connector that delivers events of the kind `kind`.
#[derive(SimpleObject)]
pub struct CustomIndicator {
    /// By which policies select it.
    code: String,
    /// What plugins call it.
    kind: String,
    /// For people.
    name: String,
    /// Decides about its weight.
    action_class: ActionClass,
    /// Events of a day from which it is low, medium, high.
    thresholds: super::indicator::Thresholds,
}

impl From<InForce> for Settings {
    fn from(in_force: InForce) -> Self {
        let privacy = PrivacySettings::from(&in_force);
        let InForce { version, settings: of, .. } = in_force;
        let settings::Domains { unallowed, allowed, third_party } = of.domains;
        let settings::Exclusions { file_types, paths, sites, sensitive_types, keywords } = of.exclusions;
        let group =
            |group: settings::Group| DetectionGroup { name: group.name, kind: group.kind.into(), items: group.items };
        let variant = |variant: settings::Variant| IndicatorVariant {
            code: variant.code(),
            indicator: variant.indicator,
            name: variant.name,
            groups: variant.groups,
            excluding: variant.excluding,
        };
        let own = |own: settings::CustomIndicator| CustomIndicator {
            code: own.full_code().unwrap_or_default(),
            kind: own.code,
            name: own.name,
            action_class: own.action.into(),
            thresholds: own.thresholds.into(),
        };
        let rule = |rule: coverage::CoverageRule| CoverageRule {
            name: rule.name,
            effective_from: Date(rule.effective_from),
            agreement: rule.agreement,
            departments: rule.departments,
            priority_group_ids: rule.groups.into_iter().map(ID::from).collect(),
            accounts: int(rule.accounts.len()),
        };
        Self {
            version,
            privacy,
            alert_targets: of.alert_targets.into(),
            retention: of.retention.into(),
            inline_tuning: of.inline_tuning,
            domains: DomainSettings { unallowed, allowed, third_party },
            exclusions: ExclusionSettings { file_types, paths, sites, keywords, sensitive_types },
            minimum_daily_events: of.minimum_daily_events.map(int),
            risk_level: RiskLevelSettings {
                window_days: of.risk_level.window_days,
                lasts_days: of.risk_level.lasts_days,
            },
            coverage: of.coverage.rules.into_iter().map(rule).collect(),
            detection_groups: of.groups.into_iter().map(group).collect(),
            variants: of.variants.into_iter().map(variant).collect(),
            custom_indicators: of.custom_indicators.into_iter().map(own).collect(),
        }
    }
}

/// The part of the root about settings.
#[derive(Default)]
pub struct SettingsQuery;

#[Object]
impl SettingsQuery {
    /// The settings in force.
    async fn settings(&self, ctx: &Context<'_>) -> Guarded<Settings, rules::QuerySettings> {
        guarded(ctx, async |permit| {
            Ok::<_, ServiceError>(Settings::from(request::services(ctx)?.current_settings(&permit).await?))
        })
        .await
    }
}

/// Lists of domains to replace.
#[derive(InputObject)]
pub struct DomainsInput {
    /// As in `DomainSettings`; left out: as it is.
    unallowed: Option<Vec<String>>,
    /// As in `DomainSettings`; left out: as it is.
    allowed: Option<Vec<String>>,
    /// As in `DomainSettings`; left out: as it is.
    third_party: Option<Vec<String>>,
}

/// Lists of exclusions to replace, up to 500 entries each.
#[derive(InputObject)]
pub struct ExclusionsInput {
    /// As in `ExclusionSettings`; left out: as it is.
    file_types: Option<Vec<String>>,
    /// As in `ExclusionSettings`; left out: as it is.
    paths: Option<Vec<String>>,
    /// As in `ExclusionSettings`; left out: as it is.
    sites: Option<Vec<String>>,
    /// As in `ExclusionSettings`; left out: as it is.
    keywords: Option<Vec<String>>,
    /// As in `ExclusionSettings`; left out: as it is.
    sensitive_types: Option<Vec<String>>,
}

/// How long things count for a subject's risk level, 5 to 30 days each.
#[derive(InputObject)]
pub struct RiskLevelInput {
    /// As in `RiskLevelSettings`; left out: as it is.
    window_days: Option<i32>,
    /// As in `RiskLevelSettings`; left out: as it is.
    lasts_days: Option<i32>,
}

/// A rule of coverage.
#[derive(InputObject)]
pub struct CoverageRuleInput {
    /// In capitals, digits and underscores.
    name: String,
    /// What happened before this day (UTC) is not taken in.
    effective_from: Date,
    /// What the monitoring of these people rests on: a works agreement and its date, say. Leave names of persons out.
    agreement: String,
    /// Departments, compared without regard to case.
    departments: Option<Vec<String>>,
    /// Priority user groups.
    priority_group_ids: Option<Vec<ID>>,
    /// Accounts to list, known or not, beside those that the rule of this name lists. They are kept as keyed digests.
    add_accounts: Option<Vec<String>>,
    /// Accounts to take off the list.
    remove_accounts: Option<Vec<String>>,
}

/// A detection group.
#[derive(InputObject)]
pub struct DetectionGroupInput {
    /// In capitals, digits and underscores.
    name: String,
    /// What it lists.
    kind: DetectionGroupKind,
    /// The things, up to 200.
    items: Vec<String>,
}

/// A variant; an indicator has at most three.
#[derive(InputObject)]
pub struct IndicatorVariantInput {
    /// The code of the indicator.
    indicator: String,
    /// In capitals, digits and underscores.
    name: String,
    /// Names of detection groups.
    groups: Vec<String>,
    /// Whether it counts what is in none of the groups. Left out: false.
    excluding: Option<bool>,
}

/// An indicator of the installation's own.
#[derive(InputObject)]
pub struct CustomIndicatorInput {
    /// What plugins call it, in capitals, digits and underscores.
    kind: String,
    /// For people.
    name: String,
    /// Decides about its weight; not CONTEXT.
    action_class: ActionClass,
    /// Events of a day from which it is low, medium, high.
    thresholds: ThresholdsInput,
}

/// What `updateSettings` takes. What is left out stays; a list is replaced as a whole.
#[derive(InputObject)]
pub struct UpdateSettingsInput {
    /// The version that you saw: where it is no longer the newest, nothing is changed. Left out: the newest.
    version: Option<i32>,
    /// Why, kept with the version and in the audit log, at most 4,000 characters. Leave names out.
    reason: Option<String>,
    /// How identities are protected.
    privacy: Option<PrivacyInput>,
    /// How long an alert may wait for its review.
    alert_targets: Option<AlertTargetsInput>,
    /// How long things are kept.
    retention: Option<RetentionInput>,
    /// Whether analysts and investigators may tune an indicator of a policy from one of its alerts; off in a new installation.
    inline_tuning: Option<bool>,
    /// Lists of domains.
    domains: Option<DomainsInput>,
    /// Lists of exclusions.
    exclusions: Option<ExclusionsInput>,
    /// As in `Settings`; null goes back to each indicator's threshold for low.
    minimum_daily_events: MaybeUndefined<i32>,
    /// How long things count for a subject's risk level.
    risk_level: Option<RiskLevelInput>,
    /// All rules of coverage; an empty list covers everybody.
    coverage: Option<Vec<CoverageRuleInput>>,
    /// All detection groups.
    detection_groups: Option<Vec<DetectionGroupInput>>,
    /// All variants.
    variants: Option<Vec<IndicatorVariantInput>>,
    /// All indicators of the installation's own.
    custom_indicators: Option<Vec<CustomIndicatorInput>>,
}

impl From<UpdateSettingsInput> for SettingsEdit {
    fn from(input: UpdateSettingsInput) -> Self {
        // What is below 1 is refused as 0 is.
        let count = |count: i32| u32::try_from(count).unwrap_or(0);
        let group = |group: DetectionGroupInput| settings::Group {
            name: group.name,
            kind: group.kind.into(),
            items: group.items,
        };
        let variant = |variant: IndicatorVariantInput| settings::Variant {
            indicator: variant.indicator,
            name: variant.name,
            groups: variant.groups,
            excluding: variant.excluding.unwrap_or(false),
        };
        let own = |own: CustomIndicatorInput| {
            let ThresholdsInput { low, medium, high } = own.thresholds;
            settings::CustomIndicator {
                code: own.kind,
                name: own.name,
                action: own.action_class.into(),
                thresholds: threshold::Thresholds { low: count(low), medium: count(medium), high: count(high) },
            }
        };
        let rule = |rule: CoverageRuleInput| CoverageEdit {
            name: rule.name,
            effective_from: rule.effective_from.0,
            agreement: rule.agreement,
            departments: rule.departments.unwrap_or_default(),
            groups: rule.priority_group_ids.unwrap_or_default().iter().map(|id| id.parse().ok()).collect(),
            add: rule.add_accounts.unwrap_or_default(),
            remove: rule.remove_accounts.unwrap_or_default(),
        };
        let domains = input.domains.map(|of| {
            let DomainsInput { unallowed, allowed, third_party } = of;
            DomainsEdit { unallowed, allowed, third_party }
        });
        let exclusions = input.exclusions.map(|of| {
            let ExclusionsInput { file_types, paths, sites, keywords, sensitive_types } = of;
            ExclusionsEdit { file_types, paths, sites, sensitive_types, keywords }
        });
        Self {
            version: input.version,
            reason: input.reason,
            privacy: input.privacy.map(Into::into).unwrap_or_default(),
            alert_targets: input.alert_targets.map(Into::into).unwrap_or_default(),
            retention: input.retention.map(Into::into).unwrap_or_default(),
            inline_tuning: input.inline_tuning,
            domains: domains.unwrap_or_default(),
            exclusions: exclusions.unwrap_or_default(),
            minimum_daily_events: match input.minimum_daily_events {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(given) => Some(Some(count(given))),
            },
            risk_level: input
                .risk_level
                .map(|of| RiskTimingEdit { window_days: of.window_days, lasts_days: of.lasts_days })
                .unwrap_or_default(),
            coverage: input.coverage.map(|all| all.into_iter().map(rule).collect()),
            groups: input.detection_groups.map(|all| all.into_iter().map(group).collect()),
            variants: input.variants.map(|all| all.into_iter().map(variant).collect()),
            custom_indicators: input.custom_indicators.map(|all| all.into_iter().map(own).collect()),
        }
    }
}

/// What `updateSettings` answers.
#[derive(SimpleObject)]
pub struct UpdateSettingsPayload {
    /// The settings in force now; null where something was wrong.
    settings: Option<Settings>,
    /// Everything that was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the mutations about settings.
#[derive(Default)]
pub struct SettingsMutation;

#[Object]
impl SettingsMutation {
    /// Changes the settings. They hold for what comes in from now on: what was decided about earlier events stays.
    async fn update_settings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What is different.")] input: UpdateSettingsInput,
    ) -> Guarded<UpdateSettingsPayload, rules::UpdateSettings> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let (made, user_errors) = outcome(services.update_settings(&permit, input.into()).await)?;
            Ok::<_, ServiceError>(UpdateSettingsPayload { settings: made.map(Settings::from), user_errors })
        })
        .await
    }
}
