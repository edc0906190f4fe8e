//! Notices: what a subject is told by mail, from a template that staff write.
//! Never: a name filled into anything but the message to the subject.

use crate::{
    case::name_of,
    limits,
    problem::{Problem, ProblemCode},
    time::Day,
};
use serde::{Deserialize, Serialize};

/// What a notice says, before it is filled in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Template {
    /// What staff call it, unique.
    pub name: String,
    /// Who it is from: an address, with a name before it in angle form or not.
    pub from: String,
    /// Who gets a copy, under the pseudonym.
    pub cc: Vec<String>,
    /// The same, not seen by others.
    pub bcc: Vec<String>,
    /// The line that says what it is about.
    pub subject_line: String,
    /// The text.
    pub body: String,
    /// The same as HTML, for programs that show it.
    pub html: Option<String>,
}

/// What stands in for the placeholders.
#[derive(Clone, Copy, Debug)]
pub struct Filling<'a> {
    /// `{{name}}`: the subject's name, or the pseudonym where anybody else reads it.
    pub name: &'a str,
    /// `{{date}}`: the day on which it was sent.
    pub date: Day,
}

/// A message as it is read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Filled {
    /// The line that says what it is about.
    pub subject_line: String,
    /// The text.
    pub body: String,
    /// The same as HTML.
    pub html: Option<String>,
}

const PLACEHOLDERS: [&str; 2] = ["name", "date"];

impl Template {
    /// The template as it is kept, or everything that is wrong with it, at fields of `input`. Whether addresses are ones is
    /// for whoever sends mail to say: `is_address`.
    pub fn checked(self, is_address: impl Fn(&str) -> bool) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut wrong = |field: &[&str], code, message: String| {
            let field: Vec<&str> = ["input"].iter().chain(field).copied().collect();
            problems.push(Problem::new(&field, code, message));
        };
        let name = match name_of("notice template", &self.name, &["name"]) {
            Ok(name) => name,
            Err(problem) => {
                wrong(&["name"], problem.code, problem.message);
                String::new()
            }
        };
        if !is_address(&self.from) {
            wrong(&["from"], ProblemCode::Invalid, "An address, such as HR <hr@example.org>.".into());
        }
        if self.cc.len() + self.bcc.len() > limits::NOTICE_COPIES {
            wrong(&["cc"], ProblemCode::LimitExceeded, format!("At most {} copies.", limits::NOTICE_COPIES));
        }
        for (field, list) in [("cc", &self.cc), ("bcc", &self.bcc)] {
            for (at, address) in list.iter().take(limits::NOTICE_COPIES).enumerate() {
                if !is_address(address) {
                    let message = "An address, such as hr@example.org.".into();
                    wrong(&[field, &at.to_string()], ProblemCode::Invalid, message);
                }
            }
        }
        let line = self.subject_line.trim();
        if line.is_empty() || line.chars().count() > limits::NAME_CHARS || line.chars().any(char::is_control) {
            let message = format!("One line of 1 to {} characters.", limits::NAME_CHARS);
            wrong(&["subjectLine"], ProblemCode::Invalid, message);
        }
        let html = self.html.filter(|html| !html.trim().is_empty());
        let texts = [("subjectLine", Some(&self.subject_line)), ("body", Some(&self.body)), ("html", html.as_ref())];
        for (field, text) in texts {
            let Some(text) = text else { continue };
            if text.len() > limits::NOTICE_BYTES {
                let message = format!("At most {} bytes.", limits::NOTICE_BYTES);
                wrong(&[field], ProblemCode::LimitExceeded, message);
            } else if unknown(text) {
                let message =
                    format!("Two braces begin a placeholder: {{{{{}}}}} are there.", PLACEHOLDERS.join("}}, {{"));
                wrong(&[field], ProblemCode::Invalid, message);
            }
        }
        if self.body.trim().is_empty() {
            wrong(&["body"], ProblemCode::Required, "A notice says something; HTML may come beside the text.".into());
        }
        let subject_line = line.to_owned();
        if problems.is_empty() { Ok(Self { name, subject_line, html, ..self }) } else { Err(problems) }
    }

    /// The message.
    pub fn fill(&self, with: Filling<'_>) -> Filled {
        // A name with a line break in it would begin another header.
        let line: String = with.name.chars().filter(|c| !c.is_control()).collect();
        let date = with.date.to_string();
        Filled {
            subject_line: filled(&self.subject_line, [&line, &date]),
            body: filled(&self.body, [with.name, &date]),
            html: self.html.as_ref().map(|html| filled(html, [&escaped(with.name), &date])),
        }
    }
}

