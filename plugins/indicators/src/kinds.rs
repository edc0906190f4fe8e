//! The codes that indicators of the installation's own may have to be fed by this connector.
//!
//! What a plugin delivers stands in its descriptor, which is the same in every installation: so there is a number of
//! codes, and the settings say which of them is what. How an indicator is called is free.
//! Never: a code of the catalogue.

use connector_sdk::{Attr, Kind, KindUse, attr, attr::ValueType};

/// The columns that the configuration keeps, each as `NAME: value`.
pub(crate) const DETAILS: Attr = Attr::new("details", ValueType::Texts, "content");
/// The number that was compared, where there is one.
pub(crate) const NUMBER: Attr = Attr::new("number", ValueType::Real, "content");

/// What an event of this connector may carry.
pub(crate) const ATTRIBUTES: &[Attr] = &[attr::WORKLOAD, attr::QUANTITY, NUMBER, DETAILS];

macro_rules! own {
    ($($code:literal $title:literal;)*) => {
        /// All of them.
        pub(crate) const ALL: &[Kind] = &[$(Kind::custom($code, $title)),*];
        /// The same, for the descriptor.
        pub(crate) const USES: &[KindUse] = &[$(KindUse(Kind::custom($code, $title), ATTRIBUTES)),*];
    };
}

own! {
    "OWN_01" "Indicator of one's own 1";
    "OWN_02" "Indicator of one's own 2";
    "OWN_03" "Indicator of one's own 3";
    "OWN_04" "Indicator of one's own 4";
    "OWN_05" "Indicator of one's own 5";
    "OWN_06" "Indicator of one's own 6";
    "OWN_07" "Indicator of one's own 7";
    "OWN_08" "Indicator of one's own 8";
    "OWN_09" "Indicator of one's own 9";
    "OWN_10" "Indicator of one's own 10";
    "OWN_11" "Indicator of one's own 11";
    "OWN_12" "Indicator of one's own 12";
    "OWN_13" "Indicator of one's own 13";
    "OWN_14" "Indicator of one's own 14";
    "OWN_15" "Indicator of one's own 15";
    "OWN_16" "Indicator of one's own 16";
    "OWN_17" "Indicator of one's own 17";
    "OWN_18" "Indicator of one's own 18";
    "OWN_19" "Indicator of one's own 19";
    "OWN_20" "Indicator of one's own 20";
    "OWN_21" "Indicator of one's own 21";
    "OWN_22" "Indicator of one's own 22";
    "OWN_23" "Indicator of one's own 23";
    "OWN_24" "Indicator of one's own 24";
    "OWN_25" "Indicator of one's own 25";
    "OWN_26" "Indicator of one's own 26";
    "OWN_27" "Indicator of one's own 27";
    "OWN_28" "Indicator of one's own 28";
    "OWN_29" "Indicator of one's own 29";
    "OWN_30" "Indicator of one's own 30";
    "OWN_31" "Indicator of one's own 31";
    "OWN_32" "Indicator of one's own 32";
    "OWN_33" "Indicator of one's own 33";
    "OWN_34" "Indicator of one's own 34";
    "OWN_35" "Indicator of one's own 35";
    "OWN_36" "Indicator of one's own 36";
    "OWN_37" "Indicator of one's own 37";
    "OWN_38" "Indicator of one's own 38";
    "OWN_39" "Indicator of one's own 39";
    "OWN_40" "Indicator of one's own 40";
    "OWN_41" "Indicator of one's own 41";
    "OWN_42" "Indicator of one's own 42";
    "OWN_43" "Indicator of one's own 43";
    "OWN_44" "Indicator of one's own 44";
    "OWN_45" "Indicator of one's own 45";
    "OWN_46" "Indicator of one's own 46";
    "OWN_47" "Indicator of one's own 47";
    "OWN_48" "Indicator of one's own 48";
    "OWN_49" "Indicator of one's own 49";
    "OWN_50" "Indicator of one's own 50";
}
