//! The kinds of events that the host knows: its indicators, and the context events it reads besides.
//! Never: a kind that the host's catalogue does not have.

/// A kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The indicator's code.
    pub code: &'static str,
    /// Its name for people.
    pub title: &'static str,
}

impl Kind {
    /// An indicator that the installation defined itself: its settings name the same code, which begins with `OWN_`.
    #[must_use]
    pub const fn custom(code: &'static str, title: &'static str) -> Self {
        Self { code, title }
    }
}

macro_rules! kinds {
    ($($constant:ident $title:literal;)*) => {
        $(#[doc = $title] pub const $constant: Kind = Kind { code: stringify!($constant), title: $title };)*
        /// Every kind of this module.
        pub const ALL: &[Kind] = &[$($constant,)*];
    };
}

kinds! {
    FILE_ACCESSED "File accessed";
    FILE_DOWNLOADED "File downloaded";
    FILE_SYNCED "File synchronised to a device";
    FILE_SHARED_EXTERNALLY "File shared outside the organisation";
    FOLDER_SHARED_EXTERNALLY "Folder shared outside the organisation";
    SITE_SHARED_EXTERNALLY "Site shared outside the organisation";
    FILE_DELETED "File deleted";
    FILE_DELETED_FIRST_STAGE_BIN "File deleted from the recycle bin";
    FILE_DELETED_SECOND_STAGE_BIN "File deleted from the second-stage recycle bin";
    FOLDER_DELETED "Folder deleted";
    FOLDER_DELETED_FIRST_STAGE_BIN "Folder deleted from the recycle bin";
    FOLDER_DELETED_SECOND_STAGE_BIN "Folder deleted from the second-stage recycle bin";
    LABEL_DOWNGRADED "Sensitivity label downgraded";
    LABEL_REMOVED "Sensitivity label removed";
    SITE_LABEL_REMOVED "Sensitivity label removed from a site";
    ACCESS_REQUESTED "Access requested";
    ACCESS_APPROVED "Access request approved";
    EXTERNAL_USER_ADDED_TO_SITE "External account added to a site";
    INTERNAL_USER_ADDED_TO_PRIORITY_SITE "Internal account added to a priority site";
    EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT "Mail with attachments sent outside the organisation";
    EMAIL_SENT_TO_FREE_DOMAIN "Mail sent to a free mail provider";
    EMAIL_SENT_TO_SELF "Mail sent to an own private address";
    MAIL_FORWARDING_RULE_CREATED "Forwarding outside the organisation set up";
    MAILBOX_DELEGATED "Mailbox opened to another account";
    CHAT_FILE_SHARED_EXTERNALLY "File shared outside the organisation in a chat";
    CHANNEL_FILE_SHARED_EXTERNALLY "File shared outside the organisation in a channel";
    EXTERNAL_MEMBER_ADDED "External account added to a team";
    SENSITIVE_MESSAGE_SENT "Message with sensitive information sent";
    CHAT_FILE_DOWNLOADED "File downloaded from a chat";
    FILE_COPIED_TO_USB "File copied to a removable device";
    FILE_UPLOADED_TO_WEB "File uploaded to a web site";
    FILE_COPIED_TO_CLIPBOARD "File content copied to the clipboard";
    FILE_PRINTED "File printed";
    FILE_COPIED_TO_NETWORK_SHARE "File copied to a network share";
    FILE_COPIED_TO_REMOTE_SESSION "File copied to a remote session";
    FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE "File downloaded from a third-party site";
    FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN "File downloaded from a domain that is not allowed";
    FILE_STAGED "File staged";
    SENSITIVE_FILE_CREATED "Sensitive file created";
    SENSITIVE_FILE_READ "Sensitive file read";
    FILE_RENAMED "File renamed";
    HIDDEN_FILE_CREATED "Hidden file created";
    DEVICE_FILE_DELETED "File deleted on a device";
    FILE_ARCHIVED "File put into an archive";
    USB_MOUNTED "Removable device connected";
    DEFENCE_EVASION "Security control evaded";
    UNWANTED_SOFTWARE "Unwanted software";
    ANTIVIRUS_DISABLED "Antivirus switched off";
    SECURITY_AGENT_REMOVED "Security agent removed";
    BROWSED_MALWARE "Site with malware browsed";
    BROWSED_KEYLOGGER "Site with keyloggers browsed";
    BROWSED_PHISHING "Phishing site browsed";
    BROWSED_HACKING "Hacking site browsed";
    BROWSED_GENERATIVE_AI "Generative AI site browsed";
    BROWSED_CRIMINAL_ACTIVITY "Site on criminal activity browsed";
    BROWSED_ILLEGAL_SOFTWARE "Site with illegal software browsed";
    BROWSED_PORNOGRAPHY "Pornographic site browsed";
    BROWSED_VIOLENCE "Violent site browsed";
    BROWSED_GAMBLING "Gambling site browsed";
    BROWSED_HATE "Site of hatred browsed";
    BROWSED_CULT "Site of a cult browsed";
    BROWSED_CHILD_ABUSE "Site with child abuse browsed";
    BROWSED_UNALLOWED_DOMAIN "Domain that is not allowed browsed";
    COMPETITOR_SITE "Site of a competitor browsed";
    PATIENT_RECORD_FAMILY "Patient record of a family member opened";
    PATIENT_RECORD_NEIGHBOUR "Patient record of a neighbour opened";
    PATIENT_RECORD_COLLEAGUE "Patient record of a colleague opened";
    PATIENT_RECORD_RESTRICTED "Restricted patient record opened";
    PATIENT_RECORD_HIGH_VOLUME "Many patient records opened";
    PHYSICAL_ACCESS_AFTER_TERMINATION "Door used after termination";
    PHYSICAL_ACCESS_FAILED_SENSITIVE "Refused at the door of a sensitive area";
    IMPOSSIBLE_TRAVEL "Sign-ins too far apart";
    INFREQUENT_COUNTRY "Sign-in from an unusual country";
    MULTIPLE_FAILED_LOGINS "Many failed sign-ins";
    MASS_STORAGE_DELETION "Storage deleted in bulk";
    ADMIN_ANOMALY "Unusual administrative activity";
    LOGGING_DISABLED "Audit logging switched off";
    TERMINATED_USER_ACTIVITY "Activity of a terminated account";
    CONTENT_ACCESSED "Content in a storage application opened";
    CONTENT_DELETED "Content in a storage application deleted";
    CONTENT_DOWNLOADED "Content in a storage application downloaded";
    CONTENT_EXTERNALLY_SHARED "Content in a storage application shared outside the organisation";
    SENSITIVE_PROMPT "Prompt with sensitive information";
    SENSITIVE_RESPONSE "Response with sensitive information";
    RISKY_PROMPT "Risky prompt";
    AI_SITE_UPLOAD "File uploaded to a generative AI site";
    INAPPROPRIATE_TEXT "Inappropriate text";
    REGULATORY_RISK_TEXT "Text of regulatory risk";
    RESIGNATION "Resignation";
    TERMINATION "Termination";
    PERFORMANCE_IMPROVEMENT_PLAN "Performance improvement plan";
    PERFORMANCE_REVIEW "Performance review";
    JOB_LEVEL_CHANGE "Job level changed";
    ACCOUNT_DELETED "Account deleted";
    DLP_POLICY_MATCH "Data loss prevention policy matched";
    // Context: no weight of their own.
    EMPLOYEE_PROFILE "Employee profile";
    LOGON "Sign-in";
    LOGOFF "Sign-out";
    EMAIL_SENT "Mail sent";
    EMAIL_SENT_EXTERNAL "Mail sent outside the organisation";
}
