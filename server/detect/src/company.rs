//! A company that does not exist: habits, holidays, a migration, job changes, leavers, and among them planted cases with
//! innocent look-alikes. What it holds and why is in `docs/detection.md`.
//! Never: a case made for a detector; cases follow what is published about insiders, weak ones included.

mod chance;
mod departments;
mod plant;
#[cfg(test)]
mod tests;

use crate::{Activity, Label, Person, files::People};
use chance::Chance;
use departments::{DEPARTMENTS, Department, NOW_AND_THEN};
use plant::{Plan, Scenario};
use serde_json::{Map, json};
use std::{collections::BTreeMap, io::Write, path::Path};
use vizard_core::time::{DAY, Day, HOUR, Micros};

/// How large a company is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// People.
    pub subjects: u32,
    /// Days that are told.
    pub days: i32,
}

impl Default for Size {
    fn default() -> Self {
        Self { subjects: 1_000, days: 180 }
    }
}

/// A generated company.
pub struct Company {
    seed: u64,
    size: Size,
    first_day: Day,
    workers: Vec<Worker>,
    people: Vec<Person>,
    labels: Vec<Label>,
    look_alikes: Vec<String>,
    /// A department moves its files in these two days.
    migration: (usize, i32),
    holidays: Vec<i32>,
}

/// One person's habits.
struct Worker {
    account: String,
    department: usize,
    title: &'static str,
    /// Days from and to which the person is there, and from which in another department.
    joins: i32,
    leaves: Option<i32>,
    moves: Option<(i32, usize)>,
    pace: f64,
    starts_at: f64,
    works_evenings: f64,
    works_weekends: bool,
    /// First days of leave of two weeks.
    leave: [i32; 2],
    second_device: bool,
    plan: Option<Plan>,
}

impl Company {
    /// The company of that seed.
    pub fn new(seed: u64, size: Size) -> Self {
        let first_day = Day::from_civil(2026, 1, 5).unwrap_or(Day(20_458));
        let mut chance = Chance::of(seed, &[1]);
        let migration = (usize::try_from(chance.between(0, 3)).unwrap_or(0), chance.between(40, 120));
        let holidays = (0..6).map(|_| chance.between(5, size.days.max(6))).collect();
        let mut workers: Vec<Worker> = (0..size.subjects).map(|number| Worker::new(seed, number, size.days)).collect();
        plant::assign(&mut chance, &mut workers, size.days);
        let mut company = Self {
            seed,
            size,
            first_day,
            people: Vec::new(),
            labels: Vec::new(),
            look_alikes: Vec::new(),
            workers,
            migration,
            holidays,
        };
        company.people = company.people_rows();
        (company.labels, company.look_alikes) = company.truth();
        company
    }

    /// Everybody.
    pub fn people(&self) -> People {
        People::of(self.people.clone())
    }

    /// Who did what.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Accounts of people whose acts look like a planted case and are none.
    pub fn look_alikes(&self) -> &[String] {
        &self.look_alikes
    }

    /// Leavers who do nothing.
    pub fn quiet_leavers(&self) -> impl Iterator<Item = &str> {
        let quiet = |worker: &&Worker| worker.leaves.is_some() && worker.plan.is_none();
        self.workers.iter().filter(quiet).map(|worker| worker.account.as_str())
    }

    /// All days, in order.
    pub fn days(&self) -> impl Iterator<Item = Day> {
        (0..self.size.days).map(|passed| self.first_day.plus(passed))
    }

    /// The events of one day, in order of time.
    pub fn day(&self, day: Day) -> Vec<Activity> {
        let passed = day.since(self.first_day);
        let mut events = Vec::new();
        for (number, worker) in (0u64..).zip(&self.workers) {
            let mut told = Told {
                chance: Chance::of(self.seed, &[2, number, u64::from(passed.unsigned_abs())]),
                worker,
                number,
                day,
                passed,
                events: &mut events,
                count: 0,
                taken: Vec::new(),
            };
            self.tell(&mut told);
        }
        events.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
        events
    }

