//! The access matrix: role × resource × action (domain, section 7).
//! Never: a default that allows; a pair without a row is nobody's.

use super::{Action, Resource, Role};

const STAFF: &[Role] = &[Role::Admin, Role::Analyst, Role::Investigator, Role::Auditor];
const TRIAGE: &[Role] = &[Role::Analyst, Role::Investigator];
const ADMIN: &[Role] = &[Role::Admin];
const INVESTIGATOR: &[Role] = &[Role::Investigator];

/// Every row: who may do what to what.
pub const ROWS: &[(Resource, Action, &[Role])] = &[
    (Resource::Policies, Action::Read, STAFF),
    (Resource::Policies, Action::Change, ADMIN),
    (Resource::Indicators, Action::Read, STAFF),
    (Resource::Indicators, Action::Change, ADMIN),
    (Resource::Settings, Action::Read, STAFF),
    (Resource::Settings, Action::Change, ADMIN),
    (Resource::PriorityGroups, Action::Read, &[Role::Admin, Role::Analyst, Role::Investigator]),
    (Resource::Connectors, Action::Read, STAFF),
    (Resource::Connectors, Action::Change, ADMIN),
    (Resource::ConnectorConfig, Action::Read, ADMIN),
    (Resource::ConnectorGrants, Action::Read, &[Role::Admin, Role::Auditor]),
    (Resource::Rejects, Action::Read, ADMIN),
    (Resource::Deliveries, Action::Change, &[Role::Connector]),
    (Resource::Alerts, Action::Read, TRIAGE),
    (Resource::Alerts, Action::Change, TRIAGE),
    (Resource::Cases, Action::Read, TRIAGE),
    (Resource::Cases, Action::Change, TRIAGE),
    (Resource::CaseHeaders, Action::Read, &[Role::Analyst, Role::Investigator, Role::Auditor, Role::Approver]),
    (Resource::Notes, Action::Read, TRIAGE),
    (Resource::Subjects, Action::Read, TRIAGE),
    (Resource::Merges, Action::Read, TRIAGE),
    (Resource::Merges, Action::Change, INVESTIGATOR),
    (Resource::Insights, Action::Read, TRIAGE),
    (Resource::Activities, Action::Read, TRIAGE),
    (Resource::ActivityReports, Action::Read, INVESTIGATOR),
    (Resource::ActivityReports, Action::Change, INVESTIGATOR),
    (Resource::Scoring, Action::Change, ADMIN),
    (Resource::EvidenceContent, Action::Read, INVESTIGATOR),
    (Resource::LegalHolds, Action::Change, INVESTIGATOR),
    (Resource::Notices, Action::Read, TRIAGE),
    (Resource::Notices, Action::Change, TRIAGE),
    (Resource::Reveals, Action::Read, &[Role::Investigator, Role::Approver, Role::Auditor]),
    (Resource::Reveals, Action::Change, &[Role::Investigator, Role::Approver]),
    (Resource::RevealRequests, Action::Change, INVESTIGATOR),
    (Resource::RevealDecisions, Action::Change, &[Role::Approver]),
    (Resource::Shares, Action::Read, &[Role::Investigator, Role::Auditor]),
    (Resource::Shares, Action::Change, INVESTIGATOR),
    (Resource::ShareRevocations, Action::Change, &[Role::Investigator, Role::Admin]),
    (Resource::Consultations, Action::Read, TRIAGE),
    (Resource::Consultations, Action::Change, INVESTIGATOR),
    (Resource::Exports, Action::Read, &[Role::Investigator, Role::Auditor]),
    (Resource::Exports, Action::Change, INVESTIGATOR),
    (Resource::ExportPackages, Action::Read, INVESTIGATOR),
    (Resource::RoleGrants, Action::Read, &[Role::Admin, Role::Auditor]),
    (Resource::RoleGrants, Action::Change, ADMIN),
    (Resource::Erasure, Action::Change, ADMIN),
    (Resource::Webhooks, Action::Read, &[Role::Admin, Role::Auditor]),
    (Resource::Webhooks, Action::Change, ADMIN),
    (Resource::AuditLog, Action::Read, &[Role::Auditor]),
    (Resource::Analytics, Action::Read, &[Role::Admin, Role::Analyst, Role::Investigator]),
];

/// The roles any one of which may do it; empty where nobody may.
pub fn roles(resource: Resource, action: Action) -> &'static [Role] {
    ROWS.iter().find(|row| (row.0, row.1) == (resource, action)).map_or(&[], |row| row.2)
}

/// Whether `role` may do it.
pub fn allows(role: Role, resource: Resource, action: Action) -> bool {
    roles(resource, action).contains(&role)
}

/// The matrix as a table in plain text, for people who read no code.
pub fn table() -> String {
    let width = Resource::ALL.iter().map(|resource| resource.as_str().len()).max().unwrap_or(0);
    let mut text = format!("{:width$}  {:6}", "", "");
    for role in Role::ALL {
        text.push_str("  ");
        text.push_str(role.as_str());
    }
    text.push('\n');
    for (resource, action, roles) in ROWS {
        text.push_str(&format!("{:width$}  {:6}", resource.as_str(), action.as_str()));
        for role in Role::ALL {
            let mark = if roles.contains(role) { "yes" } else { "-" };
            text.push_str(&format!("  {mark:<0$}", role.as_str().len()));
        }
        text.truncate(text.trim_end().len());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_printed_matrix_is_the_reviewed_one() {
        insta::assert_snapshot!(table());
    }

    #[test]
    fn a_pair_is_decided_once() {
        for (at, row) in ROWS.iter().enumerate() {
            assert!(!ROWS[..at].iter().any(|earlier| (earlier.0, earlier.1) == (row.0, row.1)), "{row:?}");
        }
    }

    #[test]
    fn a_pair_without_a_row_is_nobodys() {
        assert!(roles(Resource::Deliveries, Action::Read).is_empty());
        assert!(Role::ALL.iter().all(|role| !allows(*role, Resource::EvidenceContent, Action::Change)));
    }

    #[test]
    fn who_sets_up_the_system_sees_no_alert_and_no_subject() {
        for resource in [Resource::Alerts, Resource::Cases, Resource::Subjects, Resource::EvidenceContent] {
            assert!(!allows(Role::Admin, resource, Action::Read), "{resource:?}");
        }
    }
}
