//! What the days of a subject read as: usual counts, sequences, what left over 30 days, new habits.
//! Never: a number that the documentation does not explain.

use super::*;
use crate::time::HOUR;
use proptest::prelude::*;

fn day(day: i32) -> Day {
    // A Monday.
    Day::from_civil(2026, 6, 1).unwrap().plus(day)
}

fn at(days: i32, hour: i32) -> Micros {
    day(days).start().plus_hours(hour)
}

/// A subject's days, told in any order.
#[derive(Default, Clone, Debug)]
struct Diary(BTreeMap<Day, DaySigns>);

impl Diary {
    fn on(&mut self, days: i32) -> &mut DaySigns {
        self.0.entry(day(days)).or_insert_with(|| DaySigns::new(day(days)))
    }

    fn count(mut self, code: &str, days: i32, count: u64) -> Self {
        self.on(days).add(code, count);
        self
    }

    fn act(mut self, code: &'static str, days: i32, hour: i32, object: u128, previous: Option<u128>) -> Self {
        let signs = self.on(days);
        signs.add(code, 1);
        let (object, previous) = (ObjectKey(object), previous.map(ObjectKey));
        signs.objects.push(ObjectEvent { at: at(days, hour), indicator: code, object, previous });
        self
    }

    fn used(mut self, token: Token, days: i32) -> Self {
        self.on(days).tokens.insert(token);
        self
    }

    /// Works on the weekdays of that many weeks from 9 to 17, and accesses files.
    fn works(mut self, weeks: i32) -> Self {
        for days in (0..weeks * 7).filter(|days| days % 7 < 5) {
            self.on(days).hours |= 0b1_1111_1111 << 9;
            self = self.count("FILE_DOWNLOADED", days, 10).used(Token::Device(1), days);
        }
        self
    }

    fn read(&self) -> Vec<Reading> {
        let days: Vec<DaySigns> = self.0.values().cloned().collect();
        read_all(&days, |_| Norms::default())
    }

    fn of(&self, code: &str, days: i32) -> Option<Reading> {
        self.read().into_iter().find(|reading| reading.code == code && reading.day == day(days))
    }

    /// Sequences completed on the day, with the objects of each.
    fn sequences(&self, days: i32) -> Vec<(String, u64)> {
        let sequences = self.read().into_iter().filter(|reading| reading.day == day(days));
        let sequences = sequences.filter(|reading| crate::template::sequence(&reading.code).is_some());
        sequences.map(|reading| (reading.code, reading.seen.count)).collect()
    }
}

#[test]
fn what_is_usual_is_the_median_and_needs_twelve_active_days() {
    let diary = Diary::default().works(4);
    assert_eq!(diary.of("FILE_DOWNLOADED", 11).unwrap().usual, None);
    let usual = diary.of("FILE_DOWNLOADED", 24).unwrap().usual.unwrap();
    assert_eq!((usual.median.round(), usual.spread, usual.of), (10.0, 0.5, 18));
    assert!(usual.z(10).abs() < 1e-9 && usual.z(100) > 4.0);
}

#[test]
fn one_wild_day_does_not_change_what_is_usual() {
    let calm = Diary::default().works(6);
    let wild = calm.clone().count("FILE_DOWNLOADED", 20, 0).count("FILE_DOWNLOADED", 17, 5_000);
    let usual = |diary: &Diary| diary.of("FILE_DOWNLOADED", 38).unwrap().usual.unwrap().median.round();
    assert_eq!(usual(&calm), usual(&wild));
}

#[test]
fn a_download_that_is_uploaded_within_a_week_is_a_sequence() {
    let diary = Diary::default().act("FILE_DOWNLOADED", 0, 9, 1, None).act("FILE_UPLOADED_TO_WEB", 6, 9, 1, None);
    assert_eq!(diary.sequences(6), [("DOWNLOAD_EXFILTRATE".to_owned(), 1)]);
    let late = Diary::default().act("FILE_DOWNLOADED", 0, 9, 1, None).act("FILE_UPLOADED_TO_WEB", 7, 10, 1, None);
    assert_eq!(late.sequences(7), []);
    let other = Diary::default().act("FILE_DOWNLOADED", 0, 9, 1, None).act("FILE_UPLOADED_TO_WEB", 1, 9, 2, None);
    assert_eq!(other.sequences(1), []);
}

