//! `vizard bench detect`: companies of several seeds, the product and its rivals side by side.
//! Never: a seed that was tuned on among those that are reported.

pub use crate::company::Size;
use crate::{
    Label,
    company::{Company, scenarios},
    files::{Events, People, Scores},
    measure::{COOL_DOWN_DAYS, Found, GRACE_DAYS, Quality, Raised, Ranked},
    rivals,
    watch::Watch,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    fs::File,
    io::BufWriter,
    path::Path,
};
use vizard_core::{indicator, policy::AlertVolume, time::Day};

/// The seeds on which constants were chosen: they are not reported.
pub const TUNED_ON: std::ops::RangeInclusive<u64> = 1..=5;
/// Days in which habits are learnt and no case is planted: what is raised in them is not counted, for any detector.
const SETTLING_DAYS: i32 = 30;
/// Alerts for a thousand subjects a day.
const BUDGETS: [f64; 5] = [0.25, 0.5, 1.0, 2.0, 5.0];

/// Reasons of alerts that a report lists.
const REASONS: usize = 20;

/// What to run.
#[derive(Clone, Debug)]
pub struct Options {
    /// One company each.
    pub seeds: Vec<u64>,
    /// How large they are.
    pub size: Size,
    /// Whether rivals run too.
    pub rivals: bool,
    /// Only events of these indicators are told; empty for all.
    pub only: Vec<String>,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Report {
    seeds: Vec<u64>,
    /// The product's alerts at each volume.
    volumes: Vec<(AlertVolume, Quality)>,
    /// By detector: quality at each budget.
    ranked: Vec<(&'static str, Vec<(f64, Quality)>)>,
    /// What weighs most in the alerts at DEFAULT, by how many were right, on look-alikes, on quiet leavers, on others.
    reasons: BTreeMap<&'static str, [u32; 4]>,
    events: u64,
    seconds: f64,
}

/// Runs companies, two at a time; `progress` hears of each that is done.
pub fn run(options: &Options, progress: &(dyn Fn(u64) + Sync)) -> anyhow::Result<Report> {
    let started = std::time::Instant::now();
    let next = std::sync::Mutex::new(options.seeds.iter().copied());
    let parts: Vec<(u64, Report)> = std::thread::scope(|scope| {
        let worker = || -> anyhow::Result<Vec<(u64, Report)>> {
            let mut parts = Vec::new();
            loop {
                let seed = next.lock().map_err(|_| anyhow::anyhow!("another company failed"))?.next();
                let Some(seed) = seed else { return Ok(parts) };
                parts.push((seed, company(seed, options)?));
                progress(seed);
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from).min(8);
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(worker)).collect();
        let mut all = Vec::new();
        for worker in workers {
            all.extend(worker.join().map_err(|_| anyhow::anyhow!("a company failed"))??);
        }
        anyhow::Ok(all)
    })?;
    let mut parts = parts;
    parts.sort_by_key(|(seed, _)| *seed);
    let mut parts = parts.into_iter().map(|(_, part)| part);
    let mut report = parts.next().ok_or_else(|| anyhow::anyhow!("name at least one seed"))?;
    for part in parts {
        report.add(&part);
    }
    report.seeds.clone_from(&options.seeds);
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

fn company(seed: u64, options: &Options) -> anyhow::Result<Report> {
    let company = Company::new(seed, options.size);
    let people = company.people();
    let mut watch = Watch::new(AlertVolume::ALL)?;
    let mut volumes: Vec<(AlertVolume, Vec<Raised>)> =
        AlertVolume::ALL.iter().map(|volume| (*volume, Vec::new())).collect();
    let mut detectors = if options.rivals { rivals::all() } else { Vec::new() };
    let lists = || BUDGETS.map(Ranked::new).to_vec();
    let mut ranked: Vec<(&'static str, Vec<Ranked>)> = vec![("Vizard", lists())];
    ranked.extend(detectors.iter().map(|detector| (detector.name(), lists())));
    let (mut events, mut subject_days, mut default) = (0, 0.0, Vec::new());
    for day in company.days() {
        let mut told = company.day(day);
        if !options.only.is_empty() {
            told.retain(|event| options.only.contains(&event.indicator));
        }
        events += told.len() as u64;
        let settled = company.days().next().is_some_and(|first| day.since(first) >= SETTLING_DAYS);
        for alert in watch.day(day, &told, &people).into_iter().filter(|_| settled) {
            if alert.volume == AlertVolume::Default {
                default.push((alert.reason, Raised { day, account: alert.account.clone() }));
            }
            if let Some((_, raised)) = volumes.iter_mut().find(|(volume, _)| *volume == alert.volume) {
                raised.push(Raised { day, account: alert.account });
            }
        }
        if settled {
            subject_days += watch.scores().count() as f64;
        }
        for list in ranked[0].1.iter_mut().filter(|_| settled) {
            list.day(day, watch.scores());
        }
        for (detector, (_, lists)) in detectors.iter_mut().zip(&mut ranked[1..]) {
            let scores = detector.day(day, &told);
            let all = people.accounts().map(|account| (account, scores.get(account).copied().unwrap_or(0.0)));
            let all: Vec<(&str, f64)> = all.collect();
            for list in lists.iter_mut().filter(|_| settled) {
                list.day(day, all.iter().copied());
            }
        }
    }
    let look_alikes: BTreeSet<&str> = company.look_alikes().iter().map(String::as_str).collect();
    let quiet: BTreeSet<&str> = company.quiet_leavers().collect();
    let judge = |raised: &[Raised]| Quality::of(raised, company.labels(), &look_alikes, &quiet, subject_days);
    let mut reasons: BTreeMap<&'static str, [u32; 4]> = BTreeMap::new();
    for (reason, raised) in default {
        let one = judge(&[raised]);
        let kinds = [one.right, one.on_look_alikes, one.on_quiet_leavers];
        let row = reasons.entry(reason).or_default();
        row.iter_mut().zip(kinds).for_each(|(sum, one)| *sum += one);
        row[3] += u32::from(kinds == [0; 3]);
    }
    Ok(Report {
        reasons,
        seeds: vec![seed],
        volumes: volumes.into_iter().map(|(volume, raised)| (volume, judge(&raised))).collect(),
        ranked: ranked
            .into_iter()
            .map(|(name, lists)| (name, lists.iter().map(|list| (list.budget(), judge(list.raised()))).collect()))
            .collect(),
        events,
        seconds: 0.0,
    })
}

impl Report {
    fn add(&mut self, other: &Self) {
        for ((_, quality), (_, more)) in self.volumes.iter_mut().zip(&other.volumes) {
            quality.add(more);
        }
        for ((_, budgets), (_, more)) in self.ranked.iter_mut().zip(&other.ranked) {
            for ((_, quality), (_, more)) in budgets.iter_mut().zip(more) {
                quality.add(more);
            }
        }
        for (reason, more) in &other.reasons {
            self.reasons.entry(reason).or_default().iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
        }
        self.events += other.events;
    }

    /// The product's recall of a scenario, or of all, ranked at one alert for a thousand subjects a day.
    fn ranked_at_one(&self, scenario: &str) -> f64 {
        let budgets = self.ranked.first().map(|(_, budgets)| budgets.as_slice()).unwrap_or_default();
        let at_one = budgets.iter().find(|(budget, _)| (budget - 1.0).abs() < 0.01).map(|(_, quality)| quality);
        at_one.map_or(0.0, |quality| {
            quality.scenarios.get(scenario).map_or_else(|| quality.total().recall(), Found::recall)
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tuned = self.seeds.iter().filter(|seed| TUNED_ON.contains(seed)).count();
        let (seeds, events, seconds) = (self.seeds.len(), self.events, self.seconds);
        writeln!(
            f,
            "{seeds} companies ({tuned} of them of seeds that constants were chosen on), {events} events, {seconds:.0} s."
        )?;
        writeln!(f, "A case is found by an alert from its first act to {GRACE_DAYS} days after its last. The first")?;
        writeln!(f, "{SETTLING_DAYS} days, in which habits are learnt and nothing is planted, are not counted.\n")?;
        writeln!(f, "The product's alerts, every template with its defaults")?;
        writeln!(
            f,
            "{:<10}{:>8}{:>11}{:>17}{:>13}{:>15}{:>12}",
            "volume", "recall", "precision", "alerts/1000/day", "look-alikes", "quiet leavers", "(of them)"
        )?;
        for (volume, quality) in &self.volumes {
            writeln!(
                f,
                "{:<10}{:>8.3}{:>11.3}{:>17.3}{:>13}{:>15}{:>12}",
                volume.as_str(),
                quality.total().recall(),
                quality.precision(),
                quality.per_thousand_a_day(),
                quality.on_look_alikes,
                quality.on_quiet_leavers,
                quality.quiet_leavers,
            )?;
        }
        let about = scenarios();
        for (volume, quality) in &self.volumes {
            writeln!(f, "\nBy scenario, at {}", volume.as_str())?;
            writeln!(
                f,
                "{:<18}{:>6}{:>7}{:>8}{:>14}{:>11}  what",
                "scenario", "cases", "found", "recall", "median delay", "ranked 1"
            )?;
            let total = quality.total();
            let all = [("in total", &total)];
            let rows = quality.scenarios.iter().map(|(scenario, found)| (scenario.as_str(), found)).chain(all);
            for (scenario, found) in rows {
                let delay = found.median_delay().map_or_else(|| "-".to_owned(), |days| format!("{days} d"));
                let what = about.get(scenario).copied().unwrap_or_default();
                let (cases, seen, recall) = (found.cases, found.found, found.recall());
                let ranked = self.ranked_at_one(scenario);
                let line = format!("{scenario:<18}{cases:>6}{seen:>7}{recall:>8.3}{delay:>14}{ranked:>11.3}  {what}");
                writeln!(f, "{}", line.trim_end())?;
            }
        }
        writeln!(f, "\nWhat weighs most in an alert at DEFAULT")?;
        writeln!(f, "{:<42}{:>7}{:>13}{:>15}{:>8}", "", "right", "look-alikes", "quiet leavers", "others")?;
        let mut reasons: Vec<_> = self.reasons.iter().collect();
        reasons.sort_by_key(|(reason, row)| (std::cmp::Reverse(row.iter().sum::<u32>()), **reason));
        for (reason, [right, look_alikes, quiet, others]) in reasons.into_iter().take(REASONS) {
            writeln!(f, "{reason:<42}{right:>7}{look_alikes:>13}{quiet:>15}{others:>8}")?;
        }
        writeln!(
            f,
            "\nRanked daily, with a budget of alerts for 1,000 subjects a day ({COOL_DOWN_DAYS} days of rest): recall / precision"
        )?;
        write!(f, "{:<18}", "detector")?;
        for budget in BUDGETS {
            write!(f, "{budget:>16}")?;
        }
        writeln!(f)?;
        for (name, budgets) in &self.ranked {
            write!(f, "{name:<18}")?;
            for (_, quality) in budgets {
                write!(f, "{:>9.3} /{:>5.2}", quality.total().recall(), quality.precision())?;
            }
            let recalls: Vec<f64> = budgets.iter().map(|(_, quality)| quality.total().recall()).collect();
            let falls = recalls.windows(2).any(|pair| pair[1] < pair[0]);
            writeln!(f, "{}", if falls { "  falls with the budget: a cool-down effect" } else { "" })?;
        }
        Ok(())
    }
}

/// What came of a file of activity.
#[derive(Clone, Debug)]
pub struct Scored {
    days: u32,
    events: u64,
    accounts: usize,
    seconds: f64,
    quality: Option<Vec<(f64, Quality)>>,
}

/// Scores a file of activity: each account's risk at the end of each day, from what was known by then, is written once.
/// With labels, what a ranked list would have found at each budget.
pub fn score(events: Events, people: &People, labels: Option<&[Label]>, scores: &Path) -> anyhow::Result<Scored> {
    let started = std::time::Instant::now();
    let mut out = Scores::new(BufWriter::new(File::create(scores)?))?;
    let mut watch = Watch::new(AlertVolume::ALL)?;
    let mut lists = BUDGETS.map(Ranked::new);
    let mut done = Scored { days: 0, events: 0, accounts: 0, seconds: 0.0, quality: None };
    let (mut subject_days, mut first) = (0.0, None::<Day>);
    for day in events.days() {
        let (day, told) = day?;
        watch.day(day, &told, people);
        out.day(day, watch.scores())?;
        done.days += 1;
        done.events += told.len() as u64;
        done.accounts = watch.scores().count();
        if day.since(*first.get_or_insert(day)) >= SETTLING_DAYS {
            subject_days += done.accounts as f64;
            for list in &mut lists {
                list.day(day, watch.scores());
            }
        }
    }
    out.finish()?;
    done.quality = labels.map(|labels| {
        let none = BTreeSet::new();
        let judge = |list: &Ranked| (list.budget(), Quality::of(list.raised(), labels, &none, &none, subject_days));
        lists.iter().map(judge).collect()
    });
    done.seconds = started.elapsed().as_secs_f64();
    Ok(done)
}

impl fmt::Display for Scored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { days, events, accounts, seconds, quality } = self;
        let rate = *events as f64 / seconds.max(0.001);
        writeln!(
            f,
            "{events} events of {accounts} accounts over {days} days scored in {seconds:.1} s ({rate:.0} events/s)."
        )?;
        let Some(quality) = quality else { return Ok(()) };
        writeln!(f, "Ranked daily after {SETTLING_DAYS} days, {COOL_DOWN_DAYS} days of rest:")?;
        writeln!(f, "{:>16}{:>8}{:>8}{:>9}{:>11}", "alerts/1000/day", "cases", "found", "recall", "precision")?;
        for (budget, quality) in quality {
            let total = quality.total();
            let (recall, precision) = (total.recall(), quality.precision());
            writeln!(f, "{budget:>16}{:>8}{:>8}{recall:>9.3}{precision:>11.3}", total.cases, total.found)?;
        }
        Ok(())
    }
}

/// Whether every code is of the catalogue.
pub fn known(codes: &[String]) -> Result<(), String> {
    codes.iter().find(|code| indicator::find(code).is_none()).map_or(Ok(()), |code| Err(code.clone()))
}
