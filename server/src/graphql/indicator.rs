//! The catalogue of indicators, and enabling them.
//! Never: a statement an indicator; what the installation enables and feeds is loaded once for all of a list.

use super::{
    guard::{Guarded, guarded},
    page::{Connection, Page, PageArgs},
    request::{self, Fault, Reader},
    rules,
    user_error::{UserError, outcome},
    words::ActionClass,
};
use crate::{error::ServiceError, service::indicators::Setup};
use async_graphql::{Context, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::{borrow::Cow, collections::HashMap, sync::Arc};
use vizard_core::{
    access::{Action, Resource},
    indicator::{self, Category},
    problem::ProblemCode,
    scoring::threshold,
};

/// Something that can be seen of a subject and counts for or against suspicion.
#[derive(Clone)]
pub struct Indicator {
    /// Of the catalogue; for a variant what it narrows, for an indicator of one's own the base of its class.
    known: &'static indicator::Indicator,
    code: Cow<'static, str>,
}

impl From<&'static indicator::Indicator> for Indicator {
    fn from(known: &'static indicator::Indicator) -> Self {
        Self { known, code: Cow::Borrowed(known.code) }
    }
}

impl Indicator {
    /// What an indicator's global id begins with; its code follows.
    const PREFIX: &'static str = "indicator_";

    /// The indicator of that code.
    pub(super) fn of_code(code: &str) -> Option<Self> {
        let known = indicator::find(code)?;
        Some(if known.code == code { known.into() } else { Self { known, code: Cow::Owned(code.to_owned()) } })
    }

    /// The indicator of that code, which the core has checked.
    pub(super) fn known(code: &str) -> Result<Self, Error> {
        let missing = || ServiceError::Internal(anyhow::anyhow!("an indicator is not in the catalogue"));
        Self::of_code(code).ok_or_else(|| super::errors::failed(&missing()))
    }

    /// The indicator of that global id.
    pub(super) fn of_id(id: &ID) -> Option<Self> {
        id.strip_prefix(Self::PREFIX).and_then(Self::of_code)
    }

    fn is_own(&self) -> bool {
        self.known.category == Category::Custom
    }
}

/// Something that can be seen of a subject, such as files downloaded: what policies select, count and compare with
/// thresholds.
#[Object]
impl Indicator {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        format!("{}{}", Self::PREFIX, self.code).into()
    }

    /// The stable word by which inputs name it, such as `FILE_DOWNLOADED`; `FILE_DOWNLOADED#NAME` for a variant of it,
    /// `CUSTOM_EXFILTRATION#NAME` for an indicator of the installation's own.
    async fn code(&self) -> &str {
        &self.code
    }

    /// Its name for people.
    async fn name(&self, ctx: &Context<'_>) -> Result<String, Error> {
        let Some(variant) = indicator::split(&self.code).1 else { return Ok(self.known.name.to_owned()) };
        let setup = setup(ctx).await?;
        Ok(setup.own_name(&self.code).map_or_else(|| format!("{} ({variant})", self.known.name), str::to_owned))
    }

    /// The group it is listed under, such as `FILE`.
    async fn category(&self) -> &str {
        self.known.category.as_str()
    }

    /// What kind of act it stands for.
    async fn action_class(&self) -> ActionClass {
        self.known.action.into()
    }

    /// Whether policies may select it. Everything is disabled in a new installation; see `enableIndicators`. A variant is
    /// enabled with its indicator, an indicator of the installation's own by its definition.
    async fn enabled(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        Ok(setup(ctx).await?.is_enabled(&self.code))
    }

    /// Whether this installation defined it; see `updateSettings`.
    async fn custom(&self) -> bool {
        self.is_own()
    }

    /// False when no configured connector feeds it: selecting it would produce nothing.
    async fn has_source(&self, ctx: &Context<'_>) -> Result<bool, Error> {
        Ok(setup(ctx).await?.has_source(self.known))
    }

    /// The recommended daily counts. Null where it only starts scoring or is context, and cannot be selected.
    async fn recommended_thresholds(&self, ctx: &Context<'_>) -> Result<Option<Thresholds>, Error> {
        let own = if self.is_own() { setup(ctx).await?.own_thresholds(&self.code) } else { None };
        Ok(own.or(self.known.thresholds).map(Thresholds::from))
    }
}

