//! Plugins, connectors, their runs and rejects; configuring, switching and running connectors.
//! Never: a configuration shown to who may not change it: it may hold secrets.

use super::{
    credential::{ConnectorCredential, CredentialsOf},
    guard::{Answer, Guarded, guarded},
    page::{Connection, Page, PageArgs, wants},
    request::{self, Fault, Reader},
    rules,
    scalars::{DateTime, Json, int},
    source::{ConnectorSource, SourcesOf, VersionsOf},
    user_error::{UserError, outcome},
};
use crate::{
    error::ServiceError,
    permit::{Permit, Viewer},
    service::connectors::{self, NewConnector, StoredConnector, StoredPlugin, StoredReject, StoredRun},
};
use async_graphql::{Context, Enum, Error, ID, InputObject, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::{ConnectorId, PluginId, RunId},
};

/// Whether a connector takes deliveries.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "connectors::ConnectorState")]
pub enum ConnectorState {
    /// It does.
    Enabled,
    /// Switched off by hand.
    Paused,
    /// Stopped because its plugin failed repeatedly; what was delivered is kept.
    Quarantined,
}

/// How far a run is.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Waiting, or being read.
    Running,
    /// Read to its end.
    Succeeded,
    /// Not read to its end; `error` says why. What was read before is in.
    Failed,
}

impl From<connectors::RunState> for RunState {
    fn from(state: connectors::RunState) -> Self {
        match state {
            connectors::RunState::Queued | connectors::RunState::Running => Self::Running,
            connectors::RunState::Succeeded => Self::Succeeded,
            connectors::RunState::Failed => Self::Failed,
        }
    }
}

/// An installed plugin.
pub struct Plugin(StoredPlugin);

impl From<StoredPlugin> for Plugin {
    fn from(stored: StoredPlugin) -> Self {
        Self(stored)
    }
}

/// An installed plugin: what turns a vendor's records into events.
#[Object]
impl Plugin {
    /// Global id: one version of one plugin.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its short name, by which `createConnector` names it.
    async fn name(&self) -> &str {
        &self.0.spec.manifest.name
    }

    /// Its own version.
    async fn version(&self) -> &str {
        &self.0.spec.manifest.version
    }

    /// The version of the interface that it speaks.
    async fn sdk_version(&self) -> &str {
        &self.0.spec.manifest.sdk
    }

    /// SHA-256 of the plugin file, in hexadecimal.
    async fn digest(&self) -> &str {
        &self.0.spec.digest
    }

    /// One sentence for an operator.
    async fn description(&self) -> &str {
        &self.0.spec.manifest.description
    }

    /// Whose product the records come from.
    async fn vendor(&self) -> &str {
        &self.0.spec.vendor
    }

    /// What kind of product that is, such as `hr` or `office`: which indicators it may feed.
    async fn family(&self) -> &str {
        &self.0.spec.family
    }

    /// What may be delivered to it. Deliveries to a plugin with several feeds name one.
    async fn feeds(&self) -> Vec<&str> {
        self.0.spec.feeds.iter().map(|feed| feed.name.as_str()).collect()
    }

    /// Codes of the indicators whose events it gives.
    async fn kinds(&self) -> Vec<&str> {
        self.0.spec.kinds.iter().map(|kind| kind.code.as_str()).collect()
    }

    /// JSON Schema of a connector's configuration.
    async fn config_schema(&self) -> Json<&serde_json::Value> {
        Json(&self.0.spec.config_schema)
    }

    /// The id of the key that its file is signed with, as minisign prints it; null where it is not signed.
    async fn signed_by(&self) -> Option<&str> {
        self.0.signed_by.as_deref()
    }

    /// When this version was installed.
    async fn installed_at(&self) -> DateTime {
        DateTime(self.0.installed_at)
    }

    /// Whether it is the version that the plugin's connectors run.
    async fn is_used(&self) -> bool {
        self.0.used
    }

