//! What comes out of this connector.
//! Never: an attribute that no module gives.

use connector_sdk::attr::ValueType;
use connector_sdk::{Attr, KindUse, attr as a, kind as k};

/// Where a sign-in came from. Personal: it tells where somebody was.
pub(crate) const SIGN_IN_COUNTRY: Attr = Attr::new("sign_in_country", ValueType::Text, "personal");

const SIGN_IN: &[Attr] =
    &[a::WORKLOAD, a::OPERATION, a::CLIENT_IP, a::CLIENT_KIND, a::DEVICE_KIND, a::DEVICE_NAME, SIGN_IN_COUNTRY];
const MACHINE: &[Attr] = &[a::WORKLOAD, a::OPERATION, a::CLIENT_IP, a::CLIENT_KIND, a::DEVICE_KIND, a::DEVICE_NAME];

pub(crate) const KINDS: &[KindUse] = &[
    KindUse(k::LOGON, MACHINE),
    KindUse(k::LOGOFF, MACHINE),
    KindUse(k::IMPOSSIBLE_TRAVEL, SIGN_IN),
    KindUse(k::INFREQUENT_COUNTRY, SIGN_IN),
    KindUse(k::MULTIPLE_FAILED_LOGINS, MACHINE),
    KindUse(k::ADMIN_ANOMALY, MACHINE),
    KindUse(k::LOGGING_DISABLED, MACHINE),
    KindUse(k::ACCOUNT_DELETED, &[a::WORKLOAD, a::OPERATION]),
];
