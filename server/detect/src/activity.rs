//! Labelled activity of a company, in the shape of `events.csv`, `people.csv` and `labels.csv`.
//! Never: more than the files hold; the generator is read like a stranger's data.

use serde_json::{Map, Value as Json};
use vizard_core::time::{Day, Micros};

/// One event: `source_event_id,occurred_at,account,indicator,quantity,object,destination,device,facts`.
#[derive(Clone, PartialEq, Debug)]
pub struct Activity {
    /// The source's own id; a repeated one is the same event.
    pub id: String,
    /// When it happened.
    pub at: Micros,
    /// Whose activity it is.
    pub account: String,
    /// Code of the catalogue, for example `FILE_DOWNLOADED` or `LOGON`.
    pub indicator: String,
    /// How often it counts, at least 1.
    pub quantity: u32,
    /// The file or message; the same object keeps its name until an event gives `previous_object` in its facts.
    pub object: Option<String>,
    /// A domain, an address or a kind of device that it went to.
    pub destination: Option<String>,
    /// The machine that it happened on.
    pub device: Option<String>,
    /// What else is known: `previous_object`, `sensitivity_label`, `file_extension`, …
    pub facts: Map<String, Json>,
}

/// What was known of a person during some days: `account,from,to,department,title,manager_account,usual_device`.
/// A later row supersedes an earlier one from its `from` on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Person {
    /// The account.
    pub account: String,
    /// First day.
    pub from: Day,
    /// Last day, if the person left.
    pub to: Option<Day>,
    /// Department.
    pub department: String,
    /// Job title.
    pub title: String,
    /// The manager's account.
    pub manager: Option<String>,
    /// The machine that is the person's own.
    pub usual_device: Option<String>,
}

/// Somebody who did something: `account,scenario,first_act,last_act`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// The account.
    pub account: String,
    /// Which planted case, for example `DEPARTING_BURST`.
    pub scenario: String,
    /// When it began.
    pub first_act: Micros,
    /// When it ended.
    pub last_act: Micros,
}
