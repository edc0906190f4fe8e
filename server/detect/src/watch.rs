//! Runs the product's core over a company, one day after the other: every subject, every template with its defaults.
//! Never: a look at a later day, at a label, or at anything that the server would not know by then.

mod devices;
mod peers;

use crate::{Activity, Person, files::People};
use devices::Devices;
use peers::PeersActs;
use rustc_hash::FxHashMap;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
};
use uuid::Uuid;
use vizard_core::{
    alert::Severity,
    ids::{PolicyId, SubjectId},
    indicator::{self, Category},
    policy::{AlertVolume, Policy, PolicyDraft, PolicyScope, create},
    scoring::{
        Counting, Standing,
        input::{ScoringInput, SubjectContext, Trigger},
        reading::{DaySigns, Norms, ObjectEvent, ObjectKey, Reader, Reading, Token, Usual, norm},
    },
    template::templates,
    time::{DAY, Day, HOUR, Micros},
};

/// Days until somebody has looked at an alert (domain, section 5: MEDIUM within 72 hours). Until then it is open and is
/// updated; what it has shown by then does not raise another.
const REVIEWED_DAYS: i32 = 3;
/// Days of readings kept, for the look-back of a policy that has not begun.
const KEPT_DAYS: i32 = 90;

/// Domains at which everybody may have an address. A connector says it by its indicators; in a file of events nobody does.
const FREE_MAIL: &[&str] = &[
    "aol.com",
    "att.net",
    "bellsouth.net",
    "charter.net",
    "comcast.net",
    "cox.net",
    "earthlink.net",
    "gmail.com",
    "gmx.de",
    "gmx.net",
    "googlemail.com",
    "hotmail.com",
    "icloud.com",
    "juno.com",
    "live.com",
    "mail.com",
    "msn.com",
    "netzero.com",
    "optonline.net",
    "outlook.com",
    "proton.me",
    "protonmail.com",
    "sbcglobal.net",
    "verizon.net",
    "web.de",
    "yahoo.com",
    "ymail.com",
];

/// An alert that the product would have raised.
#[derive(Clone, Debug)]
pub struct Alert {
    /// Whose.
    pub account: String,
    /// On which day.
    pub day: Day,
    /// At which volume.
    pub volume: AlertVolume,
    /// By which template.
    pub template: &'static str,
    /// The code of what weighs most in it.
    pub reason: &'static str,
    /// The score at that time.
    pub score: f64,
    /// Its severity.
    pub severity: Severity,
}

/// A company under watch.
pub struct Watch {
    policies: Vec<Watching>,
    subjects: BTreeMap<String, Subject>,
    devices: Devices,
    organisation: Option<Usual>,
    peers: BTreeMap<(String, String), Usual>,
    acts: PeersActs,
    volumes: Vec<AlertVolume>,
}

struct Watching {
    policy: Policy,
    counting: Counting,
    /// Whether activity alone can open a window.
    by_activity: bool,
}

struct Subject {
    context: SubjectContext,
    reader: Reader,
    readings: VecDeque<Reading>,
    /// By policy; those that nothing but an event can begin are made when it comes.
    standings: Vec<Option<Standing>>,
    /// From this day on evidence is fresh, by volume: an alert was raised the day before.
    fresh_from: Vec<Day>,
    /// What the score rests on.
    because: Vec<(&'static str, Day, f64)>,
    score: f64,
}

impl Watch {
    /// Every template as a policy with its defaults, all indicators enabled, everybody in scope; the templates for
    /// priority groups are left out, since there is no group.
    pub fn new(volumes: &[AlertVolume]) -> anyhow::Result<Self> {
        let enabled: BTreeSet<String> = indicator::catalogue()
            .iter()
            .filter(|found| found.is_selectable())
            .map(|found| found.code.to_owned())
            .collect();
        let mut policies = Vec::new();
        for (number, template) in (1u128..).zip(templates()) {
            if template.code.as_str().contains("PRIORITY_USERS") {
                continue;
            }
            let scope = PolicyScope { all: true, ..PolicyScope::default() };
            let draft = PolicyDraft::new(template.name.to_owned(), template.code, scope);
            let id = PolicyId::new(Uuid::from_u128(number));
            let policy = create(draft, &enabled, &BTreeMap::new(), id)
                .map_err(|problems| anyhow::anyhow!("{}: {problems:?}", template.code))?;
            let counting = Counting::of(&policy, &enabled);
            let by_activity = policy.spec.always_on || template.volume_trigger;
            policies.push(Watching { policy, counting, by_activity });
        }
        Ok(Self {
            policies,
            subjects: BTreeMap::new(),
            devices: Devices::default(),
            organisation: None,
            peers: BTreeMap::new(),
            acts: PeersActs::default(),
            volumes: volumes.to_vec(),
        })
    }