#[test]
fn lineage_is_followed_through_rename_archive_and_deletion() {
    let mut diary = Diary::default();
    for file in 1..=30 {
        diary = diary.act("FILE_DOWNLOADED", 0, 9, file, None).act("FILE_RENAMED", 1, 9, 100 + file, Some(file)).act(
            "FILE_ARCHIVED",
            2,
            9,
            1_000,
            Some(100 + file),
        );
    }
    let sent = diary.clone().act("FILE_UPLOADED_TO_WEB", 3, 9, 1_000, None);
    assert_eq!(sent.sequences(3), [("DOWNLOAD_OBFUSCATE_EXFILTRATE".to_owned(), 30)]);
    let wiped = sent.act("DEVICE_FILE_DELETED", 3, 10, 1_000, None);
    assert_eq!(wiped.sequences(3), [("DOWNLOAD_OBFUSCATE_EXFILTRATE_DELETE".to_owned(), 30)]);
}

#[test]
fn every_sequence_of_the_catalogue_can_be_completed() {
    for rule in crate::template::sequences() {
        let mut diary = Diary::default();
        for (hour, step) in (1..).zip(rule.steps) {
            let code =
                step.indicators().iter().find(|code| **code != "FILE_ARCHIVED" || rule.steps[0] == Step::Archive);
            diary = diary.act(code.unwrap(), 0, hour, 1, None);
        }
        assert_eq!(diary.sequences(0), [(rule.code.to_owned(), 1)], "{}", rule.code);
    }
}

use crate::template::Step;

#[test]
fn steps_out_of_order_are_no_sequence() {
    let diary = Diary::default().act("FILE_UPLOADED_TO_WEB", 0, 9, 1, None).act("FILE_DOWNLOADED", 0, 10, 1, None);
    assert_eq!(diary.sequences(0), []);
}

#[test]
fn what_left_over_30_days_counts_each_object_once() {
    let mut diary = Diary::default();
    for days in 0..40 {
        diary = diary.act("FILE_UPLOADED_TO_WEB", days, 9, 7, None);
        diary = diary.act("FILE_COPIED_TO_USB", days, 10, 100 + u128::from(days.unsigned_abs()), None);
    }
    assert_eq!(diary.of(CUMULATIVE, 0).unwrap().seen.count, 2);
    assert_eq!(diary.of(CUMULATIVE, 29).unwrap().seen.count, 31);
    assert_eq!(diary.of(CUMULATIVE, 39).unwrap().seen.count, 31);
}

#[test]
fn work_at_the_usual_hours_on_the_usual_machine_is_no_news() {
    let readings = Diary::default().works(12).read();
    let news: Vec<_> = readings.iter().filter(|reading| reading.novelty > 0.0).collect();
    assert_eq!(news, Vec::<&Reading>::new());
}

#[test]
fn a_night_at_work_is_news_and_the_tenth_night_is_not() {
    let mut diary = Diary::default().works(12);
    diary.on(57).hours |= 0b11 << 2;
    let night = diary.of(OFF_HOURS, 57).unwrap();
    assert_eq!((night.seen.count, night.novelty), (2, 0.75));
    for days in [58, 59, 60, 63, 64, 65, 66, 67, 70, 71] {
        diary.on(days).hours |= 0b11 << 2;
    }
    assert_eq!(diary.of(OFF_HOURS, 71), None);
}

#[test]
fn nothing_is_news_before_the_history_is_settled() {
    let mut diary = Diary::default().works(12);
    diary.on(15).hours |= 1 << 2;
    diary = diary.used(Token::ForeignDevice(9), 15).count("FILE_COPIED_TO_USB", 15, 3);
    assert!(diary.of(OFF_HOURS, 15).is_none() && diary.of(FIRST_TIME, 15).is_none());
}

#[test]
fn somebody_elses_machine_says_more_than_a_new_one_and_news_wear_off() {
    let first = |token| {
        let diary = Diary::default().works(12).used(token, 57);
        (diary.of(FIRST_TIME, 57).unwrap().novelty * 100.0).round() / 100.0
    };
    assert_eq!((first(Token::ForeignDevice(9)), first(Token::Device(9))), (0.9, 0.3));
    let mut restless = Diary::default().works(12);
    for days in 30i32..57 {
        restless = restless.used(Token::Device(u64::from(days.unsigned_abs())), days);
    }
    assert!(restless.used(Token::Device(99), 57).of(FIRST_TIME, 57).unwrap().novelty < 0.04);
}

#[test]
fn what_lay_unused_for_long_is_rare() {
    let diary = Diary::default().works(20).used(Token::Device(5), 3).used(Token::Device(5), 100);
    assert!((diary.of(RARE, 100).unwrap().novelty - 0.15).abs() < 1e-9);
}

#[test]
fn norms_need_members() {
    assert_eq!(norm(&mut [1, 2, 3, 4]), None);
    assert_eq!(norm(&mut [1, 2, 3, 4, 100]).unwrap().median.round(), 3.0);
}

