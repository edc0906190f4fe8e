//! What a service may answer instead of a result, in words that are safe to show a client.
//! Never: shows the cause of an internal error; the cause goes to the log, once, with the request id.

use vizard_core::problem::{Problem, ProblemCode};

/// Why a service did not do what it was asked. `Display` is what a client reads.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// There is no such thing, or the viewer may not know that there is: the same answer.
    #[error("not found")]
    NotFound,
    /// The viewer may know of it, but not do this.
    #[error("not allowed")]
    Forbidden,
    /// The viewer may know of it, but not do this, whatever their roles are; the sentence says why, and who can.
    #[error("{0}")]
    LeftToOthers(&'static str),
    /// The state of things forbids it; the sentence says which state.
    #[error("{0}")]
    Conflict(String),
    /// The input is wrong; every problem with the field it is in.
    #[error("{}", sentences(.0))]
    Invalid(Vec<Problem>),
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
            Self::Forbidden | Self::LeftToOthers(_) => "FORBIDDEN",
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
        Self::Invalid(vec![Problem::new(field, code, message)])
    }
}

impl From<anyhow::Error> for ServiceError {
    fn from(cause: anyhow::Error) -> Self {
        Self::Internal(cause)
    }
}

fn sentences(problems: &[Problem]) -> String {
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
            Problem::new(&["input", "name"], ProblemCode::Required, "a name is needed"),
            Problem::new(&[], ProblemCode::LimitExceeded, "at most 400 ids"),
        ]);
        assert_eq!(error.to_string(), "input.name: a name is needed; at most 400 ids");
    }
}
