//! What goes on without being asked: deliveries are worked off, subjects are scored, norms are made, what is old goes, the
//! audit log grows.
//! Never: work of its own; each turn is one call of a service, and ends with the process.

use crate::service::Services;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;
use vizard_core::limits;

/// How often the database is asked where no bell rang: other replicas have none.
const LOOK: Duration = Duration::from_millis(250);
/// How often the audit log is asked for entries without a place: with the time that a turn takes, they have theirs within
/// 250 ms (design, section 7).
const AUDIT_LOOK: Duration = Duration::from_millis(150);
/// How often it is asked whether a source is due: they are asked every few minutes.
const PULL_LOOK: Duration = Duration::from_secs(2);
/// How often the inbox is looked at.
const INBOX: Duration = Duration::from_secs(2);
/// How often the gauge of waiting rows is read.
const GAUGE: Duration = Duration::from_secs(5);
/// How often it is asked whether the day's norms are made.
const NORMS: Duration = Duration::from_secs(600);
/// How often it is asked whether accounts have to be compared.
const ACCOUNTS: Duration = Duration::from_secs(60);
/// How often it is asked whether roles have to be told of something.
const NOTIFICATIONS: Duration = Duration::from_secs(60);
/// How often it is asked whether the day's retention is done; first after as long, so that a start is not slowed down.
const RETENTION: Duration = Duration::from_secs(600);
/// Pause after a failure, doubled up to a limit.
const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// The running jobs. They end when the services' stop token says so.
pub struct Jobs(TaskTracker);

impl Jobs {
    /// Starts one worker of deliveries and `scorers` of subjects.
    pub fn start(services: &Services, scorers: u8) -> Self {
        let tasks = TaskTracker::new();
        tasks.spawn(Job::Deliveries.repeat(services.clone()));
        for _ in 0..scorers {
            tasks.spawn(Job::Scoring.repeat(services.clone()));
        }
        tasks.spawn(Job::Audit.repeat(services.clone()));
        tasks.spawn(Job::Messages.repeat(services.clone()));
        tasks.spawn(Job::Webhooks.repeat(services.clone()));
        tasks.spawn(Job::Changes.repeat(services.clone()));
        // Each waits for a vendor most of the time.
        for _ in 0..limits::PULLS {
            tasks.spawn(Job::Pulls.repeat(services.clone()));
        }
        for feed in 0..services.feeds().len() {
            tasks.spawn(Job::Feed(feed).repeat(services.clone()));
        }
        for chore in [Chore::Watch, Chore::Inbox, Chore::Norms, Chore::Accounts, Chore::Notifications, Chore::Retention]
        {
            tasks.spawn(chore.repeat(services.clone()));
        }
        tasks.close();
        Self(tasks)
    }

    /// Waits until the last turn is done.
    pub async fn ended(&self) {
        self.0.wait().await;
    }
}

#[derive(Clone, Copy)]
enum Job {
    Deliveries,
    Scoring,
    /// The audit log's sequencer: no more than a look behind.
    Audit,
    /// What has to be told by mail.
    Messages,
    /// What other systems are told.
    Webhooks,
    /// Tells subscribers of what changed.
    Changes,
    /// Sources that are due.
    Pulls,
    /// One of the feeds to a SIEM.
    Feed(usize),
}

impl Job {
    const fn name(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Scoring => "scoring",
            Self::Audit => "audit",
            Self::Messages => "messages",
            Self::Webhooks => "webhooks",
            Self::Changes => "changes",
            Self::Pulls => "pulls",
            Self::Feed(_) => "feed",
        }
    }

    /// Does some of what waits; false where nothing did.
    async fn turn(self, services: &Services) -> anyhow::Result<bool> {
        match self {
            Self::Deliveries => services.process_delivery().await,
            Self::Scoring => Ok(services.score_some().await? > 0),
            Self::Audit => services.sequence_audit().await,
            Self::Messages => services.send_message().await,
            Self::Webhooks => services.send_to_webhook().await,
            Self::Changes => services.tell_changes().await,
            Self::Pulls => services.pull_some().await,
            Self::Feed(at) => match services.feeds().get(at) {
                Some(feed) => services.feed(feed).await,
                None => Ok(false),
            },
        }
    }

    const fn look(self) -> Duration {
        match self {
            Self::Audit => AUDIT_LOOK,
            Self::Pulls => PULL_LOOK,
            _ => LOOK,
        }
    }

    fn bell(self, services: &Services) -> &Notify {
        match self {
            Self::Deliveries => &services.bell.deliveries,
            Self::Scoring => &services.bell.scoring,
            Self::Audit => &services.bell.audit,
            Self::Messages => &services.bell.messages,
            Self::Webhooks => &services.bell.webhooks,
            Self::Changes => services.changed(),
            Self::Pulls => &services.bell.pulls,
            Self::Feed(_) => &services.bell.feeds,
        }
    }

    /// Takes turns until there is nothing to do, then waits for the bell or the next look; after a failure longer.
    async fn repeat(self, services: Services) {
        let mut pause = FIRST_PAUSE;
        while !services.stop().is_cancelled() {
            let wait = match self.turn(&services).await {
                Ok(true) => {
                    pause = FIRST_PAUSE;
                    continue;
                }
                Ok(false) => {
                    pause = FIRST_PAUSE;
                    self.look()
                }
                Err(error) => {
                    tracing::error!(job = self.name(), error = %format_args!("{error:#}"), "a turn failed and will be repeated");
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    pause
                }
            };
            tokio::select! {
                () = services.stop().cancelled() => {}
                () = self.bell(&services).notified() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }
}

/// What is done every so often, whether or not anything waits.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Chore {
    /// Runs that nobody works off, the gauge of waiting rows, changes that everybody has read.
    Watch,
    Inbox,
    Norms,
    Accounts,
    Notifications,
    Retention,
}

impl Chore {
    const fn pause(self) -> Duration {
        match self {
            Self::Watch => GAUGE,
            Self::Inbox => INBOX,
            Self::Norms => NORMS,
            Self::Accounts => ACCOUNTS,
            Self::Notifications => NOTIFICATIONS,
            Self::Retention => RETENTION,
        }
    }

    async fn turn(self, services: &Services) -> anyhow::Result<()> {
        match self {
            Self::Watch => {
                services.tidy_runs().await.and(services.watch_pending().await).and(services.forget_changes().await)
            }
            Self::Inbox => services.read_inbox().await.map(drop),
            Self::Norms => services.make_norms().await.map(drop),
            Self::Accounts => services.compare_accounts().await.map(drop),
            Self::Notifications => services.notify_roles().await,
            Self::Retention => services.retain().await.map(drop),
        }
    }

    async fn repeat(self, services: Services) {
        let mut first = true;
        while !services.stop().is_cancelled() {
            let turn = !(first && self == Self::Retention);
            first = false;
            if turn && let Err(error) = self.turn(&services).await {
                let error = format_args!("{error:#}");
                match self {
                    Self::Watch => tracing::warn!(%error, "the database could not be asked"),
                    Self::Inbox => tracing::error!(%error, "the inbox could not be read"),
                    Self::Norms => tracing::error!(%error, "the day's norms could not be made"),
                    Self::Accounts => tracing::error!(%error, "accounts could not be compared"),
                    Self::Notifications => tracing::error!(%error, "roles could not be told"),
                    Self::Retention => tracing::error!(%error, "what is old could not be removed"),
                }
            }
            tokio::select! {
                () = services.stop().cancelled() => {}
                () = tokio::time::sleep(self.pause()) => {}
            }
        }
    }
}
