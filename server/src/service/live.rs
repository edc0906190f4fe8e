//! Who waits for what changes, and the one reader of changes of this process.
//! Never: what a change is about, or a line without an end: a listener who does not keep up is told so.

use super::Services;
pub use crate::store::Change;
use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};
use tokio::sync::Notify;
use vizard_core::{
    ids::{CaseId, ConnectorId},
    limits,
};

/// What a subscriber wants to hear of. A change of access is about all of them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    /// Alerts that are raised or become more severe.
    Alerts,
    /// One case.
    Case(CaseId),
    /// Runs of one connector.
    Runs(ConnectorId),
}

impl Topic {
    fn hears(self, change: Change) -> bool {
        match (self, change) {
            (_, Change::Access) | (Self::Alerts, Change::Alert(_)) => true,
            (Self::Case(of), Change::Case(case)) => of == case,
            (Self::Runs(of), Change::Run(_, connector)) => of == connector,
            _ => false,
        }
    }
}

/// Why a listener hears nothing more.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Broken {
    /// More than `LIVE_QUEUE` different changes waited for it.
    #[error("more happened than was taken: ask for what there is now, and subscribe again")]
    TooSlow,
    /// This replica was without the database for so long that changes are gone.
    #[error("some changes were missed: ask for what there is now, and subscribe again")]
    Missed,
}

/// All listeners of this process. Clones share them.
#[derive(Clone, Default)]
pub struct Feed(Arc<Shared>);

#[derive(Default)]
struct Shared {
    /// The place up to which changes were told.
    place: AtomicI64,
    lines: Mutex<Lines>,
}

#[derive(Default)]
struct Lines {
    next: u64,
    open: HashMap<u64, Arc<Line>>,
}

struct Line {
    topic: Topic,
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Default)]
struct Waiting {
    changes: VecDeque<Change>,
    broken: Option<Broken>,
}

fn locked<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Line {
    /// A change that waits already stands for its repetition: the thing is read when it is delivered.
    fn add(&self, change: Change) {
        let mut waiting = locked(&self.waiting);
        if waiting.broken.is_some() || waiting.changes.contains(&change) {
            return;
        }
        if waiting.changes.len() >= limits::LIVE_QUEUE {
            waiting.changes = VecDeque::new();
            waiting.broken = Some(Broken::TooSlow);
        } else {
            waiting.changes.push_back(change);
        }
        drop(waiting);
        self.bell.notify_one();
    }

    fn end(&self, why: Broken) {
        *locked(&self.waiting) = Waiting { changes: VecDeque::new(), broken: Some(why) };
        self.bell.notify_one();
    }
}

impl Feed {
    /// A feed that goes on after `place`.
    fn after(place: i64) -> Self {
        Self(Arc::new(Shared { place: AtomicI64::new(place), lines: Mutex::default() }))
    }

    /// Hears of every change of the topic that is committed from now on, on whatever replica, until it is dropped.
    pub fn listen(&self, topic: Topic) -> Listener {
        let line = Arc::new(Line { topic, waiting: Mutex::default(), bell: Notify::new() });
        let mut lines = locked(&self.0.lines);
        lines.next += 1;
        let id = lines.next;
        lines.open.insert(id, Arc::clone(&line));
        Listener { feed: self.clone(), id, line }
    }

    fn tell(&self, changes: &[Change]) {
        let lines = locked(&self.0.lines);
        for line in lines.open.values() {
            for change in changes.iter().filter(|change| line.topic.hears(**change)) {
                line.add(*change);
            }
        }
    }

    fn end_all(&self, why: Broken) {
        locked(&self.0.lines).open.values().for_each(|line| line.end(why));
    }
}

/// One listener.
pub struct Listener {
    feed: Feed,
    id: u64,
    line: Arc<Line>,
}

impl Listener {
    /// Waits for the next change. Nothing is lost where it is dropped while it waits.
    pub async fn next(&self) -> Result<Change, Broken> {
        loop {
            {
                let mut waiting = locked(&self.line.waiting);
                if let Some(why) = waiting.broken {
                    return Err(why);
                }
                if let Some(change) = waiting.changes.pop_front() {
                    return Ok(change);
                }
            }
            self.line.bell.notified().await;
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        locked(&self.feed.0.lines).open.remove(&self.id);
    }
}

impl Services {
    pub(super) async fn open_feed(store: &crate::store::Store) -> anyhow::Result<Feed> {
        Ok(Feed::after(store.changes_placed().await?))
    }

