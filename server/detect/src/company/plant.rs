//! The planted cases, and for each an innocent look-alike: the same kinds of acts with a reason.
//! Never: a case that only its label tells apart from its look-alike.

use super::{DEPARTMENTS, Told, Worker, chance::Chance};
use serde_json::json;

macro_rules! scenarios {
    ($($name:ident $word:literal $about:literal;)*) => {
        /// What somebody did.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Scenario { $($name,)* }

        impl Scenario {
            pub(super) const ALL: &'static [Self] = &[$(Self::$name,)*];

            pub(super) fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            pub(super) fn about(self) -> &'static str {
                match self { $(Self::$name => $about,)* }
            }
        }
    };
}

scenarios! {
    DepartingBurst "DEPARTING_BURST" "resigns, and in one to three days takes 40 to 800 files out";
    SlowDrip "SLOW_DRIP" "a few files a day for one or two months, over several channels, each below its threshold";
    Chain "CHAIN" "downloads, renames or archives, uploads and deletes the same files within a week";
    MailPrivate "MAIL_PRIVATE" "mails attachments to a private address, some after a poor review";
    Snooping "SNOOPING" "a clinician opens records of neighbours, family and colleagues";
    Sabotage "SABOTAGE_AGENT" "removes the security agent, evades controls and copies files";
    BorrowedMachine "BORROWED_MACHINE" "signs in at colleagues' machines in the evening and mails files out";
}

/// What one person is going to do.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// Nothing for a look-alike.
    pub(super) scenario: Option<Scenario>,
    kind: Scenario,
    /// First and last day of acts.
    pub(super) first: i32,
    pub(super) last: i32,
    /// How strong: files a day, mails a day.
    strength: u32,
    /// Which channel, which variant.
    variant: i32,
}

/// Of each scenario, in a thousand people.
const OF_EACH: u32 = 6;

/// Gives plans, look-alikes and quiet leaving to workers.
pub(super) fn assign(chance: &mut Chance, workers: &mut [Worker], days: i32) {
    let of_each = (OF_EACH * u32::try_from(workers.len()).unwrap_or(0)).div_ceil(1_000);
    for &kind in Scenario::ALL {
        for look_alike in [false, true] {
            for _ in 0..of_each {
                if let Some(worker) = free(chance, workers, kind, look_alike) {
                    let plan = plan(chance, kind, look_alike, days);
                    if kind == Scenario::DepartingBurst {
                        let last = (plan.first + chance.between(8, 28)).min(days - 1);
                        worker.leaves = Some(last);
                    }
                    worker.plan = Some(plan);
                }
            }
        }
    }
    for worker in workers.iter_mut().filter(|worker| worker.plan.is_none()) {
        if chance.happens(0.06) {
            worker.leaves = Some(chance.between(70, days.max(71)));
        }
    }
}

/// Somebody who is there long enough and has no plan yet, and whom the scenario can be about.
fn free<'a>(
    chance: &mut Chance,
    workers: &'a mut [Worker],
    kind: Scenario,
    look_alike: bool,
) -> Option<&'a mut Worker> {
    let fits = |worker: &Worker| {
        let department = DEPARTMENTS[worker.department].name;
        let fit = match (kind, look_alike) {
            (Scenario::Snooping, false) => department == "Clinic" && worker.title != "Emergency physician",
            (Scenario::Snooping, true) => worker.title == "Emergency physician",
            (Scenario::Sabotage, true) => department == "IT",
            (Scenario::SlowDrip, true) => department == "Sales",
            (Scenario::BorrowedMachine, true) => department == "IT",
            (Scenario::BorrowedMachine, false) => department != "IT" && department != "Clinic",
            _ => department != "Clinic",
        };
        fit && worker.plan.is_none() && worker.joins == 0 && worker.moves.is_none()
    };
    for _ in 0..2_000 {
        let at = usize::try_from(chance.next() % workers.len().max(1) as u64).unwrap_or(0);
        if workers.get(at).is_some_and(fits) {
            return workers.get_mut(at);
        }
    }
    None
}

fn plan(chance: &mut Chance, kind: Scenario, look_alike: bool, days: i32) -> Plan {
    let length = match kind {
        Scenario::DepartingBurst => chance.between(1, 3),
        Scenario::SlowDrip => chance.between(30, 60),
        Scenario::Chain => chance.between(2, 6),
        Scenario::MailPrivate => chance.between(4, 20),
        Scenario::Snooping => chance.between(3, 15),
        Scenario::Sabotage => chance.between(1, 3),
        Scenario::BorrowedMachine => chance.between(3, 40),
    };
    let files = match kind {
        Scenario::DepartingBurst => (120.0 * chance.factor(0.8)).clamp(40.0, 800.0),
        Scenario::SlowDrip => f64::from(chance.between(3, 7)),
        Scenario::Chain => (20.0 * chance.factor(0.8)).clamp(4.0, 120.0),
        Scenario::MailPrivate | Scenario::Snooping => f64::from(chance.between(1, 5)),
        Scenario::Sabotage => (40.0 * chance.factor(0.7)).clamp(8.0, 300.0),
        Scenario::BorrowedMachine => f64::from(chance.between(2, 8)),
    };
    let first = chance.between(60, (days - length - 10).max(61));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped above")]
    let strength = files as u32;
    let scenario = (!look_alike).then_some(kind);
    Plan { scenario, kind, first, last: first + length - 1, strength, variant: chance.between(0, 5) }
}

