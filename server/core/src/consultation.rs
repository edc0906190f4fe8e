//! Consultations: a question about a masked case to somebody outside of the team, with the answers to choose from.
//! Never: a second answer, or an answer that was not offered.

use crate::{
    limits,
    problem::{Problem, ProblemCode},
};
use std::collections::BTreeSet;

/// A question and what can be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question {
    /// As it was written, trimmed.
    pub text: String,
    /// [`limits::CONSULTATION_CHOICES`] different answers.
    pub choices: Vec<String>,
}

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// One of the choices.
    pub choice: String,
    /// More about it.
    pub comment: Option<String>,
}

impl Question {
    /// A question as it is kept, or everything that is wrong with it, at fields of `input`.
    pub fn new(text: &str, choices: &[String]) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut wrong = |field: &[&str], code, message: String| {
            let path: Vec<&str> = ["input"].iter().chain(field).copied().collect();
            problems.push(Problem::new(&path, code, message));
        };
        let text = text.trim();
        if text.is_empty() {
            wrong(&["question"], ProblemCode::Required, "A consultation asks something.".into());
        }
        if text.chars().count() > limits::CONSULTATION_CHARS {
            let message = format!("A question has at most {} characters.", limits::CONSULTATION_CHARS);
            wrong(&["question"], ProblemCode::LimitExceeded, message);
        }
        if !limits::CONSULTATION_CHOICES.contains(&choices.len()) {
            let (least, most) = (limits::CONSULTATION_CHOICES.start(), limits::CONSULTATION_CHOICES.end());
            let message = format!("Offer {least} to {most} answers; \"I do not know\" is a good one.");
            wrong(&["choices"], ProblemCode::Invalid, message);
        }
        let mut seen = BTreeSet::new();
        let mut kept = Vec::with_capacity(choices.len());
        for (at, choice) in choices.iter().enumerate().take(limits::CONSULTATION_CHOICES.end() + 1) {
            let choice = choice.trim();
            let place = at.to_string();
            if choice.is_empty() || choice.chars().any(char::is_control) {
                wrong(&["choices", &place], ProblemCode::Invalid, "An answer is one line of text.".into());
            } else if choice.chars().count() > limits::CONSULTATION_CHOICE_CHARS {
                let message = format!("An answer has at most {} characters.", limits::CONSULTATION_CHOICE_CHARS);
                wrong(&["choices", &place], ProblemCode::LimitExceeded, message);
            } else if !seen.insert(choice.to_lowercase()) {
                wrong(&["choices", &place], ProblemCode::Invalid, "Another answer is the same.".into());
            }
            kept.push(choice.to_owned());
        }
        if problems.is_empty() { Ok(Self { text: text.to_owned(), choices: kept }) } else { Err(problems) }
    }

    /// An answer as it is kept, or everything that is wrong with it, at fields of `input`.
    pub fn answered(&self, choice: &str, comment: Option<&str>) -> Result<Answer, Vec<Problem>> {
        let mut problems = Vec::new();
        let comment = comment.map(str::trim).filter(|comment| !comment.is_empty());
        if !self.choices.iter().any(|offered| offered == choice) {
            let message = "Choose one of the answers as it is written in `choices`.";
            problems.push(Problem::new(&["input", "choice"], ProblemCode::Invalid, message));
        }
        if comment.is_some_and(|comment| comment.chars().count() > limits::CONSULTATION_CHARS) {
            let message = format!("At most {} characters.", limits::CONSULTATION_CHARS);
            problems.push(Problem::new(&["input", "comment"], ProblemCode::LimitExceeded, message));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Answer { choice: choice.to_owned(), comment: comment.map(str::to_owned) })
    }

    /// The note that an answer becomes in its case.
    pub fn note(&self, answer: &Answer) -> String {
        let mut note = format!("Question: {}\nAnswer: {}", self.text, answer.choice);
        if let Some(comment) = &answer.comment {
            note.push('\n');
            note.push_str(comment);
        }
        note
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(all: &[&str]) -> Vec<String> {
        all.iter().map(|&one| one.to_owned()).collect()
    }

    fn fields(result: Result<impl std::fmt::Debug, Vec<Problem>>) -> Vec<String> {
        result.unwrap_err().iter().map(|problem| problem.field.join(".")).collect()
    }

    #[test]
    fn a_question_offers_two_to_six_different_answers() {
        let made = Question::new(" Is this usual at the end of a quarter? ", &texts(&["Yes", " No "])).unwrap();
        assert_eq!(
            (made.text.as_str(), made.choices.as_slice()),
            ("Is this usual at the end of a quarter?", &texts(&["Yes", "No"])[..])
        );
        assert_eq!(fields(Question::new("", &texts(&["Yes"]))), ["input.question", "input.choices"]);
        assert_eq!(fields(Question::new("Q", &texts(&["Yes", "yes", "a\nb"]))), ["input.choices.1", "input.choices.2"]);
        let long = "a".repeat(limits::CONSULTATION_CHARS + 1);
        let answer = "a".repeat(limits::CONSULTATION_CHOICE_CHARS + 1);
        assert_eq!(fields(Question::new(&long, &[answer, "No".into()])), ["input.question", "input.choices.0"]);
        assert_eq!(fields(Question::new("Q", &texts(&["1", "2", "3", "4", "5", "6", "7"]))), ["input.choices"]);
    }

    #[test]
    fn an_answer_is_one_that_was_offered_and_becomes_a_note() {
        let question = Question::new("Usual?", &texts(&["Yes", "No"])).unwrap();
        let answer = question.answered("No", Some(" Never seen it. ")).unwrap();
        assert_eq!(question.note(&answer), "Question: Usual?\nAnswer: No\nNever seen it.");
        assert_eq!(question.note(&question.answered("Yes", Some(" ")).unwrap()), "Question: Usual?\nAnswer: Yes");
        let long = "a".repeat(limits::CONSULTATION_CHARS + 1);
        assert_eq!(fields(question.answered("Maybe", Some(&long))), ["input.choice", "input.comment"]);
    }
}
