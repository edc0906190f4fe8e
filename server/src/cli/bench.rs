//! `vizard bench`: what this machine and this product can do, measured.
//! Never: touches the installation.

mod detect;
mod ingest;
mod queue;
mod rules;

use super::{Context, Failure};
use clap::Subcommand;

#[derive(Subcommand)]
pub(super) enum Options {
    /// The path from a file to scored events, against bare inserts of the same rows
    Ingest(ingest::Options),
    /// How well the product detects: generated companies with planted cases, or labelled files of your own
    Detect(detect::Options),
    /// Rules of your own over a file of events: matches, and events a second
    Rules(rules::Options),
    /// Pages of a queue of a million alerts: time, statements, and what GraphQL adds to them
    Queue(queue::Options),
}

pub(super) async fn run(context: &Context, options: Options) -> Result<(), Failure> {
    match options {
        Options::Ingest(options) => ingest::run(context, options).await,
        Options::Detect(options) => detect::run(context, options).await,
        Options::Rules(options) => rules::run(context, options).await,
        Options::Queue(options) => queue::run(context, options).await,
    }
}
