//! The one place that reads the time of day; everything else is handed a `Clock` or an instant.
//! Never: goes through a zone; instants are UTC.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};
use std::time::UNIX_EPOCH;
use vizard_core::time::Micros;

/// The time: the machine's, or a fixed one that a test moves by hand. Clones of a fixed clock move together.
#[derive(Clone, Debug)]
pub struct Clock {
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self { fixed: None }
    }

    /// A clock that stands at `at` until it is set or advanced.
    pub fn fixed(at: Micros) -> Self {
        Self { fixed: Some(Arc::new(AtomicI64::new(at.0))) }
    }

    /// Whether it stands still until it is moved.
    pub fn is_fixed(&self) -> bool {
        self.fixed.is_some()
    }

    /// The instant it is now. Where the machine's clock stands before 1970, that is 1970.
    #[expect(clippy::disallowed_methods, reason = "this is the one reader of the machine's clock")]
    pub fn now(&self) -> Micros {
        match &self.fixed {
            Some(at) => Micros(at.load(Ordering::SeqCst)),
            None => {
                let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
            }
        }
    }

    /// Moves a fixed clock to `at`. The machine's clock stays as it is.
    pub fn set(&self, at: Micros) {
        if let Some(fixed) = &self.fixed {
            fixed.store(at.0, Ordering::SeqCst);
        }
    }

    /// Moves a fixed clock forward by `micros` and tells the new time. The machine's clock stays as it is.
    pub fn advance(&self, micros: i64) -> Micros {
        match &self.fixed {
            Some(fixed) => Micros(fixed.fetch_add(micros, Ordering::SeqCst).saturating_add(micros)),
            None => self.now(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use vizard_core::time::{DAY, SECOND};

    #[test]
    fn a_fixed_clock_moves_only_by_hand_and_with_its_clones() {
        let clock = Clock::fixed(Micros(10));
        let clone = clock.clone();
        assert_eq!(clock.now(), Micros(10));
        assert_eq!(clone.advance(5 * SECOND), Micros(10 + 5 * SECOND));
        assert_eq!(clock.now(), Micros(10 + 5 * SECOND));
        clock.set(Micros(3));
        assert_eq!(clone.now(), Micros(3));
    }

    #[test]
    fn the_machine_clock_is_in_this_century_and_cannot_be_set() {
        let clock = Clock::system();
        clock.set(Micros(0));
        assert!(clock.now().0 > 50 * 365 * DAY, "microseconds since 1970, not milliseconds or seconds");
    }
}