impl Plan {
    pub(super) fn tell(&self, told: &mut Told<'_>) {
        if !(self.first..=self.last).contains(&told.passed) {
            return;
        }
        let act = told.passed - self.first;
        match (self.kind, self.scenario.is_some()) {
            (Scenario::DepartingBurst, true) => self.burst(told),
            (Scenario::DepartingBurst, false) => {
                // Hands over inside: as many files, and none of them leaves.
                told.bulk("FILE_DOWNLOADED", 10.0, self.strength);
                told.bulk("FILE_COPIED_TO_NETWORK_SHARE", 13.0, self.strength);
            }
            (Scenario::SlowDrip, true) => self.drip(told),
            (Scenario::SlowDrip, false) => {
                // A customer's project: sharing every day, with the same old partner.
                for _ in 0..told.chance.count(f64::from(self.strength)) {
                    let hour = 9.0 + 8.0 * told.chance.share();
                    let to = format!("partner{}-0.example", told.number % 50);
                    let object = format!("f{}-{}", told.number, told.chance.between(1, 3_000));
                    told.act("FILE_SHARED_EXTERNALLY", hour, 1, |event| {
                        (event.object, event.destination) = (Some(object), Some(to));
                    });
                }
            }
            (Scenario::Chain, planted) => self.chain(told, act, planted),
            (Scenario::MailPrivate, true) => self.mail(told, act),
            (Scenario::MailPrivate, false) => {
                if act == 0 {
                    // Writes home once, nothing attached.
                    told.act("EMAIL_SENT_TO_FREE_DOMAIN", 12.5, 1, |event| {
                        event.destination = Some("home.example".to_owned());
                    });
                }
            }
            (Scenario::Snooping, true) => {
                let kinds = ["PATIENT_RECORD_NEIGHBOUR", "PATIENT_RECORD_FAMILY", "PATIENT_RECORD_COLLEAGUE"];
                let code = kinds[usize::try_from(self.variant % 3).unwrap_or(0)];
                for _ in 0..told.chance.count(f64::from(self.strength)) {
                    let hour = 8.0 + 9.0 * told.chance.share();
                    told.act(code, hour, 1, |_| {});
                }
            }
            // As her job has it: her habit is in the department's acts.
            (Scenario::Snooping, false) => {}
            (Scenario::Sabotage, true) => {
                if act == 0 {
                    let code = if self.variant % 2 == 0 { "SECURITY_AGENT_REMOVED" } else { "ANTIVIRUS_DISABLED" };
                    told.act(code, 17.5, 1, |_| {});
                    told.act("DEFENCE_EVASION", 17.8, 1, |_| {});
                }
                let way = if self.variant % 3 == 0 { "FILE_UPLOADED_TO_WEB" } else { "FILE_COPIED_TO_USB" };
                told.bulk(way, 18.0, self.strength);
            }
            (Scenario::Sabotage, false) => {
                if act == 0 {
                    // A maintenance window: agents are taken off and put back.
                    let agents = told.chance.count(3.0);
                    told.act("SECURITY_AGENT_REMOVED", 20.0, agents.max(1), |_| {});
                }
            }
            (Scenario::BorrowedMachine, true) => self.borrowed(told),
            (Scenario::BorrowedMachine, false) => {
                // Support signs in at many desks, by day.
                let desk = format!("pc-{}", told.chance.between(0, 400));
                told.act("LOGON", 11.0, 1, |event| event.device = Some(desk));
            }
        }
    }

    fn burst(&self, told: &mut Told<'_>) {
        let hour = if self.variant % 2 == 0 { 19.0 } else { 15.0 };
        let files: Vec<String> =
            (0..self.strength).map(|file| format!("t{}-{}-{file}", told.number, told.passed)).collect();
        let way = match self.variant {
            0..=2 => "FILE_COPIED_TO_USB",
            3 | 4 => "FILE_UPLOADED_TO_WEB",
            _ => "FILE_SHARED_EXTERNALLY",
        };
        for (code, after) in [("FILE_DOWNLOADED", 0.0), (way, 1.5)] {
            for (number, file) in (0i32..).zip(&files) {
                told.act(code, hour + after + f64::from(number) * 0.001, 1, |event| {
                    event.object = Some(file.clone());
                    event.destination = (code == "FILE_UPLOADED_TO_WEB").then(|| "drop.example".to_owned());
                });
            }
        }
    }

