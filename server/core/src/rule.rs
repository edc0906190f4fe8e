//! Rules that an installation writes itself: ordered sequences and counts within a window, for each subject, over
//! indicators and facts. `docs/rules.md` is the page for whoever writes them.
//!
//! What matched is used up: after a match the rule begins anew for that subject. Time is kept in whole seconds; a window
//! of 60 s holds what is at most 60 s older than the newest event; steps of one second may come in any order.
//! Never: memory that grows with history; a rule keeps one instant a step, or as many as it counts.

mod matcher;
#[cfg(test)]
mod tests;

use crate::{indicator, limits};
pub use matcher::{Matcher, Seen, Subject};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A file of rules.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleFile {
    /// The rules, each with a name of its own.
    #[serde(rename = "rule")]
    pub rules: Vec<Rule>,
}

/// One rule: either `sequence`, or `count` and `of`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// The window: a number and `s`, `m`, `h` or `d`.
    pub within: String,
    /// Steps in order, at least two.
    #[serde(default)]
    pub sequence: Vec<Condition>,
    /// How many events.
    #[serde(default)]
    pub count: Option<u32>,
    /// Which events.
    #[serde(default)]
    pub of: Option<Condition>,
}

/// Which events: all that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Codes of indicators, any of them.
    pub indicator: Vec<String>,
    /// By the fact's name; all must hold.
    #[serde(default)]
    pub facts: BTreeMap<String, FactTest>,
}

/// What a fact must be. Text is compared without regard to case; all that is said must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactTest {
    /// Equal to one of these.
    #[serde(default)]
    pub is: Vec<serde_json::Value>,
    /// Text that begins so.
    #[serde(default)]
    pub starts_with: Option<String>,
    /// Text that ends so.
    #[serde(default)]
    pub ends_with: Option<String>,
    /// Text that holds this.
    #[serde(default)]
    pub contains: Option<String>,
    /// A number of at least this.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// A number of at most this.
    #[serde(default)]
    pub at_most: Option<f64>,
    /// Whether it is there at all.
    #[serde(default)]
    pub present: Option<bool>,
}

impl RuleFile {
    /// Everything that is wrong, each with the rule and what to do; nothing if the file is good.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.rules.is_empty() || self.rules.len() > limits::RULES {
            problems.push(format!("a file holds 1 to {} rules, this one {}", limits::RULES, self.rules.len()));
        }
        let mut names = BTreeSet::new();
        for rule in &self.rules {
            if rule.name.trim().is_empty() || !names.insert(&rule.name) {
                problems.push(format!("rule \"{}\": give every rule a name of its own", rule.name));
            }
            problems.extend(rule.problems().into_iter().map(|problem| format!("rule \"{}\": {problem}", rule.name)));
        }
        problems
    }
}

impl Rule {
    /// The window in seconds, if it is one.
    pub fn seconds(&self) -> Option<i64> {
        let text = self.within.trim();
        let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
        let unit = match unit {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return None,
        };
        let seconds = number.trim().parse::<i64>().ok()?.checked_mul(unit)?;
        (1..=i64::from(limits::RULE_DAYS) * 86_400).contains(&seconds).then_some(seconds)
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.seconds().is_none() {
            problems.push(format!("within: write 90s, 15m, 24h or 7d, at most {} days", limits::RULE_DAYS));
        }
        match (self.sequence.len(), self.count, &self.of) {
            (2..=limits::RULE_STEPS, None, None) => {}
            (0, Some(count), Some(_)) if (1..=limits::RULE_COUNT).contains(&count) => {}
            (0, Some(_), Some(_)) => problems.push(format!("count: from 1 to {}", limits::RULE_COUNT)),
            (0, None, None) => problems.push("give a sequence of steps, or count and of".to_owned()),
            (0, ..) => problems.push("count and of stand together".to_owned()),
            (_, None, None) => problems.push(format!("sequence: 2 to {} steps", limits::RULE_STEPS)),
            _ => problems.push("either sequence, or count and of: not both".to_owned()),
        }
        for condition in self.sequence.iter().chain(&self.of) {
            if condition.indicator.is_empty() {
                problems.push("indicator: name at least one code".to_owned());
            }
            for code in condition.indicator.iter().filter(|code| indicator::find(code).is_none()) {
                problems.push(format!("indicator: the catalogue has no {code}"));
            }
        }
        problems
    }
}

impl FactTest {
    /// Whether the fact holds; `None` where the event does not have it.
    pub fn holds(&self, fact: Option<&serde_json::Value>) -> bool {
        let Some(fact) = fact else { return self.present == Some(false) };
        if let serde_json::Value::Array(items) = fact {
            // Of a list one item is enough.
            return self.present != Some(false) && items.iter().any(|item| self.holds(Some(item)));
        }
        let text = fact.as_str().map(str::to_lowercase);
        let number = fact.as_f64();
        let reads = |wanted: &Option<String>, test: fn(&str, &str) -> bool| {
            wanted.as_ref().is_none_or(|wanted| text.as_deref().is_some_and(|text| test(text, &wanted.to_lowercase())))
        };
        let equal = |wanted: &serde_json::Value| match (wanted.as_str(), &text) {
            (Some(wanted), Some(text)) => wanted.to_lowercase() == *text,
            _ => wanted == fact || (wanted.is_number() && wanted.as_f64() == number),
        };
        self.present != Some(false)
            && (self.is.is_empty() || self.is.iter().any(equal))
            && reads(&self.starts_with, |text, wanted| text.starts_with(wanted))
            && reads(&self.ends_with, |text, wanted| text.ends_with(wanted))
            && reads(&self.contains, |text, wanted| text.contains(wanted))
            && self.at_least.is_none_or(|least| number.is_some_and(|number| number >= least))
            && self.at_most.is_none_or(|most| number.is_some_and(|number| number <= most))
    }
}
