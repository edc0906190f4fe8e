//! Where ids and numbers that nobody may guess come from: one place, so that a test can repeat them.
//! Never: derives an id from what it stands for.

use crate::clock::Clock;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;
use vizard_core::time::Micros;

/// Draws ids. The system's come from the operating system's generator; a seeded one repeats itself, for tests.
#[derive(Clone)]
pub struct Ids {
    clock: Clock,
    seeded: Option<Arc<Mutex<StdRng>>>,
}

/// A step of the seeded source's own clock, so that its ids are in the order they were drawn.
const SEEDED_STEP: i64 = 1_000;
/// Where the seeded source's clock begins: 2026-01-01.
const SEEDED_START: Micros = Micros(1_767_225_600_000_000);

impl Ids {
    /// Ids for real work, dated by `clock`.
    pub fn system(clock: Clock) -> Self {
        Self { clock, seeded: None }
    }

    /// The same ids in the same order for the same seed.
    pub fn seeded(seed: u64) -> Self {
        Self { clock: Clock::fixed(SEEDED_START), seeded: Some(Arc::new(Mutex::new(StdRng::seed_from_u64(seed)))) }
    }

    /// An id that sorts after the earlier ones: `ids.draw(AlertId::new)`. UUID version 7 (RFC 9562) with the fraction
    /// of the millisecond in its `rand_a` (method 3), so two ids sort by the microsecond and then by chance.
    pub fn draw<T>(&self, kind: impl FnOnce(Uuid) -> T) -> T {
        let now = if self.seeded.is_some() { self.clock.advance(SEEDED_STEP) } else { self.clock.now() };
        let micros = u64::try_from(now.0).unwrap_or(0);
        let fraction = u16::try_from((micros % 1_000) * 4_096 / 1_000).unwrap_or(0).to_be_bytes();
        let mut tail = [0u8; 10];
        self.fill(&mut tail[2..]);
        tail[..2].copy_from_slice(&fraction);
        kind(uuid::Builder::from_unix_timestamp_millis(micros / 1_000, &tail).into_uuid())
    }

    /// An id that tells nothing, not even when it was drawn: `ids.random(SubjectId::new)`. 122 random bits.
    pub fn random<T>(&self, kind: impl FnOnce(Uuid) -> T) -> T {
        let mut bytes = [0u8; 16];
        self.fill(&mut bytes);
        kind(uuid::Builder::from_random_bytes(bytes).into_uuid())
    }

    /// 64 random bits.
    pub fn random_u64(&self) -> u64 {
        let mut bytes = [0u8; 8];
        self.fill(&mut bytes);
        u64::from_be_bytes(bytes)
    }

    /// A bearer token that nobody can guess: `prefix`, by which it is told apart at first sight, and 256 random bits.
    pub fn token(&self, prefix: &str) -> String {
        let mut secret = [0u8; 32];
        self.fill(&mut secret);
        format!("{prefix}{}", URL_SAFE_NO_PAD.encode(secret))
    }

    /// Fills `bytes` at random. Fit for keys and nonces, unless seeded.
    pub fn fill(&self, bytes: &mut [u8]) {
        match &self.seeded {
            Some(seeded) => seeded.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(bytes),
            None => rand::rng().fill_bytes(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vizard_core::ids::{AlertId, SubjectId};

    #[test]
    fn drawn_ids_sort_in_the_order_of_the_clock() {
        let clock = Clock::fixed(SEEDED_START);
        let ids = Ids::system(clock.clone());
        let mut drawn = Vec::new();
        for _ in 0..2_000 {
            drawn.push(ids.draw(AlertId::new));
            clock.advance(1);
        }
        assert!(drawn.windows(2).all(|w| w[0] < w[1]));
        assert_eq!(drawn[0].uuid().get_version_num(), 7);
    }

    #[test]
    fn random_ids_do_not_tell_when_they_were_drawn() {
        let ids = Ids::system(Clock::fixed(SEEDED_START));
        let (a, b) = (ids.random(SubjectId::new), ids.random(SubjectId::new));
        assert_eq!(a.uuid().get_version_num(), 4);
        assert_ne!(a.uuid().as_bytes()[..4], b.uuid().as_bytes()[..4]);
    }

    #[test]
    fn a_seed_repeats_its_ids_and_another_seed_does_not() {
        let four = |seed| {
            let ids = Ids::seeded(seed);
            (ids.draw(AlertId::new), ids.draw(AlertId::new), ids.random(SubjectId::new), ids.random_u64())
        };
        assert_eq!(four(1), four(1));
        assert_ne!(four(1), four(2));
        let (first, second, ..) = four(1);
        assert!(first < second);
    }
}
