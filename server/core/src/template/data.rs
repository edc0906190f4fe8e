//! The rows behind the templates.
//! Never: a code that the catalogue of indicators does not have (tests look).

use super::{SequenceRule, Step, Template, TemplateCode};

/// How an object leaves: what a sequence ends in and what is added up over 30 days. A copy to a network share stays inside:
/// whoever hands over, and a department that moves its files, does nothing else.
pub(super) const EXFILTRATION_OF_OBJECTS: &[&str] = &[
    "FILE_SHARED_EXTERNALLY",
    "FOLDER_SHARED_EXTERNALLY",
    "SITE_SHARED_EXTERNALLY",
    "EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT",
    "EMAIL_SENT_TO_FREE_DOMAIN",
    "EMAIL_SENT_TO_SELF",
    "CHAT_FILE_SHARED_EXTERNALLY",
    "CHANNEL_FILE_SHARED_EXTERNALLY",
    "FILE_COPIED_TO_USB",
    "FILE_UPLOADED_TO_WEB",
    "FILE_PRINTED",
    "FILE_COPIED_TO_REMOTE_SESSION",
    "CONTENT_EXTERNALLY_SHARED",
    "AI_SITE_UPLOAD",
];

/// Collection, hiding, leaving, clean-up. Reading and the clipboard are left to those who want them: as counts they are
/// everybody's day.
const LEAKS: &[&str] = &[
    "FILE_DOWNLOADED",
    "FILE_SYNCED",
    "FILE_SHARED_EXTERNALLY",
    "FOLDER_SHARED_EXTERNALLY",
    "SITE_SHARED_EXTERNALLY",
    "FILE_DELETED",
    "FILE_DELETED_FIRST_STAGE_BIN",
    "FILE_DELETED_SECOND_STAGE_BIN",
    "FOLDER_DELETED",
    "FOLDER_DELETED_FIRST_STAGE_BIN",
    "FOLDER_DELETED_SECOND_STAGE_BIN",
    "LABEL_DOWNGRADED",
    "LABEL_REMOVED",
    "SITE_LABEL_REMOVED",
    "EXTERNAL_USER_ADDED_TO_SITE",
    "EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT",
    "EMAIL_SENT_TO_FREE_DOMAIN",
    "EMAIL_SENT_TO_SELF",
    "MAIL_FORWARDING_RULE_CREATED",
    "MAILBOX_DELEGATED",
    "CHAT_FILE_SHARED_EXTERNALLY",
    "CHANNEL_FILE_SHARED_EXTERNALLY",
    "EXTERNAL_MEMBER_ADDED",
    "SENSITIVE_MESSAGE_SENT",
    "CHAT_FILE_DOWNLOADED",
    "FILE_COPIED_TO_USB",
    "FILE_UPLOADED_TO_WEB",
    "FILE_PRINTED",
    "FILE_COPIED_TO_NETWORK_SHARE",
    "FILE_COPIED_TO_REMOTE_SESSION",
    "FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN",
    "FILE_STAGED",
    "FILE_RENAMED",
    "HIDDEN_FILE_CREATED",
    "FILE_ARCHIVED",
    "DEVICE_FILE_DELETED",
    "CONTENT_DOWNLOADED",
    "CONTENT_EXTERNALLY_SHARED",
    "AI_SITE_UPLOAD",
    "DLP_POLICY_MATCH",
    "OFF_HOURS",
    "FIRST_TIME",
    "RARE",
];

const SECURITY: &[&str] = &[
    "DEFENCE_EVASION",
    "UNWANTED_SOFTWARE",
    "ANTIVIRUS_DISABLED",
    "SECURITY_AGENT_REMOVED",
    "HIDDEN_FILE_CREATED",
    "FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN",
    "IMPOSSIBLE_TRAVEL",
    "INFREQUENT_COUNTRY",
    "MULTIPLE_FAILED_LOGINS",
    "MASS_STORAGE_DELETION",
    "ADMIN_ANOMALY",
    "LOGGING_DISABLED",
    "OFF_HOURS",
    "FIRST_TIME",
    "RARE",
];

const SECURITY_OF_LEAVERS: &[&str] = &[
    "DEFENCE_EVASION",
    "UNWANTED_SOFTWARE",
    "ANTIVIRUS_DISABLED",
    "SECURITY_AGENT_REMOVED",
    "HIDDEN_FILE_CREATED",
    "FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN",
    "IMPOSSIBLE_TRAVEL",
    "INFREQUENT_COUNTRY",
    "MULTIPLE_FAILED_LOGINS",
    "MASS_STORAGE_DELETION",
    "ADMIN_ANOMALY",
    "LOGGING_DISABLED",
    "TERMINATED_USER_ACTIVITY",
    "PHYSICAL_ACCESS_AFTER_TERMINATION",
    "PHYSICAL_ACCESS_FAILED_SENSITIVE",
    "OFF_HOURS",
    "FIRST_TIME",
    "RARE",
];

