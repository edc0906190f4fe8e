//! The catalogue of indicators as this installation uses it: what is enabled, what is fed.
//! Never: an indicator that is not of the core's catalogue.

use super::Services;
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, SetupWrite},
};
use std::collections::BTreeSet;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    health::Source,
    indicator::{self, Category, Indicator},
    limits,
    problem::{Problem, ProblemCode},
    scoring::threshold::Thresholds,
    settings::{CustomIndicator, Settings, Variant},
};

/// What of the installation decides whether an indicator yields anything.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    enabled: BTreeSet<String>,
    settings: Settings,
    families: BTreeSet<String>,
}

impl Setup {
    /// Whether policies may select the indicator.
    pub fn is_enabled(&self, code: &str) -> bool {
        self.enabled.contains(code)
    }

    /// Codes that the settings add to the catalogue: variants and indicators of the installation's own.
    pub fn added(&self) -> Vec<String> {
        let variants = self.settings.variants.iter().map(Variant::code);
        variants.chain(self.settings.custom_indicators.iter().filter_map(CustomIndicator::full_code)).collect()
    }

    /// What the installation calls an indicator of its own.
    pub fn own_name(&self, code: &str) -> Option<&str> {
        let own = self.settings.custom_indicators.iter().find(|own| own.full_code().as_deref() == Some(code));
        own.map(|own| own.name.as_str())
    }

    /// The thresholds that come with an indicator of the installation's own.
    pub fn own_thresholds(&self, code: &str) -> Option<Thresholds> {
        self.settings.thresholds(code)
    }

    /// Whether a configured connector feeds the indicator.
    pub fn has_source(&self, indicator: &Indicator) -> bool {
        let any = indicator.category == Category::Custom && !self.families.is_empty();
        any || indicator.sources.iter().any(|family| self.families.contains(*family))
    }
}

impl Services {
    /// What is enabled and fed now.
    pub async fn setup(&self, permit: &Permit) -> Result<Setup, ServiceError> {
        permit.require(Resource::Indicators, Action::Read)?;
        let (_, settings) = self.store.settings().await?;
        let enabled = settings.enabled(&self.store.chosen_indicators().await?);
        let families = self.store.sources().await?.into_iter().map(|Source { family, .. }| family).collect();
        Ok(Setup { enabled, settings, families })
    }

    /// Enables or disables indicators for the whole installation: all of them or, where one is unknown, none. Answers
    /// with them, each once.
    pub async fn enable_indicators(
        &self,
        permit: &Permit,
        codes: &[String],
        enabled: bool,
    ) -> Result<Vec<&'static Indicator>, ServiceError> {
        let viewer = permit.require(Resource::Indicators, Action::Change)?;
        let chosen = choose(codes).map_err(ServiceError::Invalid)?;
        let codes: Vec<&str> = chosen.iter().map(|indicator| indicator.code).collect();
        let detail = serde_json::json!({"codes": codes, "enabled": enabled});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, "indicators", &detail);
        let (on, off) = if enabled { (codes, vec![]) } else { (vec![], codes) };
        self.store
            .save_policies(&SetupWrite { on, off, settings: None }, &[], &viewer.id, &[entry], self.clock.now())
            .await?;
        self.bell.scoring.notify_one();
        Ok(chosen)
    }
}

/// The indicators of those codes in the order in which they were named, each once, or every problem.
fn choose(codes: &[String]) -> Result<Vec<&'static Indicator>, Vec<Problem>> {
    let whole = |code, message: String| Err(vec![Problem::new(&["input", "codes"], code, message)]);
    if codes.is_empty() {
        return whole(ProblemCode::Required, "Name at least one indicator.".to_owned());
    }
    if codes.len() > limits::INDICATOR_CODES {
        let message = format!("At most {} indicators can be named at once.", limits::INDICATOR_CODES);
        return whole(ProblemCode::LimitExceeded, message);
    }
    let mut chosen: Vec<&Indicator> = Vec::with_capacity(codes.len());
    let mut problems = Vec::new();
    for (at, code) in codes.iter().enumerate() {
        let refused = match indicator::find(code) {
            None => (ProblemCode::NotFound, "There is no indicator of that code.".to_owned()),
            Some(found) if !found.is_selectable() => {
                let message = format!("{} starts scoring or is context: it is always on.", found.code);
                (ProblemCode::NotAllowed, message)
            }
            Some(found) => {
                if !chosen.iter().any(|earlier| earlier.code == found.code) {
                    chosen.push(found);
                }
                continue;
            }
        };
        problems.push(Problem::new(&["input", "codes", &at.to_string()], refused.0, refused.1));
    }
    if problems.is_empty() { Ok(chosen) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(codes: &[&str]) -> Result<Vec<&'static str>, Vec<(String, ProblemCode)>> {
        let codes: Vec<String> = codes.iter().map(|&code| code.to_owned()).collect();
        let shown = |problem: Problem| (problem.field.join("."), problem.code);
        choose(&codes)
            .map(|all| all.into_iter().map(|indicator| indicator.code).collect())
            .map_err(|problems| problems.into_iter().map(shown).collect())
    }

    #[test]
    fn a_code_that_is_named_twice_counts_once() {
        let codes = ["FILE_DOWNLOADED", "FILE_SYNCED", "FILE_DOWNLOADED"];
        assert_eq!(chosen(&codes), Ok(vec!["FILE_DOWNLOADED", "FILE_SYNCED"]));
    }

    #[test]
    fn every_code_that_cannot_be_enabled_is_told_by_its_place() {
        let problems = chosen(&["FILE_DOWNLOADED", "file_downloaded", "RESIGNATION"]).unwrap_err();
        let expected = [("input.codes.1", ProblemCode::NotFound), ("input.codes.2", ProblemCode::NotAllowed)];
        assert_eq!(problems, expected.map(|(field, code)| (field.to_owned(), code)));
    }

    #[test]
    fn nothing_and_too_much_are_refused_as_a_whole() {
        assert_eq!(chosen(&[]).unwrap_err()[0].1, ProblemCode::Required);
        let many = vec!["FILE_DOWNLOADED"; limits::INDICATOR_CODES + 1];
        assert_eq!(chosen(&many), Err(vec![("input.codes".to_owned(), ProblemCode::LimitExceeded)]));
    }
}
