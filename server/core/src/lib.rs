//! The rules of Vizard, in the order of an event's journey: event → indicator → trigger → insight → score → alert → case.
//! Never: clock, randomness, I/O, async.

pub mod ids;
pub mod limits;
pub mod problem;
pub mod time;
pub mod words;

pub mod access;
pub mod alert;
pub mod anonymous;
pub mod audit;
pub mod case;
pub mod consultation;
pub mod event;
pub mod export;
pub mod health;
pub mod indicator;
pub mod message;
pub mod notice;
pub mod notification;
pub mod policy;
pub mod report;
pub mod retention;
pub mod reveal;
pub mod rule;
pub mod scoring;
pub mod settings;
pub mod setup;
pub mod subject;
pub mod template;
pub mod webhook;
