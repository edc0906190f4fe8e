//! The kinds of rows, and how a header tells them apart.
//! Never: guesses between two that both fit.

use crate::Config;
use connector_sdk::{Columns, Failure};
use serde::Deserialize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Scenario {
    Resignation,
    Termination,
    JobLevelChange,
    PerformanceReview,
    PerformanceImprovementPlan,
    EmployeeProfile,
}

impl Scenario {
    pub(crate) const ALL: [Self; 6] = [
        Self::Resignation,
        Self::Termination,
        Self::JobLevelChange,
        Self::PerformanceReview,
        Self::PerformanceImprovementPlan,
        Self::EmployeeProfile,
    ];

    /// As an export writes it in the scenario column.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Resignation => "Resignation",
            Self::Termination => "Termination",
            Self::JobLevelChange => "Job level change",
            Self::PerformanceReview => "Performance review",
            Self::PerformanceImprovementPlan => "Performance improvement plan",
            Self::EmployeeProfile => "Employee profile",
        }
    }

    /// The columns that a file of this kind alone must have, besides the address.
    pub(crate) const fn mandatory_columns(self) -> &'static [&'static str] {
        match self {
            Self::Resignation => &["ResignationDate"],
            Self::Termination => &["TerminationDate"],
            Self::JobLevelChange | Self::PerformanceReview | Self::PerformanceImprovementPlan => &["EffectiveDate"],
            Self::EmployeeProfile => &["EmployeeFirstName", "EmployeeLastName", "EmployeeAddLine1", "EmployeeZipCode"],
        }
    }

    /// Columns that only rows of this kind have.
    const fn own_columns(self) -> &'static [&'static str] {
        match self {
            Self::Resignation => &["ResignationDate"],
            Self::Termination => &["TerminationDate"],
            Self::JobLevelChange => &["OldLevel", "NewLevel"],
            Self::PerformanceReview => &["Rating"],
            Self::PerformanceImprovementPlan => &["ImprovementRemarks", "PerformanceRating"],
            Self::EmployeeProfile => &["EmployeeFirstName", "EmployeeLastName", "EmployeeAddLine1", "EmployeeZipCode"],
        }
    }

    /// The one kind of row that a header without a scenario column allows. What the header shows goes before what the
    /// configuration says, which is for headers that show nothing.
    pub(crate) fn of_header(config: &Config, columns: &Columns) -> Result<Self, Failure> {
        let has = |name: &&str| columns.has(config.column(name));
        let mut fitting = Self::ALL.into_iter().filter(|scenario| scenario.own_columns().iter().any(&has));
        let problem = match (fitting.next(), fitting.next(), config.scenario) {
            (Some(only), None, _) => return Ok(only),
            (Some(_), Some(_), Some(said)) | (None, _, Some(said)) => return Ok(said),
            (Some(_), Some(_), None) => "columns of several scenarios",
            (None, _, None) if columns.has(config.column("Remarks")) && columns.has(config.column("EffectiveDate")) => {
                return Ok(Self::PerformanceReview);
            }
            (None, _, None) => "no column that tells its scenario",
        };
        let column = config.column("HRScenario");
        Err(Failure::Format(format!("the file has {problem}: add the column {column}, or configure `scenario`")))
    }
}
