//! Reads a file of policies: what it says, or everything that is wrong with it, each with its line.
//! Never: stops at the first problem, or repeats a value of the file in one.

use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    str::FromStr,
};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};
use vizard_core::{
    policy::{IndicatorChoice, PolicyDraft, PolicyScope, PriorityContent, ThresholdCounts},
    problem::{Problem, ProblemCode},
    settings::Settings,
    template::TemplateCode,
};

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Document {
    /// Codes of the enabled indicators; none where the file does not say.
    pub(super) enabled: Option<Vec<String>>,
    /// None where the file does not say.
    pub(super) settings: Option<Settings>,
    /// Tables of the settings: a file may leave out whom the installation monitors, say.
    pub(super) said: BTreeSet<String>,
    pub(super) policies: Vec<Listed>,
}

/// A policy of a file. Its scope has no people and groups yet.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) draft: PolicyDraft,
    pub(super) named: Named,
}

/// Whom and what a scope names.
#[derive(Debug, Default)]
pub(super) struct Named {
    /// Names.
    pub(super) groups: Vec<String>,
    /// Pseudonyms.
    pub(super) subjects: Vec<String>,
    /// Pseudonyms.
    pub(super) excluded: Vec<String>,
}

/// Where in the file everything stands, by its path.
#[derive(Debug, Default)]
pub(super) struct Places {
    lines: BTreeMap<Vec<String>, usize>,
}

impl Places {
    /// A problem with its path as it is in the file, and its line.
    pub(super) fn told(&self, problem: &Problem) -> Problem {
        let known = (0..=problem.field.len()).rev().find_map(|many| self.lines.get(&problem.field[..many]));
        let mut path = String::new();
        for part in &problem.field {
            match part.parse::<usize>() {
                // As people count.
                Ok(at) => path.push_str(&format!("[{}]", at + 1)),
                Err(_) if path.is_empty() => path.push_str(part),
                Err(_) => path.push_str(&format!(".{part}")),
            }
        }
        let line = known.copied().unwrap_or(1);
        let place = if path.is_empty() { format!("line {line}") } else { format!("line {line}, {path}") };
        Problem::new(&[&place], problem.code, problem.message.clone())
    }
}

/// The file's content and places, with the problems of its form.
pub(super) fn read(text: &str) -> (Document, Places, Vec<Problem>) {
    let mut problems = Vec::new();
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line = |span: Range<usize>| starts.partition_point(|start| *start <= span.start);
    let mut places = Places::default();
    let root = match DeTable::parse(text) {
        Ok(root) => root.into_inner(),
        Err(error) => {
            let at = error.span().map_or(1, line);
            let path = vec![String::new()];
            places.lines.insert(path.clone(), at);
            problems.push(Problem { field: path, code: ProblemCode::Invalid, message: error.message().to_owned() });
            return (Document::default(), places, problems);
        }
    };
    let mut reader = Reader { line: &line, places: &mut places, problems: &mut problems };
    let mut document = reader.document(&root);
    if root.contains_key("settings") {
        match toml::from_str::<Whole>(text) {
            Ok(whole) => {
                document.settings = Some(whole.settings);
                let table = root.get("settings").and_then(|value| value.get_ref().as_table());
                document.said = table.into_iter().flatten().map(|(name, _)| name.get_ref().to_string()).collect();
            }
            Err(error) => {
                let path = vec!["settings".to_owned()];
                if let Some(span) = error.span() {
                    places.lines.insert(path.clone(), line(span));
                }
                problems.push(Problem { field: path, code: ProblemCode::Invalid, message: error.message().to_owned() });
            }
        }
    }
    (document, places, problems)
}

/// The part of a file that the settings read by themselves: what is left out is as in a new installation.
#[derive(Deserialize)]
struct Whole {
    settings: Settings,
}

struct Reader<'a> {
    line: &'a dyn Fn(Range<usize>) -> usize,
    places: &'a mut Places,
    problems: &'a mut Vec<Problem>,
}

