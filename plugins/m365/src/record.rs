//! What an audit record may hold, as far as any operation here asks for it. Borrowed from the record's bytes.
//!
//! Field names are those of the schema; some collectors lower them, so both spellings are read. Two different names
//! never lead to one field: a record with both would be refused.
//! Never: fails on a field that no operation uses.

use connector_sdk::jiff::tz::TimeZone;
use connector_sdk::time::{self, DateOrder};
use connector_sdk::{Reject, Text};
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

macro_rules! audit {
    ($($(#[$meta:meta])* $field:ident: $type:ty = $name:literal $(| $alias:literal)*;)*) => {
        /// One audit record.
        #[derive(Debug, Deserialize)]
        pub(crate) struct Audit<'a> {
            $($(#[$meta])* #[serde(default, rename = $name $(, alias = $alias)*)] pub(crate) $field: $type,)*
        }
    };
}

audit! {
    // Common schema.
    #[serde(borrow)] id: Text<'a> = "Id" | "id";
    #[serde(borrow)] creation_time: Text<'a> = "CreationTime" | "creationtime";
    #[serde(borrow)] operation: Text<'a> = "Operation" | "operation";
    #[serde(borrow)] record_type: Text<'a> = "RecordType" | "recordtype";
    #[serde(borrow)] workload: Text<'a> = "Workload" | "workload";
    #[serde(borrow)] user_id: Text<'a> = "UserId" | "userid";
    #[serde(borrow)] user_key: Text<'a> = "UserKey" | "userkey";
    #[serde(borrow)] user_type: Text<'a> = "UserType" | "usertype";
    #[serde(borrow)] result_status: Text<'a> = "ResultStatus" | "resultstatus";
    #[serde(borrow)] object_id: Text<'a> = "ObjectId" | "objectid";
    #[serde(borrow)] client_ip: Text<'a> = "ClientIP" | "clientip";
    // SharePoint and OneDrive.
    #[serde(borrow)] site_url: Text<'a> = "SiteUrl" | "siteurl";
    #[serde(borrow)] item_type: Text<'a> = "ItemType" | "itemtype";
    #[serde(borrow)] item_id: Text<'a> = "ListItemUniqueId" | "listitemuniqueid";
    #[serde(borrow)] file_name: Text<'a> = "SourceFileName" | "sourcefilename";
    #[serde(borrow)] file_extension: Text<'a> = "SourceFileExtension" | "sourcefileextension";
    #[serde(borrow)] new_name: Text<'a> = "DestinationFileName" | "destinationfilename";
    #[serde(borrow)] new_folder: Text<'a> = "DestinationRelativeUrl" | "destinationrelativeurl";
    #[serde(borrow)] user_agent: Text<'a> = "UserAgent" | "useragent";
    #[serde(borrow)] size_bytes: Text<'a> = "FileSizeBytes" | "filesizebytes";
    #[serde(borrow)] target_name: Text<'a> = "TargetUserOrGroupName" | "targetuserorgroupname";
    #[serde(borrow)] target_type: Text<'a> = "TargetUserOrGroupType" | "targetuserorgrouptype";
    #[serde(borrow)] label: Text<'a> = "SensitivityLabelId" | "sensitivitylabelid";
    #[serde(borrow)] old_label: Text<'a> = "OldSensitivityLabelId" | "oldsensitivitylabelid";
    #[serde(borrow)] label_event: Option<&'a RawValue> = "SensitivityLabelEventData" | "sensitivitylabeleventdata";
    // Exchange.
    #[serde(borrow)] item: Option<&'a RawValue> = "Item" | "item";
    #[serde(borrow)] parameters: Option<&'a RawValue> = "Parameters" | "parameters";
    #[serde(borrow)] sender: Text<'a> = "Sender" | "sender";
    #[serde(borrow)] receivers: Option<&'a RawValue> = "Receivers" | "receivers";
    #[serde(borrow)] item_name: Text<'a> = "ItemName" | "itemname";
    // Directory and Teams.
    #[serde(borrow)] target: Option<&'a RawValue> = "Target";
    #[serde(borrow)] members: Option<&'a RawValue> = "Members" | "members";
    #[serde(borrow)] message_id: Text<'a> = "MessageId" | "messageid";
    #[serde(borrow)] message_urls: Option<&'a RawValue> = "MessageURLs" | "messageurls";
    #[serde(borrow)] participants: Option<&'a RawValue> = "ParticipantInfo" | "participantinfo";
    #[serde(borrow)] channel: Text<'a> = "ChannelGuid" | "channelguid";
    #[serde(borrow)] communication: Text<'a> = "CommunicationType" | "communicationtype";
    // DLP.
    #[serde(borrow)] policies: Option<&'a RawValue> = "PolicyDetails" | "policydetails";
    #[serde(borrow)] exchange: Option<&'a RawValue> = "ExchangeMetaData" | "exchangemetadata";
    #[serde(borrow)] share_point: Option<&'a RawValue> = "SharePointMetaData" | "sharepointmetadata";
    // Devices.
    #[serde(borrow)] device_file_extension: Text<'a> = "FileExtension" | "fileextension";
    #[serde(borrow)] device_file_size: Text<'a> = "FileSize" | "filesize";
    #[serde(borrow)] device: Text<'a> = "DeviceName" | "devicename";
    #[serde(borrow)] platform: Text<'a> = "Platform" | "platform";
    #[serde(borrow)] enforcement: Text<'a> = "EnforcementMode" | "enforcementmode";
    #[serde(borrow)] sha256: Text<'a> = "Sha256" | "sha256";
    #[serde(borrow)] target_domain: Text<'a> = "TargetDomain" | "targetdomain";
    #[serde(borrow)] origin_domain: Text<'a> = "OriginatingDomain" | "originatingdomain";
    #[serde(borrow)] previous_name: Text<'a> = "PreviousFileName" | "previousfilename";
    #[serde(borrow)] hidden: Text<'a> = "Hidden" | "hidden";
    #[serde(borrow)] info_types: Option<&'a RawValue> = "SensitiveInfoTypeData" | "sensitiveinfotypedata";
    #[serde(borrow)] policy_match: Option<&'a RawValue> = "PolicyMatchInfo" | "policymatchinfo";
}

impl Audit<'_> {
    /// The schema says UTC and writes no offset.
    pub(crate) fn time(&self) -> Result<i64, Reject> {
        if self.creation_time.is_empty() {
            return Err(Reject::missing("CreationTime"));
        }
        let at = time::parse(&self.creation_time.0, &TimeZone::UTC, DateOrder::MonthFirst);
        at.ok_or_else(|| Reject::bad_time("CreationTime"))
    }

    pub(crate) fn failed(&self) -> bool {
        ["false", "failed", "failure"].iter().any(|word| self.result_status.is(word))
    }

    /// Endpoint DLP: the same names of operations as elsewhere, about files on a device.
    pub(crate) fn is_device(&self) -> bool {
        self.record_type.is("63") || self.record_type.is("DLPEndpoint") || self.workload.is("Endpoint")
    }

    /// The address without the port that Exchange appends.
    pub(crate) fn client_ip(&self) -> &str {
        let text: &str = &self.client_ip.0;
        match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((v6, _)) => v6,
            None => match text.split_once(':') {
                Some((v4, port)) if !port.contains(':') => v4,
                _ => text,
            },
        }
    }
}

/// A nested part, by its type. What is absent is the type's default; what does not fit rejects the record.
pub(crate) fn part<'a, T: de::Deserialize<'a> + Default>(raw: Option<&'a RawValue>, field: &str) -> Result<T, Reject> {
    match raw.map(RawValue::get) {
        None | Some("null") => Ok(T::default()),
        Some(json) => serde_json::from_str(json).map_err(|_| Reject::bad_value(field, "what its schema says")),
    }
}

/// The texts of a list, or of a single text in its place.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a>(pub(crate) Vec<Cow<'a, str>>);

impl<'de: 'a, 'a> Deserialize<'de> for Texts<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct ListVisitor;
        impl<'de> Visitor<'de> for ListVisitor {
            type Value = Texts<'de>;
            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a text or a list of texts")
            }
            fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Texts<'de>, E> {
                Ok(Texts(vec![Cow::Borrowed(text)]))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Texts<'de>, E> {
                Ok(Texts(vec![Cow::Owned(text.to_owned())]))
            }
            fn visit_unit<E: Error>(self) -> Result<Texts<'de>, E> {
                Ok(Texts::default())
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Texts<'de>, A::Error> {
                let mut texts = Vec::new();
                while let Some(Text(text)) = items.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        from.deserialize_any(ListVisitor)
    }
}

/// `{"Name": …, "Value": …}`, as in `Parameters`.
#[derive(Debug, Deserialize)]
pub(crate) struct Named<'a> {
    #[serde(borrow, default, rename = "Name", alias = "name")]
    pub(crate) name: Text<'a>,
    #[serde(borrow, default, rename = "Value", alias = "value")]
    pub(crate) value: Text<'a>,
}