/// Daily counts from which an indicator is low, medium, high.
#[derive(SimpleObject)]
pub struct Thresholds {
    /// Low from here; below it is minimal.
    low: i32,
    /// Medium from here.
    medium: i32,
    /// High from here.
    high: i32,
}

impl From<threshold::Thresholds> for Thresholds {
    fn from(counts: threshold::Thresholds) -> Self {
        let int = |count: u32| i32::try_from(count).unwrap_or(i32::MAX);
        Self { low: int(counts.low), medium: int(counts.medium), high: int(counts.high) }
    }
}

/// The key of what is loaded once for all indicators.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct TheSetup;

impl Loader<TheSetup> for Reader {
    type Value = Arc<Setup>;
    type Error = Fault;

    async fn load(&self, keys: &[TheSetup]) -> Result<HashMap<TheSetup, Arc<Setup>>, Fault> {
        let permit = self.permit(Resource::Indicators, Action::Read)?;
        let setup = Arc::new(self.services.setup(&permit).await?);
        Ok(keys.iter().map(|key| (key.clone(), Arc::clone(&setup))).collect())
    }
}

async fn setup(ctx: &Context<'_>) -> Result<Arc<Setup>, Error> {
    request::load_known(ctx, TheSetup).await
}

/// The part of the root about indicators.
#[derive(Default)]
pub struct IndicatorQuery;

#[Object]
impl IndicatorQuery {
    /// The catalogue of indicators, by category and code.
    async fn indicators(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
        #[graphql(desc = "Only enabled ones, or only disabled ones.")] enabled: Option<bool>,
        #[graphql(desc = "Only those of this category, such as `FILE`.")] category: Option<String>,
    ) -> Guarded<Connection<Indicator>, rules::QueryIndicators> {
        guarded(ctx, async |permit| {
            let page = Page::asked("indicators", PageArgs { first, after, ..PageArgs::default() })?;
            let category = category.as_deref().map(read_category).transpose()?;
            let setup = request::services(ctx)?.setup(&permit).await?;
            let added = setup.added();
            let all = indicator::catalogue().iter().map(Indicator::from);
            let all = all.chain(added.iter().filter_map(|code| Indicator::of_code(code)));
            let wanted = |found: &Indicator| {
                category.is_none_or(|category| found.known.category == category)
                    && enabled.is_none_or(|enabled| setup.is_enabled(&found.code) == enabled)
            };
            let keyed = |found: Indicator| ((found.known.category.as_str().to_owned(), found.code.to_string()), found);
            Ok::<_, ServiceError>(Connection::cut(&page, all.filter(wanted).map(keyed)))
        })
        .await
    }
}

fn read_category(word: &str) -> Result<Category, ServiceError> {
    word.parse().map_err(|_| {
        let known: Vec<&str> = Category::ALL.iter().map(|category| category.as_str()).collect();
        let message = format!("the categories are {}", known.join(", "));
        ServiceError::invalid(&["category"], ProblemCode::Invalid, message)
    })
}

/// What `enableIndicators` takes.
#[derive(InputObject)]
pub struct EnableIndicatorsInput {
    /// Codes of indicators that policies can select; at most 500.
    codes: Vec<String>,
    /// True enables them, false disables them. A disabled indicator scores nothing, also where a policy has selected it.
    enabled: bool,
}

/// What `enableIndicators` answers.
#[derive(SimpleObject)]
pub struct EnableIndicatorsPayload {
    /// The indicators that were named; empty where something was wrong.
    indicators: Vec<Indicator>,
    /// What was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the mutations about indicators.
#[derive(Default)]
pub struct IndicatorMutation;

#[Object]
impl IndicatorMutation {
    /// Enables or disables indicators for the whole installation: all that are named, or none.
    async fn enable_indicators(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and whether they are to count.")] input: EnableIndicatorsInput,
    ) -> Guarded<EnableIndicatorsPayload, rules::EnableIndicators> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let (made, user_errors) = outcome(services.enable_indicators(&permit, &input.codes, input.enabled).await)?;
            let indicators = made.unwrap_or_default().into_iter().map(Indicator::from).collect();
            Ok::<_, ServiceError>(EnableIndicatorsPayload { indicators, user_errors })
        })
        .await
    }
}
