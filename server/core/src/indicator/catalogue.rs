//! The rows of the catalogue: code, name, action class, weight, daily thresholds (low medium high), families.
//! `-` stands where there is no weight; `starts` where one event can start scoring by itself.
//! Never: a code renamed or reused; stored events carry it.

use super::{ActionClass::*, Category, Indicator};
use crate::scoring::threshold::Thresholds;

macro_rules! thresholds {
    (-) => {
        None
    };
    (($low:literal $medium:literal $high:literal)) => {
        Some(Thresholds { low: $low, medium: $medium, high: $high })
    };
}

macro_rules! starts {
    () => {
        false
    };
    (starts) => {
        true
    };
}

macro_rules! rows {
    ($list:ident: $($category:ident $sources:tt {
        $($code:ident $name:literal $action:ident $weight:literal $thresholds:tt $($starts:ident)?;)*
    })*) => {
        pub(super) const $list: &[Indicator] = &[$($(Indicator {
            code: stringify!($code),
            name: $name,
            category: Category::$category,
            action: $action,
            weight: $weight,
            sources: &$sources,
            thresholds: thresholds!($thresholds),
            triggers: starts!($($starts)?),
        },)*)*];
    };
}

rows! {
    ALL:
    File ["office", "file", "cloud"] {
        FILE_ACCESSED "File accessed" Access 15 (100 250 500);
        FILE_DOWNLOADED "File downloaded" Collection 70 (20 60 120);
        FILE_SYNCED "File synchronised to a device" Collection 40 (50 150 400);
        FILE_SHARED_EXTERNALLY "File shared outside the organisation" Exfiltration 80 (3 8 20);
        FOLDER_SHARED_EXTERNALLY "Folder shared outside the organisation" Exfiltration 85 (1 3 6);
        SITE_SHARED_EXTERNALLY "Site shared outside the organisation" Exfiltration 85 (1 2 4);
        FILE_DELETED "File deleted" Deletion 20 (50 150 300);
        FILE_DELETED_FIRST_STAGE_BIN "File deleted from the recycle bin" CleanUp 45 (20 60 150);
        FILE_DELETED_SECOND_STAGE_BIN "File deleted from the second-stage recycle bin" CleanUp 60 (5 20 50);
        FOLDER_DELETED "Folder deleted" Deletion 40 (10 25 50);
        FOLDER_DELETED_FIRST_STAGE_BIN "Folder deleted from the recycle bin" CleanUp 50 (5 12 25);
        FOLDER_DELETED_SECOND_STAGE_BIN "Folder deleted from the second-stage recycle bin" CleanUp 65 (2 5 10);
        LABEL_DOWNGRADED "Sensitivity label downgraded" Obfuscation 60 (3 10 25);
        LABEL_REMOVED "Sensitivity label removed" Obfuscation 65 (3 10 25);
        SITE_LABEL_REMOVED "Sensitivity label removed from a site" Obfuscation 70 (1 2 4);
        ACCESS_REQUESTED "Access requested" Access 20 (10 25 50);
        ACCESS_APPROVED "Access request approved" Access 20 (10 25 50);
        EXTERNAL_USER_ADDED_TO_SITE "External account added to a site" Exfiltration 60 (3 8 15);
        INTERNAL_USER_ADDED_TO_PRIORITY_SITE "Internal account added to a priority site" Access 35 (3 8 15);
    }
    Mail ["office", "mail"] {
        EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT "Mail with attachments sent outside the organisation"
            Exfiltration 50 (15 30 60);
        EMAIL_SENT_TO_FREE_DOMAIN "Mail sent to a free mail provider" Exfiltration 60 (2 5 10);
        EMAIL_SENT_TO_SELF "Mail sent to an own private address" Exfiltration 80 (2 5 10);
        MAIL_FORWARDING_RULE_CREATED "Forwarding outside the organisation set up" Exfiltration 85 (1 2 3);
        MAILBOX_DELEGATED "Mailbox opened to another account" Access 40 (1 3 6);
    }
    Chat ["office", "chat"] {
        CHAT_FILE_SHARED_EXTERNALLY "File shared outside the organisation in a chat" Exfiltration 75 (3 8 20);
        CHANNEL_FILE_SHARED_EXTERNALLY "File shared outside the organisation in a channel" Exfiltration 75 (3 8 20);
        EXTERNAL_MEMBER_ADDED "External account added to a team" Exfiltration 50 (3 8 15);
        SENSITIVE_MESSAGE_SENT "Message with sensitive information sent" Exfiltration 50 (3 8 15);
        CHAT_FILE_DOWNLOADED "File downloaded from a chat" Collection 55 (20 60 120);
    }
    Device ["office", "endpoint"] {
        FILE_COPIED_TO_USB "File copied to a removable device" Exfiltration 90 (10 30 75);
        FILE_UPLOADED_TO_WEB "File uploaded to a web site" Exfiltration 85 (5 12 30);
        FILE_COPIED_TO_CLIPBOARD "File content copied to the clipboard" Collection 20 (25 75 150);
        FILE_PRINTED "File printed" Exfiltration 35 (15 40 80);
        FILE_COPIED_TO_NETWORK_SHARE "File copied to a network share" Exfiltration 20 (25 75 150);
        FILE_COPIED_TO_REMOTE_SESSION "File copied to a remote session" Exfiltration 60 (10 30 75);
        FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE "File downloaded from a third-party site" Infiltration 35 (10 30 75);
        FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN "File downloaded from a domain that is not allowed"
            Infiltration 50 (3 10 25);
        FILE_STAGED "File staged" Collection 60 (25 75 150);
        SENSITIVE_FILE_CREATED "Sensitive file created" Collection 40 (10 30 75);
        SENSITIVE_FILE_READ "Sensitive file read" Access 30 (20 60 150);
        FILE_RENAMED "File renamed" Obfuscation 35 (10 30 75);
        HIDDEN_FILE_CREATED "Hidden file created" Obfuscation 50 (5 15 30);
        DEVICE_FILE_DELETED "File deleted on a device" Deletion 20 (50 150 300);
        FILE_ARCHIVED "File put into an archive" Obfuscation 45 (5 15 30);
        USB_MOUNTED "Removable device connected" Access 15 (3 6 12);
    }
    EndpointSecurity ["endpoint"] {
        DEFENCE_EVASION "Security control evaded" Security 85 (1 2 4) starts;
        UNWANTED_SOFTWARE "Unwanted software" Security 65 (1 3 6) starts;
        ANTIVIRUS_DISABLED "Antivirus switched off" Security 80 (1 2 4);
        SECURITY_AGENT_REMOVED "Security agent removed" Security 90 (1 2 3);
    }
    Browsing ["browser", "endpoint"] {
        BROWSED_MALWARE "Site with malware browsed" Infiltration 75 (1 3 6) starts;
        BROWSED_KEYLOGGER "Site with keyloggers browsed" Security 80 (1 3 6) starts;
        BROWSED_PHISHING "Phishing site browsed" Infiltration 60 (1 3 6) starts;
        BROWSED_HACKING "Hacking site browsed" Security 60 (3 8 20) starts;
        BROWSED_GENERATIVE_AI "Generative AI site browsed" Access 25 (20 60 150) starts;
        BROWSED_CRIMINAL_ACTIVITY "Site on criminal activity browsed" Access 55 (3 8 20) starts;
        BROWSED_ILLEGAL_SOFTWARE "Site with illegal software browsed" Infiltration 55 (3 8 20) starts;
        BROWSED_PORNOGRAPHY "Pornographic site browsed" Access 45 (3 8 20) starts;
        BROWSED_VIOLENCE "Violent site browsed" Access 45 (3 8 20) starts;
        BROWSED_GAMBLING "Gambling site browsed" Access 40 (5 15 30) starts;
        BROWSED_HATE "Site of hatred browsed" Access 55 (3 8 20) starts;
        BROWSED_CULT "Site of a cult browsed" Access 35 (5 15 30) starts;
        BROWSED_CHILD_ABUSE "Site with child abuse browsed" Access 100 (1 1 1) starts;
        BROWSED_UNALLOWED_DOMAIN "Domain that is not allowed browsed" Access 45 (5 15 30) starts;
        COMPETITOR_SITE "Site of a competitor browsed" Access 25 (10 30 75) starts;
    }
    Clinical ["emr"] {
        PATIENT_RECORD_FAMILY "Patient record of a family member opened" Access 80 (1 2 4) starts;
        PATIENT_RECORD_NEIGHBOUR "Patient record of a neighbour opened" Access 70 (1 2 4) starts;
        PATIENT_RECORD_COLLEAGUE "Patient record of a colleague opened" Access 75 (1 2 4) starts;
        PATIENT_RECORD_RESTRICTED "Restricted patient record opened" Access 75 (1 3 6) starts;
        PATIENT_RECORD_HIGH_VOLUME "Many patient records opened" Access 60 (50 100 200);
    }
    Physical ["physical"] {
        PHYSICAL_ACCESS_AFTER_TERMINATION "Door used after termination" Access 90 (1 2 3);
        PHYSICAL_ACCESS_FAILED_SENSITIVE "Refused at the door of a sensitive area" Access 50 (3 6 12);
    }
    CloudApps ["cloud", "directory", "office"] {
        IMPOSSIBLE_TRAVEL "Sign-ins too far apart" Security 45 (1 2 4);
        INFREQUENT_COUNTRY "Sign-in from an unusual country" Security 40 (1 3 6);
        MULTIPLE_FAILED_LOGINS "Many failed sign-ins" Security 35 (1 3 6);
        MASS_STORAGE_DELETION "Storage deleted in bulk" Deletion 85 (1 2 3);
        ADMIN_ANOMALY "Unusual administrative activity" Security 65 (1 2 4);
        LOGGING_DISABLED "Audit logging switched off" Security 85 (1 2 3);
        TERMINATED_USER_ACTIVITY "Activity of a terminated account" Security 90 (1 2 3);
    }
    CloudStorage ["cloud"] {
        CONTENT_ACCESSED "Content in a storage application opened" Access 15 (100 250 500);
        CONTENT_DELETED "Content in a storage application deleted" Deletion 20 (50 150 300);
        CONTENT_DOWNLOADED "Content in a storage application downloaded" Collection 70 (20 60 120);
        CONTENT_EXTERNALLY_SHARED "Content in a storage application shared outside the organisation"
            Exfiltration 80 (3 8 20);
    }
    GenerativeAi ["ai", "browser", "endpoint"] {
        SENSITIVE_PROMPT "Prompt with sensitive information" Exfiltration 60 (2 5 10) starts;
        SENSITIVE_RESPONSE "Response with sensitive information" Collection 40 (3 8 15) starts;
        RISKY_PROMPT "Risky prompt" Security 60 (2 5 10) starts;
        AI_SITE_UPLOAD "File uploaded to a generative AI site" Exfiltration 75 (3 8 20) starts;
    }
    Communications ["communication", "chat", "mail"] {
        INAPPROPRIATE_TEXT "Inappropriate text" Security 50 (1 3 6) starts;
        REGULATORY_RISK_TEXT "Text of regulatory risk" Security 55 (1 3 6);
    }
    Hr ["hr"] {
        RESIGNATION "Resignation" Context 0 - starts;
        TERMINATION "Termination" Context 0 - starts;
        PERFORMANCE_IMPROVEMENT_PLAN "Performance improvement plan" Context 0 - starts;
        PERFORMANCE_REVIEW "Performance review" Context 0 - starts;
        JOB_LEVEL_CHANGE "Job level changed" Context 0 - starts;
    }
    Directory ["directory", "office"] {
        ACCOUNT_DELETED "Account deleted" Context 0 - starts;
    }
    Dlp ["dlp", "office", "endpoint"] {
        DLP_POLICY_MATCH "Data loss prevention policy matched" Exfiltration 60 (3 8 15) starts;
    }
    Behaviour [] {
        OFF_HOURS "Activity outside the usual hours" Access 30 (1 2 3);
        FIRST_TIME "First use after a settled history" Access 50 (1 2 4);
        RARE "Use of something long unused" Access 20 (1 3 6);
    }
    Context ["hr", "directory", "office", "mail", "endpoint"] {
        EMPLOYEE_PROFILE "Employee profile" Context 0 -;
        LOGON "Sign-in" Context 0 -;
        LOGOFF "Sign-out" Context 0 -;
        EMAIL_SENT "Mail sent" Context 0 -;
        EMAIL_SENT_EXTERNAL "Mail sent outside the organisation" Context 0 -;
    }
}

// Bases of indicators of one's own: the weight of an ordinary act of the class; thresholds come with each of them.
rows! {
    CUSTOM:
    Custom ["any"] {
        CUSTOM_ACCESS "Access" Access 15 (100 250 500);
        CUSTOM_DELETION "Deletion" Deletion 30 (20 60 150);
        CUSTOM_COLLECTION "Collection" Collection 60 (20 60 120);
        CUSTOM_EXFILTRATION "Exfiltration" Exfiltration 75 (5 15 40);
        CUSTOM_INFILTRATION "Infiltration" Infiltration 50 (1 3 8);
        CUSTOM_OBFUSCATION "Obfuscation" Obfuscation 50 (5 15 40);
        CUSTOM_CLEAN_UP "Clean-up" CleanUp 50 (5 20 50);
        CUSTOM_SECURITY "Security" Security 70 (1 2 4);
    }
}