/// Each placeholder once, from left to right: what is filled in is not looked at again.
fn filled(text: &str, values: [&str; PLACEHOLDERS.len()]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut parts = text.split("{{");
    out.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let found = part.split_once("}}").and_then(|(name, rest)| {
            PLACEHOLDERS.iter().zip(values).find(|(known, _)| **known == name.trim()).map(|(_, value)| (value, rest))
        });
        match found {
            Some((value, rest)) => {
                out.push_str(value);
                out.push_str(rest);
            }
            None => {
                out.push_str("{{");
                out.push_str(part);
            }
        }
    }
    out
}

/// Whether something in two braces is no placeholder.
fn unknown(text: &str) -> bool {
    let known = |part: &str| part.split_once("}}").is_some_and(|(name, _)| PLACEHOLDERS.contains(&name.trim()));
    text.split("{{").skip(1).any(|part| !known(part))
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn template(body: &str) -> Template {
        Template {
            name: " Reminder ".into(),
            from: "hr@example.org".into(),
            cc: vec![],
            bcc: vec![],
            subject_line: "To {{name}}".into(),
            body: body.into(),
            html: Some("<p>Dear {{ name }}, {{date}}</p>".into()),
        }
    }

    fn address(text: &str) -> bool {
        text.contains('@')
    }

    #[test]
    fn placeholders_are_filled_once_and_html_is_escaped() {
        let date = Day::from_civil(2026, 7, 1).unwrap();
        let filled = template("{{name}} {{date}}").fill(Filling { name: "<b>{{date}}\r\nBcc: x", date });
        assert_eq!(filled.subject_line, "To <b>{{date}}Bcc: x");
        assert_eq!(filled.body, "<b>{{date}}\r\nBcc: x 2026-07-01");
        assert_eq!(filled.html.unwrap(), "<p>Dear &lt;b&gt;{{date}}\r\nBcc: x, 2026-07-01</p>");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let bad = Template {
            name: String::new(),
            from: "nobody".into(),
            cc: vec!["hr@example.org".into(), "x".into()],
            subject_line: "a\nb".into(),
            body: "Dear {{nme}}".into(),
            html: Some(" {{".into()),
            ..template("")
        };
        let problems = bad.checked(address).unwrap_err();
        let fields: Vec<String> = problems.iter().map(|problem| problem.field.join(".")).collect();
        assert_eq!(fields, ["input.name", "input.from", "input.cc.1", "input.subjectLine", "input.body", "input.html"]);
        assert_eq!(problems[4].message, "Two braces begin a placeholder: {{name}}, {{date}} are there.");
        assert_eq!(template("Hello.").checked(address).unwrap().name, "Reminder");
        assert_eq!(template(" ").checked(address).unwrap_err()[0].field, ["input", "body"]);
    }

    proptest! {
        #[test]
        fn what_is_no_placeholder_stays_as_it_was(text in "[a-z{} ]{0,40}", name in ".{0,12}") {
            let filled = template(&text).fill(Filling { name: &name, date: Day(0) }).body;
            let by_hand = text.contains("{{name}}") || text.contains("{{date}}");
            prop_assert!(by_hand || filled == text || text.contains("{{ "), "{:?} became {:?}", text, filled);
        }
    }
}