    /// All installed versions of this plugin, the newest first: `usePlugin` goes on with another one.
    async fn versions(&self, ctx: &Context<'_>) -> Answer<Vec<Plugin>> {
        let name = self.0.spec.manifest.name.clone();
        let found = request::load(ctx, VersionsOf(name)).await;
        found.map(|found| Some(found.unwrap_or_default().into_iter().map(Plugin).collect::<Vec<_>>())).into()
    }

    /// What it asks for beyond the records it is given and the usual room: `http:` and a destination, `memory:` and how
    /// much a call of it may use. Empty for most.
    async fn capabilities(&self) -> Vec<String> {
        self.0.spec.manifest.capabilities()
    }
}

/// A configured connector.
pub struct Connector(StoredConnector);

impl From<StoredConnector> for Connector {
    fn from(stored: StoredConnector) -> Self {
        Self(stored)
    }
}

/// A configured connector: a plugin with a configuration, to which records are delivered.
#[Object]
impl Connector {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its name in URLs: records are delivered to `/ingest/{name}`.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// What it runs.
    async fn plugin(&self, ctx: &Context<'_>) -> Result<Plugin, Error> {
        request::load_known(ctx, self.0.plugin).await.map(Plugin)
    }

    /// Whether it takes deliveries.
    async fn state(&self) -> ConnectorState {
        self.0.state.into()
    }

    /// Its configuration, in the plugin's shape.
    async fn config(&self, ctx: &Context<'_>) -> Guarded<Json<serde_json::Value>, rules::ConnectorConfig> {
        guarded(ctx, async |_| {
            let config = serde_json::from_str(&self.0.config).map_err(anyhow::Error::from)?;
            Ok::<_, ServiceError>(Json(config))
        })
        .await
    }

    /// The names of the secrets that it has. Their values are kept sealed and are in no answer.
    async fn secrets(&self, ctx: &Context<'_>) -> Guarded<Vec<String>, rules::ConnectorSecrets> {
        guarded(ctx, async |permit| request::services(ctx)?.secret_names(&permit, &self.0)).await
    }

    /// How often its sources are asked for new records, in minutes; null where only by hand, or where it pulls from nowhere.
    async fn pull_every_minutes(&self) -> Option<i32> {
        self.0.pull_minutes
    }

    /// Where it pulls from, a source each feed: how far that is, and what is wrong. Empty where records are delivered to it.
    async fn sources(&self, ctx: &Context<'_>) -> Answer<Vec<ConnectorSource>> {
        let found = request::load(ctx, SourcesOf(self.0.id)).await;
        found
            .map(|found| Some(found.unwrap_or_default().into_iter().map(ConnectorSource::from).collect::<Vec<_>>()))
            .into()
    }

    /// Destinations that it was granted.
    async fn grants(&self, ctx: &Context<'_>) -> Guarded<Vec<String>, rules::ConnectorGrants> {
        guarded(ctx, async |_| Ok::<_, ServiceError>(self.0.grants.clone())).await
    }

    /// What records are delivered to it with, the newest first.
    async fn credentials(&self, ctx: &Context<'_>) -> Guarded<Vec<ConnectorCredential>, rules::ConnectorCredentials> {
        guarded(ctx, async |_| {
            let found = request::load(ctx, CredentialsOf(self.0.id)).await?.unwrap_or_default();
            Ok::<_, ServiceError>(found.into_iter().map(ConnectorCredential::from).collect::<Vec<_>>())
        })
        .await
    }

    /// The newest run; null before the first.
    async fn last_run(&self, ctx: &Context<'_>) -> Answer<ConnectorRun> {
        request::load(ctx, LastRunOf(self.0.id)).await.map(|run| run.map(ConnectorRun)).into()
    }

