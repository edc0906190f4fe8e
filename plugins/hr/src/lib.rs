//! HR exports (CSV) as events: who resigned or was dismissed, reviews, improvement plans, level changes, profiles.
//!
//! One file may hold one kind of row, recognised from its header, or several, told apart by a scenario column.
//! Never: quotes a row; takes a date from a column that belongs to another kind of row.

mod config;
mod row;
mod scenario;
#[cfg(test)]
mod tests;

pub use config::Config;

use connector_sdk::{
    Call, Columns, Connector, Descriptor, Emit, Failure, Feed, Framing, KindUse, Problem, Record, Reject, attr,
    export_connector, kind,
};
use scenario::Scenario;

/// The connector.
#[derive(Debug)]
pub struct Hr;

impl Connector for Hr {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.hr",
        version: env!("CARGO_PKG_VERSION"),
        vendor: "Vizard",
        family: "hr",
        config_schema: include_str!("../config.schema.json"),
        feeds: &[Feed::new("people", "HR export", Framing::Csv)],
        kinds: &[
            KindUse(kind::RESIGNATION, &[attr::LAST_WORKING_AT]),
            KindUse(kind::TERMINATION, &[attr::LAST_WORKING_AT]),
            KindUse(kind::JOB_LEVEL_CHANGE, &[attr::OLD_LEVEL, attr::NEW_LEVEL, attr::REMARKS]),
            KindUse(kind::PERFORMANCE_REVIEW, &[attr::RATING, attr::REMARKS]),
            KindUse(kind::PERFORMANCE_IMPROVEMENT_PLAN, &[attr::RATING, attr::REMARKS]),
            KindUse(
                kind::EMPLOYEE_PROFILE,
                &[
                    attr::DISPLAY_NAME,
                    attr::FIRST_NAME,
                    attr::LAST_NAME,
                    attr::USER_NAME,
                    attr::DEPARTMENT,
                    attr::TITLE,
                    attr::EMPLOYEE_TYPE,
                    attr::ADDRESS_1,
                    attr::ADDRESS_2,
                    attr::CITY,
                    attr::STATE,
                    attr::ZIP,
                    attr::COUNTRY,
                ],
            ),
        ],
    };

    fn check(config: &Config) -> Vec<Problem> {
        config.problems()
    }

    fn header(config: &Config, _feed: &str, columns: &Columns) -> Result<(), Failure> {
        columns.require(config.column("EmailAddress"))?;
        if columns.has(config.column("HRScenario")) {
            // Which columns a row needs is known only once its scenario is read.
            return columns.require(config.column("HRScenario"));
        }
        let scenario = Scenario::of_header(config, columns)?;
        scenario.mandatory_columns().iter().try_for_each(|name| columns.require(config.column(name)))
    }

    fn normalise(config: &Config, call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let row = row::Row::new(config, call, record)?;
        match row.scenario()? {
            Scenario::Resignation => row.resignation(emit),
            Scenario::Termination => row.termination(emit),
            Scenario::JobLevelChange => row.job_level_change(emit),
            Scenario::PerformanceReview => row.performance(emit, kind::PERFORMANCE_REVIEW),
            Scenario::PerformanceImprovementPlan => row.performance(emit, kind::PERFORMANCE_IMPROVEMENT_PLAN),
            Scenario::EmployeeProfile => row.profile(emit),
        }
    }
}

export_connector!(Hr);
