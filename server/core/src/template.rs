//! Policy templates: what a new policy starts from.
//! Never: edited by an installation; a policy is.

use serde::{Deserialize, Serialize};

/// The twelve templates (domain, section 2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, Hash)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "described as data")]
pub enum TemplateCode {
    DataTheftByDepartingUsers,
    DataLeaks,
    DataLeaksByPriorityUsers,
    DataLeaksByRiskyUsers,
    GeneralDataLeaks,
    SecurityPolicyViolations,
    SecurityPolicyViolationsByDepartingUsers,
    SecurityPolicyViolationsByPriorityUsers,
    SecurityPolicyViolationsByRiskyUsers,
    PatientDataMisuse,
    RiskyBrowserUsage,
    RiskyAiUsage,
}