    fn drip(&self, told: &mut Told<'_>) {
        if told.passed.rem_euclid(7) >= 5 {
            return;
        }
        let ways = ["FILE_COPIED_TO_USB", "FILE_UPLOADED_TO_WEB", "EMAIL_SENT_TO_SELF", "FILE_SHARED_EXTERNALLY"];
        for file in 0..told.chance.count(f64::from(self.strength)).min(8) {
            let way = ways[usize::try_from((i32::try_from(file).unwrap_or(0) + self.variant) % 3).unwrap_or(0)];
            let hour = 9.0 + 8.0 * told.chance.share();
            let object = format!("d{}-{}-{file}", told.number, told.passed);
            let to = format!("drip{}.example", told.number);
            told.act(way, hour, 1, |event| (event.object, event.destination) = (Some(object), Some(to)));
        }
    }

    /// Fetch, hide, send, wipe: over the days of the plan. The look-alike does the same kinds of things to files that
    /// have nothing to do with each other, and nothing of them leaves.
    fn chain(&self, told: &mut Told<'_>, act: i32, planted: bool) {
        let last = self.last - self.first;
        let stage = |number: i32| if last >= 3 { act == number } else { act == number * last / 3 };
        let file = |stage: &str, number: u32| {
            if planted { format!("c{}-{number}", told.number) } else { format!("c{stage}{}-{number}", told.number) }
        };
        let fetched: Vec<String> = (0..self.strength).map(|number| file("a", number)).collect();
        let hidden: Vec<String> = (0..self.strength).map(|number| format!("{}.x", file("b", number))).collect();
        let archive = format!("{}.zip", file("z", 0));
        let by_archive = self.variant % 2 == 0;
        if stage(0) {
            for (number, object) in (0i32..).zip(&fetched) {
                told.act("FILE_DOWNLOADED", 10.0 + f64::from(number) * 0.01, 1, |event| {
                    event.object = Some(object.clone());
                });
            }
        }
        if stage(1) {
            for ((number, object), previous) in (0i32..).zip(&hidden).zip(&fetched) {
                let code = if by_archive { "FILE_ARCHIVED" } else { "FILE_RENAMED" };
                let object = if by_archive { archive.clone() } else { object.clone() };
                let previous = if planted { previous.clone() } else { format!("{previous}-other") };
                told.act(code, 14.0 + f64::from(number) * 0.01, 1, |event| {
                    event.object = Some(object);
                    event.facts.insert("previous_object".to_owned(), json!(previous));
                });
            }
        }
        let leaving: Vec<&String> = if by_archive { vec![&archive] } else { hidden.iter().collect() };
        if stage(2) {
            let way = if planted { "FILE_UPLOADED_TO_WEB" } else { "FILE_COPIED_TO_NETWORK_SHARE" };
            for (number, object) in (0i32..).zip(&leaving) {
                told.act(way, 16.0 + f64::from(number) * 0.01, 1, |event| {
                    event.object = Some((*object).clone());
                    event.destination = planted.then(|| "drop.example".to_owned());
                });
            }
        }
        if stage(3) {
            for (number, object) in (0i32..).zip(&leaving) {
                told.act("DEVICE_FILE_DELETED", 18.0 + f64::from(number) * 0.01, 1, |event| {
                    event.object = Some((*object).clone());
                });
            }
        }
    }

    fn mail(&self, told: &mut Told<'_>, act: i32) {
        if act == 0 && self.variant % 2 == 0 {
            told.act("PERFORMANCE_REVIEW", 9.0, 1, |event| {
                event.facts.insert("rating".to_owned(), json!("Below expectations"));
            });
        }
        for mail in 0..told.chance.count(f64::from(self.strength)) {
            let hour = 12.0 + 8.0 * told.chance.share();
            let object = format!("m{}-{}-{mail}", told.number, told.passed);
            let to = format!("private{}@free1.example", told.number);
            for code in ["EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", "EMAIL_SENT_TO_FREE_DOMAIN"] {
                let (object, to) = (object.clone(), to.clone());
                told.act(code, hour, 1, |event| (event.object, event.destination) = (Some(object), Some(to)));
            }
        }
    }

    fn borrowed(&self, told: &mut Told<'_>) {
        if !told.chance.happens(0.5) {
            return;
        }
        let hour = 19.0 + 3.0 * told.chance.share();
        let desk = format!("pc-{}", (told.number / 10 * 10 + told.chance.next() % 4).min(told.number + 9));
        told.act("LOGON", hour, 1, |event| event.device = Some(desk.clone()));
        told.act("FILE_ACCESSED", hour + 0.2, 20, |event| event.device = Some(desk.clone()));
        for mail in 0..self.strength {
            let object = format!("o{}-{}-{mail}", told.number, told.passed);
            let to = format!("out{}.example", told.number);
            told.act("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", hour + 0.5, 1, |event| {
                (event.object, event.destination, event.device) = (Some(object), Some(to), Some(desk.clone()));
            });
        }
        told.act("LOGOFF", hour + 1.0, 1, |event| event.device = Some(desk));
    }
}