    /// Its runs, the newest first.
    async fn runs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Result<Connection<ConnectorRun>, Error> {
        let listed = async {
            let permit = Permit::check(ctx.data_opt::<Viewer>(), Resource::Connectors, Action::Read)?;
            let page = Page::asked("runs", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.runs(&permit, self.0.id, &slice).await?;
            let key = |run: &StoredRun| (run.started_at, run.id.uuid());
            Ok(Connection::of(&page, listed, key, ConnectorRun))
        };
        listed.await.map_err(|error: ServiceError| super::errors::failed(&error))
    }

    /// When a delivery to it last ended, read to its end or not; null before the first.
    async fn last_delivery_at(&self) -> Option<DateTime> {
        self.0.last_delivery_at.map(DateTime)
    }
}

/// One delivery to a connector, or one file.
pub struct ConnectorRun(StoredRun);

impl From<StoredRun> for ConnectorRun {
    fn from(stored: StoredRun) -> Self {
        Self(stored)
    }
}

/// One delivery to a connector, or one file, and what became of its records: read = accepted + duplicates + rejected +
/// ignored + droppedOutsideCoverage.
#[Object]
impl ConnectorRun {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// When it was accepted, or when reading of the file began.
    async fn started_at(&self) -> DateTime {
        DateTime(self.0.started_at)
    }

    /// Null while it runs.
    async fn finished_at(&self) -> Option<DateTime> {
        self.0.finished_at.map(DateTime)
    }

    /// How far it is.
    async fn state(&self) -> RunState {
        self.0.state.into()
    }

    /// Records read so far.
    async fn read(&self) -> i32 {
        int(self.0.counts.read)
    }

    /// Records whose events went in.
    async fn accepted(&self) -> i32 {
        int(self.0.counts.accepted)
    }

    /// Records that had been delivered before; they change nothing.
    async fn duplicates(&self) -> i32 {
        int(self.0.counts.duplicates)
    }

    /// Records that could not be understood; see `rejects`.
    async fn rejected(&self) -> i32 {
        int(self.0.counts.rejected)
    }

    /// Records that were understood and mean nothing here.
    async fn ignored(&self) -> i32 {
        int(self.0.counts.ignored)
    }

    /// Records of people whom the installation does not monitor, or from before it does: nothing of them is kept.
    async fn dropped_outside_coverage(&self) -> i32 {
        int(self.0.counts.uncovered)
    }

