//! The GraphQL API: resolvers on top of services, and the machinery that every field shares.
//! Never: names the store, or lets a document in that [`precheck`] has not measured.

pub mod alert;
pub mod audit;
pub mod case;
pub mod connector;
pub mod consultation;
pub mod content;
pub mod credential;
pub mod directive;
pub mod errors;
pub mod export;
pub mod grant;
pub mod group;
pub mod guard;
pub mod handover;
pub mod indicator;
pub mod insight;
pub mod keeping;
pub mod line;
pub mod live;
pub mod merge;
pub mod node;
pub mod notice;
pub mod notification;
pub mod organisation;
pub mod overview;
pub mod page;
pub mod policy;
pub mod policy_edit;
pub mod precheck;
pub mod preview;
pub mod protection;
pub mod report;
mod request;
pub mod reveal;
pub mod rules;
pub mod scalars;
pub mod schema;
pub mod settings;
pub mod share;
pub mod source;
pub mod spec;
pub mod subject;
pub mod suppression;
pub mod tuning;
pub mod user_error;
pub mod viewer;
pub mod webhook;
pub mod words;

#[cfg(test)]
mod tests;
