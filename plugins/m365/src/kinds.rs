//! What comes out of this connector, and which operations are known to mean nothing to it.
//! Never: an attribute that no module gives.

use connector_sdk::{Attr, KindUse, attr as a, kind as k};

const OBJECT: &[Attr] = &[
    a::WORKLOAD,
    a::OPERATION,
    a::CLIENT_IP,
    a::FILE_EXTENSION,
    a::SIZE_BYTES,
    a::SITE_KIND,
    a::CLIENT_KIND,
    a::SENSITIVITY_LABEL,
    a::PREVIOUS_SENSITIVITY_LABEL,
    a::OBJECT_NAME,
    a::OBJECT_PATH,
    a::OBJECT_ID,
    a::SITE_URL,
];
const SHARED: &[Attr] = &[
    a::WORKLOAD,
    a::OPERATION,
    a::CLIENT_IP,
    a::FILE_EXTENSION,
    a::SIZE_BYTES,
    a::SITE_KIND,
    a::CLIENT_KIND,
    a::SENSITIVITY_LABEL,
    a::OBJECT_NAME,
    a::OBJECT_PATH,
    a::OBJECT_ID,
    a::SITE_URL,
    a::AUDIENCE,
    a::IS_EXTERNAL,
    a::DESTINATION_DOMAIN,
    a::TARGET_ACCOUNT,
];
const RENAMED: &[Attr] = &[
    a::WORKLOAD,
    a::OPERATION,
    a::CLIENT_IP,
    a::FILE_EXTENSION,
    a::SIZE_BYTES,
    a::SITE_KIND,
    a::OBJECT_NAME,
    a::OBJECT_PATH,
    a::OBJECT_ID,
    a::OBJECT_HASH,
    a::PREVIOUS_OBJECT_ID,
    a::PREVIOUS_NAME,
    a::SITE_URL,
    a::SENSITIVE_INFO_TYPES,
    a::DLP_POLICY,
    a::DEVICE_KIND,
    a::DEVICE_NAME,
];
const DEVICE: &[Attr] = &[
    a::WORKLOAD,
    a::OPERATION,
    a::CLIENT_IP,
    a::FILE_EXTENSION,
    a::SIZE_BYTES,
    a::OBJECT_NAME,
    a::OBJECT_PATH,
    a::OBJECT_ID,
    a::OBJECT_HASH,
    a::SENSITIVE_INFO_TYPES,
    a::DLP_POLICY,
    a::DEVICE_KIND,
    a::DEVICE_NAME,
    a::DESTINATION_DOMAIN,
    a::SOURCE_DOMAIN,
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
const CHAT: &[Attr] =
    &[a::WORKLOAD, a::OPERATION, a::CLIENT_IP, a::FILE_COUNT, a::IS_EXTERNAL, a::DESTINATION_DOMAINS, a::OBJECT_PATH];

pub(crate) const KINDS: &[KindUse] = &[
    KindUse(k::FILE_ACCESSED, OBJECT),
    KindUse(k::FILE_DOWNLOADED, OBJECT),
    KindUse(k::FILE_SYNCED, OBJECT),
    KindUse(k::FILE_DELETED, OBJECT),
    KindUse(k::FILE_DELETED_FIRST_STAGE_BIN, OBJECT),
    KindUse(k::FILE_DELETED_SECOND_STAGE_BIN, OBJECT),
    KindUse(k::FOLDER_DELETED, OBJECT),
    KindUse(k::FOLDER_DELETED_FIRST_STAGE_BIN, OBJECT),
    KindUse(k::FOLDER_DELETED_SECOND_STAGE_BIN, OBJECT),
    KindUse(k::LABEL_DOWNGRADED, OBJECT),
    KindUse(k::LABEL_REMOVED, OBJECT),
    KindUse(k::SITE_LABEL_REMOVED, OBJECT),
    KindUse(k::FILE_RENAMED, RENAMED),
    KindUse(k::FILE_SHARED_EXTERNALLY, SHARED),
    KindUse(k::FOLDER_SHARED_EXTERNALLY, SHARED),
    KindUse(k::SITE_SHARED_EXTERNALLY, SHARED),
    KindUse(k::ACCESS_REQUESTED, SHARED),
    KindUse(k::ACCESS_APPROVED, SHARED),
    KindUse(k::EXTERNAL_USER_ADDED_TO_SITE, SHARED),
    KindUse(k::INTERNAL_USER_ADDED_TO_PRIORITY_SITE, SHARED),
    KindUse(k::EMAIL_SENT, MAIL),
    KindUse(k::EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT, MAIL),
    KindUse(k::EMAIL_SENT_TO_FREE_DOMAIN, MAIL),
    KindUse(
        k::MAIL_FORWARDING_RULE_CREATED,
        &[
            a::WORKLOAD,
            a::OPERATION,
            a::CLIENT_IP,
            a::IS_EXTERNAL,
            a::DESTINATION_DOMAINS,
            a::RECIPIENT_COUNT,
            a::RECIPIENTS,
            a::RULE_NAME,
        ],
    ),
    KindUse(k::MAILBOX_DELEGATED, &[a::WORKLOAD, a::OPERATION, a::CLIENT_IP, a::IS_EXTERNAL, a::TARGET_ACCOUNT]),
    KindUse(
        k::EXTERNAL_MEMBER_ADDED,
        &[
            a::WORKLOAD,
            a::OPERATION,
            a::CLIENT_IP,
            a::QUANTITY,
            a::IS_EXTERNAL,
            a::DESTINATION_DOMAINS,
            a::TARGET_ACCOUNT,
        ],
    ),
    KindUse(k::CHAT_FILE_SHARED_EXTERNALLY, CHAT),
    KindUse(k::CHANNEL_FILE_SHARED_EXTERNALLY, CHAT),
    KindUse(
        k::DLP_POLICY_MATCH,
        &[
            a::WORKLOAD,
            a::OPERATION,
            a::CLIENT_IP,
            a::DLP_SEVERITY,
            a::DLP_POLICY,
            a::RULE_NAME,
            a::SENSITIVE_INFO_TYPES,
            a::RECIPIENT_COUNT,
            a::IS_EXTERNAL,
            a::DESTINATION_DOMAINS,
            a::RECIPIENTS,
            a::SUBJECT_LINE,
            a::FILE_EXTENSION,
            a::OBJECT_NAME,
            a::OBJECT_PATH,
            a::OBJECT_ID,
            a::SITE_URL,
            a::DEVICE_NAME,
        ],
    ),
    KindUse(k::FILE_UPLOADED_TO_WEB, DEVICE),
    KindUse(k::FILE_COPIED_TO_USB, DEVICE),
    KindUse(k::FILE_PRINTED, DEVICE),
    KindUse(k::FILE_COPIED_TO_CLIPBOARD, DEVICE),
    KindUse(k::FILE_COPIED_TO_NETWORK_SHARE, DEVICE),
    KindUse(k::FILE_COPIED_TO_REMOTE_SESSION, DEVICE),
    KindUse(k::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE, DEVICE),
    KindUse(k::FILE_ARCHIVED, DEVICE),
    KindUse(k::DEVICE_FILE_DELETED, DEVICE),
    KindUse(k::HIDDEN_FILE_CREATED, DEVICE),
    KindUse(k::SENSITIVE_FILE_CREATED, DEVICE),
    KindUse(k::SENSITIVE_FILE_READ, DEVICE),
    KindUse(k::USB_MOUNTED, DEVICE),
    KindUse(k::ACCOUNT_DELETED, &[a::WORKLOAD, a::OPERATION]),
    KindUse(k::LOGON, &[a::WORKLOAD, a::OPERATION, a::CLIENT_IP]),
];

macro_rules! no_indicator {
    ($($operation:literal)*) => {
        /// Operations that are understood and no indicator, sorted. All others share one reason, so that the number of
        /// reasons stays bounded whatever a record says.
        pub(crate) const NO_INDICATOR: &[&str] = &[$($operation),*];
        /// The reason for each of them.
        pub(crate) const NO_INDICATOR_REASONS: &[&str] = &[$(concat!("operation ", $operation, " is no indicator")),*];
    };
}

no_indicator! {
    "Add delegated permission grant." "Add group." "Add member to group." "Add member to role." "Add user."
    "AnonymousLinkRemoved" "AnonymousLinkUpdated" "AnonymousLinkUsed" "AppInstalled" "BotAddedToTeam"
    "Change user license." "Change user password." "ChannelAdded" "ChannelDeleted" "ChatRetrieved" "ChatUpdated"
    "CommentCreated" "CommentDeleted" "CompanyLinkCreated" "CompanyLinkRemoved" "CompanyLinkUsed" "CopilotInteraction"
    "Create" "Disable account." "DlpInfo" "DlpRuleUndo" "FileAccessedByUnallowedApp" "FileCheckedIn" "FileCheckedOut"
    "FileCopied" "FileCreated" "FileCreatedOnNetworkShare" "FileCreatedOnRemovableMedia" "FileModified"
    "FileModifiedExtended" "FileMoved" "FileRead" "FileRestored" "FileSensitivityLabelApplied"
    "FileSyncDownloadedPartial" "FileSyncUploadedFull" "FileSyncUploadedPartial" "FileTransferredByBluetooth"
    "FileUploaded" "FileUploadedPartial" "FileVersionsAllDeleted" "FolderCopied" "FolderCreated" "FolderModified"
    "FolderMoved" "FolderRenamed" "FolderRestored" "Hard Delete user." "HardDelete" "ListCreated" "ListDeleted"
    "ListItemCreated" "ListItemDeleted" "ListItemUpdated" "ListUpdated" "ListViewed" "MailItemsAccessed" "MailboxLogin"
    "MeetingDetail" "MeetingParticipantDetail" "MemberRemoved" "MemberRoleChanged" "MessageDeleted"
    "MessageEditedHasLink" "MessageRead" "MessageUpdated" "MessagesListed" "ModifyFolderPermissions" "Move"
    "MoveToDeletedItems" "PagePrefetched" "PageViewed" "PageViewedExtended" "PermissionLevelAdded" "ReactedToMessage"
    "RemovableMediaUnmount" "Remove member from group." "Remove-InboxRule" "Remove-MailboxPermission"
    "RemoveFolderPermissions" "RemovedFromGroup" "RemovedFromSecureLink" "Reset user password." "SearchQueryPerformed"
    "SecureLinkDeleted" "SecureLinkUpdated" "SecureLinkUsed" "SensitivityLabelApplied" "Set-MailboxPlan"
    "SharingInheritanceBroken" "SharingInvitationAccepted" "SharingRevoked" "SignInEvent" "SiteCollectionCreated"
    "SoftDelete" "TeamCreated" "TeamDeleted" "TeamsSessionStarted" "Update" "Update device." "Update group."
    "Update user." "UpdateCalendarDelegation" "UpdateInboxRules" "UserLoggedOff" "UserLoginFailed"
}

#[cfg(test)]
mod tests {
    #[test]
    fn operations_that_are_no_indicator_are_sorted_for_the_search() {
        assert!(super::NO_INDICATOR.is_sorted());
    }
}
