//! Things by their global ids, whatever their kind.
//! Never: a way around a guard. What a viewer may not see is null, like what does not exist.

use super::{
    connector::{Connector, ConnectorRun, Plugin},
    errors,
    guard::Answer,
    indicator::Indicator,
    policy::Policy,
    request,
};
use crate::error::ServiceError;
use async_graphql::{Context, Error, ID, Interface, Object};
use futures_util::future::join_all;
use vizard_core::{
    access::{Action, Resource},
    ids::{ConnectorId, PluginId, PolicyId, RunId},
    limits,
    problem::ProblemCode,
};

/// Anything with a global id.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Global id: opaque, and good for `node`."))]
pub enum Node {
    /// A policy.
    Policy(Policy),
    /// An indicator of the catalogue.
    Indicator(Indicator),
    /// An installed plugin.
    Plugin(Plugin),
    /// A configured connector.
    Connector(Connector),
    /// A delivery to a connector.
    ConnectorRun(ConnectorRun),
}

/// The part of the root that finds things by id.
#[derive(Default)]
pub struct NodeQuery;

#[Object]
impl NodeQuery {
    /// The thing of that id; null where there is none, or none that the viewer may see.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A global id, as any `id` field gives it.")] id: ID,
    ) -> Answer<Node> {
        find(ctx, &id).await.into()
    }

    /// The things of these ids, in the same order; null in the place of each that `node` would not give. At most 100.
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Global ids.")] ids: Vec<ID>,
    ) -> Result<Vec<Option<Node>>, Error> {
        if ids.len() > limits::NODES_IDS {
            let message = format!("at most {} ids at once", limits::NODES_IDS);
            let error = ServiceError::invalid(&["ids"], ProblemCode::LimitExceeded, message);
            return Err(errors::failed(&error));
        }
        // Together, so that each kind is one statement.
        let found = join_all(ids.iter().map(|id| find(ctx, id))).await;
        found.into_iter().map(|node| node.map_err(|error| errors::failed(&error))).collect()
    }
}

async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, ServiceError> {
    match of_its_kind(ctx, id).await {
        Err(ServiceError::Forbidden | ServiceError::NotFound) => Ok(None),
        other => other,
    }
}

async fn of_its_kind(ctx: &Context<'_>, id: &ID) -> Result<Option<Node>, ServiceError> {
    if let Ok(id) = id.parse::<PolicyId>() {
        return Ok(request::load(ctx, id).await?.map(|found| Node::Policy(Policy::from(found))));
    }
    if let Ok(id) = id.parse::<PluginId>() {
        return Ok(request::load(ctx, id).await?.map(|found| Node::Plugin(Plugin::from(found))));
    }
    if let Ok(id) = id.parse::<ConnectorId>() {
        return Ok(request::load(ctx, id).await?.map(|found| Node::Connector(Connector::from(found))));
    }
    if let Ok(id) = id.parse::<RunId>() {
        return Ok(request::load(ctx, id).await?.map(|found| Node::ConnectorRun(ConnectorRun::from(found))));
    }
    let permit = request::permit(ctx, Resource::Indicators, Action::Read);
    Ok(permit.and_then(|_| Indicator::of_id(id)).map(Node::Indicator))
}