    fn tell(&self, told: &mut Told<'_>) {
        let worker = told.worker;
        if told.passed < worker.joins || worker.leaves.is_some_and(|last| told.passed > last) {
            return;
        }
        if let Some(last) = worker.leaves.filter(|last| told.passed == (last - 30).max(worker.joins)) {
            let until = self.first_day.plus(last).to_string();
            told.act("RESIGNATION", 10.0, 1, |event| {
                event.facts.insert("last_working_day".to_owned(), json!(until));
            });
        }
        let weekend = told.passed.rem_euclid(7) >= 5;
        let department = told.department();
        let away = worker.leave.iter().any(|from| (*from..*from + 14).contains(&told.passed));
        let works = if department.shifts {
            told.chance.happens(5.0 / 7.0)
        } else {
            !self.holidays.contains(&told.passed) && (!weekend || worker.works_weekends && told.chance.happens(0.25))
        };
        let worked = works && !away;
        if worked {
            self.working_day(told, department, weekend);
        }
        if let Some(plan) = &worker.plan {
            plan.tell(told);
        } else if worker.leaves.is_some_and(|last| (last - 3..=last).contains(&told.passed)) && worked {
            // Leavers tidy up, and hand over inside.
            let files = told.chance.count(40.0);
            told.bulk("FILE_DELETED", 15.0, files);
            let files = told.chance.count(60.0);
            told.bulk("FILE_COPIED_TO_NETWORK_SHARE", 14.0, files);
        }
    }

    fn working_day(&self, told: &mut Told<'_>, department: &Department, weekend: bool) {
        let worker = told.worker;
        let night =
            department.shifts && Chance::of(told.number, &[u64::from((told.passed / 7).unsigned_abs())]).happens(0.25);
        let base = if night { 21.0 } else { worker.starts_at };
        let start = base + 0.4 * told.chance.normal();
        let after_leave = worker.leave.iter().any(|from| told.passed == from + 14);
        let hours = if weekend { 3.0 } else { 8.5 + 0.5 * told.chance.normal() };
        let own = format!("pc-{}", told.number);
        let device =
            if worker.second_device && told.chance.happens(0.3) { format!("laptop-{}", told.number) } else { own };
        let shared = told.chance.happens(0.01);
        let device = if shared { format!("room-{}", told.chance.between(1, 20)) } else { device };
        told.act("LOGON", start, 1, |event| event.device = Some(device.clone()));
        let busy = if weekend { 0.3 } else { 1.0 } * if after_leave { 1.8 } else { 1.0 };
        for (code, mean) in department.acts {
            let mut habit = Chance::of(self.seed, &[3, told.number, number_of(code)]);
            let emergency = *code == "PATIENT_RECORD_RESTRICTED" && worker.title == "Emergency physician";
            let mean = if emergency { 0.8 } else { *mean };
            told.habit(code, mean * busy * worker.pace * habit.factor(0.6), start, hours);
        }
        for (code, share, mean) in NOW_AND_THEN {
            let mut habit = Chance::of(self.seed, &[4, told.number, number_of(code)]);
            if habit.happens(*share) && !department.acts.iter().any(|(known, _)| known == code) {
                told.habit(code, mean * habit.factor(0.8) * busy, start, hours);
            }
        }
        if told.chance.happens(worker.works_evenings) {
            told.habit("FILE_ACCESSED", 8.0, start + hours + 1.5, 2.0);
            told.habit("EMAIL_SENT", 3.0, start + hours + 1.5, 2.0);
        }
        let (moving, from) = self.migration;
        if (from..from + 3).contains(&told.passed) && worker.department == moving {
            let files = told.chance.count(300.0);
            told.bulk("FILE_DOWNLOADED", start + 2.0, files);
            told.bulk("FILE_COPIED_TO_NETWORK_SHARE", start + 4.0, files);
        }
        told.act("LOGOFF", start + hours, 1, |event| event.device = Some(device));
    }

    fn people_rows(&self) -> Vec<Person> {
        let mut rows = Vec::new();
        for (number, worker) in self.workers.iter().enumerate() {
            let row = |from: i32, department: usize, title: &str| Person {
                account: worker.account.clone(),
                from: self.first_day.plus(from),
                to: worker.leaves.map(|last| self.first_day.plus(last)),
                department: DEPARTMENTS[department].name.to_owned(),
                title: title.to_owned(),
                manager: Some(account(u32::try_from(number / 10 * 10).unwrap_or(0))),
                usual_device: Some(format!("pc-{number}")),
            };
            rows.push(row(worker.joins, worker.department, worker.title));
            if let Some((from, to)) = worker.moves {
                rows.push(row(from, to, DEPARTMENTS[to].titles[0]));
            }
        }
        rows
    }

