//! The kinds of events that a word of an operation may stand for.
//! Never: a kind that needs more than a record of a file to be told.

use crate::event::ATTRIBUTES;
use connector_sdk::{Kind, KindUse, kind};

macro_rules! kinds {
    ($($kind:ident)*) => {
        /// All of them, by code.
        pub(crate) const ALL: &[Kind] = &[$(kind::$kind),*];
        /// The same, for the descriptor.
        pub(crate) const USES: &[KindUse] = &[$(KindUse(kind::$kind, ATTRIBUTES)),*];
    };
}

kinds! {
    FILE_ACCESSED FILE_DOWNLOADED FILE_SYNCED FILE_SHARED_EXTERNALLY FOLDER_SHARED_EXTERNALLY SITE_SHARED_EXTERNALLY
    FILE_DELETED FILE_DELETED_FIRST_STAGE_BIN FILE_DELETED_SECOND_STAGE_BIN FOLDER_DELETED
    FOLDER_DELETED_FIRST_STAGE_BIN FOLDER_DELETED_SECOND_STAGE_BIN LABEL_DOWNGRADED LABEL_REMOVED SITE_LABEL_REMOVED
    ACCESS_REQUESTED ACCESS_APPROVED EXTERNAL_USER_ADDED_TO_SITE
    FILE_COPIED_TO_USB FILE_UPLOADED_TO_WEB FILE_COPIED_TO_CLIPBOARD FILE_PRINTED FILE_COPIED_TO_NETWORK_SHARE
    FILE_COPIED_TO_REMOTE_SESSION FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN
    FILE_STAGED SENSITIVE_FILE_CREATED SENSITIVE_FILE_READ FILE_RENAMED HIDDEN_FILE_CREATED DEVICE_FILE_DELETED
    FILE_ARCHIVED USB_MOUNTED
    CONTENT_ACCESSED CONTENT_DELETED CONTENT_DOWNLOADED CONTENT_EXTERNALLY_SHARED
    DLP_POLICY_MATCH
}

/// Whether an event of that kind says that data went out: not where its target is one of the organisation's own.
pub(crate) fn goes_out(kind: Kind) -> bool {
    matches!(
        kind,
        kind::FILE_SHARED_EXTERNALLY
            | kind::FOLDER_SHARED_EXTERNALLY
            | kind::SITE_SHARED_EXTERNALLY
            | kind::EXTERNAL_USER_ADDED_TO_SITE
            | kind::CONTENT_EXTERNALLY_SHARED
            | kind::FILE_UPLOADED_TO_WEB
    )
}

/// Whether it says that data came in from somewhere else.
pub(crate) fn comes_in(kind: Kind) -> bool {
    matches!(kind, kind::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE | kind::FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN)
}
