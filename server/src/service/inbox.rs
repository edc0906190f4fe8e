//! The watched inbox: a file that is moved into `inbox/NAME/` (or `inbox/NAME/FEED/`) is read by the connector NAME and then
//! removed. It is picked up by a rename, so that of several replicas one reads it.
//!
//! While a file is read it lies in `.taken/`, under the name of its run; one that could not be read to its end lies in
//! `.failed/`, with the reason beside it. Names that begin with a dot or end with `.part` or `.tmp` are left alone.
//! Never: a file that is still being written, a link, or the name of a file in a log.

use super::Services;
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{ConnectorState, RunState, StoredConnector},
};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};
use vizard_core::{
    access::{Action, Resource},
    ids::RunId,
    limits,
    time::{Micros, SECOND},
};

const TAKEN: &str = ".taken";
const FAILED: &str = ".failed";

/// A file that waits.
struct Waiting {
    folder: PathBuf,
    name: String,
    feed: Option<String>,
}

impl Services {
    /// Reads the files that wait, one after the other; tells how many.
    pub async fn read_inbox(&self) -> anyhow::Result<usize> {
        let inbox = self.settings.inbox_dir.clone();
        if !tokio::fs::try_exists(&inbox).await.unwrap_or(false) {
            return Ok(0);
        }
        let mut read = 0;
        for folder in tokio::task::spawn_blocking(move || folders(&inbox)).await? {
            let Some(name) = folder.file_name().and_then(|name| name.to_str()) else { continue };
            let Some(connector) = self.store.connector_called(name).await? else { continue };
            self.tidy_taken(&folder).await?;
            if connector.state != ConnectorState::Enabled {
                continue;
            }
            let looked = folder.clone();
            for waiting in tokio::task::spawn_blocking(move || look(&looked)).await? {
                if self.stop.is_cancelled() {
                    return Ok(read);
                }
                self.read_waiting(&connector, waiting).await?;
                read += 1;
            }
        }
        Ok(read)
    }

    async fn read_waiting(&self, connector: &StoredConnector, waiting: Waiting) -> anyhow::Result<()> {
        let Waiting { folder, name, feed } = waiting;
        let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
        let from = folder.join(&name);
        let taken = folder.join(TAKEN).join(&name);
        if !take(&from, &taken) {
            // Another replica was faster, or whoever put it there took it away.
            return Ok(());
        }
        let began = self.begin_import(&permit, connector.id, feed.as_deref(), &taken).await;
        let (lease, connector, feed, file) = match began {
            Ok(begun) => begun,
            Err(ServiceError::Internal(error)) => {
                take(&taken, &from);
                return Err(error);
            }
            // Paused a moment ago: it waits.
            Err(ServiceError::Conflict(_)) => {
                take(&taken, &from);
                return Ok(());
            }
            Err(error) => return set_aside(&folder, &taken, &name, &error.to_string()),
        };
        let named = folder.join(TAKEN).join(format!("{} {name}", lease.run.uuid()));
        let kept = if take(&taken, &named) { named } else { taken };
        match self.read_file(lease, &connector, &feed, file, &mut |_| ()).await {
            Ok(_) => Ok(fs::remove_file(&kept)?),
            Err(error) if self.stop.is_cancelled() => {
                tracing::info!(run = %lease.run, error = error.code(), "a file of the inbox is read again after the start");
                take(&kept, &from);
                Ok(())
            }
            Err(ServiceError::Internal(error)) => {
                take(&kept, &from);
                Err(error)
            }
            Err(error) => {
                tracing::warn!(run = %lease.run, error = error.code(), "a file of the inbox was not read to its end");
                set_aside(&folder, &kept, &name, &error.to_string())
            }
        }
    }

    /// Files whose process is gone: one that was read is removed, one that was not is read again.
    async fn tidy_taken(&self, folder: &Path) -> anyhow::Result<()> {
        for folder in with_feeds(folder) {
            for (path, name) in files(&folder.join(TAKEN)) {
                let named = name.split_once(' ').and_then(|(run, name)| Some((run.parse().ok()?, name.to_owned())));
                let Some((run, name)) = named.map(|(run, name)| (RunId::new(run), name)) else {
                    // Between two renames: if nobody goes on with it, it waits again.
                    if is_old(&path, limits::RUN_LEASE_SECONDS.unsigned_abs()) {
                        take(&path, &folder.join(&name));
                    }
                    continue;
                };
                // Whoever read it removes it or sets it aside a moment after the run has ended.
                let now = self.clock.now();
                let ended = |at: Micros| now.0 - at.0 > limits::RUN_LEASE_SECONDS * SECOND;
                match self.store.runs_by_id(&[run]).await?.remove(&run) {
                    Some(run) if !run.finished_at.is_some_and(ended) => {}
                    Some(run) if run.state == RunState::Succeeded => fs::remove_file(&path)?,
                    // Nothing is counted twice.
                    _ => drop(take(&path, &folder.join(&name))),
                }
            }
        }
        Ok(())
    }
}

/// The folders in a folder, in the order of their names: none that is hidden, no links.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(limits::INBOX_FILES);
    let visible = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    let mut found: Vec<PathBuf> =
        visible.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path()).collect();
    found.sort_unstable();
    found
}

/// The folder of a connector and those of its feeds.
fn with_feeds(folder: &Path) -> Vec<PathBuf> {
    [folder.to_owned()].into_iter().chain(folders(folder)).collect()
}

/// The files in a folder, in the order of their names: no folders, no links.
fn files(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(limits::INBOX_FILES);
    let plain = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut found: Vec<(PathBuf, String)> =
        plain.filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?))).collect();
    found.sort_unstable();
    found
}

/// Files of a connector that are complete.
fn look(folder: &Path) -> Vec<Waiting> {
    let mut waiting = Vec::new();
    for of in with_feeds(folder) {
        let feed = (of != folder).then(|| of.file_name().map(|name| name.to_string_lossy().into_owned())).flatten();
        for (path, name) in files(&of) {
            let unfinished = name.starts_with('.') || name.ends_with(".part") || name.ends_with(".tmp");
            if !unfinished && is_old(&path, limits::INBOX_QUIET_SECONDS) {
                waiting.push(Waiting { folder: of.clone(), name, feed: feed.clone() });
            }
        }
    }
    waiting
}

/// Whether a file was last written to so many seconds ago: a copy that is on its way is written to all the time.
fn is_old(path: &Path, seconds: u64) -> bool {
    let changed = fs::metadata(path).and_then(|about| about.modified());
    changed.is_ok_and(|at| at.elapsed().is_ok_and(|age| age >= Duration::from_secs(seconds)))
}

/// Moves a file; false where it is not there any more. One that is there already under the new name is kept.
fn take(from: &Path, to: &Path) -> bool {
    let moved = || -> io::Result<()> {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        if to.exists() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        fs::rename(from, to)
    };
    moved().is_ok()
}

/// Where whoever put it there finds it again, and why.
fn set_aside(folder: &Path, kept: &Path, name: &str, why: &str) -> anyhow::Result<()> {
    let failed = folder.join(FAILED);
    fs::create_dir_all(&failed)?;
    fs::rename(kept, failed.join(name))?;
    fs::write(failed.join(format!("{name}.why.txt")), format!("{why}\n"))?;
    Ok(())
}
