//! Subscriptions: what somebody may hear of, and the thing as it is when they hear of it.
//! Never: a stream that outlives what it was opened by. A subscription is executed once to be opened and once for each
//! change, every time as a request of its own: with the viewer of that moment, and loaders of its own.

use super::{
    alert::Alert, case::Case, connector::ConnectorRun, directive, errors, guard::Rule, request, rules, words::Severity,
};
use crate::{
    error::ServiceError,
    permit::{Permit, Viewer},
    service::live::{Change, Topic},
};
use async_graphql::{
    Context, ContextSelectionSet, Error, ID, OutputType, Positioned, ServerResult, Subscription as Root,
    SubscriptionType, Value,
    parser::types::{DocumentOperations, ExecutableDocument, Field, OperationType, Selection, TypeCondition},
    registry::Registry,
};
use futures_util::stream;
use std::{
    borrow::Cow,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};
use vizard_core::{
    access::matrix,
    ids::{CaseId, ConnectorId},
};

/// What a subscription is executed for. Without one it answers nothing.
#[derive(Clone)]
pub enum Occasion {
    /// To find out whether it is allowed, and what it wants to hear of; no event comes of it.
    Opening(Arc<OnceLock<Topic>>),
    /// Something changed: one event, or none where it is not for this viewer.
    Change(Change),
}

/// An event that exists only where the rule `R` gave a permit.
pub struct Event<T, R>(T, PhantomData<R>);

/// The one event of a change, or none.
type Events<T, R> = stream::Iter<std::option::IntoIter<Event<T, R>>>;

impl<T: OutputType, R: Rule> OutputType for Event<T, R> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        directive::note::<R>();
        T::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if field.node.name.node != R::FIELD {
            let cause = anyhow::anyhow!("the rule of {}.{} guards another field", R::TYPE, R::FIELD);
            return Err(errors::failed(&ServiceError::Internal(cause)).into_server_error(field.pos));
        }
        self.0.resolve(ctx, field).await
    }
}

/// Asks for the permit of `R`; then opens the topic, where `look` finds nothing against it, or looks at what changed.
async fn events<T, R: Rule>(
    ctx: &Context<'_>,
    topic: Option<Topic>,
    look: impl AsyncFnOnce(Option<Change>) -> Result<Option<T>, ServiceError>,
) -> Result<Events<T, R>, Error> {
    Permit::check(ctx.data_opt::<Viewer>(), R::RESOURCE, R::ACTION)
        .map_err(|denied| errors::denied(&denied, matrix::roles(R::RESOURCE, R::ACTION)))?;
    let event = async {
        let topic = topic.ok_or(ServiceError::NotFound)?;
        match ctx.data_opt::<Occasion>() {
            Some(Occasion::Opening(opened)) => {
                look(None).await?;
                // A document has one field, which runs once.
                let _ = opened.set(topic);
                Ok(None)
            }
            Some(Occasion::Change(change)) => look(Some(*change)).await,
            None => Err(ServiceError::Internal(anyhow::anyhow!("a subscription was executed without an occasion"))),
        }
    };
    let event = event.await.map_err(|error| errors::failed(&error))?;
    Ok(stream::iter(event.map(|event| Event(event, PhantomData))))
}

/// Puts the one field of a subscription where the library looks for it: it passes over fragments at the root.
pub fn unfold(document: &mut ExecutableDocument) {
    let operations: Vec<_> = match &mut document.operations {
        DocumentOperations::Single(one) => vec![one],
        DocumentOperations::Multiple(many) => many.values_mut().collect(),
    };
    let is_root = |on: &TypeCondition| on.on.node == <Subscription as SubscriptionType>::type_name().as_ref();
    let mut unfolded = Vec::new();
    for operation in operations.into_iter().filter(|operation| operation.node.ty == OperationType::Subscription) {
        let items = &mut operation.node.selection_set.node.items;
        // What is no fragment of the root is left to validation. `precheck` refuses fragments that contain themselves.
        while let [one] = items.as_mut_slice() {
            let (inner, directives) = match &one.node {
                Selection::InlineFragment(inline)
                    if inline.node.type_condition.as_ref().is_none_or(|on| is_root(&on.node)) =>
                {
                    (inline.node.selection_set.node.items.clone(), inline.node.directives.clone())
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    match document.fragments.get(name) {
                        Some(fragment) if is_root(&fragment.node.type_condition.node) => {
                            unfolded.push(name.clone());
                            (fragment.node.selection_set.node.items.clone(), spread.node.directives.clone())
                        }
                        _ => break,
                    }
                }
                Selection::Field(_) | Selection::InlineFragment(_) => break,
            };
            *items = inner;
            for item in items.iter_mut() {
                match &mut item.node {
                    Selection::Field(field) => field.node.directives.extend(directives.clone()),
                    Selection::FragmentSpread(spread) => spread.node.directives.extend(directives.clone()),
                    Selection::InlineFragment(inline) => inline.node.directives.extend(directives.clone()),
                }
            }
        }
    }
    for name in unfolded {
        document.fragments.remove(&name);
    }
}

/// What can be waited for.
#[derive(Default)]
pub struct Subscription;

/// What can be waited for, over a WebSocket or as an event stream. Who loses the right to it is told so and hears nothing
/// more.
#[Root]
impl Subscription {
    /// Alerts that are raised, and alerts that become more severe before somebody has decided.
    async fn alert_raised(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those that have one of these severities by then.")] severity: Option<Vec<Severity>>,
    ) -> Result<Events<Alert, rules::AlertRaised>, Error> {
        events(ctx, Some(Topic::Alerts), async |change| {
            let Some(Change::Alert(id)) = change else { return Ok(None) };
            let wanted = |alert: &Alert| severity.as_ref().is_none_or(|wanted| wanted.contains(&alert.severity_now()));
            Ok(request::load(ctx, id).await?.map(Alert::from).filter(wanted))
        })
        .await
    }

    /// One case, whenever it or what is shown in it has changed. It ends where the case is no longer in sight.
    async fn case_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The case's id.")] id: ID,
    ) -> Result<Events<Case, rules::CaseUpdated>, Error> {
        let id = id.parse::<CaseId>().ok();
        events(ctx, id.map(Topic::Case), async |_| {
            let Some(id) = id else { return Ok(None) };
            let found = request::load(ctx, id).await?.ok_or(ServiceError::NotFound)?;
            Ok(Some(Case::from(found)))
        })
        .await
    }

    /// Runs of one connector, whenever one begins, has read a batch or ends.
    async fn connector_run_updated(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The connector's id.")] connector_id: ID,
    ) -> Result<Events<ConnectorRun, rules::ConnectorRunUpdated>, Error> {
        let id = connector_id.parse::<ConnectorId>().ok();
        events(ctx, id.map(Topic::Runs), async |change| {
            let Some(id) = id else { return Ok(None) };
            match change {
                Some(Change::Run(run, _)) => Ok(request::load(ctx, run).await?.map(ConnectorRun::from)),
                _ => request::load(ctx, id).await?.map(|_| None).ok_or(ServiceError::NotFound),
            }
        })
        .await
    }
}
