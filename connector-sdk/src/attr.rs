//! The attributes that host and connectors both know, each with its type and how sensitive it is.
//!
//! Sensitivity `none` is a *safe fact*: it may be shown beside a pseudonym, so the host checks its shape again and
//! drops what does not look like one. `personal` and `content` are sealed by the host and opened only to those who may.
//! A connector may have attributes of its own ([`Attr::new`]): they are kept, and no rule reads them.
//! Never: an attribute that is not documented here and yet read by the host.

pub use crate::bindings::exports::vizard::connector::describe::ValueType;

/// An attribute: give its value with [`crate::NewEvent::attr`], declare it in the descriptor.
#[derive(Debug, Clone, Copy)]
pub struct Attr {
    /// Its name.
    pub name: &'static str,
    /// The type of its values.
    pub value_type: ValueType,
    /// "none", "personal" or "content".
    pub sensitivity: &'static str,
}

impl Attr {
    /// An attribute of the connector's own.
    #[must_use]
    pub const fn new(name: &'static str, value_type: ValueType, sensitivity: &'static str) -> Self {
        Self { name, value_type, sensitivity }
    }
}

macro_rules! attributes {
    ($($sensitivity:literal { $($(#[$doc:meta])* $constant:ident = $name:literal: $type:ident;)* })*) => {
        $($($(#[$doc])* pub const $constant: Attr = Attr::new($name, ValueType::$type, $sensitivity);)*)*
        /// Every attribute of this module.
        pub const ALL: &[Attr] = &[$($($constant,)*)*];
    };
}

attributes! {
    "none" {
        /// Lower case, without the dot: `docx`.
        FILE_EXTENSION = "file_extension": Text;
        /// Size of the file or message.
        SIZE_BYTES = "size_bytes": Integer;
        /// How many files one record is about (an archive, a folder).
        FILE_COUNT = "file_count": Integer;
        /// When one record stands for many alike: how many. The event counts that often.
        QUANTITY = "quantity": Integer;
        /// The sensitivity label, by id or by name, as the vendor gives it.
        SENSITIVITY_LABEL = "sensitivity_label": Text;
        /// The label before the change.
        PREVIOUS_SENSITIVITY_LABEL = "previous_sensitivity_label": Text;
        /// Names or ids of the sensitive information types that were found. Never what was found.
        SENSITIVE_INFO_TYPES = "sensitive_info_types": Texts;
        /// The part of the vendor's product: `SharePoint`, `Exchange`, `Endpoint`.
        WORKLOAD = "workload": Text;
        /// The vendor's name of the operation.
        OPERATION = "operation": Text;
        /// `personal`, `team`, or what else a site or drive is.
        SITE_KIND = "site_kind": Text;
        /// The one domain that data went to: `example.com`.
        DESTINATION_DOMAIN = "destination_domain": Text;
        /// All domains that data went to, sorted, each once.
        DESTINATION_DOMAINS = "destination_domains": Texts;
        /// The one domain that data came from.
        SOURCE_DOMAIN = "source_domain": Text;
        /// How many recipients a message had.
        RECIPIENT_COUNT = "recipient_count": Integer;
        /// How many attachments a message had.
        ATTACHMENT_COUNT = "attachment_count": Integer;
        /// `windows`, `macos`, `ios`, `android`, `linux`, `removable`, …
        DEVICE_KIND = "device_kind": Text;
        /// `low`, `medium` or `high`.
        DLP_SEVERITY = "dlp_severity": Text;
        /// The name of the policy that matched.
        DLP_POLICY = "dlp_policy": Text;
        /// Who a share reaches: `external`, `anonymous` or `organisation`.
        AUDIENCE = "audience": Text;
        /// Whether data left the organisation.
        IS_EXTERNAL = "is_external": Boolean;
        /// The program that was used: `browser`, `desktop`, `mobile`, `sync`.
        CLIENT_KIND = "client_kind": Text;
    }
    "content" {
        /// Name of the file, folder or site.
        OBJECT_NAME = "object_name": Text;
        /// Where it lies: path or address.
        OBJECT_PATH = "object_path": Text;
        /// The vendor's stable id of the object, else its full path: sequences follow it.
        OBJECT_ID = "object_id": Text;
        /// The id of the object before it was renamed, moved, copied or archived.
        PREVIOUS_OBJECT_ID = "previous_object_id": Text;
        /// Digest of its content (`sha256:…`): copies under other names have the same.
        OBJECT_HASH = "object_hash": Text;
        /// Its name before that.
        PREVIOUS_NAME = "previous_name": Text;
        /// Address of the site.
        SITE_URL = "site_url": Text;
        /// Subject line of a message.
        SUBJECT_LINE = "subject_line": Text;
        /// Text of a message. Leave it out unless the installation's configuration asks for it.
        MESSAGE_TEXT = "message_text": Text;
        /// Name of a mail rule or detection rule that people named.
        RULE_NAME = "rule_name": Text;
        /// A manager's or reviewer's words.
        REMARKS = "remarks": Text;
    }
    "personal" {
        /// Addresses of the recipients.
        RECIPIENTS = "recipients": Texts;
        /// The other account: delegate, guest, new member.
        TARGET_ACCOUNT = "target_account": Text;
        /// Address of the machine.
        CLIENT_IP = "client_ip": Text;
        /// Name of the machine.
        DEVICE_NAME = "device_name": Text;
        /// Level or grade before the change.
        OLD_LEVEL = "old_level": Text;
        /// Level or grade after the change.
        NEW_LEVEL = "new_level": Text;
        /// Result of a review.
        RATING = "rating": Text;
        /// The last working day.
        LAST_WORKING_AT = "last_working_at": Time;
        /// How a person is called.
        DISPLAY_NAME = "display_name": Text;
        /// Given name.
        FIRST_NAME = "first_name": Text;
        /// Family name.
        LAST_NAME = "last_name": Text;
        /// Sign-in name.
        USER_NAME = "user_name": Text;
        /// Department.
        DEPARTMENT = "department": Text;
        /// Job title or role.
        TITLE = "title": Text;
        /// Regular, contractor, …
        EMPLOYEE_TYPE = "employee_type": Text;
        /// Home address, first line.
        ADDRESS_1 = "address_1": Text;
        /// Home address, second line.
        ADDRESS_2 = "address_2": Text;
        /// Home address: town.
        CITY = "city": Text;
        /// Home address: state.
        STATE = "state": Text;
        /// Home address: postal code.
        ZIP = "zip": Text;
        /// Home address: country.
        COUNTRY = "country": Text;
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_attribute_has_its_own_name() {
        let mut names: Vec<_> = super::ALL.iter().map(|attr| attr.name).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
