//! What is wrong with an input, field by field: the API's `UserError`.
//! Never: repeats the value; it may be a name.

use std::fmt;

/// One thing the caller did wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The path to the input field, outermost first; empty where it is the whole input.
    pub field: Vec<String>,
    /// The kind of problem.
    pub code: ProblemCode,
    /// One sentence. It says what is allowed.
    pub message: String,
}

impl Problem {
    /// A problem with the input field at `field`.
    pub fn new(field: &[&str], code: ProblemCode, message: impl Into<String>) -> Self {
        Self { field: field.iter().map(|&part| part.to_owned()).collect(), code, message: message.into() }
    }

    /// The same problem of a part of the input that stands at `path`.
    pub fn within(mut self, path: &[&str]) -> Self {
        self.field.splice(0..0, path.iter().map(|&part| part.to_owned()));
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}", self.message)
        } else {
            write!(f, "{}: {}", self.field.join("."), self.message)
        }
    }
}

/// The kinds of `Problem`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemCode {
    /// Not a value of the wanted shape or range.
    Invalid,
    /// Missing or blank.
    Required,
    /// Names something that does not exist, or that the viewer may not know to exist.
    NotFound,
    /// Clashes with what is there already.
    Conflict,
    /// Made from an older version of the thing.
    Stale,
    /// More than a documented limit.
    LimitExceeded,
    /// This state does not allow it.
    NotAllowed,
    /// A viewer may not decide in their own affair.
    SelfDealing,
    /// Not enabled in the settings.
    NotEnabled,
}