fn any_act() -> impl Strategy<Value = (usize, i64, u128, Option<u128>)> {
    (0usize..6, 0i64..20 * 24, 0u128..6, prop::option::of(0u128..6))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn shuffled_and_repeated_delivery_reads_the_same(acts in prop::collection::vec(any_act(), 1..60), seed in any::<u64>()) {
        const CODES: [&str; 6] =
            ["FILE_DOWNLOADED", "FILE_RENAMED", "FILE_ARCHIVED", "FILE_UPLOADED_TO_WEB", "FILE_DELETED", "LABEL_REMOVED"];
        let events = |acts: &[(usize, i64, u128, Option<u128>)]| -> Vec<ObjectEvent> {
            acts.iter().map(|(code, hour, object, previous)| ObjectEvent {
                at: Micros(at(0, 0).0 + hour * HOUR),
                indicator: CODES[*code],
                object: ObjectKey(*object),
                previous: previous.map(ObjectKey),
            }).collect()
        };
        let mut retold = acts.clone();
        retold.extend_from_slice(&acts[..acts.len() / 2]);
        let turn = usize::try_from(seed % retold.len() as u64).unwrap();
        retold.rotate_left(turn);
        retold.reverse();
        let read = |acts: &[_]| read_all(&DaySigns::of(&[], &events(acts)), |_| Norms::default())
            .into_iter().filter(|reading| reading.code != CUMULATIVE).collect::<Vec<_>>();
        prop_assert_eq!(read(&acts), read(&retold));
    }

    #[test]
    fn a_reading_never_depends_on_a_later_day(acts in prop::collection::vec(any_act(), 1..60), until in 0i64..20) {
        let events: Vec<ObjectEvent> = acts.iter().map(|(code, hour, object, previous)| ObjectEvent {
            at: Micros(at(0, 0).0 + hour * HOUR),
            indicator: ["FILE_DOWNLOADED", "FILE_RENAMED", "FILE_UPLOADED_TO_WEB"][*code % 3],
            object: ObjectKey(*object),
            previous: previous.map(ObjectKey),
        }).collect();
        let known: Vec<ObjectEvent> = events.iter().filter(|event| event.at.0 < at(0, 0).0 + until * 24 * HOUR).cloned().collect();
        let read = |events: &[ObjectEvent]| read_all(&DaySigns::of(&[], events), |_| Norms::default());
        let last = day(i32::try_from(until).unwrap());
        let all: Vec<Reading> = read(&events).into_iter().filter(|reading| reading.day < last).collect();
        prop_assert_eq!(all, read(&known));
    }
}

/// One event set: 400 events of 60 days, on objects and not.
fn one_set() -> (Vec<DayCount>, Vec<ObjectEvent>) {
    const CODES: [&str; 6] = [
        "FILE_DOWNLOADED",
        "FILE_RENAMED",
        "FILE_ARCHIVED",
        "FILE_COPIED_TO_USB",
        "FILE_DELETED",
        "EMAIL_SENT_TO_SELF",
    ];
    let mut counts = Vec::new();
    let mut objects = Vec::new();
    for number in 0u32..400 {
        let (days, hour) = (i32::try_from(number * 7 % 60).unwrap(), i32::try_from(number * 5 % 24).unwrap());
        let code = CODES[usize::try_from(number * 11 % 6).unwrap()];
        counts.push(DayCount { day: day(days), indicator: code.into(), count: 1 });
        counts.push(DayCount { day: day(days), indicator: format!("@HOUR!{hour}"), count: 1 });
        let previous = (number % 6 == 1).then(|| ObjectKey(u128::from(number % 9)));
        let object = ObjectKey(u128::from(number % 13));
        objects.push(ObjectEvent { at: at(days, hour), indicator: code, object, previous });
    }
    (counts, objects)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_thousand_arrangements_of_one_event_set_give_the_same_bytes(
        (counts, objects) in (Just(one_set().0).prop_shuffle(), Just(one_set().1).prop_shuffle()),
        again in prop::collection::vec(0usize..400, 0..40),
        batch in 1usize..50,
    ) {
        use crate::scoring::tests::Scene;
        let told = one_set();
        // Repeated deliveries never reach the counts (the store refuses them); of objects they are told apart here.
        let mut repeated = objects.clone();
        repeated.extend(again.into_iter().map(|at| objects[at]));
        // Batches are folded one by one, as the store folds them.
        let mut folded: BTreeMap<(Day, String), u64> = BTreeMap::new();
        for part in counts.chunks(batch) {
            for seen in part {
                *folded.entry((seen.day, seen.indicator.clone())).or_default() += seen.count;
            }
        }
        let folded: Vec<DayCount> =
            folded.into_iter().map(|((day, indicator), count)| DayCount { day, indicator, count }).collect();
        let score = |counts: &[DayCount], objects: &[ObjectEvent]| {
            let readings = read_all(&DaySigns::of(counts, objects), |_| Norms::default());
            let scene = Scene { readings: readings.into_iter().filter(|reading| reading.code != CUMULATIVE).collect(), ..Scene::resigned(-10) };
            serde_json::to_string(&scene.score()).unwrap()
        };
        let (first, second) = (score(&told.0, &told.1), score(&folded, &repeated));
        prop_assert!(first.len() > 1_000);
        prop_assert_eq!(first, second);
    }
}