    fn truth(&self) -> (Vec<Label>, Vec<String>) {
        let (mut labels, mut look_alikes) = (Vec::new(), Vec::new());
        for worker in &self.workers {
            let Some(plan) = &worker.plan else { continue };
            match plan.scenario {
                Some(scenario) => labels.push(Label {
                    account: worker.account.clone(),
                    scenario: scenario.as_str().to_owned(),
                    first_act: self.first_day.plus(plan.first).start(),
                    last_act: Micros(self.first_day.plus(plan.last).start().0 + DAY - 1),
                }),
                None => look_alikes.push(worker.account.clone()),
            }
        }
        (labels, look_alikes)
    }

    /// Writes `events.csv.gz`, `people.csv` and `labels.csv` into a folder.
    pub fn write(&self, folder: &Path) -> anyhow::Result<u64> {
        std::fs::create_dir_all(folder)?;
        let gzip = flate2::write::GzEncoder::new(
            std::fs::File::create(folder.join("events.csv.gz"))?,
            flate2::Compression::fast(),
        );
        let mut out = csv::Writer::from_writer(gzip);
        out.write_record([
            "source_event_id",
            "occurred_at",
            "account",
            "indicator",
            "quantity",
            "object",
            "destination",
            "device",
            "facts",
        ])?;
        let mut rows = 0;
        for day in self.days() {
            for event in self.day(day) {
                let facts = if event.facts.is_empty() { String::new() } else { serde_json::to_string(&event.facts)? };
                out.write_record([
                    &event.id,
                    &event.at.to_string(),
                    &event.account,
                    &event.indicator,
                    &event.quantity.to_string(),
                    event.object.as_deref().unwrap_or_default(),
                    event.destination.as_deref().unwrap_or_default(),
                    event.device.as_deref().unwrap_or_default(),
                    &facts,
                ])?;
                rows += 1;
            }
        }
        out.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?.finish()?.flush()?;
        let mut out = csv::Writer::from_path(folder.join("people.csv"))?;
        out.write_record(["account", "from", "to", "department", "title", "manager_account", "usual_device"])?;
        for person in &self.people {
            out.write_record([
                &person.account,
                &person.from.to_string(),
                &person.to.map(|day| day.to_string()).unwrap_or_default(),
                &person.department,
                &person.title,
                person.manager.as_deref().unwrap_or_default(),
                person.usual_device.as_deref().unwrap_or_default(),
            ])?;
        }
        out.flush()?;
        let mut out = csv::Writer::from_path(folder.join("labels.csv"))?;
        out.write_record(["account", "scenario", "first_act", "last_act"])?;
        for label in &self.labels {
            let (first, last) = (label.first_act.to_string(), label.last_act.to_string());
            out.write_record([&label.account, &label.scenario, &first, &last])?;
        }
        out.flush()?;
        Ok(rows)
    }
}

/// A number that stands for a code.
fn number_of(code: &str) -> u64 {
    code.bytes().fold(7, |number: u64, byte| number.wrapping_mul(131).wrapping_add(u64::from(byte)))
}

fn account(number: u32) -> String {
    format!("u{number:05}")
}

impl Worker {
    fn new(seed: u64, number: u32, days: i32) -> Self {
        let mut chance = Chance::of(seed, &[0, u64::from(number)]);
        let mut drawn = u32::try_from(chance.between(0, 999)).unwrap_or(0);
        let mut department = 0;
        while department + 1 < DEPARTMENTS.len() && drawn >= DEPARTMENTS[department].share {
            drawn -= DEPARTMENTS[department].share;
            department += 1;
        }
        let titles = DEPARTMENTS[department].titles;
        let title = titles[usize::try_from(chance.between(0, 9)).unwrap_or(0).saturating_sub(6).min(titles.len() - 1)];
        let other = usize::try_from(chance.between(0, 3)).unwrap_or(0);
        let moves = (chance.happens(0.04) && department < 4).then(|| (chance.between(50, days.max(51)), other));
        Self {
            account: account(number),
            department,
            title,
            joins: if chance.happens(0.08) { chance.between(1, days.max(2) - 1) } else { 0 },
            leaves: None,
            moves: moves.filter(|(_, to)| *to != department),
            pace: chance.factor(0.4),
            starts_at: 8.5 + 0.8 * chance.normal(),
            works_evenings: DEPARTMENTS[department].evenings * chance.factor(0.8),
            works_weekends: chance.happens(0.1),
            leave: [chance.between(0, 90), chance.between(100, 190)],
            second_device: chance.happens(0.1),
            plan: None,
        }
    }
}

