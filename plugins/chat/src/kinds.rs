//! What comes out of this connector, and which actions are known to mean nothing to it.
//! Never: an attribute that no module gives.

use connector_sdk::{Attr, KindUse, attr as a, kind as k};

const PLAIN: &[Attr] = &[a::WORKLOAD, a::OPERATION, a::CLIENT_IP, a::CLIENT_KIND];
const FILE: &[Attr] = &[
    a::WORKLOAD,
    a::OPERATION,
    a::CLIENT_IP,
    a::CLIENT_KIND,
    a::FILE_EXTENSION,
    a::SIZE_BYTES,
    a::OBJECT_NAME,
    a::OBJECT_ID,
    a::AUDIENCE,
    a::IS_EXTERNAL,
];
const MEMBER: &[Attr] = &[
    a::WORKLOAD,
    a::OPERATION,
    a::CLIENT_IP,
    a::CLIENT_KIND,
    a::OBJECT_NAME,
    a::IS_EXTERNAL,
    a::DESTINATION_DOMAINS,
    a::TARGET_ACCOUNT,
];

pub(crate) const KINDS: &[KindUse] = &[
    KindUse(k::CHAT_FILE_DOWNLOADED, FILE),
    KindUse(k::CHAT_FILE_SHARED_EXTERNALLY, FILE),
    KindUse(k::CHANNEL_FILE_SHARED_EXTERNALLY, FILE),
    KindUse(k::EXTERNAL_MEMBER_ADDED, MEMBER),
    KindUse(k::ADMIN_ANOMALY, PLAIN),
    KindUse(k::LOGON, PLAIN),
    KindUse(k::LOGOFF, PLAIN),
];

/// Beginnings of actions, understood and without an indicator. What is in neither list is counted apart, so that an
/// operator sees when the vendor has something new.
pub(crate) const NO_INDICATOR: &[&str] = &[
    "app_",
    "barrier_",
    "billing_",
    "bot_token_",
    "bulk_session_",
    "canvas_",
    "channel_",
    "channels_export_completed",
    "corporate_exports_",
    "custom_tos_",
    "ekm_",
    "emoji_",
    "file_malicious_",
    "file_public_link_revoked",
    "file_scan",
    "group_",
    "guest_",
    "huddle_",
    "idp_",
    "intune_",
    "legal_hold_",
    "manual_export_",
    "manual_user_export_",
    "message_",
    "migration_",
    "mpim_",
    "native_dlp_",
    "org_app_",
    "organization_",
    "owner_",
    "permissions_",
    "pref.",
    "private_channel_",
    "public_channel_",
    "role_",
    "scheduled_export_",
    "service_owner_",
    "user_",
    "usergroup_",
    "workflow_",
    "workspace_",
];
