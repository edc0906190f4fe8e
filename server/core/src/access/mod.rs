//! Who may do what: roles, what there is to act on, and the one table that joins them.
//! Never: a second place that decides. Guards, the printed `@requires` and the golden file all come from [`matrix`].

pub mod duties;
pub mod matrix;
pub mod share;

use crate::words::words;

words! {
    /// A role of a viewer (domain, section 7).
    Role {
        /// Policies, settings, connectors; no alerts.
        Admin = "ADMIN",
        /// Triage of alerts and cases.
        Analyst = "ANALYST",
        /// The analyst's work, evidence, reveals and shares.
        Investigator = "INVESTIGATOR",
        /// The audit log and how the system is set up.
        Auditor = "AUDITOR",
        /// Decides on reveals.
        Approver = "APPROVER",
        /// A machine that delivers records.
        Connector = "CONNECTOR",
    }
}

words! {
    /// What there is to act on.
    Resource {
        /// Policies and their templates.
        Policies = "policies",
        /// The catalogue of indicators and what is enabled.
        Indicators = "indicators",
        /// Domains, exclusions, detection groups, priority user groups.
        Settings = "settings",
        /// Which priority user groups a subject is in.
        PriorityGroups = "priority groups of a subject",
        /// Plugins, connectors, runs.
        Connectors = "connectors",
        /// How a connector is configured.
        ConnectorConfig = "connector configuration",
        /// What a connector was granted.
        ConnectorGrants = "connector grants",
        /// Records that were not accepted.
        Rejects = "rejected records",
        /// Records on their way in.
        Deliveries = "deliveries",
        /// Alerts and what they rest on.
        Alerts = "alerts",
        /// Cases: found, listed, worked on.
        Cases = "cases",
        /// What a case is called, whom it is about under a pseudonym, and where it stands.
        CaseHeaders = "case headers",
        /// Notes on alerts and cases.
        Notes = "notes",
        /// Subjects, under their pseudonyms: found, listed, with their windows of scoring.
        Subjects = "subjects",
        /// Which subjects are one person: what suggests it, merging and splitting them.
        Merges = "merging of subjects",
        /// Insights, and how a score came to be what it is.
        Insights = "insights",
        /// The events beneath an insight, without their content.
        Activities = "activities",
        /// Reports of everything that was received of one subject.
        ActivityReports = "activity reports",
        /// Scoring of a subject, started and stopped by hand.
        Scoring = "scoring by hand",
        /// Full names of objects, paths, recipients, message text.
        EvidenceContent = "evidence content",
        /// Notices to subjects, and their templates.
        Notices = "notices",
        /// Keeping a case and what is below it beyond the periods of retention.
        LegalHolds = "legal hold of a case",
        /// Reveals: looked up, and ended before their time.
        Reveals = "reveals of an identity",
        /// Asking for one.
        RevealRequests = "requests for a reveal",
        /// Approving or denying one.
        RevealDecisions = "decisions on a reveal",
        /// Shares of cases with HR and legal.
        Shares = "shares of a case",
        /// Taking a share back.
        ShareRevocations = "revocation of a share",
        /// Questions about cases to people outside of the team.
        Consultations = "consultations",
        /// Answering one: no role has a row for it, whoever holds the share that asks does.
        ConsultationAnswers = "answers to consultations",
        /// Exports of cases: made, and that they were made.
        Exports = "exports of a case",
        /// The packages themselves.
        ExportPackages = "packages of exports",
        /// Who holds which role.
        RoleGrants = "role grants",
        /// Erasing a person.
        Erasure = "erasure of a subject",
        /// Everything that is kept of a person, names opened: no role has a row for it.
        OwnData = "a person's own data",
        /// Where alerts and cases are told to other systems.
        Webhooks = "webhooks",
        /// What everybody did.
        AuditLog = "audit log",
        /// Counts over everything.
        Analytics = "aggregate analytics",
    }
}

words! {
    /// What may be done.
    Action {
        /// Look.
        Read = "read",
        /// Create, edit, decide, deliver.
        Change = "change",
    }
}
