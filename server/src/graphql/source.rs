//! Sources that connectors pull from, versions of plugins, and how connectors are set up anew.
//! Never: a secret in an answer; a cursor.

use super::{
    connector::{Connector, Plugin},
    guard::{Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    scalars::{DateTime, Json, int},
    user_error::{UserError, outcome},
};
use crate::{
    error::ServiceError,
    service::connectors::{ConnectorChange, StoredPlugin, StoredSource},
};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::ConnectorId,
};

/// One feed that a connector pulls from a vendor.
#[derive(SimpleObject)]
pub struct ConnectorSource {
    /// Which feed of the plugin.
    feed: String,
    /// When it was last asked with success, whether or not there was something new; null before.
    last_pulled_at: Option<DateTime>,
    /// When it is asked again. Null where it waits for somebody: nothing was scheduled, or `error` has to be mended first
    /// (`updateConnector`, `runConnector`).
    next_pull_at: Option<DateTime>,
    /// Failures since the last success.
    failures: i32,
    /// What the last failure was; null after a success. It quotes no record.
    error: Option<String>,
}

impl From<StoredSource> for ConnectorSource {
    fn from(stored: StoredSource) -> Self {
        let StoredSource { feed, last_at, next_at, failures, error } = stored;
        Self {
            feed,
            last_pulled_at: last_at.map(DateTime),
            next_pull_at: next_at.map(DateTime),
            failures: int(failures),
            error,
        }
    }
}

/// The key of a connector's sources.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct SourcesOf(pub(super) ConnectorId);

impl Loader<SourcesOf> for Reader {
    type Value = Vec<StoredSource>;
    type Error = Fault;

    async fn load(&self, keys: &[SourcesOf]) -> Result<HashMap<SourcesOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Connectors, Action::Read)?;
        let ids: Vec<ConnectorId> = keys.iter().map(|SourcesOf(id)| *id).collect();
        let found = self.services.sources_of(&permit, &ids).await?;
        Ok(found.into_iter().map(|(id, sources)| (SourcesOf(id), sources)).collect())
    }
}

/// The key of a plugin's versions: its name.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct VersionsOf(pub(super) String);

impl Loader<VersionsOf> for Reader {
    type Value = Vec<StoredPlugin>;
    type Error = Fault;

    async fn load(&self, keys: &[VersionsOf]) -> Result<HashMap<VersionsOf, Self::Value>, Fault> {
        let permit = self.permit(Resource::Connectors, Action::Read)?;
        let names: Vec<String> = keys.iter().map(|VersionsOf(name)| name.clone()).collect();
        let mut found: HashMap<VersionsOf, Vec<StoredPlugin>> = HashMap::new();
        for version in self.services.plugin_versions(&permit, &names).await? {
            found.entry(VersionsOf(version.spec.manifest.name.clone())).or_default().push(version);
        }
        Ok(found)
    }
}

/// What `updateConnector` takes. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateConnectorInput {
    /// Which connector.
    connector_id: ID,
    /// The whole configuration, as the plugin's `configSchema` wants it. Secrets that are left out stay.
    config: Option<Json<serde_json::Value>>,
    /// All destinations that it may reach, as in `createConnector`.
    grants: Option<Vec<String>>,
    /// How often its sources are asked, in minutes, 1 to 1,440; null: only by hand.
    pull_every_minutes: MaybeUndefined<i32>,
}

/// What `updateConnector` answers.
#[derive(SimpleObject)]
pub struct UpdateConnectorPayload {
    /// The connector as it is now; null where something was wrong, and nothing has changed.
    connector: Option<Connector>,
    /// What was wrong with the input. Problems of the configuration are below `["input", "config"]`.
    user_errors: Vec<UserError>,
}

/// What `usePlugin` takes.
#[derive(InputObject)]
pub struct UsePluginInput {
    /// An installed version of a plugin (`Plugin.versions`).
    plugin_id: ID,
}

/// What `usePlugin` answers.
#[derive(SimpleObject)]
pub struct UsePluginPayload {
    /// The version that is used now; null where something was wrong, and nothing has changed.
    plugin: Option<Plugin>,
    /// What was wrong: connectors whose configuration this version does not take, for one.
    user_errors: Vec<UserError>,
}

/// The part of the mutations about how connectors are set up.
#[derive(Default)]
pub struct SourceMutation;

#[Object]
impl SourceMutation {
    /// Changes how a connector is set up. What it has read stays, and so does how far its sources were read; sources that had
    /// stopped are asked again.
    async fn update_connector(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which connector, and what is different.")] input: UpdateConnectorInput,
    ) -> Guarded<UpdateConnectorPayload, rules::UpdateConnector> {
        guarded(ctx, async |permit| {
            let UpdateConnectorInput { connector_id, config, grants, pull_every_minutes } = input;
            let pull_minutes = match pull_every_minutes {
                MaybeUndefined::Undefined => None,
                MaybeUndefined::Null => Some(None),
                MaybeUndefined::Value(minutes) => Some(Some(minutes)),
            };
            let change = ConnectorChange { config: config.map(|Json(config)| config), grants, pull_minutes };
            let services = request::services(ctx)?;
            let changed = services.update_connector(&permit, connector_id.parse().ok(), change).await;
            let (changed, user_errors) = outcome(changed)?;
            Ok::<_, ServiceError>(UpdateConnectorPayload { connector: changed.map(Connector::from), user_errors })
        })
        .await
    }

    /// Has a plugin's connectors go on with another installed version of it, an older one too. Their configuration, what they
    /// have read and how far their sources were read stay. Deliveries that are being read end with the version they began
    /// with.
    async fn use_plugin(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which plugin, and which installed version of it.")] input: UsePluginInput,
    ) -> Guarded<UsePluginPayload, rules::UsePlugin> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let id = input.plugin_id.parse().ok();
            let (used, user_errors) = outcome(services.use_plugin(&permit, id).await)?;
            let plugin = match used {
                Some(used) => request::load(ctx, used.id).await?,
                None => None,
            };
            Ok::<_, ServiceError>(UsePluginPayload { plugin: plugin.map(Plugin::from), user_errors })
        })
        .await
    }
}
