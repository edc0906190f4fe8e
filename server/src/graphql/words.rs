//! The enums of the API: the core's words, described for front-end authors.
//! Never: a word or a meaning of its own; the core has both.

use async_graphql::Enum;
use vizard_core::{
    access::share, alert, audit, case, event::content, health, indicator, notification, policy, problem, reveal,
    scoring, settings, subject, template, webhook,
};

/// Declares enums of the API that have the variants of a core enum, with ways to and from it.
macro_rules! shown {
    ($($(#[$doc:meta])* $name:ident = $core:ty { $($(#[$variant_doc:meta])* $variant:ident,)* })*) => {$(
        $(#[$doc])*
        #[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        const _: () = {
            type Core = $core;
            impl From<Core> for $name {
                fn from(core: Core) -> Self {
                    match core { $(Core::$variant => Self::$variant,)* }
                }
            }
            impl From<$name> for Core {
                fn from(shown: $name) -> Self {
                    match shown { $($name::$variant => Self::$variant,)* }
                }
            }
        };
    )*};
}

shown! {
    /// What a webhook tells of.
    WebhookEvent = webhook::WebhookEvent {
        /// An alert was raised.
        AlertRaised,
        /// An alert that needs review became more severe.
        AlertUpdated,
        /// An alert was confirmed, dismissed, or resolved with its case.
        AlertDecided,
        /// A case was opened.
        CaseOpened,
        /// A case changed: an alert joined it, a note was written, it was shared, a hold began.
        CaseUpdated,
        /// A case was resolved.
        CaseResolved,
        /// Nothing: somebody tries whether messages arrive. Every webhook gets it.
        Test,
    }

    /// What a role is told of by mail.
    NotificationKind = notification::NotificationKind {
        /// A policy raised its first alert. To ANALYST or INVESTIGATOR.
        FirstAlert,
        /// On each day after new alerts of severity HIGH, from 6:00 UTC: how many, by policy. To ANALYST or INVESTIGATOR.
        NewHighAlerts,
        /// On Mondays from 6:00 UTC, where policies have warnings: which. To whoever may read policies.
        UnresolvedWarnings,
        /// On each day on which alerts are past their time, from 6:00 UTC: how many, by severity. To ANALYST or INVESTIGATOR.
        OverdueAlerts,
    }

    /// What became of a message to a webhook.
    WebhookDeliveryState = webhook::DeliveryState {
        /// It is sent, or sent again, at its time.
        Waiting,
        /// The receiver took it.
        Sent,
        /// It was given up.
        Failed,
    }

    /// What was done.
    AuditActivity = audit::AuditActivity {
        /// Something sensitive was read.
        Viewed,
        /// Something was made.
        Added,
        /// Something was changed.
        Edited,
        /// Something was removed.
        Deleted,
        /// Somebody asked to see who a subject is.
        RevealRequested,
        /// Somebody else agreed.
        RevealApproved,
        /// Somebody else refused.
        RevealDenied,
        /// A reveal was ended before its time, or a request taken back.
        RevealEnded,
        /// An identity was opened without consent, in an emergency.
        BreakGlass,
        /// An identity was shown.
        IdentityViewed,
        /// A case was shared.
        Shared,
        /// A share was used.
        ShareUsed,
        /// A share was taken back.
        ShareRevoked,
        /// Something left the system as a file.
        Exported,
        /// A notice was sent: to a subject, or about a reveal without consent.
        NoticeSent,
        /// Somebody signed in.
        SignedIn,
        /// Somebody tried what they may not do.
        Denied,
    }
    /// What kind of thing it was done to.
    AuditCategory = audit::AuditCategory {
        /// Policies.
        Policies,
        /// Alerts.
        Alerts,
        /// Cases.
        Cases,
        /// Subjects, their scores and the evidence about them.
        Subjects,
        /// Settings, indicators, groups.
        Settings,
        /// Templates of notices.
        NoticeTemplates,
        /// Plugins, connectors and what they deliver.
        Connectors,
        /// Shares of cases.
        Shares,
        /// Who may do what, and who signs in.
        Roles,
        /// The audit log itself.
        Audit,
    }
    /// Why two subjects may be one person, the strongest reason first.
    MergeReason = subject::likeness::MergeReason {
        /// A source put accounts of both on one record.
        NamedTogether,
        /// Both have an account of the same name, at different places.
        SameAccount,
        /// HR calls both by the same name.
        SameName,
        /// An account of one is spelt as directories spell the name of the other.
        Spelling,
    }
    /// Whether a viewer sees who a subject is, and why.
    IdentityState = subject::IdentityState {
        /// Hidden behind the pseudonym: the normal state.
        Masked,
        /// Shown for a case, for a time, because a second person agreed.
        Revealed,
        /// Shown to everybody who may see the subject: the installation decided so.
        PseudonymisationOff,
        /// Erased for good; nobody can bring it back.
        Erased,
    }
    /// Where a reveal stands.
    RevealState = reveal::RevealState {
        /// Waits for a second person.
        Requested,
        /// Shows the identity to who asked for it.
        Approved,
        /// Refused.
        Denied,
        /// Over: its time ran out, or nobody decided in time.
        Expired,
        /// Over before its time, or taken back.
        Ended,
    }
    /// Whom a case is shared with.
    ShareAudience = share::ShareAudience {
        /// Human resources.
        Hr,
        /// The legal department.
        Legal,
        /// Somebody who leads people.
        Manager,
    }
    /// A part of a case that a share opens. Where the case stands and how severe it is, every share shows.
    ShareSection = share::ShareSection {
        /// How it ended and what was done; its subject's department and risk.
        Summary,
        /// Its insights, and how the score came to be what it is.
        Timeline,
        /// Notes: those of the system, and with identity those of staff.
        Notes,
        /// Its alerts.
        Alerts,
        /// The events beneath its insights, and with identity their content.
        Evidence,
        /// A question to its holder, which they may answer: comes with `askConsultation` alone.
        Question,
    }
    /// How soon somebody should look at an alert (docs/triage.md).
    TriageRank = alert::triage::TriageRank {
        /// Before the others: 40 points or more.
        NeedsAttention,
        /// After them.
        CanWait,
        /// Not at all: somebody has decided.
        NotRanked,
    }
    /// How risky a subject is now: its alerts and days of high exfiltration of late (`Settings.riskLevel`).
    RiskLevel = subject::RiskLevel {
        /// Nothing that counts.
        None,
        /// A low alert, or one day of high exfiltration.
        Minor,
        /// A medium alert, or two days of high exfiltration.
        Moderate,
        /// A high alert.
        Elevated,
    }
    /// How a day's count compares with the policy's thresholds.
    ThresholdLevel = scoring::threshold::ThresholdLevel {
        /// Below low.
        Minimal,
        /// From low on.
        Low,
        /// From medium on.
        Medium,
        /// From high on.
        High,
    }
    /// Marks of an insight or alert that a queue can be filtered by.
    RiskFactor = scoring::RiskFactor {
        /// Steps that follow each other, such as download, rename, upload.
        Sequence,
        /// More was taken out over weeks than others take.
        CumulativeExfiltration,
        /// Far from what is usual for the subject or its peers.
        Unusual,
        /// Content that the policy protects in particular.
        PriorityContent,
        /// A domain that is not allowed.
        UnallowedDomain,
        /// The subject is in a priority group.
        PriorityGroup,
        /// The subject's access or position could do great harm.
        HighImpact,
        /// Health records.
        HealthRecord,
        /// Sites that put the organisation at risk.
        RiskyBrowsing,
    }
    /// How severe an alert or case is, by its risk score.
    Severity = alert::Severity {
        /// Below 34.
        Low,
        /// From 34.
        Medium,
        /// From 67.
        High,
    }
    /// Where an alert stands.
    AlertStatus = alert::AlertStatus {
        /// Open: somebody has to look.
        NeedsReview,
        /// Part of a case.
        Confirmed,
        /// Put aside with a reason.
        Dismissed,
        /// Its case was resolved.
        Resolved,
    }
    /// Why an alert was dismissed.
    DismissReason = alert::DismissReason {
        /// What was seen did not happen that way.
        FalsePositive,
        /// It happened and is part of the work.
        ExpectedActivity,
        /// Too little to go on.
        InsufficientEvidence,
        /// It happened and does no harm.
        NotImpactful,
        /// The policy reports more than can be looked at.
        TooMuchActivity,
    }
    /// Whether a case is worked on.
    CaseStatus = case::CaseStatus {
        /// Open.
        Active,
        /// Resolved and frozen.
        Closed,
    }
    /// How a case ended.
    CaseResolution = case::CaseResolution {
        /// There was a good reason for what was seen.
        Benign,
        /// A policy was violated. What the subject does from then on counts more (PRIOR_VIOLATION).
        ConfirmedPolicyViolation,
    }
    /// Whether a policy works.
    PolicyState = policy::PolicyState {
        /// Being written: neither scores nor alerts.
        Draft,
        /// Scores and alerts.
        Active,
        /// Switched off; its alerts stay.
        Inactive,
    }
    /// How many alerts a policy may raise.
    AlertVolume = policy::AlertVolume {
        /// All high ones, fewer medium ones, no low ones.
        Fewer,
        /// All high and medium ones, some low ones.
        Default,
        /// All high and medium ones, most low ones.
        More,
    }
    /// Where an indicator's daily thresholds come from.
    ThresholdMode = policy::ThresholdMode {
        /// Built in.
        Recommended,
        /// From this organisation's own last 10 days.
        UserBased,
        /// Given counts.
        Custom,
        /// From what is usual for the subject itself.
        AboveUsual,
    }
    /// Whose consent a reveal needs.
    RevealApproval = settings::RevealApproval {
        /// Somebody else, with the role APPROVER.
        SecondPerson,
        /// Nobody's: for teams too small for two. The audit log says so with every reveal.
        None,
    }
    /// What a detection group lists.
    DetectionGroupKind = settings::GroupKind {
        /// Domains, written as in the lists of domains.
        Domains,
        /// Folders, written as in the exclusions.
        Paths,
        /// Endings of file names.
        FileTypes,
        /// Addresses of sites.
        Sites,
        /// Sensitivity labels.
        Labels,
    }

    /// What kind of act an indicator stands for.
    ActionClass = indicator::ActionClass {
        /// Opening, reading, printing to screen.
        Access,
        /// Deleting.
        Deletion,
        /// Fetching and gathering.
        Collection,
        /// Taking out.
        Exfiltration,
        /// Bringing in.
        Infiltration,
        /// Making something look like something else.
        Obfuscation,
        /// Removing traces.
        CleanUp,
        /// Weakening protection.
        Security,
        /// Something that explains the rest, such as a resignation.
        Context,
    }
    /// The policy templates.
    TemplateCode = template::TemplateCode {
        /// People who leave and take data along.
        DataTheftByDepartingUsers,
        /// Data that leave, found by data-loss prevention.
        DataLeaks,
        /// The same, for people in priority groups.
        DataLeaksByPriorityUsers,
        /// The same, for people who are at risk or under strain.
        DataLeaksByRiskyUsers,
        /// Data that leave, on any trigger.
        GeneralDataLeaks,
        /// Tampering with the security of devices.
        SecurityPolicyViolations,
        /// The same, by people who leave.
        SecurityPolicyViolationsByDepartingUsers,
        /// The same, by people in priority groups.
        SecurityPolicyViolationsByPriorityUsers,
        /// The same, by people who are at risk or under strain.
        SecurityPolicyViolationsByRiskyUsers,
        /// Health records opened without need.
        PatientDataMisuse,
        /// Browsing that puts the organisation at risk.
        RiskyBrowserUsage,
        /// Risky use of generative AI.
        RiskyAiUsage,
    }
    /// How grave a finding about a policy is.
    HealthStatus = health::HealthStatus {
        /// Nothing to do.
        Healthy,
        /// The policy works and could work better.
        Recommendation,
        /// The policy misses what it is for.
        Warning,
    }
    /// What kind of thing an event is about: by its indicator, and for files by their extension.
    ContentType = content::ContentType {
        /// Text to be read: word processing, PDF, plain text.
        Document,
        /// Tables and data.
        Spreadsheet,
        /// Slides.
        Presentation,
        /// Several files in one, and disk images.
        Archive,
        /// Programs as they are written, and what they are built from.
        SourceCode,
        /// Pictures, drawings, films.
        Image,
        /// Mail.
        Email,
        /// Chat, and what is written to an assistant.
        Message,
        /// Records of patients.
        HealthRecord,
        /// Machines and what is attached to them.
        Device,
        /// Sites, in the company and outside.
        Site,
        /// Anything else, and files of an unknown kind.
        Other,
    }
    /// What is wrong with a part of an input.
    UserErrorCode = problem::ProblemCode {
        /// Not a value of the wanted shape or range.
        Invalid,
        /// Missing or blank.
        Required,
        /// Names something that does not exist, or that the viewer may not know to exist.
        NotFound,
        /// Clashes with what is there already.
        Conflict,
        /// Made from an older version of the thing: load it again.
        Stale,
        /// More than a documented limit.
        LimitExceeded,
        /// The state of the thing does not allow it.
        NotAllowed,
        /// A viewer may not decide in their own affair.
        SelfDealing,
        /// Not enabled in the settings.
        NotEnabled,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::resolver_utils::{EnumType, enum_value};

    #[test]
    fn every_enum_has_the_words_of_the_core_in_their_order() {
        macro_rules! check {
            ($($name:ident = $core:ty),*) => {$(
                let words: Vec<&str> = <$core>::ALL.iter().map(|core| core.as_str()).collect();
                let shown: Vec<&str> = <$name as EnumType>::items().iter().map(|item| item.name).collect();
                assert_eq!(shown, words);
                for core in <$core>::ALL {
                    let value = enum_value($name::from(*core));
                    assert_eq!(value.to_string(), core.as_str());
                    assert_eq!(<$core>::from($name::from(*core)), *core);
                }
            )*};
        }
        check!(
            MergeReason = subject::likeness::MergeReason,
            IdentityState = subject::IdentityState,
            RiskLevel = subject::RiskLevel
        );
        check!(ThresholdLevel = scoring::threshold::ThresholdLevel, RiskFactor = scoring::RiskFactor);
        check!(Severity = alert::Severity, AlertStatus = alert::AlertStatus, DismissReason = alert::DismissReason);
        check!(CaseResolution = case::CaseResolution, RevealState = reveal::RevealState);
        check!(ShareAudience = share::ShareAudience, ShareSection = share::ShareSection);
        check!(ContentType = content::ContentType);
        check!(CaseStatus = case::CaseStatus, PolicyState = policy::PolicyState, AlertVolume = policy::AlertVolume);
        check!(
            ThresholdMode = policy::ThresholdMode,
            ActionClass = indicator::ActionClass,
            DetectionGroupKind = settings::GroupKind,
            RevealApproval = settings::RevealApproval
        );
        check!(TemplateCode = template::TemplateCode, HealthStatus = health::HealthStatus);
    }
}