const PATIENTS: &[&str] = &[
    "PATIENT_RECORD_FAMILY",
    "PATIENT_RECORD_NEIGHBOUR",
    "PATIENT_RECORD_COLLEAGUE",
    "PATIENT_RECORD_RESTRICTED",
    "PATIENT_RECORD_HIGH_VOLUME",
    "FILE_PRINTED",
    "FILE_COPIED_TO_USB",
    "EMAIL_SENT_TO_FREE_DOMAIN",
    "EMAIL_SENT_TO_SELF",
    "OFF_HOURS",
    "FIRST_TIME",
    "RARE",
];

const BROWSING: &[&str] = &[
    "BROWSED_MALWARE",
    "BROWSED_KEYLOGGER",
    "BROWSED_PHISHING",
    "BROWSED_HACKING",
    "BROWSED_GENERATIVE_AI",
    "BROWSED_CRIMINAL_ACTIVITY",
    "BROWSED_ILLEGAL_SOFTWARE",
    "BROWSED_PORNOGRAPHY",
    "BROWSED_VIOLENCE",
    "BROWSED_GAMBLING",
    "BROWSED_HATE",
    "BROWSED_CULT",
    "BROWSED_CHILD_ABUSE",
    "BROWSED_UNALLOWED_DOMAIN",
    "COMPETITOR_SITE",
];

const ARTIFICIAL: &[&str] = &["SENSITIVE_PROMPT", "SENSITIVE_RESPONSE", "RISKY_PROMPT", "AI_SITE_UPLOAD"];
const ARTIFICIAL_AND_BROWSING: &[&str] =
    &["SENSITIVE_PROMPT", "SENSITIVE_RESPONSE", "RISKY_PROMPT", "AI_SITE_UPLOAD", "BROWSED_GENERATIVE_AI"];

const LEAVING: &[&str] = &["RESIGNATION", "TERMINATION", "ACCOUNT_DELETED"];
const STRESSORS: &[&str] = &["PERFORMANCE_IMPROVEMENT_PLAN", "PERFORMANCE_REVIEW", "JOB_LEVEL_CHANGE"];
const STRESSORS_AND_THREATS: &[&str] =
    &["PERFORMANCE_IMPROVEMENT_PLAN", "PERFORMANCE_REVIEW", "JOB_LEVEL_CHANGE", "INAPPROPRIATE_TEXT"];
const ENDPOINT_ALERTS: &[&str] = &["DEFENCE_EVASION", "UNWANTED_SOFTWARE"];
const HR_OR_PATIENTS: &[&str] = &[
    "RESIGNATION",
    "TERMINATION",
    "PERFORMANCE_IMPROVEMENT_PLAN",
    "PERFORMANCE_REVIEW",
    "JOB_LEVEL_CHANGE",
    "PATIENT_RECORD_FAMILY",
    "PATIENT_RECORD_NEIGHBOUR",
    "PATIENT_RECORD_COLLEAGUE",
    "PATIENT_RECORD_RESTRICTED",
];

const NEEDS_HR: &str = "An HR connector delivers resignations, terminations and last working days.";
const NEEDS_STRESSORS: &str = "An HR connector delivers improvement plans, reviews or changes of level.";
const NEEDS_ENDPOINT: &str = "An endpoint connector delivers security alerts.";
const NEEDS_GROUP: &str = "The scope is a priority user group.";
const NEEDS_FILES: &str = "A connector for files, mail or devices delivers activity.";

macro_rules! sequences {
    ($($code:ident $name:literal [$($step:ident)*];)*) => {
        pub(super) const SEQUENCES: &[SequenceRule] = &[$(SequenceRule {
            code: stringify!($code),
            name: $name,
            steps: &[$(Step::$step),*],
        },)*];
    };
}

