//! What a service may answer instead of a result, in words that are safe to show a client.
//! Never: shows the cause of an internal error; the cause goes to the log, once, with the request id.

use std::fmt;

/// Why a service did not do what it was asked. `Display` is what a client reads.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no such thing, or the viewer may not know that there is: the same answer.
    #[error("not found")]
    NotFound,
    /// The viewer may know of it, but not do this.
    #[error("not allowed")]
    Forbidden,
    /// The state of things forbids it; the sentence says which state.
    #[error("{0}")]
    Conflict(String),
    /// The input is wrong; every problem with the field it is in.
    #[error("{}", sentences(.0))]
    Invalid(Vec<FieldProblem>),
    /// A queue is full. Nothing was taken; try again later.
    #[error("too busy: try again in {retry_after_seconds} s")]
    TooBusy {
        /// Seconds after which trying again makes sense.
        retry_after_seconds: u64,
    },
    /// More bytes, rows or items than the limit that the sentence names.
    #[error("{0}")]
    TooLarge(String),
    /// Something the answer needs is away; the sentence says what.
    #[error("{0}")]
    Unavailable(String),
    /// A fault of ours or of the machine.
    #[error("internal error")]
    Internal(anyhow::Error),
}

impl ServiceError {
    /// The machine-readable word of this error: GraphQL's `extensions.code`, HTTP's `code`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "NOT_FOUND",
            Self::Forbidden => "FORBIDDEN",
            Self::Conflict(_) => "CONFLICT",
            Self::Invalid(_) => "INVALID",
            Self::TooBusy { .. } => "TOO_BUSY",
            Self::TooLarge(_) => "LIMIT_EXCEEDED",
            Self::Unavailable(_) => "UNAVAILABLE",
            Self::Internal(_) => "INTERNAL",
        }
    }

    /// One problem with the input.
    pub fn invalid(field: &[&str], code: ProblemCode, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldProblem::new(field, code, message)])
    }
}

impl From<anyhow::Error> for ServiceError {
    fn from(cause: anyhow::Error) -> Self {
        Self::Internal(cause)
    }
}

/// One thing the caller did wrong, and where. The API's `UserError`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// The path to the input field, outermost first; empty where it is the whole input.
    pub field: Vec<String>,
    /// The kind of problem.
    pub code: ProblemCode,
    /// One sentence. It says what is allowed; it does not repeat the value.
    pub message: String,
}

impl FieldProblem {
    /// A problem with the input field at `field`.
    pub fn new(field: &[&str], code: ProblemCode, message: impl Into<String>) -> Self {
        Self { field: field.iter().map(|&part| part.to_owned()).collect(), code, message: message.into() }
    }
}

impl fmt::Display for FieldProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.field.is_empty() {
            write!(f, "{}", self.message)
        } else {
            write!(f, "{}: {}", self.field.join("."), self.message)
        }
    }
}

/// The kinds of `FieldProblem`: the API's `UserErrorCode`.
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

fn sentences(problems: &[FieldProblem]) -> String {
    match problems {
        [] => "invalid input".to_owned(),
        some => some.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_internal_error_does_not_show_its_cause() {
        let error = ServiceError::from(anyhow::anyhow!("disk /var/x is gone").context("while saving"));
        assert_eq!(error.to_string(), "internal error");
        assert_eq!(error.code(), "INTERNAL");
    }

    #[test]
    fn invalid_input_names_every_field() {
        let error = ServiceError::Invalid(vec![
            FieldProblem::new(&["input", "name"], ProblemCode::Required, "a name is needed"),
            FieldProblem::new(&[], ProblemCode::LimitExceeded, "at most 400 ids"),
        ]);
        assert_eq!(error.to_string(), "input.name: a name is needed; at most 400 ids");
    }
}
