//! What the events of a case are about, counted by kind of thing.
//! Never: content of evidence; facts alone.

use super::{
    scalars::{DateTime, int},
    words::ContentType,
};
use async_graphql::SimpleObject;
use vizard_core::event::content;

/// The events beneath a case's insights that are about one kind of thing.
#[derive(SimpleObject)]
pub struct ContentSummary {
    /// What they are about.
    content_type: ContentType,
    /// How many events.
    activities: i32,
    /// How often they count together: one event may stand for several files.
    quantity: i32,
    /// Sensitivity labels on them, the most frequent first, at most 10. Labels that hold a name are left out.
    labels: Vec<String>,
    /// When the last of them happened.
    last_at: DateTime,
}

impl From<content::ContentSummary> for ContentSummary {
    fn from(of: content::ContentSummary) -> Self {
        let content::ContentSummary { content, activities, quantity, labels, last_at } = of;
        Self {
            content_type: content.into(),
            activities: int(activities),
            quantity: int(quantity),
            labels,
            last_at: DateTime(last_at),
        }
    }
}
