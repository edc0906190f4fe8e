//! One access of one person to one patient's record, whatever told of it.
//! Never: an event that names the patient anywhere but in the party of that role.

use crate::{RESTRICTED_REASON, SECTION, WORKSTATION};
use connector_sdk::identifier::{self, SAM, SID, UPN};
use connector_sdk::{Emit, Kind, Patient, Person, attr, kind};

/// Characters of a word or title that a system gives.
const TEXT_CHARS: usize = 200;

pub(crate) struct Access<'a> {
    pub(crate) at: i64,
    pub(crate) id: String,
    pub(crate) person: &'a Person,
    pub(crate) patient: Patient<'a>,
    pub(crate) operation: &'a str,
    pub(crate) workload: &'a str,
    pub(crate) section: &'a str,
    pub(crate) workstation: &'a str,
    /// Why the record was opened although it is restricted.
    pub(crate) restricted: Option<&'a str>,
}

impl Access<'_> {
    pub(crate) fn emit(&self, emit: &mut Emit<'_>) {
        self.event(emit, kind::PATIENT_RECORD_HIGH_VOLUME, "");
        if let Some(reason) = self.restricted {
            self.event(emit, kind::PATIENT_RECORD_RESTRICTED, reason);
        }
    }

    fn event(&self, emit: &mut Emit<'_>, kind: Kind, reason: &str) {
        emit.event(kind, self.at)
            .source_id(self.id.as_str())
            .actor(&self.person.identifiers())
            .patient(&self.patient)
            .attr(attr::OPERATION, short(self.operation))
            .attr(attr::WORKLOAD, short(self.workload))
            .attr(SECTION, short(self.section))
            .attr(WORKSTATION, short(self.workstation))
            .attr(RESTRICTED_REASON, short(reason));
    }
}

/// An account by what it shows of itself; `scheme` is what it is where it shows nothing.
pub(crate) fn account(text: &str, scheme: &'static str) -> (&'static str, String) {
    if let Some(address) = identifier::address(text) {
        return (UPN, address);
    }
    if identifier::is_persons_sid(&text.to_ascii_uppercase()) {
        return (SID, text.to_ascii_uppercase());
    }
    if text.contains('\\') {
        return (SAM, text.to_lowercase());
    }
    (scheme, text.to_owned())
}

fn short(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(TEXT_CHARS).collect()
}