    /// One day. Events that lie on another day are left out. Gives the alerts of the day.
    pub fn day(&mut self, day: Day, events: &[Activity], people: &People) -> Vec<Alert> {
        self.know(day, people);
        let mut signs: FxHashMap<&str, (DaySigns, Vec<Trigger>)> = FxHashMap::default();
        for event in events.iter().filter(|event| event.at.day() == day) {
            let entry = signs.entry(&event.account).or_insert_with(|| (DaySigns::new(day), Vec::new()));
            self.sign(&mut entry.0, event);
            entry.1.extend(trigger(event));
        }
        self.devices.learn(day, events);
        self.join(signs.keys().copied());
        let active = signs.iter().filter(|(_, (signs, _))| !signs.counts.is_empty());
        let active = active.filter_map(|(account, (signs, _))| Some((*account, people.on(account, day)?, signs)));
        self.acts.learn(day, active);
        let now = Micros(day.start().0 + DAY - 1);
        let mut alerts = Vec::new();
        for (account, subject) in &mut self.subjects {
            let (signs, triggers) = signs.remove(account.as_str()).unwrap_or_else(|| (DaySigns::new(day), Vec::new()));
            let person = people.on(account, day);
            let peers = person.and_then(|person| closest(&self.peers, person)).copied();
            let acts = person.and_then(|person| closest(&self.acts.usual, person));
            let norms = Norms { organisation: self.organisation, peers, acts };
            let readings = subject.reader.read(&signs, &norms);
            subject.score = 0.0;
            let mut fresh: Vec<Option<(f64, &'static str, &'static str)>> = vec![None; self.volumes.len()];
            for (watching, standing) in self.policies.iter().zip(&mut subject.standings) {
                let score = watching.day(standing, &subject.context, now, (&readings, &triggers), &subject.readings);
                let Some(standing) = standing.as_ref().filter(|_| score > 0.0) else { continue };
                if score > subject.score {
                    subject.score = score;
                    subject.because = standing.strongest(now);
                }
                for ((volume, since), best) in self.volumes.iter().zip(&subject.fresh_from).zip(&mut fresh) {
                    let looked = *since > day.plus(-KEPT_DAYS);
                    if *since > day {
                        continue;
                    }
                    let score = if looked { standing.score_of(&watching.policy, now, *since) } else { score };
                    if score >= volume.raises_from() && best.is_none_or(|(known, ..)| score > known) {
                        let strongest = standing.strongest(now);
                        let reason =
                            strongest.iter().find(|(_, day, _)| !looked || day >= since).map_or("", |one| one.0);
                        *best = Some((score, watching.policy.template.as_str(), reason));
                    }
                }
            }
            for ((volume, since), best) in self.volumes.iter().zip(&mut subject.fresh_from).zip(fresh) {
                let Some((score, template, reason)) = best else { continue };
                *since = day.plus(REVIEWED_DAYS);
                let (account, severity) = (account.clone(), Severity::of(score));
                alerts.push(Alert { account, day, volume: *volume, template, reason, score, severity });
            }
            subject.keep(day, readings);
        }
        self.norms(day, people);
        alerts
    }

    /// Everybody's risk at the end of the last day, by account.
    pub fn scores(&self) -> impl Iterator<Item = (&str, f64)> {
        self.subjects.iter().map(|(account, subject)| (account.as_str(), subject.score))
    }

    /// What an account's score rests on, the strongest first: code, day, evidence.
    pub fn because(&self, account: &str) -> &[(&'static str, Day, f64)] {
        self.subjects.get(account).map_or(&[], |subject| &subject.because)
    }

    /// Accounts without a subject get one.
    fn join<'a>(&mut self, accounts: impl Iterator<Item = &'a str>) {
        let mut new: Vec<&str> = accounts.filter(|account| !self.subjects.contains_key(*account)).collect();
        new.sort_unstable();
        for account in new {
            let next = self.subjects.len() as u128 + 1;
            let subject = Subject::new(next, self.policies.len(), self.volumes.len());
            self.subjects.entry(account.to_owned()).or_insert(subject);
        }
    }

    /// Whoever HR knows by that day has a subject with what HR says.
    fn know(&mut self, day: Day, people: &People) {
        self.join(people.accounts().filter(|account| people.on(account, day).is_some()));
        for (account, subject) in &mut self.subjects {
            if let Some(person) = people.on(account, day) {
                subject.context.has_profile = true;
                subject.context.department = Some(person.department.clone());
                subject.context.title = Some(person.title.clone());
                if let Some(device) = &person.usual_device {
                    self.devices.own(device, account);
                }
            }
        }
    }