/// A group of peers of which `days` active days are known, and on `times` of them `count` of that code.
fn peers(code: &str, count: u64, times: u64, days: u64) -> Acts {
    Acts::of(BTreeMap::from([(code.to_owned(), BTreeMap::from([(count, times)]))]), days)
}

#[test]
fn what_peers_do_on_one_day_in_ten_is_usual_among_them_and_what_is_rarer_is_not() {
    assert_eq!(peers("FILE_PRINTED", 4, 10, 100).usual("FILE_PRINTED").upper, 0);
    let usual = peers("FILE_PRINTED", 4, 50, 100).usual("FILE_PRINTED");
    assert_eq!((usual.upper, usual.of), (4, 100));
    assert_eq!(peers("FILE_PRINTED", 4, 50, 100).usual("FILE_RENAMED").upper, 0);
}

#[test]
fn an_act_that_peers_usually_do_is_no_news() {
    let diary = Diary::default().works(6).count("FILE_UPLOADED_TO_WEB", 42, 2);
    let days: Vec<DaySigns> = diary.0.values().cloned().collect();
    let news = |acts: &Acts| {
        let norms = Norms { acts: Some(acts), ..Norms::default() };
        read_all(&days, |_| norms).iter().any(|reading| reading.code == FIRST_TIME)
    };
    assert!(news(&peers("FILE_UPLOADED_TO_WEB", 1, 3, 100)));
    assert!(!news(&peers("FILE_UPLOADED_TO_WEB", 1, 30, 100)));
}

#[test]
fn destinations_are_known_after_thirty_days_and_one_new_one_is_enough() {
    let partner = Token::Destination(7);
    let share = |diary: Diary, days: i32| diary.count("FILE_SHARED_EXTERNALLY", days, 1).used(partner, days);
    let to_known = |diary: &Diary, days: i32| diary.of("FILE_SHARED_EXTERNALLY", days).unwrap().to_known;
    let diary = share(share(share(Diary::default().works(8), 0), 29), 30);
    assert_eq!([0, 29, 30].map(|days| to_known(&diary, days)), [false, false, true]);
    assert!(!to_known(&diary.used(Token::Destination(8), 30), 30));
    let mail = Diary::default().works(8).used(partner, 0).used(partner, 30);
    let mail = mail.count("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", 30, 1);
    assert!(mail.of("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", 30).unwrap().to_known);
    let home = mail.count("EMAIL_SENT_TO_FREE_DOMAIN", 30, 1);
    assert!(!home.of("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", 30).unwrap().to_known, "the domain may be a provider's");
    // Nobody says where a copy to a device goes.
    let copied = share(share(Diary::default().works(8), 0), 40).count("FILE_COPIED_TO_USB", 40, 5);
    assert!(!copied.of("FILE_COPIED_TO_USB", 40).unwrap().to_known);
}

#[test]
fn what_is_put_on_a_share_is_moved_unless_it_leaves() {
    let mut diary = Diary::default();
    for file in 1..=10 {
        diary = diary.act("FILE_DOWNLOADED", 0, 9, file, None);
        diary = diary.act("FILE_COPIED_TO_NETWORK_SHARE", 0, 10, file, None);
    }
    assert_eq!(diary.of("FILE_DOWNLOADED", 0).unwrap().moved, 10);
    let taken = diary.act("FILE_COPIED_TO_USB", 0, 11, 3, None);
    assert_eq!(taken.of("FILE_DOWNLOADED", 0).unwrap().moved, 9);
}

#[test]
fn a_total_of_a_short_history_is_what_it_would_come_to() {
    // Three a working day: 30 days hold 63 to 66; the first weeks must not look like less.
    let mut diary = Diary::default();
    for days in (0..60).filter(|days| days % 7 < 5) {
        diary = diary.count("FILE_COPIED_TO_USB", days, 3);
    }
    let usual = diary.of(CUMULATIVE, 59).unwrap().usual.unwrap();
    assert!((60.0..75.0).contains(&usual.median), "{usual:?}");
}
