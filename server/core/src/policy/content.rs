//! Content that a policy gives priority: what makes an insight weigh more, or what alone counts.
//! Never: a name of a file; an object is known by its digest.

use crate::{
    indicator::measure::{self, Measure},
    limits,
    problem::{Problem, ProblemCode},
    scoring::{
        input::DayCount,
        reading::{DaySigns, ObjectEvent, ObjectKey},
    },
    time::Day,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// What has priority; something is priority content where any list names it.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub struct PriorityContent {
    /// Addresses of sites, as sources give them.
    pub sites: Vec<String>,
    /// Sensitive information types.
    pub sensitive_types: Vec<String>,
    /// Sensitivity labels.
    pub labels: Vec<String>,
    /// Endings of file names, at most 50.
    pub file_types: Vec<String>,
    /// Whether nothing else counts.
    pub only: bool,
}

impl PriorityContent {
    /// Itself with its lists trimmed, or everything that is wrong with it.
    pub fn checked(mut self) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        for (field, list, most) in [
            ("sites", &mut self.sites, limits::PRIORITY_CONTENT_ITEMS),
            ("sensitiveTypes", &mut self.sensitive_types, limits::PRIORITY_CONTENT_ITEMS),
            ("labels", &mut self.labels, limits::PRIORITY_CONTENT_ITEMS),
            ("fileTypes", &mut self.file_types, limits::PRIORITY_FILE_TYPES),
        ] {
            let at = ["input", "priorityContent", field];
            if list.len() > most {
                problems.push(Problem::new(&at, ProblemCode::LimitExceeded, format!("At most {most}.")));
            }
            for (place, entry) in list.iter_mut().enumerate() {
                *entry = entry.trim().to_owned();
                if !(1..=limits::SETTING_CHARS).contains(&entry.chars().count()) || entry.chars().any(char::is_control)
                {
                    let message = format!("An entry is one line of 1 to {} characters.", limits::SETTING_CHARS);
                    let place = place.to_string();
                    problems.push(Problem::new(&[at[0], at[1], at[2], &place], ProblemCode::Invalid, message));
                }
            }
        }
        if self.is_empty() {
            let message = "Name at least one site, sensitive information type, label or file type.";
            problems.push(Problem::new(&["input", "priorityContent"], ProblemCode::Required, message));
        }
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }

    fn is_empty(&self) -> bool {
        [&self.sites, &self.sensitive_types, &self.labels, &self.file_types].iter().all(|list| list.is_empty())
    }

    /// Whether an event is about it. `in_site` tells whether it happened in one of the sites.
    pub fn holds(&self, facts: &Map<String, Json>, in_site: bool) -> bool {
        let text = |name: &str| facts.get(name).and_then(Json::as_str).unwrap_or_default().to_lowercase();
        let listed = |list: &[String], found: &str| {
            let trimmed = |entry: &String| entry.trim_start_matches('.').to_lowercase();
            !found.is_empty() && list.iter().any(|entry| trimmed(entry) == found)
        };
        let types = facts.get("sensitive_info_types").and_then(Json::as_array).into_iter().flatten();
        let mut types = types.filter_map(Json::as_str).map(str::to_lowercase);
        in_site
            || types.any(|found| listed(&self.sensitive_types, &found))
            || listed(&self.labels, &text("sensitivity_label"))
            || listed(&self.file_types, &text("file_extension"))
    }
}

/// What of a subject's days was about a policy's priority content.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PrioritySeen {
    /// Events by day and code.
    pub counts: BTreeMap<(Day, String), u64>,
    /// Objects of which an event was about it: a file keeps its priority when its label goes.
    pub objects: BTreeSet<ObjectKey>,
}

