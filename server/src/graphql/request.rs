//! What one request has for itself: the services, the viewer, and loaders that join the look-ups of a page into one
//! statement.
//! Never: shared between requests. What one viewer may see is no answer for another.
//!
//! A look-up of one thing by its key is a [`Loader`] of [`Reader`], written beside the type that needs it:
//!
//! ```ignore
//! impl Loader<CaseId> for Reader {
//!     type Value = StoredCase;
//!     type Error = Fault;
//!     async fn load(&self, ids: &[CaseId]) -> Result<HashMap<CaseId, StoredCase>, Fault> {
//!         let permit = self.permit(Resource::CaseHeaders, Action::Read)?;
//!         Ok(self.services.cases_by_id(&permit, ids).await?.into_iter().collect())
//!     }
//! }
//! let found: Option<StoredCase> = request::load(ctx, id).await?;   // in a resolver
//! ```

use super::errors;
use crate::{
    error::ServiceError,
    permit::{Denied, Permit, Viewer},
    service::{Services, audit::Looks},
};
use async_graphql::{
    Context, Error, Request, Response, ServerResult,
    dataloader::{DataLoader, Loader},
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest, NextSubscribe},
};
use futures_util::{
    FutureExt as _, StreamExt as _,
    future::BoxFuture,
    stream::{BoxStream, FuturesUnordered},
};
use std::{
    hash::Hash,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{self, Poll, Wake, Waker},
    time::Duration,
};
use tokio::sync::{Mutex, mpsc};
use tracing::Instrument as _;
use vizard_core::{
    access::{Action, Resource},
    limits,
};

/// Gives every request its own loaders; give it to the schema's builder.
pub(super) struct PerRequest(pub(super) Services);

/// Reads for one viewer. A new one for every request, and without a cache: a mutation changes what was read before it.
pub(super) struct Reader {
    pub(super) services: Services,
    pub(super) viewer: Option<Viewer>,
    /// What was looked at and is audited.
    pub(super) looks: Looks,
}

/// Why a loader failed, for everybody who waits for it.
#[derive(Clone)]
pub(super) struct Fault(Arc<ServiceError>);

impl Reader {
    /// The viewer's permit.
    pub(super) fn permit(&self, resource: Resource, action: Action) -> Result<Permit, Denied> {
        Permit::check(self.viewer.as_ref(), resource, action)
    }
}

impl<E: Into<ServiceError>> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(Arc::new(error.into()))
    }
}

impl ExtensionFactory for PerRequest {
    fn create(&self) -> Arc<dyn Extension> {
        let (order, ordered) = mpsc::unbounded_channel();
        Arc::new(Prepare { services: self.0.clone(), order, ordered: Arc::new(Mutex::new(ordered)) })
    }
}

/// A look-up that a loader has ordered.
type Load = BoxFuture<'static, ()>;

/// Made for one request. What its loaders order is done by the request itself, in turn with its resolvers: a look-up begins
/// when all resolvers have said what they need, however long that took them. On a task of its own it would begin after a
/// millisecond, and a page would cost more statements on a slow machine.
struct Prepare {
    services: Services,
    order: mpsc::UnboundedSender<Load>,
    ordered: Arc<Mutex<mpsc::UnboundedReceiver<Load>>>,
}

/// Does what is ordered, until nobody can order any more.
async fn look_up(ordered: Arc<Mutex<mpsc::UnboundedReceiver<Load>>>) {
    let mut ordered = ordered.lock().await;
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            load = ordered.recv() => match load {
                Some(load) => under_way.push(load),
                None => return,
            },
            Some(()) = under_way.next() => {}
        }
    }
}

/// Tells whether a future has asked to be polled again while it was polled, and passes the wish on.
struct Again {
    asked: AtomicBool,
    task: Waker,
}

impl Wake for Again {
    fn wake(self: Arc<Self>) {
        self.asked.store(true, Ordering::Relaxed);
        self.task.wake_by_ref();
    }
}

