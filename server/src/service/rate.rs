//! How often somebody came within a minute, on this server.
//! Never: a key kept as it came; only a digest of it.

use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use vizard_core::{
    limits,
    time::{Micros, SECOND},
};

const MINUTE: i64 = 60 * SECOND;

/// Counts by key and minute. Where there are too many keys of one minute, all counts begin anew: memory has a bound, and
/// who is honest is not locked out.
#[derive(Default)]
pub(super) struct Rate(Mutex<HashMap<[u8; 32], (i64, u32)>>);

impl Rate {
    /// Counts one more; the seconds to wait where there were `most` in this minute already.
    pub(super) fn count(&self, key: &[u8], most: u32, now: Micros) -> Result<(), u64> {
        let minute = now.0.div_euclid(MINUTE);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= limits::RATES_COUNTED {
            counts.retain(|_, (of, _)| *of == minute);
            if counts.len() >= limits::RATES_COUNTED {
                counts.clear();
            }
        }
        let (of, count) = counts.entry(Sha256::digest(key).into()).or_insert((minute, 0));
        if *of != minute {
            (*of, *count) = (minute, 0);
        }
        if *count >= most {
            let left = (minute + 1) * MINUTE - now.0;
            return Err(left.unsigned_abs().div_ceil(SECOND.unsigned_abs()));
        }
        *count += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_too_often_waits_for_the_next_minute_and_nobody_else_does() {
        let rate = Rate::default();
        let at = |second: i64| Micros(600 * MINUTE + second * SECOND);
        assert_eq!([rate.count(b"a", 2, at(0)), rate.count(b"a", 2, at(1))], [Ok(()), Ok(())]);
        assert_eq!(rate.count(b"a", 2, at(20)), Err(40));
        assert_eq!(rate.count(b"b", 2, at(20)), Ok(()));
        assert_eq!(rate.count(b"a", 2, at(60)), Ok(()));
    }

    #[test]
    fn ever_new_keys_do_not_fill_the_memory() {
        let rate = Rate::default();
        for key in 0..limits::RATES_COUNTED * 2 {
            rate.count(&key.to_be_bytes(), 1, Micros(0)).unwrap();
        }
        assert!(rate.0.lock().unwrap().len() <= limits::RATES_COUNTED);
    }
}
