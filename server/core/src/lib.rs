//! The rules of Vizard, in the order of an event's journey. So far: ids, time, limits and the shapes of events.
//! Never: clock, randomness, I/O, async.

pub mod ids;
pub mod limits;
pub mod time;

pub mod event;