    /// The records that could not be understood, by their place. At most 10,000 a run are kept; all are counted.
    async fn rejects(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Guarded<Connection<Reject>, rules::ConnectorRunRejects> {
        guarded(ctx, async |permit| {
            let page = Page::asked("rejects", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.rejects(&permit, self.0.id, &slice).await?;
            Ok::<_, ServiceError>(Connection::of(&page, listed, |reject| reject.position, Reject::from))
        })
        .await
    }

    /// Why it was not read to its end. It quotes no record.
    async fn error(&self) -> Option<&str> {
        self.0.error.as_deref()
    }
}

/// A record that was not accepted.
#[derive(SimpleObject)]
pub struct Reject {
    /// Its place in the delivery: the line of a file of rows, counted from 1, or the number of the record.
    position: i32,
    /// The kind of problem, for machines.
    reason: String,
    /// What was wrong, for people. It quotes nothing of the record.
    detail: String,
}

impl From<StoredReject> for Reject {
    fn from(stored: StoredReject) -> Self {
        Self { position: int(stored.position), reason: stored.reason, detail: stored.detail }
    }
}

impl Loader<PluginId> for Reader {
    type Value = StoredPlugin;
    type Error = Fault;

    async fn load(&self, ids: &[PluginId]) -> Result<HashMap<PluginId, StoredPlugin>, Fault> {
        let permit = self.permit(Resource::Connectors, Action::Read)?;
        Ok(self.services.plugins_by_id(&permit, ids).await?.into_iter().collect())
    }
}

impl Loader<ConnectorId> for Reader {
    type Value = StoredConnector;
    type Error = Fault;

    async fn load(&self, ids: &[ConnectorId]) -> Result<HashMap<ConnectorId, StoredConnector>, Fault> {
        let permit = self.permit(Resource::Connectors, Action::Read)?;
        Ok(self.services.connectors_by_id(&permit, ids).await?.into_iter().collect())
    }
}

impl Loader<RunId> for Reader {
    type Value = StoredRun;
    type Error = Fault;

    async fn load(&self, ids: &[RunId]) -> Result<HashMap<RunId, StoredRun>, Fault> {
        let permit = self.permit(Resource::Connectors, Action::Read)?;
        Ok(self.services.runs_by_id(&permit, ids).await?.into_iter().collect())
    }
}

/// The key of a connector's newest run.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LastRunOf(ConnectorId);

impl Loader<LastRunOf> for Reader {
    type Value = StoredRun;
    type Error = Fault;

    async fn load(&self, keys: &[LastRunOf]) -> Result<HashMap<LastRunOf, StoredRun>, Fault> {
        let permit = self.permit(Resource::Connectors, Action::Read)?;
        let ids: Vec<ConnectorId> = keys.iter().map(|LastRunOf(id)| *id).collect();
        let found = self.services.last_runs(&permit, &ids).await?;
        Ok(found.into_iter().map(|(id, run)| (LastRunOf(id), run)).collect())
    }
}

/// The part of the root about connectors.
#[derive(Default)]
pub struct ConnectorQuery;

#[Object]
impl ConnectorQuery {
    /// The installed plugins, the newest version of each, by name.
    async fn plugins(&self, ctx: &Context<'_>) -> Guarded<Vec<Plugin>, rules::QueryPlugins> {
        guarded(ctx, async |permit| {
            let found = request::services(ctx)?.plugins(&permit).await?;
            Ok::<_, ServiceError>(found.into_iter().map(Plugin).collect::<Vec<_>>())
        })
        .await
    }

    /// The configured connectors, by name.
    async fn connectors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, at most 100.")] first: Option<i32>,
        #[graphql(desc = "Only what comes after this cursor.")] after: Option<String>,
    ) -> Guarded<Connection<Connector>, rules::QueryConnectors> {
        guarded(ctx, async |permit| {
            let page = Page::asked("connectors", PageArgs { first, after, ..PageArgs::default() })?;
            let slice = page.slice(wants(ctx, "totalCount"));
            let listed = request::services(ctx)?.connectors(&permit, &slice).await?;
            let key = |connector: &StoredConnector| (connector.name.clone(), connector.id.uuid());
            Ok::<_, ServiceError>(Connection::of(&page, listed, key, Connector))
        })
        .await
    }
}

/// What `createConnector` takes.
#[derive(InputObject)]
pub struct CreateConnectorInput {
    /// Its name in URLs: lower-case letters, digits and hyphens, at most 200. Names are unique.
    name: String,
    /// The name of an installed plugin.
    plugin: String,
    /// As the plugin's `configSchema` wants it. Values that the schema marks with `x-secret` are kept sealed and are in no
    /// answer.
    config: Json<serde_json::Value>,
    /// Destinations that it may reach, of those that the plugin asks for (`Plugin.capabilities`): `https://host[:port][/path]`,
    /// `*.` before a host for all below it. One of your own network ends with ` private` and need not be asked for.
    grants: Option<Vec<String>>,
    /// How often its sources are asked for new records, in minutes, 1 to 1,440; without it only by hand (`runConnector`). For
    /// plugins that pull.
    pull_every_minutes: Option<i32>,
}

/// What `createConnector` answers.
#[derive(SimpleObject)]
pub struct CreateConnectorPayload {
    /// The new connector; null where something was wrong.
    connector: Option<Connector>,
    /// What was wrong with the input. Problems of the configuration are below `["input", "config"]`.
    user_errors: Vec<UserError>,
}

/// What `setConnectorState` takes.
#[derive(InputObject)]
pub struct SetConnectorStateInput {
    /// Which connector.
    connector_id: ID,
    /// ENABLED or PAUSED. ENABLED also ends a quarantine.
    state: ConnectorState,
}

/// What `setConnectorState` answers.
#[derive(SimpleObject)]
pub struct SetConnectorStatePayload {
    /// The connector; null where something was wrong.
    connector: Option<Connector>,
    /// What was wrong with the input.
    user_errors: Vec<UserError>,
}

/// What `runConnector` takes.
#[derive(InputObject)]
pub struct RunConnectorInput {
    /// Which connector.
    connector_id: ID,
    /// A file below the configured inbox. Without it the connector's sources are asked at once.
    path: Option<String>,
    /// Of sources: everything from this instant on once more, within the last three years and what the vendor still has. What
    /// is there already is not counted twice.
    since: Option<DateTime>,
    /// Which feed of the plugin the file is of; a plugin with one feed needs no name.
    feed: Option<String>,
}

/// What `runConnector` answers.
#[derive(SimpleObject)]
pub struct RunConnectorPayload {
    /// The run that has begun; ask for it again to see how far it is. Null where something was wrong, and for sources: each
    /// page of records becomes a run of its own.
    run: Option<ConnectorRun>,
    /// The connector; ask for its `sources` again to see how far they are. Null where something was wrong.
    connector: Option<Connector>,
    /// What was wrong with the input.
    user_errors: Vec<UserError>,
}

/// The part of the mutations about connectors.
#[derive(Default)]
pub struct ConnectorMutation;

#[Object]
impl ConnectorMutation {
    /// Configures a connector. The plugin checks the configuration first.
    async fn create_connector(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its name, its plugin, and how it is set up.")] input: CreateConnectorInput,
    ) -> Guarded<CreateConnectorPayload, rules::CreateConnector> {
        let CreateConnectorInput { name, plugin, config: Json(config), grants, pull_every_minutes } = input;
        let grants = grants.unwrap_or_default();
        let asked = NewConnector { name, plugin, config, grants, pull_minutes: pull_every_minutes };
        guarded(ctx, async |permit| {
            let (made, user_errors) = outcome(request::services(ctx)?.create_connector(&permit, asked).await)?;
            Ok::<_, ServiceError>(CreateConnectorPayload { connector: made.map(Connector), user_errors })
        })
        .await
    }