sequences! {
    DOWNLOAD_EXFILTRATE "Download, then exfiltration" [Download Exfiltrate];
    DOWNLOAD_OBFUSCATE_EXFILTRATE "Download, then obfuscation, then exfiltration" [Download Obfuscate Exfiltrate];
    DOWNLOAD_EXFILTRATE_DELETE "Download, then exfiltration, then deletion" [Download Exfiltrate Delete];
    DOWNLOAD_OBFUSCATE_EXFILTRATE_DELETE "Download, then obfuscation, then exfiltration, then deletion"
        [Download Obfuscate Exfiltrate Delete];
    ARCHIVE_EXFILTRATE "Archive, then exfiltration" [Archive Exfiltrate];
    ARCHIVE_OBFUSCATE_EXFILTRATE "Archive, then obfuscation, then exfiltration" [Archive Obfuscate Exfiltrate];
    ARCHIVE_EXFILTRATE_DELETE "Archive, then exfiltration, then deletion" [Archive Exfiltrate Delete];
    ARCHIVE_OBFUSCATE_EXFILTRATE_DELETE "Archive, then obfuscation, then exfiltration, then deletion"
        [Archive Obfuscate Exfiltrate Delete];
    LABEL_EXFILTRATE "Label lowered or removed, then exfiltration" [Label Exfiltrate];
    LABEL_OBFUSCATE_EXFILTRATE "Label lowered or removed, then obfuscation, then exfiltration"
        [Label Obfuscate Exfiltrate];
    LABEL_EXFILTRATE_DELETE "Label lowered or removed, then exfiltration, then deletion" [Label Exfiltrate Delete];
    LABEL_OBFUSCATE_EXFILTRATE_DELETE "Label lowered or removed, then obfuscation, then exfiltration, then deletion"
        [Label Obfuscate Exfiltrate Delete];
    THIRD_PARTY_EXFILTRATE "Download from a third-party site, then exfiltration" [ThirdParty Exfiltrate];
    THIRD_PARTY_OBFUSCATE_EXFILTRATE "Download from a third-party site, then obfuscation, then exfiltration"
        [ThirdParty Obfuscate Exfiltrate];
    THIRD_PARTY_EXFILTRATE_DELETE "Download from a third-party site, then exfiltration, then deletion"
        [ThirdParty Exfiltrate Delete];
    THIRD_PARTY_OBFUSCATE_EXFILTRATE_DELETE
        "Download from a third-party site, then obfuscation, then exfiltration, then deletion"
        [ThirdParty Obfuscate Exfiltrate Delete];
    UNALLOWED_EXFILTRATE "Download from a domain that is not allowed, then exfiltration" [Unallowed Exfiltrate];
    UNALLOWED_OBFUSCATE_EXFILTRATE "Download from a domain that is not allowed, then obfuscation, then exfiltration"
        [Unallowed Obfuscate Exfiltrate];
    UNALLOWED_EXFILTRATE_DELETE "Download from a domain that is not allowed, then exfiltration, then deletion"
        [Unallowed Exfiltrate Delete];
    UNALLOWED_OBFUSCATE_EXFILTRATE_DELETE
        "Download from a domain that is not allowed, then obfuscation, then exfiltration, then deletion"
        [Unallowed Obfuscate Exfiltrate Delete];
    LABEL_DOWNLOAD_EXFILTRATE "Label lowered or removed, then download, then exfiltration" [Label Download Exfiltrate];
    LABEL_DOWNLOAD_EXFILTRATE_DELETE "Label lowered or removed, then download, then exfiltration, then deletion"
        [Label Download Exfiltrate Delete];
}