    fn sign(&self, signs: &mut DaySigns, event: &Activity) {
        let Some(found) = indicator::find(&event.indicator) else { return };
        signs.add(found.code, u64::from(event.quantity));
        if matches!(found.category, Category::Hr | Category::Directory) {
            return;
        }
        if found.code != "LOGOFF" {
            signs.hours |= 1 << (event.at.0.rem_euclid(DAY) / HOUR);
        }
        if let Some(device) = &event.device {
            let token = digest(("device", device));
            let foreign = self.devices.is_foreign(device, &event.account);
            signs.tokens.insert(if foreign { Token::ForeignDevice(token) } else { Token::Device(token) });
        }
        if let Some(to) = event.destination.as_deref().filter(|_| found.goes_out()) {
            // At a free provider everybody's address has the same domain.
            let private = matches!(found.code, "EMAIL_SENT_TO_FREE_DOMAIN" | "EMAIL_SENT_TO_SELF");
            let domain = to.rsplit_once('@').map_or(to, |(_, domain)| domain);
            let domain = if private || FREE_MAIL.contains(&domain) { to } else { domain };
            signs.tokens.insert(Token::Destination(digest(("destination", domain))));
        }
        if let Some(object) = &event.object {
            let key = |name: &str| ObjectKey(u128::from(digest((1, name))) << 64 | u128::from(digest((2, name))));
            let previous = event.facts.get("previous_object").and_then(|name| name.as_str()).map(key);
            let indicator = found.code;
            signs.objects.push(ObjectEvent { at: event.at, indicator, object: key(object), previous });
        }
    }

    /// What others did in the 30 days up to this day, for the comparison from tomorrow on.
    fn norms(&mut self, day: Day, people: &People) {
        let mut all = Vec::new();
        let mut groups: BTreeMap<(String, String), Vec<u64>> = BTreeMap::new();
        for (account, subject) in &self.subjects {
            let left = subject.reader.left(day);
            all.push(left);
            if let Some(person) = people.on(account, day).filter(|person| person.to.is_none_or(|to| to >= day)) {
                groups.entry((person.department.clone(), String::new())).or_default().push(left);
                groups.entry((person.department.clone(), person.title.clone())).or_default().push(left);
            }
        }
        self.organisation = norm(&mut all);
        self.peers = groups.into_iter().filter_map(|(group, mut left)| Some((group, norm(&mut left)?))).collect();
    }
}

impl Watching {
    fn input<'a>(
        &'a self,
        subject: &'a SubjectContext,
        now: Micros,
        readings: &'a [Reading],
        triggers: &'a [Trigger],
    ) -> ScoringInput<'a> {
        ScoringInput { now, policy: &self.policy, subject, counting: &self.counting, readings, triggers, manual: &[] }
    }

    /// The policy's score at the end of the day.
    fn day(
        &self,
        standing: &mut Option<Standing>,
        context: &SubjectContext,
        now: Micros,
        (readings, triggers): (&[Reading], &[Trigger]),
        before: &VecDeque<Reading>,
    ) -> f64 {
        let starts = triggers.iter().any(|trigger| self.policy.spec.triggers.contains(&trigger.indicator));
        if standing.is_none() {
            if !self.by_activity && !starts {
                return 0.0;
            }
            let mut made = Standing::default();
            let past: Vec<Reading> = before.iter().cloned().collect();
            for day in past.chunk_by(|a, b| a.day == b.day) {
                let end = Micros(day.first().map_or(now, |reading| reading.day.start()).0 + DAY - 1);
                made.day(&self.input(context, end, day, &[]));
            }
            *standing = Some(made);
        }
        let Some(standing) = standing else { return 0.0 };
        if readings.is_empty() && !starts {
            standing.quiet(&self.policy, now)
        } else {
            standing.day(&self.input(context, now, readings, triggers)).score
        }
    }
}

impl Subject {
    fn new(number: u128, policies: usize, volumes: usize) -> Self {
        let context = SubjectContext {
            id: SubjectId::new(Uuid::from_u128(number)),
            department: None,
            title: None,
            groups: Vec::new(),
            has_profile: false,
            prior_violation: None,
            high_impact: None,
        };
        Self {
            context,
            reader: Reader::default(),
            readings: VecDeque::new(),
            standings: vec![None; policies],
            fresh_from: vec![Day(i32::MIN); volumes],
            because: Vec::new(),
            score: 0.0,
        }
    }

    fn keep(&mut self, day: Day, readings: Vec<Reading>) {
        self.readings.extend(readings);
        let first = day.plus(-KEPT_DAYS);
        while self.readings.front().is_some_and(|reading| reading.day < first) {
            self.readings.pop_front();
        }
    }
}

/// The event as a trigger, by the rules of `core::event::accept`.
fn trigger(event: &Activity) -> Option<Trigger> {
    let fact = |name: &str| event.facts.get(name).and_then(|value| value.as_str()).unwrap_or_default().to_lowercase();
    let fires = match event.indicator.as_str() {
        "DLP_POLICY_MATCH" => fact("dlp_severity") == "high",
        "PERFORMANCE_REVIEW" => vizard_core::event::is_poor(&fact("rating")),
        code => indicator::triggers_by_itself(code),
    };
    let until = crate::files::instant(&fact("last_working_day"));
    fires.then(|| Trigger { at: event.at, indicator: event.indicator.clone(), until })
}

/// Of department and title, else of the department.
fn closest<'a, T>(peers: &'a BTreeMap<(String, String), T>, person: &Person) -> Option<&'a T> {
    let by_title = peers.get(&(person.department.clone(), person.title.clone()));
    by_title.or_else(|| peers.get(&(person.department.clone(), String::new())))
}

fn digest(of: impl Hash) -> u64 {
    let mut hash = DefaultHasher::new();
    of.hash(&mut hash);
    hash.finish()
}
