//! What comes out of this connector.
//! Never: an attribute that no module gives.

use connector_sdk::{Attr, KindUse, attr as a, kind as k};

const COMMON: &[Attr] = &[a::WORKLOAD, a::OPERATION, a::DEVICE_NAME, a::DEVICE_KIND, a::CLIENT_IP];
const FILE: &[Attr] = &[
    a::WORKLOAD,
    a::OPERATION,
    a::DEVICE_NAME,
    a::DEVICE_KIND,
    a::CLIENT_IP,
    a::FILE_EXTENSION,
    a::SIZE_BYTES,
    a::QUANTITY,
    a::SENSITIVITY_LABEL,
    a::DESTINATION_DOMAIN,
    a::SOURCE_DOMAIN,
    a::OBJECT_NAME,
    a::OBJECT_PATH,
    a::OBJECT_ID,
    a::OBJECT_HASH,
    a::PREVIOUS_OBJECT_ID,
    a::PREVIOUS_NAME,
];
const MAIL: &[Attr] = &[
    a::WORKLOAD,
    a::OPERATION,
    a::CLIENT_IP,
    a::ATTACHMENT_COUNT,
    a::RECIPIENT_COUNT,
    a::IS_EXTERNAL,
    a::DESTINATION_DOMAINS,
    a::SIZE_BYTES,
    a::RECIPIENTS,
    a::SUBJECT_LINE,
    a::OBJECT_ID,
];
const FINDING: &[Attr] = &[a::WORKLOAD, a::OPERATION, a::DEVICE_NAME, a::DEVICE_KIND, a::CLIENT_IP, a::RULE_NAME];
const SITE: &[Attr] = &[a::WORKLOAD, a::OPERATION, a::DEVICE_NAME, a::DEVICE_KIND, a::CLIENT_IP, a::SOURCE_DOMAIN];

pub(crate) const KINDS: &[KindUse] = &[
    KindUse(k::FILE_COPIED_TO_USB, FILE),
    KindUse(k::FILE_COPIED_TO_NETWORK_SHARE, FILE),
    KindUse(k::FILE_UPLOADED_TO_WEB, FILE),
    KindUse(k::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE, FILE),
    KindUse(k::FILE_RENAMED, FILE),
    KindUse(k::DEVICE_FILE_DELETED, FILE),
    KindUse(k::SENSITIVE_FILE_CREATED, FILE),
    KindUse(k::SENSITIVE_FILE_READ, FILE),
    KindUse(k::CONTENT_ACCESSED, FILE),
    KindUse(k::CONTENT_DOWNLOADED, FILE),
    KindUse(k::CONTENT_DELETED, FILE),
    KindUse(k::FILE_SYNCED, FILE),
    KindUse(k::EMAIL_SENT, MAIL),
    KindUse(k::EMAIL_SENT_EXTERNAL, MAIL),
    KindUse(k::EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT, MAIL),
    KindUse(k::EMAIL_SENT_TO_FREE_DOMAIN, MAIL),
    KindUse(k::BROWSED_MALWARE, SITE),
    KindUse(k::BROWSED_KEYLOGGER, SITE),
    KindUse(k::BROWSED_PHISHING, SITE),
    KindUse(k::BROWSED_HACKING, SITE),
    KindUse(k::BROWSED_GENERATIVE_AI, SITE),
    KindUse(k::BROWSED_CRIMINAL_ACTIVITY, SITE),
    KindUse(k::BROWSED_ILLEGAL_SOFTWARE, SITE),
    KindUse(k::BROWSED_PORNOGRAPHY, SITE),
    KindUse(k::BROWSED_VIOLENCE, SITE),
    KindUse(k::BROWSED_GAMBLING, SITE),
    KindUse(k::BROWSED_HATE, SITE),
    KindUse(k::BROWSED_CULT, SITE),
    KindUse(k::BROWSED_CHILD_ABUSE, SITE),
    KindUse(k::DEFENCE_EVASION, FINDING),
    KindUse(k::UNWANTED_SOFTWARE, FINDING),
    KindUse(k::ACCOUNT_DELETED, COMMON),
    KindUse(k::LOGON, COMMON),
    KindUse(k::LOGOFF, COMMON),
];
