//! One row to its event.
//! Never: an id with a person's address in it; ids are digests of what identifies the row.

use crate::Config;
use crate::scenario::Scenario;
use connector_sdk::identifier::{self, EMAIL, EMPLOYEE_ID, UPN};
use connector_sdk::{Attr, Call, Emit, Kind, NewEvent, Record, Reject, attr, kind, time};

/// As the formats have it.
const REMARKS_CHARS: usize = 200;
/// As the formats have it.
const RATING_CHARS: usize = 25;

pub(crate) struct Row<'a> {
    config: &'a Config,
    call: &'a Call<'a>,
    record: &'a Record<'a>,
    address: String,
}

impl<'a> Row<'a> {
    pub(crate) fn new(config: &'a Config, call: &'a Call<'a>, record: &'a Record<'a>) -> Result<Self, Reject> {
        let column = config.column("EmailAddress");
        let address = identifier::address(record.need(column)?);
        let address = address.ok_or_else(|| Reject::bad_value(column, "an address"))?;
        Ok(Self { config, call, record, address })
    }

    pub(crate) fn scenario(&self) -> Result<Scenario, Reject> {
        let column = self.config.column("HRScenario");
        let columns = self.record.columns().ok_or_else(|| Reject::malformed("not a CSV row"))?;
        if !columns.has(column) {
            let found = Scenario::of_header(self.config, columns);
            return found.map_err(|_| Reject::unknown_kind(column, "the header does not tell the scenario"));
        }
        let known = self.config.scenario_named(self.record.need(column)?);
        known.ok_or_else(|| {
            Reject::unknown_kind(column, "an unknown scenario: map it in the configuration's `scenarios`")
        })
    }

    pub(crate) fn resignation(&self, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let resigned = self.need_time("ResignationDate")?;
        let last_day = self.time("LastWorkingDate")?;
        self.departure(emit, kind::RESIGNATION, resigned, last_day);
        Ok(())
    }

    /// Files differ in what they call the day: its own column first, else the last working day, else the effective
    /// date.
    pub(crate) fn termination(&self, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let last_day = self.time("LastWorkingDate")?;
        let terminated = match self.time("TerminationDate")?.or(last_day) {
            Some(at) => at,
            None => match self.time("EffectiveDate")? {
                Some(at) => at,
                None => return Err(Reject::missing(self.config.column("TerminationDate"))),
            },
        };
        self.departure(emit, kind::TERMINATION, terminated, last_day);
        Ok(())
    }

    fn departure(&self, emit: &mut Emit<'_>, kind: Kind, at: i64, last_day: Option<i64>) {
        let id = self.id(kind, &[at, last_day.unwrap_or(i64::MIN)]);
        // A date that lies ahead is lost when the event is entered under the day it became known: keep it.
        let last_day = last_day.or_else(|| (at > self.call.received_at()).then_some(at));
        let mut event = self.event(emit, kind, at, id);
        if let Some(last_day) = last_day {
            event.time(attr::LAST_WORKING_AT, last_day);
        }
    }

    pub(crate) fn job_level_change(&self, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let at = self.effective()?;
        let remarks = self.text("Remarks", REMARKS_CHARS)?;
        self.event(emit, kind::JOB_LEVEL_CHANGE, at, self.id(kind::JOB_LEVEL_CHANGE, &[at]))
            .attr(attr::OLD_LEVEL, self.cell("OldLevel"))
            .attr(attr::NEW_LEVEL, self.cell("NewLevel"))
            .attr(attr::REMARKS, remarks);
        Ok(())
    }

    /// Improvement plans have columns of their own, but share those of reviews in files with several scenarios.
    pub(crate) fn performance(&self, emit: &mut Emit<'_>, kind: Kind) -> Result<(), Reject> {
        let at = self.effective()?;
        let (mut remarks, mut rating) = (None, None);
        if kind == kind::PERFORMANCE_IMPROVEMENT_PLAN {
            remarks = self.text("ImprovementRemarks", REMARKS_CHARS)?;
            rating = self.text("PerformanceRating", RATING_CHARS)?;
        }
        if remarks.is_none() {
            remarks = self.text("Remarks", REMARKS_CHARS)?;
        }
        if rating.is_none() {
            rating = self.text("Rating", RATING_CHARS)?;
        }
        self.event(emit, kind, at, self.id(kind, &[at])).attr(attr::RATING, rating).attr(attr::REMARKS, remarks);
        Ok(())
    }

