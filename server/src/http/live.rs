//! What WebSockets and event streams share: a subscription that is held open for one viewer, and how many there may be.
//! Never: an event by the right of yesterday. The viewer is looked up again before each, and each is a request of its own.

pub(super) mod events;
pub(super) mod socket;

use super::{
    Shared,
    graphql::{Checked, TIMEOUT, took_too_long},
    request::Signed,
};
use crate::{
    clock::Clock,
    graphql::{
        errors::{self, FORBIDDEN, INTERNAL, INVALID, LIMIT_EXCEEDED},
        live::Occasion,
    },
    service::{
        live::{Broken, Change, Feed, Listener},
        sign_in::SignInError,
    },
    telemetry::Metrics,
};
use async_graphql::{Executor, Response as Answer, ServerError, Value, parser::types::OperationType};
use futures_util::{Stream, StreamExt as _, stream};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use vizard_core::limits;

/// How often an open subscription looks at the clock: a token that is over ends it within this time.
const TICK: Duration = Duration::from_secs(1);

/// What open connections need besides the doors. Clones share it.
#[derive(Clone)]
pub struct Live {
    feed: Feed,
    clock: Clock,
    metrics: Metrics,
    /// Other sites than this server's own whose pages may open a WebSocket.
    origins: Arc<[String]>,
    closing: CancellationToken,
    tasks: TaskTracker,
    seats: Arc<Mutex<Seats>>,
}

/// Open connections, and those of each viewer.
#[derive(Default)]
struct Seats {
    all: usize,
    of: HashMap<String, usize>,
}

impl Live {
    /// Connections that hear of the feed.
    pub fn new(feed: Feed, clock: Clock, metrics: Metrics, origins: &[String]) -> Self {
        let (closing, tasks) = (CancellationToken::new(), TaskTracker::new());
        Self { feed, clock, metrics, origins: origins.into(), closing, tasks, seats: Arc::default() }
    }

    /// Ends every stream and closes every socket.
    pub fn close(&self) {
        self.closing.cancel();
    }

    /// Waits until all of them are closed; a client that takes nothing is not waited for long.
    pub async fn closed(&self) {
        self.tasks.close();
        let patience = Duration::from_secs(limits::LIVE_SEND_SECONDS);
        if tokio::time::timeout(patience, self.tasks.wait()).await.is_err() {
            tracing::warn!("stopped with open connections");
        }
    }

    fn seats(&self) -> MutexGuard<'_, Seats> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for one more connection; nothing where there are too many.
    fn seat(&self) -> Option<Seat> {
        let mut seats = self.seats();
        if seats.all >= limits::LIVE_CONNECTIONS {
            return None;
        }
        seats.all += 1;
        self.metrics.set_live_connections(seats.all);
        drop(seats);
        Some(Seat { live: self.clone(), viewer: None })
    }
}

/// The place of one connection, free again when it is dropped.
struct Seat {
    live: Live,
    viewer: Option<String>,
}

impl Seat {
    /// Counts the connection as one of this viewer's; false where they have too many.
    fn belongs_to(&mut self, viewer: &str) -> bool {
        let mut seats = self.live.seats();
        let count = seats.of.entry(viewer.to_owned()).or_default();
        if *count >= limits::LIVE_CONNECTIONS_PER_VIEWER {
            return false;
        }
        *count += 1;
        drop(seats);
        self.viewer = Some(viewer.to_owned());
        true
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut seats = self.live.seats();
        seats.all -= 1;
        self.live.metrics.set_live_connections(seats.all);
        if let Some(viewer) = &self.viewer
            && let Some(count) = seats.of.get_mut(viewer)
        {
            *count -= 1;
            if *count == 0 {
                seats.of.remove(viewer);
            }
        }
    }
}

/// What a subscription says.
enum Told {
    /// An event.
    Next(Answer),
    /// The last word.
    End(Ending),
}

/// Why a subscription is over.
enum Ending {
    /// It failed, or the viewer lost the right to it.
    Errors(Vec<ServerError>),
    /// The token no longer counts; the sentence says why.
    SignedOut(String),
    /// The server stops.
    Closing,
}

/// A subscription that is held open.
struct Ear<E> {
    shared: Arc<Shared<E>>,
    signed: Signed,
    asked: Checked,
    listener: Listener,
    looked_up: Instant,
}

