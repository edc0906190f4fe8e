//! One record of a batch, as JSON, as a CSV row or as bytes.
//! Never: owns or copies what the host handed over.

use crate::Reject;
use crate::csv::{Cells, Columns};

/// One record.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    pub(crate) index: u32,
    pub(crate) feed: &'a str,
    pub(crate) body: &'a [u8],
    pub(crate) row: Option<(&'a Columns, Cells<'a>)>,
}

impl<'a> Record<'a> {
    /// The feed it was delivered to.
    #[must_use]
    pub fn feed(&self) -> &'a str {
        self.feed
    }

    /// Its position in the batch. Must not influence the outcome: batches are cut differently next time.
    #[must_use]
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The bytes, as delivered.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.body
    }

    /// The record as text.
    pub fn text(&self) -> Result<&'a str, Reject> {
        std::str::from_utf8(self.body).map_err(|_| Reject::malformed("the record is not UTF-8"))
    }

    /// The record as JSON. Types that borrow (`&str`, `Cow<str>` with `#[serde(borrow)]`, `&RawValue`) are the fastest.
    pub fn json<T: serde::Deserialize<'a>>(&self) -> Result<T, Reject> {
        Ok(serde_json::from_slice(self.body)?)
    }

    /// A cell of a CSV row by the name of its column, trimmed; `None` where there is no such column or it is empty.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&'a str> {
        let (columns, cells) = self.row?;
        cells.get(columns.position(name)?)
    }

    /// A cell that must not be empty.
    pub fn need(&self, name: &str) -> Result<&'a str, Reject> {
        self.column(name).ok_or_else(|| Reject::missing(name))
    }

    /// The header of a CSV delivery.
    #[must_use]
    pub fn columns(&self) -> Option<&'a Columns> {
        self.row.map(|(columns, _)| columns)
    }
}