pub(super) const TEMPLATES: &[Template] = &[
    Template {
        code: TemplateCode::DataTheftByDepartingUsers,
        name: "Data theft by departing users",
        description: "Somebody who resigned, was dismissed or whose account was deleted collects data and takes it out, \
            before leaving or after.",
        triggers: LEAVING,
        volume_trigger: false,
        indicators: LEAKS,
        sequences: SEQUENCES,
        always_on: false,
        cumulative: true,
        requires: &[
            "Recommended: an HR connector delivers resignations, terminations and last working days; without one, \
            only deleted accounts start scoring.",
            NEEDS_FILES,
        ],
        max_subjects: 20_000,
    },
    Template {
        code: TemplateCode::DataLeaks,
        name: "Data leaks",
        description: "Data leaves the organisation, by accident or on purpose, after a match of a data loss prevention \
            policy of high severity or a day of unusual volume.",
        triggers: &["DLP_POLICY_MATCH"],
        volume_trigger: true,
        indicators: LEAKS,
        sequences: SEQUENCES,
        always_on: false,
        cumulative: true,
        requires: &[
            "Matches of data loss prevention policies are delivered, or an exfiltration indicator is selected.",
        ],
        max_subjects: 15_000,
    },
    Template {
        code: TemplateCode::DataLeaksByPriorityUsers,
        name: "Data leaks by priority users",
        description: "Data leaks by the members of a priority user group, whose access would do the most damage.",
        triggers: &["DLP_POLICY_MATCH"],
        volume_trigger: true,
        indicators: LEAKS,
        sequences: SEQUENCES,
        always_on: true,
        cumulative: true,
        requires: &[NEEDS_GROUP, NEEDS_FILES],
        max_subjects: 1_000,
    },
    Template {
        code: TemplateCode::DataLeaksByRiskyUsers,
        name: "Data leaks by risky users",
        description: "Data leaks by people under strain at work: an improvement plan, a poor review, a change of level, \
            or messages that threaten or harass.",
        triggers: STRESSORS_AND_THREATS,
        volume_trigger: false,
        indicators: LEAKS,
        sequences: SEQUENCES,
        always_on: false,
        cumulative: true,
        requires: &[NEEDS_STRESSORS, NEEDS_FILES],
        max_subjects: 7_500,
    },
    Template {
        code: TemplateCode::GeneralDataLeaks,
        name: "General data leaks",
        description: "Data leaves the organisation in a volume that stands out, whoever it is and whatever went before.",
        triggers: &[],
        volume_trigger: true,
        indicators: LEAKS,
        sequences: SEQUENCES,
        always_on: true,
        cumulative: true,
        requires: &[],
        max_subjects: 15_000,
    },
    Template {
        code: TemplateCode::SecurityPolicyViolations,
        name: "Security policy violations",
        description: "Security controls are evaded, or unwanted software is brought in.",
        triggers: ENDPOINT_ALERTS,
        volume_trigger: false,
        indicators: SECURITY,
        sequences: &[],
        always_on: false,
        cumulative: false,
        requires: &[NEEDS_ENDPOINT],
        max_subjects: 1_000,
    },
    Template {
        code: TemplateCode::SecurityPolicyViolationsByDepartingUsers,
        name: "Security policy violations by departing users",
        description: "Security controls are evaded by somebody who is about to leave or has left.",
        triggers: LEAVING,
        volume_trigger: false,
        indicators: SECURITY_OF_LEAVERS,
        sequences: &[],
        always_on: false,
        cumulative: false,
        requires: &[NEEDS_ENDPOINT, NEEDS_HR],
        max_subjects: 15_000,
    },
    Template {
        code: TemplateCode::SecurityPolicyViolationsByPriorityUsers,
        name: "Security policy violations by priority users",
        description: "Security controls are evaded by members of a priority user group.",
        triggers: ENDPOINT_ALERTS,
        volume_trigger: false,
        indicators: SECURITY,
        sequences: &[],
        always_on: false,
        cumulative: false,
        requires: &[NEEDS_ENDPOINT, NEEDS_GROUP],
        max_subjects: 1_000,
    },
    Template {
        code: TemplateCode::SecurityPolicyViolationsByRiskyUsers,
        name: "Security policy violations by risky users",
        description: "Security controls are evaded by people under strain at work.",
        triggers: STRESSORS,
        volume_trigger: false,
        indicators: SECURITY,
        sequences: &[],
        always_on: false,
        cumulative: false,
        requires: &[NEEDS_ENDPOINT, NEEDS_STRESSORS],
        max_subjects: 7_500,
    },
    Template {
        code: TemplateCode::PatientDataMisuse,
        name: "Patient data misuse",
        description: "Patient records are opened without a reason for care: of family, neighbours or colleagues, \
            restricted ones, or many.",
        triggers: HR_OR_PATIENTS,
        volume_trigger: false,
        indicators: PATIENTS,
        sequences: &[],
        always_on: false,
        cumulative: false,
        requires: &[
            "A clinical connector delivers access to patient records.",
            "An HR connector delivers employee profiles with home addresses, to match patients with.",
        ],
        max_subjects: 5_000,
    },
    Template {
        code: TemplateCode::RiskyBrowserUsage,
        name: "Risky browser usage",
        description: "Sites are visited that put the organisation at risk or break its rules.",
        triggers: BROWSING,
        volume_trigger: false,
        indicators: BROWSING,
        sequences: &[],
        always_on: false,
        cumulative: false,
        requires: &["A browser or endpoint connector delivers visits by category.", "At least one browsing indicator."],
        max_subjects: 7_000,
    },
    Template {
        code: TemplateCode::RiskyAiUsage,
        name: "Risky AI usage",
        description: "Sensitive data is given to generative AI, drawn out of it, or it is asked for what breaks the rules.",
        triggers: ARTIFICIAL,
        volume_trigger: false,
        indicators: ARTIFICIAL_AND_BROWSING,
        sequences: &[],
        always_on: false,
        cumulative: false,
        requires: &["A connector for generative AI applications delivers prompts, responses or uploads."],
        max_subjects: 10_000,
    },
];
