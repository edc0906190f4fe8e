//! What a GraphQL error looks like: one sentence, and `extensions.code` for machines.
//! Never: the cause of an internal error. It goes to the log, once; the request's span there holds the request id.

use crate::{error::ServiceError, permit::Denied};
use async_graphql::{Error, ErrorExtensions as _, Name, ServerError, Value};
use vizard_core::access::Role;

/// Nobody is signed in, or the token is bad.
pub const UNAUTHENTICATED: &str = "UNAUTHENTICATED";
/// The viewer has none of the roles.
pub const FORBIDDEN: &str = "FORBIDDEN";
/// The document or an argument is not what the schema takes.
pub const INVALID: &str = "INVALID";
/// The document is larger or deeper than a documented limit.
pub const LIMIT_EXCEEDED: &str = "LIMIT_EXCEEDED";
/// A fault of ours or of the machine.
pub const INTERNAL: &str = "INTERNAL";

/// A field that the viewer may not see. `requires` lists the roles of which any one would do.
pub fn denied(denied: &Denied, requires: &[Role]) -> Error {
    let code = match denied {
        Denied::Unauthenticated => UNAUTHENTICATED,
        Denied::Forbidden { .. } => FORBIDDEN,
    };
    let roles = requires.iter().map(|role| Value::Enum(Name::new(role.as_str()))).collect();
    with_code(denied.to_string(), code).extend_with(|_, extensions| extensions.set("requires", Value::List(roles)))
}

/// A service that did not do what a field asked.
pub fn failed(error: &ServiceError) -> Error {
    if let ServiceError::Internal(cause) = error {
        tracing::error!(cause = %format_args!("{cause:#}"), "internal error");
    }
    let shown = with_code(error.to_string(), error.code());
    match error {
        ServiceError::TooBusy { retry_after_seconds } => {
            shown.extend_with(|_, extensions| extensions.set("retryAfterSeconds", *retry_after_seconds))
        }
        _ => shown,
    }
}

/// An error of a request that was not executed.
pub fn refused(message: impl Into<String>, code: &'static str) -> ServerError {
    let mut error = ServerError::new(message, None);
    error.extensions = with_code(String::new(), code).extensions;
    error
}

/// Errors that the library made have no code: they are about the document and its arguments. Some quote an argument's
/// value, which may be somebody's name typed into the wrong place; it goes no further.
pub fn ensure_code(error: &mut ServerError) {
    let extensions = error.extensions.get_or_insert_default();
    if extensions.get("code").is_none() {
        extensions.set("code", INVALID);
        if let Some(end) = BEFORE_A_VALUE.iter().filter_map(|(text, kept)| Some(error.message.find(text)? + kept)).min()
        {
            error.message.truncate(end);
        }
    }
}

/// What the library says before it quotes a value, and how many bytes of that still stand without the value.
const BEFORE_A_VALUE: &[(&str, usize)] = &[(", found ", 0), (" the value \"", 10)];

fn with_code(message: String, code: &'static str) -> Error {
    Error::new(message).extend_with(|_, extensions| extensions.set("code", code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn shown(error: Error) -> serde_json::Value {
        serde_json::to_value(error).unwrap()
    }

    #[test]
    fn a_denial_names_the_roles_that_would_do() {
        let roles = [Role::Analyst, Role::Investigator];
        let forbidden = shown(denied(&Denied::Forbidden { requires: roles.into() }, &roles));
        assert_eq!(forbidden["extensions"], json!({"code": "FORBIDDEN", "requires": ["ANALYST", "INVESTIGATOR"]}));
        let unauthenticated = shown(denied(&Denied::Unauthenticated, &roles));
        assert_eq!(unauthenticated["message"], "sign in first");
        assert_eq!(unauthenticated["extensions"]["code"], "UNAUTHENTICATED");
    }

    #[test]
    fn an_internal_error_is_shown_without_its_cause() {
        let error = shown(failed(&ServiceError::Internal(anyhow::anyhow!("row of Ada"))));
        assert_eq!(error, json!({"message": "internal error", "extensions": {"code": "INTERNAL"}}));
    }

    #[test]
    fn a_full_queue_says_when_to_come_back() {
        let error = shown(failed(&ServiceError::TooBusy { retry_after_seconds: 5 }));
        assert_eq!(error["extensions"], json!({"code": "TOO_BUSY", "retryAfterSeconds": 5}));
    }

    #[test]
    fn an_error_of_the_library_gets_a_code_and_a_code_of_ours_stays() {
        let mut bare = ServerError::new("unknown field", None);
        ensure_code(&mut bare);
        assert_eq!(bare.extensions.unwrap().get("code"), Some(&Value::from(INVALID)));
        for (said, shown) in [
            (
                "Invalid value for argument \"a.b\", enumeration type \"E\" does not contain the value \"Ada\"",
                "Invalid value for argument \"a.b\", enumeration type \"E\" does not contain the value",
            ),
            ("Expected input type \"Date\", found \"Ada\".", "Expected input type \"Date\""),
        ] {
            let mut quoting = ServerError::new(said, None);
            ensure_code(&mut quoting);
            assert_eq!(quoting.message, shown);
        }
        let mut ours = refused("too deep", LIMIT_EXCEEDED);
        ensure_code(&mut ours);
        assert_eq!(ours.extensions.unwrap().get("code"), Some(&Value::from(LIMIT_EXCEEDED)));
    }
}
