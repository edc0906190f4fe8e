//! Whose machine a machine is, as its use shows.
//! Never: a machine that several share called one person's.

use std::collections::BTreeMap;

/// Days of use from which use says whose a machine is.
const SETTLED_DAYS: u32 = 10;
/// The share of them that its owner has.
const SHARE: f64 = 0.7;

/// Whoever has at least 70 % of a machine's days of use, of at least ten; by person the days on which they used it.
pub fn owner<Person: Ord>(days_of_use: &BTreeMap<Person, u32>) -> Option<&Person> {
    let all: u32 = days_of_use.values().sum();
    let (owner, days) = days_of_use.iter().max_by_key(|(_, days)| **days)?;
    (all >= SETTLED_DAYS && f64::from(*days) >= SHARE * f64::from(all)).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner_of(days: &[u32]) -> Option<usize> {
        owner(&days.iter().copied().enumerate().collect()).copied()
    }

    #[test]
    fn a_machine_is_whose_it_is_on_seven_of_ten_days() {
        assert_eq!(owner_of(&[10]), Some(0));
        assert_eq!(owner_of(&[3, 7]), Some(1));
        assert_eq!(owner_of(&[4, 6]), None);
        assert_eq!(owner_of(&[9]), None, "nine days are too few");
        assert_eq!(owner_of(&[]), None);
    }
}
