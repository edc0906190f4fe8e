//! What a generated company is like.
//! Never: a test of a detector.

use super::*;
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

fn small(seed: u64) -> Company {
    Company::new(seed, Size { subjects: 200, days: 120 })
}

fn digest(company: &Company) -> u64 {
    let mut hash = DefaultHasher::new();
    for day in company.days() {
        for event in company.day(day) {
            (event.id, event.at.0, event.indicator, event.object, event.destination, event.device).hash(&mut hash);
        }
    }
    hash.finish()
}

#[test]
fn the_same_seed_tells_the_same_and_another_does_not() {
    assert_eq!(digest(&small(1)), digest(&small(1)));
    assert_ne!(digest(&small(1)), digest(&small(2)));
}

#[test]
fn weekends_are_quieter() {
    let company = small(3);
    let (mut weekdays, mut weekends) = (0, 0);
    for (passed, day) in company.days().enumerate() {
        let office = company.day(day).iter().filter(|event| event.indicator == "EMAIL_SENT").count();
        if passed % 7 < 5 { weekdays += office } else { weekends += office }
    }
    assert!(weekdays > 10 * weekends, "{weekdays} {weekends}");
}

#[test]
fn every_scenario_is_planted_and_its_acts_lie_within_its_label() {
    let company = small(4);
    let planted: BTreeSet<&str> = company.labels().iter().map(|label| label.scenario.as_str()).collect();
    assert_eq!(planted, scenarios().into_keys().collect());
    let telling = |code: &str| matches!(code, "DEFENCE_EVASION" | "PATIENT_RECORD_FAMILY");
    for day in company.days() {
        for event in company.day(day).iter().filter(|event| telling(&event.indicator)) {
            let of = company.labels().iter().find(|label| label.account == event.account).unwrap();
            assert!(of.first_act <= event.at && event.at <= of.last_act);
        }
    }
}

#[test]
fn look_alikes_and_quiet_leavers_are_not_labelled() {
    let company = small(5);
    let labelled: BTreeSet<&str> = company.labels().iter().map(|label| label.account.as_str()).collect();
    assert!(!company.look_alikes().is_empty() && company.quiet_leavers().count() > 3);
    assert!(company.look_alikes().iter().all(|account| !labelled.contains(account.as_str())));
    assert!(company.quiet_leavers().all(|account| !labelled.contains(account)));
}

#[test]
fn what_is_written_reads_back_as_it_was() {
    let company = Company::new(6, Size { subjects: 20, days: 70 });
    let folder = tempfile::tempdir().unwrap();
    let rows = company.write(folder.path()).unwrap();
    let events = crate::files::Events::read(&folder.path().join("events.csv.gz")).unwrap();
    assert_eq!((events.counts().rows, events.counts().rejected, events.counts().duplicates), (rows, 0, 0));
    for day in events.days() {
        let (day, events) = day.unwrap();
        let told = company.day(day);
        // The file keeps milliseconds.
        let shown =
            |event: &Activity| (event.id.clone(), event.at.to_string(), event.facts.clone(), event.object.clone());
        let by_id = |events: &[Activity]| {
            let mut shown: Vec<_> = events.iter().map(shown).collect();
            shown.sort_by(|a, b| a.0.cmp(&b.0));
            shown
        };
        assert_eq!(by_id(&told), by_id(&events));
    }
    let labels = crate::files::labels(&folder.path().join("labels.csv")).unwrap();
    assert_eq!(labels.len(), company.labels().len());
}
