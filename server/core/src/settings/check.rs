//! What is wrong with settings before they are kept.
//! Never: a value of a list in a message; a path may name somebody.

use super::{Group, GroupKind, Settings, pattern::Keyword};
use crate::{
    indicator, limits,
    problem::{Problem, ProblemCode},
};
use std::collections::BTreeSet;

impl Settings {
    /// Everything that is wrong with them, each at its place below `input`; the lists trimmed, each entry once.
    pub fn checked(mut self) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let found = &mut problems;
        for (field, list) in [
            ("unallowed", &mut self.domains.unallowed),
            ("allowed", &mut self.domains.allowed),
            ("thirdParty", &mut self.domains.third_party),
        ] {
            let at = ["input", "domains", field];
            list_of(list, &at, limits::EXCLUSIONS, found);
            each(
                list,
                &at,
                found,
                is_domain_pattern,
                "A domain is written example.com, *.example.com or **.example.com.",
            );
        }
        let out = &mut self.exclusions;
        for (field, list) in [
            ("fileTypes", &mut out.file_types),
            ("paths", &mut out.paths),
            ("sites", &mut out.sites),
            ("sensitiveTypes", &mut out.sensitive_types),
            ("keywords", &mut out.keywords),
        ] {
            list_of(list, &["input", "exclusions", field], limits::EXCLUSIONS, found);
        }
        let at = ["input", "exclusions", "keywords"];
        let has_word = |rule: &str| Keyword::of(rule).word.chars().count() >= 3;
        each(
            &self.exclusions.keywords,
            &at,
            found,
            has_word,
            "A keyword has at least 3 characters: \"WORD unless OTHER\".",
        );
        let at = ["input", "exclusions", "paths"];
        let has_folder =
            |path: &str| path.split(['/', '\\']).any(|part| !part.is_empty() && part != "*" && !part.ends_with(':'));
        each(
            &self.exclusions.paths,
            &at,
            found,
            has_folder,
            "A path names at least one folder; a whole drive is not left out.",
        );
        if self.minimum_daily_events == Some(0) {
            let message = "The minimum is at least 1 event a day.";
            found.push(Problem::new(&["input", "minimumDailyEvents"], ProblemCode::Invalid, message));
        }
        found.extend(self.risk_level.problems());
        self.coverage.check(found);
        self.privacy.check(found);
        found.extend(self.alert_targets.problems());
        found.extend(self.retention.problems());
        self.check_groups(found);
        self.check_variants(found);
        self.check_custom(found);
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }

    fn check_groups(&mut self, found: &mut Vec<Problem>) {
        too_many(self.groups.len(), limits::DETECTION_GROUPS, &["input", "detectionGroups"], found);
        let mut names = BTreeSet::new();
        for (at, group) in self.groups.iter_mut().enumerate() {
            let at = at.to_string();
            name(&group.name, &["input", "detectionGroups", &at, "name"], &mut names, found);
            let at = ["input", "detectionGroups", &at, "items"];
            list_of(&mut group.items, &at, limits::DETECTION_GROUP_ITEMS, found);
            let Group { kind, items, .. } = group;
            if items.is_empty() {
                found.push(Problem::new(&at, ProblemCode::Required, "A group lists at least one thing."));
            }
            if *kind == GroupKind::Domains {
                each(
                    items,
                    &at,
                    found,
                    is_domain_pattern,
                    "A domain is written example.com, *.example.com or **.example.com.",
                );
            }
        }
    }

    fn check_variants(&self, found: &mut Vec<Problem>) {
        too_many(self.variants.len(), limits::VARIANTS, &["input", "variants"], found);
        let mut codes = BTreeSet::new();
        for (at, variant) in self.variants.iter().enumerate() {
            let at = at.to_string();
            let at = |field| ["input", "variants", at.as_str(), field];
            let known =
                indicator::find(&variant.indicator).filter(|known| known.is_selectable() && known.is_delivered());
            if known.is_none_or(|known| known.code != variant.indicator) {
                let message = "A variant narrows an indicator of the catalogue that connectors feed.";
                found.push(Problem::new(&at("indicator"), ProblemCode::NotFound, message));
            }
            let mut names = BTreeSet::new();
            name(&variant.name, &at("name"), &mut names, found);
            if !codes.insert(variant.code()) {
                found.push(Problem::new(
                    &at("name"),
                    ProblemCode::Conflict,
                    "The indicator has a variant of this name.",
                ));
            }
            let same = self.variants.iter().filter(|other| other.indicator == variant.indicator).count();
            if same > limits::VARIANTS_PER_INDICATOR {
                let message = format!("An indicator has at most {} variants.", limits::VARIANTS_PER_INDICATOR);
                found.push(Problem::new(&at("indicator"), ProblemCode::LimitExceeded, message));
            }
            let known = |name: &String| self.groups.iter().any(|group| group.name == *name);
            if variant.groups.is_empty() || !variant.groups.iter().all(known) {
                let message = "A variant names at least one detection group, and only groups that there are.";
                found.push(Problem::new(&at("groups"), ProblemCode::NotFound, message));
            }
        }
    }

    fn check_custom(&self, found: &mut Vec<Problem>) {
        too_many(self.custom_indicators.len(), limits::CUSTOM_INDICATORS, &["input", "customIndicators"], found);
        let mut codes = BTreeSet::new();
        for (at, own) in self.custom_indicators.iter().enumerate() {
            let at = at.to_string();
            let at = |field| ["input", "customIndicators", at.as_str(), field];
            name(&own.code, &at("code"), &mut codes, found);
            if indicator::find(&own.code).is_some() {
                let message = "The catalogue has an indicator of this code.";
                found.push(Problem::new(&at("code"), ProblemCode::Conflict, message));
            }
            if own.name.trim().is_empty() || own.name.chars().count() > limits::NAME_CHARS {
                let message = format!("A name has 1 to {} characters.", limits::NAME_CHARS);
                found.push(Problem::new(&at("name"), ProblemCode::Required, message));
            }
            if own.full_code().is_none() {
                let message = "An indicator of one's own is not context.";
                found.push(Problem::new(&at("actionClass"), ProblemCode::Invalid, message));
            }
            let counts = own.thresholds;
            if !(1 <= counts.low && counts.low <= counts.medium && counts.medium <= counts.high) {
                let message = "Thresholds rise: 1 <= low <= medium <= high.";
                found.push(Problem::new(&at("thresholds"), ProblemCode::Invalid, message));
            }
        }
    }
}