    /// Who listens for changes in this process.
    pub fn live(&self) -> &Feed {
        &self.live
    }

    /// Tells listeners what changed since the last turn; false where nothing did. One task of a process calls it.
    pub async fn tell_changes(&self) -> anyhow::Result<bool> {
        let place = &self.live.0.place;
        let from = place.load(Ordering::Acquire);
        let read = self.store.changes_after(from).await?;
        place.store(read.place, Ordering::Release);
        if read.missed {
            tracing::warn!("changes were missed, and subscribers are told so");
            self.live.end_all(Broken::Missed);
        }
        self.live.tell(&read.found);
        Ok(read.place > from)
    }

    /// Removes changes that everybody was told of.
    pub async fn forget_changes(&self) -> anyhow::Result<()> {
        self.store.forget_changes(self.clock.now()).await
    }

    pub(crate) fn changed(&self) -> &Notify {
        self.store.changed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use uuid::Uuid;
    use vizard_core::ids::{AlertId, RunId};

    fn alert(number: usize) -> Change {
        Change::Alert(AlertId::new(Uuid::from_u128(number as u128)))
    }

    fn all(listener: &Listener) -> Vec<Result<Change, Broken>> {
        let mut heard = Vec::new();
        while let Some(next) = listener.next().now_or_never() {
            heard.push(next);
            if next.is_err() {
                break;
            }
        }
        heard
    }

    #[test]
    fn each_hears_what_is_its_topic_and_of_access() {
        let feed = Feed::default();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let alerts = feed.listen(Topic::Alerts);
        let case = feed.listen(Topic::Case(CaseId::new(one)));
        let runs = feed.listen(Topic::Runs(ConnectorId::new(one)));
        let mine = Change::Run(RunId::new(two), ConnectorId::new(one));
        let others = Change::Run(RunId::new(one), ConnectorId::new(two));
        feed.tell(&[alert(1), Change::Case(CaseId::new(one)), Change::Case(CaseId::new(two)), mine, others]);
        feed.tell(&[Change::Access]);
        assert_eq!(all(&alerts), [Ok(alert(1)), Ok(Change::Access)]);
        assert_eq!(all(&case), [Ok(Change::Case(CaseId::new(one))), Ok(Change::Access)]);
        assert_eq!(all(&runs), [Ok(mine), Ok(Change::Access)]);
    }

    #[test]
    fn what_waits_is_not_repeated_and_what_was_taken_is_told_again() {
        let feed = Feed::default();
        let listener = feed.listen(Topic::Alerts);
        feed.tell(&[alert(1), alert(2), alert(1)]);
        assert_eq!(all(&listener), [Ok(alert(1)), Ok(alert(2))]);
        feed.tell(&[alert(1)]);
        assert_eq!(all(&listener), [Ok(alert(1))]);
    }

    #[test]
    fn who_does_not_keep_up_is_told_and_holds_no_memory() {
        let feed = Feed::default();
        let (slow, quick) = (feed.listen(Topic::Alerts), feed.listen(Topic::Alerts));
        for number in 0..=limits::LIVE_QUEUE {
            feed.tell(&[alert(number)]);
            assert_eq!(all(&quick), [Ok(alert(number))]);
        }
        assert_eq!(all(&slow), [Err(Broken::TooSlow)]);
        assert!(locked(&slow.line.waiting).changes.is_empty());
        feed.tell(&[alert(0)]);
        assert_eq!(all(&slow), [Err(Broken::TooSlow)]);
    }

    #[test]
    fn who_is_gone_is_forgotten() {
        let feed = Feed::default();
        drop(feed.listen(Topic::Alerts));
        assert!(locked(&feed.0.lines).open.is_empty());
        let listener = feed.listen(Topic::Alerts);
        feed.end_all(Broken::Missed);
        assert_eq!(all(&listener), [Err(Broken::Missed)]);
    }
}
