//! Rows of the healthcare export and of Epic's access log: the same things under two sets of names.
//! Never: takes a row for an access that names no patient; reads what somebody explained in their own words.

use crate::Config;
use crate::access::{Access, account};
use connector_sdk::identifier::{self, EMPLOYEE_ID, SAM};
use connector_sdk::{Call, Emit, Patient, Person, Record, Reject, time};

/// The names of an export's columns. The explanation of a reason is not among them: people write names into it.
pub(crate) struct Layout {
    time: &'static str,
    event: &'static str,
    workstation: &'static str,
    sections: &'static [&'static str],
    record: &'static str,
    first_name: &'static str,
    last_name: &'static str,
    address: &'static str,
    city: &'static str,
    postal_code: &'static str,
    reason: &'static str,
    account: &'static str,
    employee_id: &'static str,
}

const HEALTHCARE: Layout = Layout {
    time: "Creation Time",
    event: "Event Name",
    workstation: "Workstation Id",
    sections: &["Event Section", "Event Category", "Patient Department"],
    record: "Patient Reg Id",
    first_name: "Patient First Name",
    last_name: "Patient Last Name",
    address: "Patient Address Line 1",
    city: "Patient City",
    postal_code: "Patient Zip Code",
    reason: "Restricted Access Reason",
    account: "Email Address (UPN) or SamAccountName",
    employee_id: "Employee Id",
};

const EPIC: Layout = Layout {
    time: "ACCESS_LOG.ACCESS_TIME",
    event: "ACCESS_LOG_METRIC.METRIC_NAME",
    workstation: "ACCESS_LOG.WORKSTATION_ID",
    sections: &["ZC_METRIC_GROUP.NAME", "ZC_ACCESS_ACTION.NAME", "CLARITY_DEP.DEPARTMENT_NAME"],
    record: "PATIENT.PAT_MRN_ID",
    first_name: "PATIENT.PAT_FIRST_NAME",
    last_name: "PATIENT.PAT_LAST_NAME",
    address: "PATIENT.ADD_LINE_1",
    city: "PATIENT.CITY",
    postal_code: "PATIENT.ZIP",
    reason: "ZC_BTG_REASON.NAME",
    account: "EMP.SYSTEM_LOGIN",
    // Epic's own number of a user is nothing that HR knows, and no column of the log is the employee's.
    employee_id: "Employee Id",
};

impl Layout {
    pub(crate) fn of(feed: &str) -> Self {
        if feed == "epic" { EPIC } else { HEALTHCARE }
    }

    /// The columns that the formats call mandatory.
    pub(crate) fn mandatory(&self) -> impl Iterator<Item = &'static str> {
        let name = [self.first_name, self.last_name];
        let address = [self.address, self.city, self.postal_code];
        [self.time, self.event].into_iter().chain(name).chain(address).chain([self.reason, self.account])
    }
}

pub(crate) fn normalise(
    config: &Config,
    layout: &Layout,
    call: &Call<'_>,
    record: &Record<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), Reject> {
    let cell = |name: &str| record.column(config.column(name));
    let need = |name: &'static str| record.need(config.column(name));
    let operation = need(layout.event)?;
    if config.is_ignored(operation) {
        emit.ignore("an event that the configuration leaves out");
        return Ok(());
    }
    let patient = Patient {
        record: cell(layout.record),
        first_name: cell(layout.first_name),
        last_name: cell(layout.last_name),
        address_1: cell(layout.address),
        postal_code: cell(layout.postal_code),
    };
    if patient.is_nobody() {
        emit.ignore("no patient's record");
        return Ok(());
    }
    let at = time::parse(need(layout.time)?, call.zone(), config.date_order);
    let at = at.ok_or_else(|| Reject::bad_time(config.column(layout.time)))?;
    let mut names = vec![account(need(layout.account)?, SAM)];
    if let Some(number) = cell(layout.employee_id) {
        names.push((EMPLOYEE_ID, number.to_owned()));
    }
    let person = Person::named(names).map_err(|_| Reject::missing(config.column(layout.account)))?;
    let (workstation, reason) = (cell(layout.workstation).unwrap_or_default(), config.restricted(cell(layout.reason)));
    let sections = || layout.sections.iter().filter_map(|name| cell(name));
    let section = sections().collect::<Vec<_>>().join(" / ");
    // The exports have no id of a row. The patient's names are in it only as a digest, and only where there is no number.
    let when = at.to_string();
    let mut parts =
        vec![when.as_str(), person.key(), operation, workstation, section.as_str(), reason.unwrap_or_default()];
    match patient.record {
        Some(number) => parts.push(number),
        None => {
            parts.extend([patient.first_name, patient.last_name, patient.postal_code].map(Option::unwrap_or_default));
        }
    }
    let id = identifier::content_id(&parts);
    let section = section.as_str();
    Access { at, id, person: &person, patient, operation, workload: "", section, workstation, restricted: reason }
        .emit(emit);
    Ok(())
}