/// Trims, drops repetitions and checks number and length.
pub(super) fn list_of(list: &mut Vec<String>, at: &[&str], most: usize, found: &mut Vec<Problem>) {
    too_many(list.len(), most, at, found);
    let mut seen = BTreeSet::new();
    *list = std::mem::take(list).into_iter().map(|entry| entry.trim().to_owned()).collect();
    list.retain(|entry| seen.insert(entry.to_lowercase()));
    let fits = |entry: &str| {
        (1..=limits::SETTING_CHARS).contains(&entry.chars().count()) && !entry.chars().any(char::is_control)
    };
    each(list, at, found, fits, &format!("An entry is one line of 1 to {} characters.", limits::SETTING_CHARS));
}

fn each(list: &[String], at: &[&str], found: &mut Vec<Problem>, fits: impl Fn(&str) -> bool, message: &str) {
    for (place, _) in list.iter().enumerate().filter(|(_, entry)| !fits(entry)) {
        let place = place.to_string();
        let at: Vec<&str> = at.iter().copied().chain([place.as_str()]).collect();
        found.push(Problem::new(&at, ProblemCode::Invalid, message));
    }
}

pub(super) fn too_many(count: usize, most: usize, at: &[&str], found: &mut Vec<Problem>) {
    if count > most {
        found.push(Problem::new(at, ProblemCode::LimitExceeded, format!("At most {most}.")));
    }
}

pub(super) fn name<'a>(name: &'a str, at: &[&str], taken: &mut BTreeSet<&'a str>, found: &mut Vec<Problem>) {
    let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    if !(1..=64).contains(&name.len()) || !name.bytes().all(allowed) || !name.as_bytes()[0].is_ascii_uppercase() {
        let message = "1 to 64 capitals, digits and underscores, a capital first.";
        found.push(Problem::new(at, ProblemCode::Invalid, message));
    } else if !taken.insert(name) {
        found.push(Problem::new(at, ProblemCode::Conflict, "This name stands twice."));
    }
}

fn is_domain_pattern(pattern: &str) -> bool {
    let plain = pattern.strip_prefix("**.").or_else(|| pattern.strip_prefix("*.")).unwrap_or(pattern);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    plain.len() <= 253 && plain.contains('.') && plain.split('.').all(label)
}
