//! The GraphQL API: resolvers on top of services, and the machinery that every field shares.
//! Never: names the store, or lets a document in that [`precheck`] has not measured.

pub mod directive;
pub mod errors;
pub mod guard;
pub mod page;
pub mod precheck;
pub mod scalars;
pub mod spec;
