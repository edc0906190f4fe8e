//! The GraphQL API: resolvers on top of services, and the machinery that every field shares.
//! Never: names the store, or lets a document in that [`precheck`] has not measured.

pub mod directive;
pub mod errors;
pub mod guard;
pub mod page;
pub mod precheck;
mod request;
pub mod rules;
pub mod scalars;
pub mod schema;
pub mod spec;
mod user_error;
mod viewer;
pub mod words;