/// Executes a subscription for one occasion. Nothing where no event comes of it.
async fn ask<E: Executor>(
    shared: &Shared<E>,
    signed: &Signed,
    asked: &Checked,
    occasion: Occasion,
) -> Result<Option<Answer>, Vec<ServerError>> {
    let request = asked.clone().request().data(signed.viewer.clone()).data(occasion);
    let mut answers = shared.app.schema.execute_stream(request, None);
    let Ok(answer) = tokio::time::timeout(shared.graphql_deadline, answers.next()).await else {
        return Err(vec![errors::refused(took_too_long(), TIMEOUT)]);
    };
    let Some(mut answer) = answer else { return Ok(None) };
    answer.errors.iter_mut().for_each(errors::ensure_code);
    // An event that cannot be shown at all ends the subscription: to go on would be to lose it silently.
    if answer.data == Value::Null { Err(answer.errors) } else { Ok(Some(answer)) }
}

impl<E: Executor> Ear<E> {
    /// Opens a subscription where the viewer may have it. Every change that is committed after this is told.
    async fn open(shared: &Arc<Shared<E>>, signed: Signed, asked: Checked) -> Result<Self, Vec<ServerError>> {
        let refuse = |message: &str, code| Err(vec![errors::refused(message, code)]);
        if asked.kind != OperationType::Subscription {
            return refuse("only subscriptions come this way: send queries and mutations by POST", INVALID);
        }
        // What a share shows is veiled and counted with each use; an open stream would be neither.
        if signed.viewer.share.is_some() {
            return refuse("a share is read by queries: it has no subscriptions", FORBIDDEN);
        }
        let opened = Arc::new(OnceLock::new());
        ask(shared, &signed, &asked, Occasion::Opening(Arc::clone(&opened))).await?;
        let Some(topic) = opened.get() else { return refuse("the subscription asks for nothing", INVALID) };
        let listener = shared.app.live.feed.listen(*topic);
        Ok(Self { shared: Arc::clone(shared), signed, asked, listener, looked_up: Instant::now() })
    }

    /// Looks the viewer up again.
    async fn look_up(&mut self) -> Result<(), Ending> {
        match self.shared.app.sign_in.again(&self.signed.bearer).await {
            Ok(viewer) => self.signed.viewer = viewer,
            Err(SignInError::Failed(cause)) => {
                tracing::error!(cause = %format_args!("{cause:#}"), "internal error");
                return Err(Ending::Errors(vec![errors::refused("internal error", INTERNAL)]));
            }
            Err(refused) => return Err(Ending::SignedOut(refused.to_string())),
        }
        self.looked_up = Instant::now();
        Ok(())
    }

    /// Whether the viewer still has the right to it.
    async fn check(&mut self) -> Result<(), Ending> {
        self.look_up().await?;
        let opening = Occasion::Opening(Arc::default());
        ask(&self.shared, &self.signed, &self.asked, opening).await.map(|_| ()).map_err(Ending::Errors)
    }

    async fn deliver(&mut self, change: Change) -> Result<Option<Answer>, Ending> {
        self.look_up().await?;
        ask(&self.shared, &self.signed, &self.asked, Occasion::Change(change)).await.map_err(Ending::Errors)
    }

    /// The next event, or the end.
    async fn next(&mut self) -> Told {
        loop {
            let heard = tokio::select! {
                biased;
                () = self.shared.app.live.closing.cancelled() => return Told::End(Ending::Closing),
                heard = self.listener.next() => Some(heard),
                () = tokio::time::sleep(TICK) => None,
            };
            let done = match heard {
                Some(Ok(Change::Access)) => self.check().await.map(|()| None),
                Some(Ok(change)) => self.deliver(change).await,
                Some(Err(why)) => Err(Ending::Errors(vec![broken(why)])),
                None if is_over(&self.signed, &self.shared.app.live.clock) => Err(Ending::SignedOut(OVER.to_owned())),
                None if self.looked_up.elapsed().as_secs() >= limits::LIVE_RECHECK_SECONDS => {
                    self.check().await.map(|()| None)
                }
                None => Ok(None),
            };
            match done {
                Ok(None) => {}
                Ok(Some(event)) => return Told::Next(event),
                Err(ending) => return Told::End(ending),
            }
        }
    }

    /// Events until the end.
    fn tell(self) -> impl Stream<Item = Told> {
        stream::unfold(Some(self), |ear| async {
            let mut ear = ear?;
            let told = ear.next().await;
            let more = matches!(told, Told::Next(_));
            Some((told, more.then_some(ear)))
        })
    }
}

const OVER: &str = "the token has expired";

fn is_over(signed: &Signed, clock: &Clock) -> bool {
    signed.viewer.until.is_some_and(|until| until <= clock.now())
}

fn broken(why: Broken) -> ServerError {
    let code = match why {
        Broken::TooSlow => LIMIT_EXCEEDED,
        Broken::Missed => "UNAVAILABLE",
    };
    errors::refused(why.to_string(), code)
}
