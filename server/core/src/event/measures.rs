//! What an accepted event says of a day besides its count: the hour, the machine, where something went.
//! Never: a name; what identifies is digested with the caller's key.

use super::AcceptedEvent;
use crate::{
    indicator::{
        self, Category,
        measure::{self, Measure},
    },
    scoring::reading::Token,
    time::{DAY, HOUR},
};

impl AcceptedEvent {
    /// Names of the measures (`indicator::measure`) to which the event adds one. Nothing of what others say of a person:
    /// a resignation on Sunday is no work on Sunday. `digest` is keyed.
    pub fn measures(&self, digest: impl Fn(&str) -> [u8; 16]) -> Vec<String> {
        let found = indicator::find(&self.indicator);
        let about = |category| matches!(category, Category::Hr | Category::Directory | Category::Behaviour);
        if self.profile.is_some() || found.is_none_or(|found| about(found.category)) {
            return Vec::new();
        }
        let hour = u8::try_from(self.occurred_at.0.rem_euclid(DAY) / HOUR).unwrap_or(0);
        let short = |kind: &str, name: &str| {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(&digest(&format!("{kind} {name}"))[..8]);
            u64::from_be_bytes(bytes)
        };
        let device = self.device.as_deref().map(|name| Token::Device(short("device", name)));
        let destination = self.destination.as_deref().map(|name| Token::Destination(short("destination", name)));
        let tokens = [device, destination].into_iter().flatten().map(Measure::Token);
        [Measure::Hour(hour)].into_iter().chain(tokens).map(measure::name).collect()
    }
}