    /// Pauses a connector, or enables it again.
    async fn set_connector_state(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which connector, and what it is to do.")] input: SetConnectorStateInput,
    ) -> Guarded<SetConnectorStatePayload, rules::SetConnectorState> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let id = input.connector_id.parse().ok();
            let (made, user_errors) = outcome(services.set_connector_state(&permit, id, input.state.into()).await)?;
            Ok::<_, ServiceError>(SetConnectorStatePayload { connector: made.map(Connector), user_errors })
        })
        .await
    }

    /// Reads a file of the inbox through a connector, in the background; or asks the connector's sources at once.
    async fn run_connector(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which connector, and what it is to read.")] input: RunConnectorInput,
    ) -> Guarded<RunConnectorPayload, rules::RunConnector> {
        guarded(ctx, async |permit| {
            let services = request::services(ctx)?;
            let RunConnectorInput { connector_id, path, since, feed } = input;
            let id: Option<ConnectorId> = connector_id.parse().ok();
            if path.is_none() {
                let asked = services.ask_connector(&permit, id, since.map(|DateTime(at)| at)).await;
                let (connector, user_errors) = outcome(asked)?;
                return Ok(RunConnectorPayload { run: None, connector: connector.map(Connector), user_errors });
            }
            let (made, user_errors) =
                outcome(services.run_connector(&permit, id, feed.as_deref(), path.as_deref()).await)?;
            let connector = match &made {
                Some(run) => request::load(ctx, run.connector).await?,
                None => None,
            };
            let (run, connector) = (made.map(ConnectorRun), connector.map(Connector));
            Ok::<_, ServiceError>(RunConnectorPayload { run, connector, user_errors })
        })
        .await
    }
}
