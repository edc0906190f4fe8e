//! The patient whose record somebody opened.
//! Never: a patient's name or address as an attribute; the host takes them from this party, compares and forgets them.

use crate::NewEvent;
use crate::identifier::{ADDRESS_1, FIRST_NAME, LAST_NAME, PATIENT_RECORD, POSTAL_CODE};

/// What a record says of a patient. The host compares name and address with those that HR knows of employees (family,
/// neighbour, colleague) and keeps neither; the record's number is sealed with the event.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Patient<'a> {
    /// Number or id of the record.
    pub record: Option<&'a str>,
    /// Given name.
    pub first_name: Option<&'a str>,
    /// Family name.
    pub last_name: Option<&'a str>,
    /// Street and house number.
    pub address_1: Option<&'a str>,
    /// Postal code.
    pub postal_code: Option<&'a str>,
}

impl Patient<'_> {
    /// Whether nothing is known of whose record it is.
    #[must_use]
    pub fn is_nobody(&self) -> bool {
        self.record.is_none() && self.first_name.is_none() && self.last_name.is_none()
    }
}

impl NewEvent<'_> {
    /// The patient whose record it is. One access to one record is one event of the kind `PATIENT_RECORD_HIGH_VOLUME`, which
    /// counts them; the host derives from it whether the patient is family, a neighbour or a colleague.
    pub fn patient(&mut self, patient: &Patient<'_>) -> &mut Self {
        let known = [
            (PATIENT_RECORD, patient.record),
            (FIRST_NAME, patient.first_name),
            (LAST_NAME, patient.last_name),
            (ADDRESS_1, patient.address_1),
            (POSTAL_CODE, patient.postal_code),
        ];
        let identifiers: Vec<(&str, &str)> =
            known.into_iter().filter_map(|(scheme, value)| Some((scheme, value?))).collect();
        self.party("patient", &identifiers)
    }
}

#[cfg(test)]
mod tests {
    use super::Patient;
    use crate::{Emit, kind};

    #[test]
    fn a_patient_is_a_party_with_what_is_known_of_them() {
        let mut events = Vec::new();
        let mut emit = Emit { events: &mut events, record_index: 0, ignored: None };
        let patient = Patient { record: Some("99"), last_name: Some("Quill"), ..Patient::default() };
        emit.event(kind::PATIENT_RECORD_HIGH_VOLUME, 0).patient(&patient);
        let party = &events[0].parties[0];
        let said: Vec<_> = party.identifiers.iter().map(|one| (one.scheme.as_str(), one.value.as_str())).collect();
        assert_eq!((party.role.as_str(), said), ("patient", vec![("patient-mrn", "99"), ("last-name", "Quill")]));
        assert!(!patient.is_nobody() && Patient { postal_code: Some("1767"), ..Patient::default() }.is_nobody());
    }
}
