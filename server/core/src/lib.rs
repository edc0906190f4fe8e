//! The rules of Vizard, in the order of an event's journey: what a plugin says happened becomes an event, triggers
//! gate scoring, days become insights, insights a risk, a risk an alert, an alert a case; and who may see any of it.
//! Never: clock, randomness, I/O, async.

pub mod ids;
pub mod limits;
pub mod time;

pub mod event;
pub mod indicator;
pub mod subject;
pub mod template;

pub mod policy;
pub mod scoring;

pub mod alert;
pub mod case;
pub mod health;

pub mod access;
