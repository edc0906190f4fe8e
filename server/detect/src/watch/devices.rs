//! Whose machine is whose: as HR says, and as use shows.
//! Never: a machine that several share called one person's.

use crate::Activity;
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::time::Day;

/// Days of use from which use says whose a machine is.
const SETTLED: u32 = 10;
/// The share of them that its owner has.
const SHARE: f64 = 0.7;

/// Machines and who uses them.
#[derive(Default)]
pub(super) struct Devices {
    said: BTreeMap<String, String>,
    used: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Devices {
    /// HR says so.
    pub(super) fn own(&mut self, device: &str, account: &str) {
        if self.said.get(device).is_none_or(|known| known != account) {
            self.said.insert(device.to_owned(), account.to_owned());
        }
    }

    /// A day of use.
    pub(super) fn learn(&mut self, day: Day, events: &[Activity]) {
        let used: BTreeSet<(&str, &str)> = events
            .iter()
            .filter(|event| event.indicator == "LOGON" && event.at.day() == day)
            .filter_map(|event| Some((event.device.as_deref()?, event.account.as_str())))
            .collect();
        for (device, account) in used {
            *self.used.entry(device.to_owned()).or_default().entry(account.to_owned()).or_default() += 1;
        }
    }

    /// Whether the machine is known to be another's.
    pub(super) fn is_foreign(&self, device: &str, account: &str) -> bool {
        if let Some(owner) = self.said.get(device) {
            return owner != account;
        }
        let Some(users) = self.used.get(device) else { return false };
        let all: u32 = users.values().sum();
        let most = users.iter().max_by_key(|(_, days)| **days);
        most.is_some_and(|(owner, days)| {
            owner != account && all >= SETTLED && f64::from(*days) >= SHARE * f64::from(all)
        })
    }
}
