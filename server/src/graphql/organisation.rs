//! What people do over the whole organisation, in numbers that tell of nobody.
//! Never: an exact number of people, a person, or something that another viewer is told otherwise.

use super::{
    guard::{Guarded, guarded},
    indicator::Indicator,
    policy::PolicyTemplate,
    request, rules,
    scalars::{Date, int},
};
use crate::{error::ServiceError, service::organisation::OrganisationInsight as Counted};
use async_graphql::{Context, Enum, Error, Object, SimpleObject};
use std::collections::BTreeSet;
use vizard_core::{
    anonymous::{self, Portion},
    limits,
    template::TemplateCode,
};

/// What people are counted for.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "anonymous::Scenario")]
pub enum InsightScenario {
    /// Of everybody known: who had a day of exfiltration.
    DataLeaks,
    /// Of those who are leaving: who had a day of exfiltration. Somebody is leaving who resigned, was dismissed or whose
    /// account was deleted in the last 90 whole days.
    DataTheft,
}

/// A template of policies that would look for what was counted.
#[derive(SimpleObject)]
pub struct RecommendedTemplate {
    /// What a policy would start from.
    template: PolicyTemplate,
    /// Whether a policy of this template is active already.
    active: bool,
}

fn recommended(codes: &[TemplateCode], active: &BTreeSet<TemplateCode>) -> Vec<RecommendedTemplate> {
    let one = |code: &TemplateCode| RecommendedTemplate {
        template: PolicyTemplate(code.template()),
        active: active.contains(code),
    };
    codes.iter().map(one).collect()
}

/// How many people one scenario is about.
#[derive(SimpleObject)]
pub struct ScenarioInsight {
    /// Which.
    scenario: InsightScenario,
    /// How many people, rounded down to a multiple of 5. Null where they are fewer than 5, none included, where fewer than 5
    /// of those who could be are not, and where `of` is null.
    subjects: Option<i32>,
    /// Of how many: everybody known, or those who are leaving; rounded and hidden likewise.
    of: Option<i32>,
    /// `subjects` as a share of `of`, 0–1: from the rounded numbers. Null where `subjects` is.
    share: Option<f64>,
    /// The templates of policies that look for it.
    recommended: Vec<RecommendedTemplate>,
}

/// How many people had a day of one indicator of exfiltration.
pub struct IndicatorInsight {
    code: &'static str,
    portion: Portion,
    recommended: Vec<TemplateCode>,
    active: BTreeSet<TemplateCode>,
}

/// How many people had a day of one indicator of exfiltration, at or over its recommended threshold for low.
#[Object]
impl IndicatorInsight {
    /// Which.
    async fn indicator(&self) -> Result<Indicator, Error> {
        Indicator::known(self.code)
    }

    /// How many people, rounded down to a multiple of 5. An indicator of which that may not be told is not listed.
    async fn subjects(&self) -> i32 {
        int(self.portion.people.unwrap_or_default())
    }

    /// The same as a share of everybody known, 0–1: from the rounded numbers.
    async fn share(&self) -> Option<f64> {
        self.portion.share()
    }

    /// The templates of policies that would look for it in everybody.
    async fn recommended(&self) -> Vec<RecommendedTemplate> {
        recommended(&self.recommended, &self.active)
    }
}

/// What people do over the whole organisation.
pub struct OrganisationInsight(Counted);

/// What people do over the whole organisation, whether or not any policy scores them, in numbers that tell of nobody: every
/// one is rounded down to a multiple of 5 and is null where it is below 5, or leaves fewer than 5 out. Counted are people
/// with a day of exfiltration: as many events of one of its built-in indicators as its recommended threshold for low. It is
/// always the same days and the same for every viewer.
#[Object]
impl OrganisationInsight {
    /// The first day (UTC) that was looked at.
    async fn first_day(&self) -> Date {
        Date(*self.0.days.start())
    }

    /// The last day, which is yesterday: 30 whole days.
    async fn last_day(&self) -> Date {
        Date(*self.0.days.end())
    }

    /// Below how many people a number is hidden, and to a multiple of how many it is rounded down.
    async fn hidden_below(&self) -> i32 {
        int(limits::ANONYMOUS_PEOPLE)
    }

    /// Everybody known, rounded down; null where they are fewer than 5.
    async fn subjects(&self) -> Option<i32> {
        self.0.known.map(int)
    }

    /// What a policy could look for, and how many people it would be about; each once.
    async fn scenarios(&self) -> Vec<ScenarioInsight> {
        let shown = |(scenario, portion): &(anonymous::Scenario, Portion)| ScenarioInsight {
            scenario: (*scenario).into(),
            subjects: portion.people.map(int),
            of: portion.of.map(int),
            share: portion.share(),
            recommended: recommended(&[scenario.template()], &self.0.active),
        };
        self.0.scenarios.iter().map(shown).collect()
    }

    /// The indicators of exfiltration with the most people, at most 5, by the rounded number and then by code. Those of which
    /// the number is hidden are not listed.
    async fn top_indicators(&self) -> Vec<IndicatorInsight> {
        let shown = |(code, portion): &(&'static str, Portion)| IndicatorInsight {
            code,
            portion: *portion,
            recommended: anonymous::recommended(code),
            active: self.0.active.clone(),
        };
        self.0.top.iter().map(shown).collect()
    }
}

/// The part of the root about everybody.
#[derive(Default)]
pub struct OrganisationQuery;

#[Object]
impl OrganisationQuery {
    /// What people do over the whole organisation, before anybody wrote a policy: how many, never who. No argument changes
    /// what is counted, since two answers could be taken from one another.
    async fn organisation_insight(
        &self,
        ctx: &Context<'_>,
    ) -> Guarded<OrganisationInsight, rules::QueryOrganisationInsight> {
        guarded(ctx, async |permit| {
            let counted = request::services(ctx)?.organisation_insight(&permit).await?;
            Ok::<_, ServiceError>(OrganisationInsight(counted))
        })
        .await
    }
}