/// A person's day while it is told.
struct Told<'a> {
    chance: Chance,
    worker: &'a Worker,
    number: u64,
    day: Day,
    passed: i32,
    events: &'a mut Vec<Activity>,
    count: u32,
    /// Objects downloaded today.
    taken: Vec<String>,
}

impl Told<'_> {
    fn department(&self) -> &'static Department {
        let moved = self.worker.moves.filter(|(from, _)| self.passed >= *from);
        &DEPARTMENTS[moved.map_or(self.worker.department, |(_, to)| to)]
    }

    /// One event at that hour (it may lie on the next day).
    fn act(&mut self, code: &str, hour: f64, quantity: u32, with: impl FnOnce(&mut Activity)) {
        // Told on its own day: what would lie outside it happens at its edge.
        let hour = hour.clamp(0.0, 23.99);
        #[expect(clippy::cast_possible_truncation, reason = "within a day")]
        let at = Micros(self.day.start().0 + (hour * HOUR as f64) as i64);
        self.count += 1;
        let mut event = Activity {
            id: format!("{}-{}-{}", self.number, self.passed, self.count),
            at,
            account: self.worker.account.clone(),
            indicator: code.to_owned(),
            quantity,
            object: None,
            destination: None,
            device: None,
            facts: Map::new(),
        };
        with(&mut event);
        self.events.push(event);
    }

    /// A day's worth of a habit.
    fn habit(&mut self, code: &str, mean: f64, start: f64, hours: f64) {
        let count = self.chance.count(mean);
        if count == 0 {
            return;
        }
        if matches!(code, "EMAIL_SENT" | "FILE_ACCESSED" | "FILE_DELETED" | "DEVICE_FILE_DELETED") {
            // Told in a few parts: what matters is how much and when.
            for part in 0..count.min(4) {
                let hour = start + hours * self.chance.share();
                self.act(code, hour, count / count.min(4) + u32::from(part < count % count.min(4)), |_| {});
            }
            return;
        }
        for _ in 0..count {
            let hour = start + hours * self.chance.share();
            let destination = self.usual_destination(code);
            let object = self.usual_object(code);
            if code == "FILE_DOWNLOADED" {
                self.taken.extend(object.clone());
            }
            self.act(code, hour, 1, |event| (event.object, event.destination) = (object, destination));
        }
    }

    fn usual_destination(&mut self, code: &str) -> Option<String> {
        let goes = code.starts_with("EMAIL_SENT_") || matches!(code, "FILE_SHARED_EXTERNALLY" | "FILE_UPLOADED_TO_WEB");
        if !goes {
            return None;
        }
        if code == "EMAIL_SENT_TO_FREE_DOMAIN" || code == "EMAIL_SENT_TO_SELF" {
            return Some(format!("free{}.example", self.chance.between(1, 4)));
        }
        if self.chance.happens(0.01) {
            return Some(format!("new{}.example", self.chance.between(1, 1_000_000)));
        }
        // The first partners are the most frequent.
        let share = self.chance.share();
        #[expect(clippy::cast_possible_truncation, reason = "below the number of partners")]
        let partner = (share * share * f64::from(self.department().partners)) as i32;
        Some(format!("partner{}-{}.example", self.number % 50, partner))
    }

    fn usual_object(&mut self, code: &str) -> Option<String> {
        if code.starts_with("PATIENT") || code == "UNWANTED_SOFTWARE" || code.ends_with("REMOVED") {
            return None;
        }
        // Now and then what was fetched today is passed on: that is work.
        if code != "FILE_DOWNLOADED" && !self.taken.is_empty() && self.chance.happens(0.25) {
            let at = usize::try_from(self.chance.next() % self.taken.len() as u64).unwrap_or(0);
            return Some(self.taken[at].clone());
        }
        Some(format!("f{}-{}", self.number, self.chance.between(1, 3_000)))
    }

    /// Many of the same at once, each on an object of its own.
    fn bulk(&mut self, code: &str, hour: f64, count: u32) {
        for number in 0..count {
            let object = format!("b{}-{}-{}", self.number, self.passed, number);
            self.act(code, hour + f64::from(number) * 0.002, 1, |event| event.object = Some(object));
        }
    }
}

/// What each scenario is about, for the tables.
pub fn scenarios() -> BTreeMap<&'static str, &'static str> {
    Scenario::ALL.iter().map(|scenario| (scenario.as_str(), scenario.about())).collect()
}
