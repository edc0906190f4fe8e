//! Whose machine is whose: as HR says, and as use shows.
//! Never: a machine that several share called one person's.

use crate::Activity;
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::{subject::owner, time::Day};

/// Machines and who uses them.
#[derive(Default)]
pub(super) struct Devices {
    /// Several where HR names a machine for several.
    said: BTreeMap<String, BTreeSet<String>>,
    used: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Devices {
    /// HR says so.
    pub(super) fn own(&mut self, device: &str, account: &str) {
        let owners = self.said.entry(device.to_owned()).or_default();
        if !owners.contains(account) {
            owners.insert(account.to_owned());
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
        if let Some(owners) = self.said.get(device) {
            return !owners.contains(account);
        }
        self.used.get(device).and_then(owner).is_some_and(|owner| owner != account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_that_hr_names_for_two_is_foreign_to_neither() {
        let mut devices = Devices::default();
        devices.own("pc-1", "ada");
        devices.own("pc-1", "bob");
        let foreign = ["ada", "bob", "eve"].map(|account| devices.is_foreign("pc-1", account));
        assert_eq!(foreign, [false, false, true]);
    }
}