    pub(crate) fn profile(&self, emit: &mut Emit<'_>) -> Result<(), Reject> {
        const MORE: [(Attr, &str); 9] = [
            (attr::USER_NAME, "UserName"),
            (attr::DEPARTMENT, "EmployeeDept"),
            (attr::TITLE, "EmployeeRole"),
            (attr::EMPLOYEE_TYPE, "EmployeeType"),
            (attr::ADDRESS_2, "EmployeeAddLine2"),
            (attr::CITY, "EmployeeCity"),
            (attr::STATE, "EmployeeState"),
            (attr::COUNTRY, "EmployeeCountry"),
            (attr::ZIP, "EmployeeZipCode"),
        ];
        let need = |name| self.record.need(self.config.column(name));
        let (first, last) = (need("EmployeeFirstName")?, need("EmployeeLastName")?);
        let street = need("EmployeeAddLine1")?;
        need("EmployeeZipCode")?;
        let dated = self.time("EffectiveDate")?;
        let day = dated.map(|at| at.to_string()).unwrap_or_default();
        // Without a date the row's whole content is its id: the same row again is not news.
        let mut parts = vec![kind::EMPLOYEE_PROFILE.code, &self.address, &day, first, last, street];
        parts.extend(MORE.iter().map(|(_, column)| self.cell(column).unwrap_or_default()));
        parts.push(self.cell("EmployeeId").unwrap_or_default());
        let id = identifier::content_id(&parts);

        let mut event = self.event(emit, kind::EMPLOYEE_PROFILE, dated.unwrap_or(self.call.received_at()), id);
        event
            .attr(attr::DISPLAY_NAME, format!("{first} {last}"))
            .attr(attr::FIRST_NAME, first)
            .attr(attr::LAST_NAME, last)
            .attr(attr::ADDRESS_1, street);
        for (attr, column) in MORE {
            event.attr(attr, self.cell(column));
        }
        Ok(())
    }

    /// Adds the event. One whose date lies ahead happened, for us, when it became known.
    fn event<'e>(&self, emit: &'e mut Emit<'_>, kind: Kind, at: i64, id: String) -> NewEvent<'e> {
        let mut event = emit.event(kind, at.min(self.call.received_at()));
        let (upn, email) = ((UPN, self.address.as_str()), (EMAIL, self.address.as_str()));
        match self.cell("EmployeeId") {
            Some(number) => event.source_id(id).actor(&[upn, email, (EMPLOYEE_ID, number)]),
            None => event.source_id(id).actor(&[upn, email]),
        };
        event
    }

    /// HR rows have no id of their own: what the row is about, whom, and when.
    fn id(&self, kind: Kind, times: &[i64]) -> String {
        let times: Vec<String> = times.iter().map(i64::to_string).collect();
        let parts = [kind.code, &self.address].into_iter().chain(times.iter().map(String::as_str));
        identifier::content_id(&parts.collect::<Vec<_>>())
    }

    fn cell(&self, name: &str) -> Option<&str> {
        self.record.column(self.config.column(name))
    }

    fn text(&self, name: &str, most: usize) -> Result<Option<&str>, Reject> {
        match self.cell(name) {
            Some(text) if text.chars().count() > most => {
                Err(Reject::bad_value(self.config.column(name), &format!("at most {most} characters")))
            }
            other => Ok(other),
        }
    }

    fn time(&self, name: &str) -> Result<Option<i64>, Reject> {
        let Some(text) = self.cell(name) else { return Ok(None) };
        let at = time::parse(text, self.call.zone(), self.config.date_order);
        at.map(Some).ok_or_else(|| Reject::bad_time(self.config.column(name)))
    }

    fn need_time(&self, name: &str) -> Result<i64, Reject> {
        self.time(name)?.ok_or_else(|| Reject::missing(self.config.column(name)))
    }

    /// The effective date. Published exports have rows with it one column off, under the resignation date: such a row
    /// is set aside with a hint, because taking the date from there would also take shifted rows.
    fn effective(&self) -> Result<i64, Reject> {
        let mut result = self.need_time("EffectiveDate");
        if let (Err(reject), Some(_)) = (&mut result, self.cell("ResignationDate")) {
            let other = self.config.column("ResignationDate");
            reject.detail = format!("{}; the row has a {other}: is the date in the wrong column?", reject.detail);
        }
        result
    }
}
