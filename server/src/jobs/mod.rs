//! What goes on without being asked: deliveries are worked off, subjects are scored, norms are made, what is old goes, the
//! audit log grows.
//! Never: work of its own; each turn is one call of a service, and ends with the process.

use crate::service::Services;
use std::time::Duration;
use tokio::sync::Notify;
use tokio_util::task::TaskTracker;

/// How often the database is asked where no bell rang: other replicas have none.
const LOOK: Duration = Duration::from_millis(250);
/// How often the audit log is asked for entries without a place: with the time that a turn takes, they have theirs within
/// 250 ms (design, section 7).
const AUDIT_LOOK: Duration = Duration::from_millis(150);
/// How often the gauge of waiting rows is read.
const GAUGE: Duration = Duration::from_secs(5);
/// How often it is asked whether the day's norms are made.
const NORMS: Duration = Duration::from_secs(600);
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
        for feed in 0..services.feeds().len() {
            tasks.spawn(Job::Feed(feed).repeat(services.clone()));
        }
        let one = services.clone();
        tasks.spawn(async move {
            while !one.stop().is_cancelled() {
                let watched =
                    async { one.tidy_runs().await.and(one.watch_pending().await).and(one.forget_changes().await) }
                        .await;
                if let Err(error) = watched {
                    tracing::warn!(error = %format_args!("{error:#}"), "the database could not be asked");
                }
                tokio::select! {
                    () = one.stop().cancelled() => {}
                    () = tokio::time::sleep(GAUGE) => {}
                }
            }
        });
        let one = services.clone();
        tasks.spawn(async move {
            while !one.stop().is_cancelled() {
                if let Err(error) = one.make_norms().await {
                    tracing::error!(error = %format_args!("{error:#}"), "the day's norms could not be made");
                }
                tokio::select! {
                    () = one.stop().cancelled() => {}
                    () = tokio::time::sleep(NORMS) => {}
                }
            }
        });
        let one = services.clone();
        tasks.spawn(async move {
            while !one.stop().is_cancelled() {
                if let Err(error) = one.notify_roles().await {
                    tracing::error!(error = %format_args!("{error:#}"), "roles could not be told");
                }
                tokio::select! {
                    () = one.stop().cancelled() => {}
                    () = tokio::time::sleep(NOTIFICATIONS) => {}
                }
            }
        });
        let one = services.clone();
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = one.stop().cancelled() => return,
                    () = tokio::time::sleep(RETENTION) => {}
                }
                if let Err(error) = one.retain().await {
                    tracing::error!(error = %format_args!("{error:#}"), "what is old could not be removed");
                }
            }
        });
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
            Self::Feed(at) => match services.feeds().get(at) {
                Some(feed) => services.feed(feed).await,
                None => Ok(false),
            },
        }
    }

    const fn look(self) -> Duration {
        match self {
            Self::Audit => AUDIT_LOOK,
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