/// The answer of resolvers whose look-ups are done in turn with them: not before they wait for nothing else. A long list
/// pauses in between, to be polled again at once.
async fn answered(resolvers: impl Future<Output = Response>, look_ups: impl Future<Output = ()>) -> Response {
    let (mut resolvers, mut look_ups) = (pin!(resolvers), pin!(look_ups.fuse()));
    std::future::poll_fn(|cx| {
        for _ in 0..limits::RESOLVER_POLLS {
            let again = Arc::new(Again { asked: AtomicBool::new(false), task: cx.waker().clone() });
            let waker = Waker::from(Arc::clone(&again));
            if let Poll::Ready(response) = resolvers.as_mut().poll(&mut task::Context::from_waker(&waker)) {
                return Poll::Ready(response);
            }
            if !again.asked.load(Ordering::Relaxed) {
                break;
            }
        }
        let _ = look_ups.as_mut().poll(cx);
        Poll::Pending
    })
    .await
}

#[async_trait::async_trait]
impl Extension for Prepare {
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let viewer = request.data.get(&std::any::TypeId::of::<Viewer>()).and_then(|viewer| viewer.downcast_ref());
        let reader = Reader { services: self.services.clone(), viewer: viewer.cloned(), looks: Looks::default() };
        let order = self.order.clone();
        let loaders = DataLoader::new(reader, move |load| order.send(load)).delay(Duration::ZERO);
        next.run(ctx, request.data(loaders)).await
    }

    async fn execute(
        &self,
        ctx: &ExtensionContext<'_>,
        operation_name: Option<&str>,
        next: NextExecute<'_>,
    ) -> Response {
        answered(next.run(ctx, operation_name), look_up(Arc::clone(&self.ordered))).await
    }

    /// A subscription looks things up between its events too, one at a time: on a task that ends with it.
    fn subscribe<'s>(
        &self,
        ctx: &ExtensionContext<'_>,
        stream: BoxStream<'s, Response>,
        next: NextSubscribe<'_>,
    ) -> BoxStream<'s, Response> {
        tokio::spawn(look_up(Arc::clone(&self.ordered)).in_current_span());
        next.run(ctx, stream)
    }
}

/// The services behind the schema.
pub(super) fn services<'a>(ctx: &Context<'a>) -> Result<&'a Services, ServiceError> {
    Ok(&loaders(ctx)?.loader().services)
}

/// What this request has looked at.
pub(super) fn looks<'a>(ctx: &Context<'a>) -> Result<&'a Looks, ServiceError> {
    Ok(&loaders(ctx)?.loader().looks)
}

/// The viewer's permit, for a field that answers null to who has none.
pub(super) fn permit(ctx: &Context<'_>, resource: Resource, action: Action) -> Option<Permit> {
    Permit::check(ctx.data_opt::<Viewer>(), resource, action).ok()
}

/// What is at `key`, looked up together with the other keys that the page asks for.
pub(super) async fn load<K, V>(ctx: &Context<'_>, key: K) -> Result<Option<V>, ServiceError>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Reader: Loader<K, Value = V, Error = Fault>,
{
    loaders(ctx)?.load_one(key).await.map_err(|Fault(error)| match Arc::try_unwrap(error) {
        Ok(error) => error,
        Err(shared) => match &*shared {
            ServiceError::NotFound => ServiceError::NotFound,
            ServiceError::Forbidden => ServiceError::Forbidden,
            other => ServiceError::Internal(anyhow::anyhow!("{}", cause(other))),
        },
    })
}

/// What is at `key` and cannot be missing: a non-null field.
pub(super) async fn load_known<K, V>(ctx: &Context<'_>, key: K) -> Result<V, Error>
where
    K: Send + Sync + Hash + Eq + Clone + 'static,
    Reader: Loader<K, Value = V, Error = Fault>,
{
    let missing = || ServiceError::Internal(anyhow::anyhow!("a row refers to one that is missing"));
    load(ctx, key).await.and_then(|found| found.ok_or_else(missing)).map_err(|error| errors::failed(&error))
}

fn cause(error: &ServiceError) -> String {
    match error {
        ServiceError::Internal(cause) => format!("{cause:#}"),
        other => other.to_string(),
    }
}

fn loaders<'a>(ctx: &Context<'a>) -> Result<&'a DataLoader<Reader>, ServiceError> {
    ctx.data_opt().ok_or_else(|| ServiceError::Internal(anyhow::anyhow!("the schema was built without services")))
}