impl Reader<'_> {
    fn refuse(&mut self, path: &[String], code: ProblemCode, message: impl Into<String>) {
        self.problems.push(Problem { field: path.to_vec(), code, message: message.into() });
    }

    /// Notes where the table's values stand, and refuses what is not `known`.
    fn fields(&mut self, table: &DeTable<'_>, path: &[String], known: &[&str]) {
        for (name, value) in table {
            let at = below(path, name.get_ref());
            self.places.lines.insert(at.clone(), (self.line)(value.span()));
            if !known.contains(&name.get_ref().as_ref()) {
                self.places.lines.insert(at.clone(), (self.line)(name.span()));
                self.refuse(
                    &at,
                    ProblemCode::Invalid,
                    format!("There is no such field; there are {}.", known.join(", ")),
                );
            }
        }
    }

    fn document(&mut self, root: &DeTable<'_>) -> Document {
        self.fields(root, &[], &["format", "indicators", "settings", "policy"]);
        match root.get("format").map(|value| value.get_ref()) {
            Some(DeValue::Integer(format)) if format.as_str() == "1" => {}
            _ => self.refuse(
                &["format".to_owned()],
                ProblemCode::Required,
                "Say `format = 1` first: this version reads that.",
            ),
        }
        let mut document = Document::default();
        if let Some(table) = self.table(root, &[], "indicators") {
            let path = ["indicators".to_owned()];
            self.fields(table, &path, &["enabled"]);
            document.enabled = self.texts(table, &path, "enabled");
            if document.enabled.is_none() {
                self.refuse(&path, ProblemCode::Required, "Say `enabled = [ … ]`, or leave the table out.");
            }
        }
        if let Some(table) = self.table(root, &[], "settings") {
            self.lines_below(table, &["settings".to_owned()]);
        }
        for (at, value) in self.items(root, &[], "policy").into_iter().enumerate() {
            let path = ["policy".to_owned(), at.to_string()];
            self.places.lines.insert(path.to_vec(), (self.line)(value.span()));
            match value.get_ref() {
                DeValue::Table(table) => document.policies.extend(self.policy(table, &path)),
                _ => self.refuse(&path, ProblemCode::Invalid, "A policy is a table: [[policy]]."),
            }
        }
        document
    }

    /// Notes where everything below stands.
    fn lines_below(&mut self, table: &DeTable<'_>, path: &[String]) {
        for (name, value) in table {
            self.lines_of(value, below(path, name.get_ref()));
        }
    }

    fn lines_of(&mut self, value: &Spanned<DeValue<'_>>, path: Vec<String>) {
        match value.get_ref() {
            DeValue::Table(table) => self.lines_below(table, &path),
            DeValue::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.lines_of(item, below(&path, &at.to_string()));
                }
            }
            _ => {}
        }
        self.places.lines.insert(path, (self.line)(value.span()));
    }

    fn content(&mut self, policy: &DeTable<'_>, path: &[String]) -> Option<PriorityContent> {
        let table = self.table(policy, path, "priority_content")?;
        let path = below(path, "priority_content");
        self.fields(table, &path, &["only", "sites", "sensitive_types", "labels", "file_types"]);
        let mut named = |name: &str| self.texts(table, &path, name).unwrap_or_default();
        let (sites, sensitive_types) = (named("sites"), named("sensitive_types"));
        let (labels, file_types) = (named("labels"), named("file_types"));
        let only = self.flag(table, &path, "only").unwrap_or(false);
        Some(PriorityContent { sites, sensitive_types, labels, file_types, only })
    }

    /// The policy; none where it lacks what nothing can be told without. Its number among the file's stays its place, so the
    /// file is refused then.
    fn policy(&mut self, table: &DeTable<'_>, path: &[String]) -> Option<Listed> {
        let known = [
            "name",
            "template",
            "state",
            "description",
            "activation_days",
            "lookback_days",
            "alert_volume",
            "always_on",
            "cumulative",
            "minimum_daily_events",
            "priority_content",
            "triggers",
            "sequences",
            "boosters",
            "indicators",
            "scope",
        ];
        self.fields(table, path, &known);
        let name = self.required(table, path, "name");
        let template = match self.required(table, path, "template") {
            Some(_) => self.word::<TemplateCode>(table, path, "template"),
            None => None,
        };
        let indicators = table.contains_key("indicators").then(|| {
            let items = self.items(table, path, "indicators");
            let path = below(path, "indicators");
            let choices = items.iter().enumerate().filter_map(|(at, item)| {
                let path = below(&path, &at.to_string());
                self.places.lines.insert(path.clone(), (self.line)(item.span()));
                let DeValue::Table(table) = item.get_ref() else {
                    self.refuse(&path, ProblemCode::Invalid, "An indicator is a table: { code = \"…\" }.");
                    return None;
                };
                self.indicator(table, &path)
            });
            choices.collect()
        });
        let (scope, named) = self.scope(table, path);
        let draft = PolicyDraft {
            name: name.unwrap_or_default(),
            description: self.text(table, path, "description"),
            template: template.unwrap_or(TemplateCode::DataLeaks),
            scope,
            indicators,
            triggers: self.texts(table, path, "triggers"),
            activation_days: self.number(table, path, "activation_days"),
            lookback_days: self.number(table, path, "lookback_days"),
            alert_volume: self.word(table, path, "alert_volume"),
            sequences: self.texts(table, path, "sequences"),
            cumulative: self.flag(table, path, "cumulative"),
            boosters: self.words(table, path, "boosters"),
            always_on: self.flag(table, path, "always_on"),
            minimum_daily_events: self.number(table, path, "minimum_daily_events"),
            priority_content: self.content(table, path),
            state: self.word(table, path, "state"),
        };
        template.map(|_| Listed { draft, named })
    }

    fn indicator(&mut self, table: &DeTable<'_>, path: &[String]) -> Option<IndicatorChoice> {
        self.fields(table, path, &["code", "mode", "low", "medium", "high"]);
        let code = self.required(table, path, "code");
        let mode = self.word(table, path, "mode");
        let counts = ["low", "medium", "high"].map(|name| self.number(table, path, name));
        let thresholds = match counts {
            [None, None, None] => None,
            [Some(low), Some(medium), Some(high)] => Some(ThresholdCounts { low, medium, high }),
            _ => {
                self.refuse(path, ProblemCode::Required, "Give low, medium and high, or none of them.");
                None
            }
        };
        Some(IndicatorChoice { code: code?, mode, thresholds })
    }

    fn scope(&mut self, policy: &DeTable<'_>, path: &[String]) -> (PolicyScope, Named) {
        let Some(table) = self.table(policy, path, "scope") else {
            if !policy.contains_key("scope") {
                self.refuse(path, ProblemCode::Required, "Say whom it covers: [policy.scope].");
            }
            return (PolicyScope::default(), Named::default());
        };
        let path = below(path, "scope");
        self.fields(table, &path, &["all", "departments", "groups", "subjects", "excluded"]);
        let scope = PolicyScope {
            all: self.flag(table, &path, "all").unwrap_or(false),
            departments: self.texts(table, &path, "departments").unwrap_or_default(),
            groups: vec![],
            subjects: vec![],
            excluded: vec![],
        };
        let mut named = |name: &str| self.texts(table, &path, name).unwrap_or_default();
        let named = Named { groups: named("groups"), subjects: named("subjects"), excluded: named("excluded") };
        (scope, named)
    }

    fn table<'t>(&mut self, of: &'t DeTable<'_>, path: &[String], name: &str) -> Option<&'t DeTable<'t>> {
        match of.get(name)?.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => {
                self.refuse(&below(path, name), ProblemCode::Invalid, "This is a table.");
                None
            }
        }
    }

    fn items<'t>(&mut self, of: &'t DeTable<'_>, path: &[String], name: &str) -> Vec<&'t toml::Spanned<DeValue<'t>>> {
        match of.get(name).map(|value| value.get_ref()) {
            None => vec![],
            Some(DeValue::Array(items)) => items.iter().collect(),
            Some(_) => {
                self.refuse(&below(path, name), ProblemCode::Invalid, "This is a list.");
                vec![]
            }
        }
    }

    fn texts(&mut self, of: &DeTable<'_>, path: &[String], name: &str) -> Option<Vec<String>> {
        of.get(name)?;
        let path_of = below(path, name);
        let items = self.items(of, path, name);
        let mut texts = Vec::with_capacity(items.len());
        for (at, item) in items.into_iter().enumerate() {
            let path = below(&path_of, &at.to_string());
            self.places.lines.insert(path.clone(), (self.line)(item.span()));
            match item.get_ref() {
                DeValue::String(text) => texts.push(text.to_string()),
                _ => self.refuse(&path, ProblemCode::Invalid, "This is a text."),
            }
        }
        Some(texts)
    }

    fn words<T: FromStr>(&mut self, of: &DeTable<'_>, path: &[String], name: &str) -> Option<Vec<T>> {
        let texts = self.texts(of, path, name)?;
        let mut words = Vec::with_capacity(texts.len());
        for (at, text) in texts.iter().enumerate() {
            match text.parse() {
                Ok(word) => words.push(word),
                Err(_) => {
                    let path = below(&below(path, name), &at.to_string());
                    self.refuse(&path, ProblemCode::Invalid, "This is not one of the known words.");
                }
            }
        }
        Some(words)
    }

    fn text(&mut self, of: &DeTable<'_>, path: &[String], name: &str) -> Option<String> {
        match of.get(name)?.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.refuse(&below(path, name), ProblemCode::Invalid, "This is a text.");
                None
            }
        }
    }

    fn required(&mut self, of: &DeTable<'_>, path: &[String], name: &str) -> Option<String> {
        if !of.contains_key(name) {
            self.refuse(path, ProblemCode::Required, format!("`{name}` is missing."));
        }
        self.text(of, path, name)
    }

    fn word<T: FromStr>(&mut self, of: &DeTable<'_>, path: &[String], name: &str) -> Option<T> {
        let word = self.text(of, path, name)?.parse().ok();
        if word.is_none() {
            self.refuse(&below(path, name), ProblemCode::Invalid, "This is not one of the known words.");
        }
        word
    }

    fn flag(&mut self, of: &DeTable<'_>, path: &[String], name: &str) -> Option<bool> {
        let flag = of.get(name)?.get_ref().as_bool();
        if flag.is_none() {
            self.refuse(&below(path, name), ProblemCode::Invalid, "This is true or false.");
        }
        flag
    }

    fn number(&mut self, of: &DeTable<'_>, path: &[String], name: &str) -> Option<i32> {
        let number = match of.get(name)?.get_ref() {
            DeValue::Integer(number) => i32::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            self.refuse(&below(path, name), ProblemCode::Invalid, "This is a whole number.");
        }
        number
    }
}

fn below(path: &[String], name: &str) -> Vec<String> {
    path.iter().cloned().chain([name.to_owned()]).collect()
}
