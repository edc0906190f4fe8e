//! Rules compiled, and what one subject has shown of each.
//! Never: a look at rules that an event's indicator is not in.

use super::{Condition, RuleFile};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, VecDeque};

/// Compiled rules.
#[derive(Clone, Debug)]
pub struct Matcher {
    rules: Vec<Compiled>,
    /// By the indicator's code: rule, step (0 of a count) and what else must hold.
    by_indicator: BTreeMap<String, Vec<(usize, usize, Condition)>>,
}

#[derive(Clone, Debug)]
struct Compiled {
    name: String,
    window: i64,
    /// Steps of a sequence; 0 for a count.
    steps: usize,
    count: usize,
}

/// An event, as far as rules go.
pub struct Seen<'a> {
    /// Seconds since 1970.
    pub at: i64,
    /// Its facts; asked for only where a rule wants one.
    pub facts: &'a dyn Fn() -> Map<String, Json>,
}

/// What one subject has shown.
#[derive(Clone, Debug, Default)]
pub struct Subject {
    rules: Vec<State>,
}

#[derive(Clone, Debug, Default)]
struct State {
    /// Of a sequence, by step: when the latest run that has come so far began.
    began: Vec<Option<i64>>,
    /// Of a sequence, by step: when it was last seen.
    last: Vec<Option<i64>>,
    /// Of a count: when.
    times: VecDeque<i64>,
}

impl Matcher {
    /// Compiles a file without problems; of rules with problems those parts are left out.
    pub fn of(file: &RuleFile) -> Self {
        let mut rules = Vec::new();
        let mut by_indicator: BTreeMap<String, Vec<(usize, usize, Condition)>> = BTreeMap::new();
        for rule in &file.rules {
            let at = rules.len();
            for (step, condition) in rule.sequence.iter().chain(&rule.of).enumerate() {
                for code in &condition.indicator {
                    by_indicator.entry(code.clone()).or_default().push((at, step, condition.clone()));
                }
            }
            rules.push(Compiled {
                name: rule.name.clone(),
                window: rule.seconds().unwrap_or(0),
                steps: rule.sequence.len(),
                count: rule.count.map_or(0, |count| usize::try_from(count).unwrap_or(usize::MAX)),
            });
        }
        Self { rules, by_indicator }
    }

    /// Names of the rules, in the order of their numbers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().map(|rule| rule.name.as_str())
    }

    /// Whether any rule looks at events of that code: others need not be told.
    pub fn looks_at(&self, code: &str) -> bool {
        self.by_indicator.contains_key(code)
    }

    /// Tells the subject's next event; `matched` hears the number of each rule that it completes. Events of one subject
    /// come in order of time.
    pub fn tell(&self, subject: &mut Subject, code: &str, event: &Seen<'_>, matched: &mut dyn FnMut(usize)) {
        let Some(parts) = self.by_indicator.get(code) else { return };
        if subject.rules.is_empty() {
            subject.rules = self.rules.iter().map(State::of).collect();
        }
        let mut facts: Option<Map<String, Json>> = None;
        for (number, step, condition) in parts {
            let holds = condition.facts.is_empty() || {
                let facts = facts.get_or_insert_with(|| (event.facts)());
                condition.facts.iter().all(|(name, test)| test.holds(facts.get(name)))
            };
            let rule = &self.rules[*number];
            let state = &mut subject.rules[*number];
            if holds && if rule.steps == 0 { state.count(rule, event.at) } else { state.step(rule, *step, event.at) } {
                *state = State::of(rule);
                matched(*number);
            }
        }
    }
}

impl State {
    fn of(rule: &Compiled) -> Self {
        Self { began: vec![None; rule.steps], last: vec![None; rule.steps], times: VecDeque::new() }
    }

    /// Whether the count is reached.
    fn count(&mut self, rule: &Compiled, at: i64) -> bool {
        while self.times.front().is_some_and(|time| *time < at - rule.window) {
            self.times.pop_front();
        }
        self.times.push_back(at);
        self.times.len() >= rule.count
    }

    /// Whether the sequence is complete. Of all runs up to a step the one that began last is kept: if any is within the
    /// window, it is.
    fn step(&mut self, rule: &Compiled, step: usize, at: i64) -> bool {
        self.last[step] = Some(at);
        let run = if step == 0 { Some(at) } else { self.began[step - 1].filter(|began| *began >= at - rule.window) };
        let Some(run) = run else { return false };
        self.began[step] = self.began[step].max(Some(run));
        // Later steps that came in this very second follow it.
        for next in step + 1..rule.steps {
            if self.last[next] != Some(at) {
                break;
            }
            self.began[next] = self.began[next].max(Some(run));
        }
        self.began.last().copied().flatten().is_some_and(|began| began >= at - rule.window)
    }
}
