//! The file outside of the database to which every checkpoint is appended.
//! Never: written over; a checkpoint in it that the database had not committed.

use super::StoredCheckpoint;
use anyhow::Context as _;
use std::path::{Path, PathBuf};
use tokio::{
    fs,
    io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _},
};
use vizard_core::{
    audit::{
        Hash,
        note::{self, PublicKey},
    },
    time::Micros,
};

/// How much of the file's end is read at the start: a note has about 300 bytes.
const TAIL_BYTES: u64 = 4_096;

/// Where checkpoints go, and the last one that this process wrote.
pub(super) struct Sink {
    path: PathBuf,
    last: Option<(i64, Hash, Micros)>,
}

impl Sink {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, last: None }
    }

    /// Appends the checkpoint, unless it is there.
    pub(super) async fn publish(&mut self, newest: &StoredCheckpoint, key: &PublicKey) -> anyhow::Result<()> {
        let this = (newest.size, newest.root, newest.at);
        if self.last == Some(this) {
            return Ok(());
        }
        if self.last.is_none() {
            compare(&self.path, newest, key).await.with_context(|| format!("cannot read {}", self.path.display()))?;
        }
        append(&self.path, &newest.note).await.with_context(|| format!("cannot write {}", self.path.display()))?;
        self.last = Some(this);
        Ok(())
    }
}

/// A database that was put back to an earlier state, or exchanged, is noticed by the file that it did not reach. The
/// checkpoint is appended nevertheless: the file then proves it.
async fn compare(path: &Path, newest: &StoredCheckpoint, key: &PublicKey) -> std::io::Result<()> {
    let mut file = match fs::File::open(path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        file => file?,
    };
    let length = file.metadata().await?.len();
    file.seek(std::io::SeekFrom::Start(length.saturating_sub(TAIL_BYTES))).await?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail).await?;
    let notes = note::notes(&String::from_utf8_lossy(&tail));
    let Some(last) = notes.iter().rev().find_map(|note| key.open(note).ok()) else { return Ok(()) };
    let size = i64::try_from(last.size).unwrap_or(i64::MAX);
    if size > newest.size || (size == newest.size && last.root != newest.root) {
        tracing::error!(
            remembered = size,
            stored = newest.size,
            "the audit log in the database is not the one whose checkpoints are in the file: entries were lost or changed"
        );
    }
    Ok(())
}

async fn append(path: &Path, note: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).await?;
    }
    let mut file = fs::OpenOptions::new().create(true).append(true).open(path).await?;
    // An empty line ends a note: whoever reads the file sees where the next begins.
    file.write_all(format!("{note}\n").as_bytes()).await?;
    file.sync_all().await
}
