//! What a caller did wrong, as the payload of a mutation shows it.
//! Never: what a caller may not do; that is an error of the response.

use super::words::UserErrorCode;
use crate::error::ServiceError;
use async_graphql::SimpleObject;
use vizard_core::problem::Problem;

/// Something wrong with an input. Nothing was changed.
#[derive(SimpleObject)]
pub struct UserError {
    /// The kind of problem, for machines.
    code: UserErrorCode,
    /// One sentence, for people.
    message: String,
    /// The field of the input, from the argument down: `["input", "alertIds", "3"]`. Null where no field is to blame.
    field: Option<Vec<String>>,
}

impl From<Problem> for UserError {
    fn from(problem: Problem) -> Self {
        let field = (!problem.field.is_empty()).then_some(problem.field);
        Self { code: problem.code.into(), message: problem.message, field }
    }
}

/// The result of a mutation divided into what was made and what was wrong with the input. Other errors stay errors.
pub(super) fn outcome<T>(result: Result<T, ServiceError>) -> Result<(Option<T>, Vec<UserError>), ServiceError> {
    match result {
        Ok(made) => Ok((Some(made), vec![])),
        Err(ServiceError::Invalid(problems)) => Ok((None, problems.into_iter().map(UserError::from).collect())),
        Err(error) => Err(error),
    }
}
