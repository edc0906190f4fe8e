//! What an accepted event says of a day besides its count: the hour, the machine, where something went.
//! Never: a name; what identifies is digested with the caller's key.

use super::AcceptedEvent;
use crate::{
    indicator::{
        self, Category,
        measure::{self, Measure},
    },
    scoring::reading::Token,
    settings::Weight,
    time::{DAY, HOUR},
};

impl AcceptedEvent {
    /// Names of the measures (`indicator::measure`) of its day to which the event adds, and how much. What the settings
    /// leave out adds nothing; where it may be part of a sequence, a count of nothing has the subject scored again.
    /// `digest` is keyed.
    pub fn measures(&self, digest: impl Fn(&str) -> [u8; 16]) -> Vec<(String, u32)> {
        let verdict = &self.verdict;
        match verdict.weight {
            Weight::None => return Vec::new(),
            Weight::InSequences => return vec![(self.indicator.clone(), 0)],
            Weight::Full => {}
        }
        let unallowed = verdict.unallowed.then(|| measure::name(Measure::Unallowed(&self.indicator)));
        let counts = [self.indicator.clone()].into_iter().chain(unallowed).chain(verdict.variants.iter().cloned());
        let habits = self.habits(digest).into_iter().map(|name| (name, 1));
        counts.map(|name| (name, self.quantity)).chain(habits).collect()
    }

    /// Nothing of what others say of a person: a resignation on Sunday is no work on Sunday.
    fn habits(&self, digest: impl Fn(&str) -> [u8; 16]) -> Vec<String> {
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
        let destinations = self.destinations.iter().map(|name| Token::Destination(short("destination", name)));
        let tokens = device.into_iter().chain(destinations).map(Measure::Token);
        [Measure::Hour(hour)].into_iter().chain(tokens).map(measure::name).collect()
    }
}