impl PrioritySeen {
    /// The subject's days as the policy sees them.
    pub fn days(&self, only: bool, counts: &[DayCount], objects: &[ObjectEvent]) -> Vec<DaySigns> {
        let named = |name: String, (day, count): (Day, u64)| DayCount { day, indicator: name, count };
        let of = |((day, code), count): (&(Day, String), &u64)| {
            let marked = named(measure::name(Measure::Priority(code)), (*day, *count));
            let plain = only.then(|| named(code.clone(), (*day, *count)));
            [Some(marked), plain].into_iter().flatten()
        };
        let stays = |seen: &&DayCount| !only || is_habit(&seen.indicator);
        let counts: Vec<DayCount> =
            counts.iter().filter(stays).cloned().chain(self.counts.iter().flat_map(of)).collect();
        let known = |event: &&ObjectEvent| {
            !only
                || self.objects.contains(&event.object)
                || event.previous.is_some_and(|before| self.objects.contains(&before))
        };
        let objects: Vec<ObjectEvent> = objects.iter().filter(known).cloned().collect();
        DaySigns::of(&counts, &objects)
    }
}

/// Hours and machines are about the person's day, whatever was done.
fn is_habit(name: &str) -> bool {
    matches!(measure::read(name), Measure::Hour(_) | Measure::Token(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn content(change: impl FnOnce(&mut PriorityContent)) -> PriorityContent {
        let mut content = PriorityContent::default();
        change(&mut content);
        content
    }

    fn facts(value: &Json) -> Map<String, Json> {
        value.as_object().cloned().unwrap_or_default()
    }

    #[test]
    fn any_list_is_enough_and_capitals_do_not_matter() {
        let of = content(|of| {
            of.labels = vec!["Secret".into()];
            of.file_types = vec![".DWG".into()];
            of.sensitive_types = vec!["Credit Card".into()];
        });
        assert!(of.holds(&facts(&json!({"sensitivity_label": "SECRET"})), false));
        assert!(of.holds(&facts(&json!({"file_extension": "dwg"})), false));
        assert!(of.holds(&facts(&json!({"sensitive_info_types": ["IBAN", "credit card"]})), false));
        assert!(of.holds(&facts(&json!({})), true));
        assert!(!of.holds(&facts(&json!({"sensitivity_label": "", "file_extension": "pdf"})), false));
    }

    #[test]
    fn with_only_nothing_else_is_counted_and_habits_stay() {
        let day = Day(20_000);
        let count = |indicator: &str, count| DayCount { day, indicator: indicator.into(), count };
        let all = [count("FILE_PRINTED", 9), count("FILE_DOWNLOADED", 4), count("@HOUR!9", 1)];
        let seen =
            PrioritySeen { counts: BTreeMap::from([((day, "FILE_PRINTED".into()), 2)]), objects: BTreeSet::new() };
        let more = seen.days(false, &all, &[]);
        assert_eq!((more[0].counts["FILE_PRINTED"].count, more[0].counts["FILE_PRINTED"].priority), (9, 2));
        let only = seen.days(true, &all, &[]);
        assert_eq!((only[0].counts["FILE_PRINTED"].count, only[0].counts["FILE_PRINTED"].priority), (2, 2));
        assert!(!only[0].counts.contains_key("FILE_DOWNLOADED") && only[0].hours == 1 << 9);
    }

    #[test]
    fn a_file_keeps_its_priority_when_it_is_renamed() {
        let object = |object, previous| ObjectEvent {
            at: Day(20_000).start(),
            indicator: "FILE_RENAMED",
            object: ObjectKey(object),
            previous,
        };
        let seen = PrioritySeen { counts: BTreeMap::new(), objects: BTreeSet::from([ObjectKey(1)]) };
        let events = [object(1, None), object(2, Some(ObjectKey(1))), object(3, None)];
        assert_eq!(seen.days(true, &[], &events)[0].objects.len(), 2);
        assert_eq!(seen.days(false, &[], &events)[0].objects.len(), 3);
    }

    #[test]
    fn what_names_nothing_or_too_much_is_refused_at_its_place() {
        let places = |content: PriorityContent| -> Vec<String> {
            let problems = content.checked().map(|_| Vec::new()).unwrap_or_else(|problems| problems);
            problems.into_iter().map(|problem| problem.field[1..].join(".")).collect()
        };
        assert_eq!(places(PriorityContent::default()), ["priorityContent"]);
        assert_eq!(places(content(|of| of.labels = vec!["ok".into(), " ".into()])), ["priorityContent.labels.1"]);
        assert_eq!(places(content(|of| of.file_types = vec!["a".into(); 51])), ["priorityContent.fileTypes"]);
        assert!(places(content(|of| of.sites = vec!["https://halden.example/sites/a".into()])).is_empty());
    }
}
