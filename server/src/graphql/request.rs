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
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextExecute, NextPrepareRequest},
};
use futures_util::{
    StreamExt as _,
    future::{BoxFuture, Either, select},
    stream::FuturesUnordered,
};
use std::{convert::Infallible, hash::Hash, pin::pin, sync::Arc, time::Duration};
use tokio::sync::{Mutex, mpsc};
use vizard_core::access::{Action, Resource};

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
        Arc::new(Prepare { services: self.0.clone(), order, ordered: Mutex::new(ordered) })
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
    ordered: Mutex<mpsc::UnboundedReceiver<Load>>,
}

impl Prepare {
    /// Does what is ordered, without an end.
    async fn look_up(&self) -> Infallible {
        let mut ordered = self.ordered.lock().await;
        let mut under_way = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(load) = ordered.recv() => under_way.push(load),
                Some(()) = under_way.next() => {}
                else => std::future::pending().await,
            }
        }
    }
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
        match select(pin!(next.run(ctx, operation_name)), pin!(self.look_up())).await {
            Either::Left((response, _)) => response,
            Either::Right((never, _)) => match never {},
        }
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
