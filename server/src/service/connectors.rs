//! Connectors: configured, switched, run by hand; their plugins, runs and rejects as listed.
//! Never: a configuration that its plugin did not accept; a file outside of the inbox.

use super::Services;
pub(crate) use super::plugins::StoredPlugin;
pub use crate::store::ConnectorState;
pub(crate) use crate::store::{RunState, StoredConnector, StoredReject, StoredRun, StoredSource};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, Page, Secrets, SetUp, Slice},
};
use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
    sync::{Arc, PoisonError},
};
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::{ConnectorId, PluginId, RunId},
    limits,
    problem::{Problem, ProblemCode},
    time::Micros,
};
use vizard_plugin_host::{Call, Destination, Manifest, Plugin};

/// A connector that a viewer wants to have.
#[derive(Clone, Debug)]
pub struct NewConnector {
    /// How it is called in URLs: lower-case letters, digits and hyphens.
    pub name: String,
    /// The name of an installed plugin; its newest version is taken.
    pub plugin: String,
    /// As the plugin's schema wants it.
    pub config: serde_json::Value,
    /// Destinations that it may reach.
    pub grants: Vec<String>,
    /// How often its sources are asked; nothing where only by hand.
    pub pull_minutes: Option<i32>,
}

/// What of a connector is to be changed; nothing where it stays as it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct ConnectorChange {
    /// As the plugin's schema wants it. Secrets that it leaves out stay.
    pub(crate) config: Option<serde_json::Value>,
    pub(crate) grants: Option<Vec<String>>,
    /// Nothing inside: only by hand from now on.
    pub(crate) pull_minutes: Option<Option<i32>>,
}

/// A configuration that its plugin accepts, ready to be kept.
struct Accepted {
    config: String,
    secrets: Secrets,
    feeds: Vec<String>,
}

impl Services {
    /// The newest installed version of each plugin.
    pub(crate) async fn plugins(&self, permit: &Permit) -> Result<Vec<StoredPlugin>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.plugins().await?)
    }

    /// The plugins with these ids, those that exist.
    pub(crate) async fn plugins_by_id(
        &self,
        permit: &Permit,
        ids: &[PluginId],
    ) -> Result<BTreeMap<PluginId, StoredPlugin>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.plugins_by_id(ids).await?)
    }

    /// Connectors in the order of their names.
    pub(crate) async fn connectors(
        &self,
        permit: &Permit,
        slice: &Slice<(String, Uuid)>,
    ) -> Result<Page<StoredConnector>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.connectors(slice).await?)
    }

    /// The connectors with these ids, those that exist.
    pub(crate) async fn connectors_by_id(
        &self,
        permit: &Permit,
        ids: &[ConnectorId],
    ) -> Result<BTreeMap<ConnectorId, StoredConnector>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.connectors_by_id(ids).await?)
    }

    /// The last run of each of these connectors that ever ran.
    pub(crate) async fn last_runs(
        &self,
        permit: &Permit,
        ids: &[ConnectorId],
    ) -> Result<BTreeMap<ConnectorId, StoredRun>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.last_runs(ids).await?)
    }

    /// A connector's runs, the newest first.
    pub(crate) async fn runs(
        &self,
        permit: &Permit,
        connector: ConnectorId,
        slice: &Slice<(Micros, Uuid)>,
    ) -> Result<Page<StoredRun>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.runs(connector, slice).await?)
    }

    /// The runs with these ids, those that exist.
    pub(crate) async fn runs_by_id(
        &self,
        permit: &Permit,
        ids: &[RunId],
    ) -> Result<BTreeMap<RunId, StoredRun>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.runs_by_id(ids).await?)
    }

    /// What a run rejected, by position.
    pub(crate) async fn rejects(
        &self,
        permit: &Permit,
        run: RunId,
        slice: &Slice<i64>,
    ) -> Result<Page<StoredReject>, ServiceError> {
        permit.require(Resource::Rejects, Action::Read)?;
        Ok(self.store.rejects(run, slice).await?)
    }

    /// The sources of each of these connectors.
    pub(crate) async fn sources_of(
        &self,
        permit: &Permit,
        ids: &[ConnectorId],
    ) -> Result<BTreeMap<ConnectorId, Vec<StoredSource>>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.sources_of(ids).await?)
    }

    /// Configures a connector, once its plugin has accepted the configuration.
    pub(crate) async fn create_connector(
        &self,
        permit: &Permit,
        asked: NewConnector,
    ) -> Result<StoredConnector, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let NewConnector { name, plugin, config, grants, pull_minutes } = asked;
        let mut problems: Vec<Problem> = check_name(&name).err().into_iter().collect();
        let installed = self.store.plugin_called(&plugin).await?;
        let accepted = match &installed {
            None => {
                let message = "No plugin of that name is installed.";
                problems.push(Problem::new(&["input", "plugin"], ProblemCode::NotFound, message));
                None
            }
            Some(installed) => {
                let plugin = self.plugin(installed.id).await?;
                self.accept(&plugin, config, (&grants, pull_minutes), &mut problems).await?
            }
        };
        let (Some(installed), Some(accepted)) = (installed, accepted.filter(|_| problems.is_empty())) else {
            return Err(ServiceError::Invalid(problems));
        };
        let manifest = &installed.spec.manifest;
        let detail =
            serde_json::json!({"name": name, "plugin": manifest.name, "version": manifest.version, "grants": grants});
        let entry = |id: ConnectorId| Entry::by(viewer, AuditActivity::Added, AuditCategory::Connectors, id, &detail);
        let now = self.clock.now();
        let Accepted { config, secrets, feeds } = accepted;
        let set_up = SetUp { config: &config, secrets: &secrets, grants: &grants, pull_minutes, feeds: &feeds };
        let created = self.store.create_connector((&name, installed.id), &set_up, entry, now).await?;
        let Some(id) = created else {
            let message = "Another connector has this name. Names are unique.";
            return Err(ServiceError::invalid(&["input", "name"], ProblemCode::Conflict, message));
        };
        self.bell.pulls.notify_one();
        self.named_connector(Some(id)).await
    }

    /// Changes how a connector is set up. What it has read, and where its sources were read to, stays.
    pub(crate) async fn update_connector(
        &self,
        permit: &Permit,
        id: Option<ConnectorId>,
        change: ConnectorChange,
    ) -> Result<StoredConnector, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let before = self.named_connector(id).await?;
        let id = before.id;
        let ConnectorChange { config, grants, pull_minutes } = change;
        let mut whole: serde_json::Value =
            serde_json::from_str(&self.whole_config(&before)?).map_err(anyhow::Error::from)?;
        let configured = config.is_some();
        if let Some(mut new) = config {
            if let (Some(new), Some(old)) = (new.as_object_mut(), whole.as_object()) {
                let kept = self.store.secrets_of(&before)?.into_keys().filter(|name| !new.contains_key(name));
                for name in kept.collect::<Vec<_>>() {
                    new.extend(old.get(&name).map(|secret| (name.clone(), secret.clone())));
                }
            }
            whole = new;
        }
        let grants = grants.unwrap_or_else(|| before.grants.clone());
        let pull_minutes = pull_minutes.unwrap_or(before.pull_minutes);
        let mut problems = Vec::new();
        let plugin = self.plugin(before.plugin).await?;
        let accepted = self.accept(&plugin, whole, (&grants, pull_minutes), &mut problems).await?;
        let Some(Accepted { config, secrets, feeds }) = accepted.filter(|_| problems.is_empty()) else {
            return Err(ServiceError::Invalid(problems));
        };
        let told = [(&before.grants, before.pull_minutes), (&grants, pull_minutes)]
            .map(|(grants, minutes)| serde_json::json!({"grants": grants, "pullEveryMinutes": minutes}));
        let detail = serde_json::json!({"config": if configured { "given" } else { "kept" }});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Connectors, id, &detail).change(told);
        let set_up = SetUp { config: &config, secrets: &secrets, grants: &grants, pull_minutes, feeds: &feeds };
        self.store.set_connector_up(id, &set_up, entry, self.clock.now()).await?;
        self.bell.pulls.notify_one();
        self.named_connector(Some(id)).await
    }

    /// Pauses a connector, or enables it again after a pause or a quarantine.
    pub(crate) async fn set_connector_state(
        &self,
        permit: &Permit,
        id: Option<ConnectorId>,
        state: ConnectorState,
    ) -> Result<StoredConnector, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        if state == ConnectorState::Quarantined {
            let message = "Only repeated faults put a connector into quarantine: choose ENABLED or PAUSED.";
            return Err(ServiceError::invalid(&["input", "state"], ProblemCode::NotAllowed, message));
        }
        let mut connector = self.named_connector(id).await?;
        let id = connector.id;
        if connector.state == state {
            return Ok(connector);
        }
        let states = [connector.state, state].map(|state| serde_json::json!({"state": state.as_str()}));
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Connectors, id, &serde_json::Value::Null)
            .change(states);
        self.store.set_connector_state(id, state, entry, self.clock.now()).await?;
        // Faults from before a release count no more.
        self.faults.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        self.bell.deliveries.notify_one();
        connector.state = state;
        Ok(connector)
    }

    /// Begins to read a file of the inbox through a connector; answers once the run is durable.
    pub(crate) async fn run_connector(
        &self,
        permit: &Permit,
        id: Option<ConnectorId>,
        feed: Option<&str>,
        path: Option<&str>,
    ) -> Result<StoredRun, ServiceError> {
        permit.require(Resource::Connectors, Action::Change)?;
        let id = id.ok_or_else(no_connector)?;
        let file = self.in_the_inbox(path).await?;
        let run = self.start_import(permit, id, feed, &file).await.map_err(|error| match error {
            ServiceError::NotFound => no_connector(),
            ServiceError::Conflict(state) => {
                ServiceError::invalid(&["input", "connectorId"], ProblemCode::NotAllowed, sentence(&state))
            }
            ServiceError::Invalid(problems) => ServiceError::Invalid(problems.into_iter().map(of_the_input).collect()),
            other => other,
        })?;
        let found = self.store.runs_by_id(&[run]).await?.remove(&run);
        found.ok_or_else(|| ServiceError::Internal(anyhow::anyhow!("a run vanished")))
    }

    /// Has a connector's sources asked at once; with `since`, everything from then on once more.
    pub(crate) async fn ask_connector(
        &self,
        permit: &Permit,
        id: Option<ConnectorId>,
        since: Option<Micros>,
    ) -> Result<StoredConnector, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let connector = self.named_connector(id).await?;
        let id = connector.id;
        let refuse = |field: &[&str], code, message: &str| Err(ServiceError::invalid(field, code, message));
        if connector.state != ConnectorState::Enabled {
            let message = "The connector is paused or quarantined: enable it first.";
            return refuse(&["input", "connectorId"], ProblemCode::NotAllowed, message);
        }
        let now = self.clock.now();
        if since.is_some_and(|since| since > now || since < now.plus_days(-limits::PULL_BACK_DAYS)) {
            let message = "Records can be asked for again from an instant within the last three years.";
            return refuse(&["input", "since"], ProblemCode::Invalid, message);
        }
        let detail = serde_json::json!({"asked": true, "since": since.map(|at| at.0)});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Connectors, id, &detail);
        if self.store.ask_sources(id, since, entry, now).await? == 0 {
            let message = "This connector pulls from nowhere: name a file of the inbox.";
            return refuse(&["input", "path"], ProblemCode::Required, message);
        }
        self.bell.pulls.notify_one();
        Ok(connector)
    }

    /// What a plugin is called with, now.
    pub(super) fn call(&self, installation: String, config: String) -> Call {
        let (received_at, default_zone) = (self.clock.now(), self.settings.default_zone.clone());
        Call { installation, config, received_at, default_zone }
    }

    /// The connector that an input names.
    async fn named_connector(&self, id: Option<ConnectorId>) -> Result<StoredConnector, ServiceError> {
        let id = id.ok_or_else(no_connector)?;
        self.store.connectors_by_id(&[id]).await?.remove(&id).ok_or_else(no_connector)
    }

    /// The names of a connector's secrets.
    pub(crate) fn secret_names(
        &self,
        permit: &Permit,
        connector: &StoredConnector,
    ) -> Result<Vec<String>, ServiceError> {
        permit.require(Resource::ConnectorConfig, Action::Read)?;
        Ok(self.store.secrets_of(connector)?.into_keys().collect())
    }

    /// A connector's configuration with its secrets: never for an answer.
    pub(super) fn whole_config(&self, connector: &StoredConnector) -> Result<String, ServiceError> {
        let mut whole: serde_json::Value = serde_json::from_str(&connector.config).map_err(anyhow::Error::from)?;
        if let Some(values) = whole.as_object_mut() {
            let secrets = self.store.secrets_of(connector)?;
            values.extend(secrets.into_iter().map(|(name, secret)| (name, secret.as_str().into())));
        }
        Ok(whole.to_string())
    }

    /// A configuration, grants and a schedule, if nothing is wrong with them; what is goes to `problems`.
    async fn accept(
        &self,
        plugin: &Arc<Plugin>,
        config: serde_json::Value,
        (grants, pull_minutes): (&[String], Option<i32>),
        problems: &mut Vec<Problem>,
    ) -> Result<Option<Accepted>, ServiceError> {
        let spec = plugin.spec();
        problems.extend(check_grants(&spec.manifest, grants));
        if pull_minutes.is_some() && !spec.manifest.pulls() {
            let message = "The plugin pulls from nowhere: its records are delivered.";
            problems.push(Problem::new(&["input", "pullEveryMinutes"], ProblemCode::NotAllowed, message));
        }
        if pull_minutes.is_some_and(|minutes| !limits::PULL_EVERY_MINUTES.contains(&minutes)) {
            let (least, most) = (limits::PULL_EVERY_MINUTES.start(), limits::PULL_EVERY_MINUTES.end());
            let message = format!("A source is asked every {least} to {most} minutes.");
            problems.push(Problem::new(&["input", "pullEveryMinutes"], ProblemCode::Invalid, message));
        }
        let text = config.to_string();
        if text.len() > limits::CONNECTOR_CONFIG_BYTES {
            let message = format!("A configuration has at most {} bytes.", limits::CONNECTOR_CONFIG_BYTES);
            problems.push(Problem::new(&["input", "config"], ProblemCode::LimitExceeded, message));
            return Ok(None);
        }
        let found = self.problems_of(Arc::clone(plugin), text).await?;
        if !found.is_empty() {
            problems.extend(found);
            return Ok(None);
        }
        let (open, secrets) = spec.part(config);
        let feeds = match spec.manifest.pulls() {
            true => spec.feeds.iter().map(|feed| feed.name.clone()).collect(),
            false => Vec::new(),
        };
        Ok(Some(Accepted { config: open.to_string(), secrets, feeds }))
    }

    /// What the plugin says of a configuration with its secrets, with paths into the API's input.
    pub(super) async fn problems_of(&self, plugin: Arc<Plugin>, config: String) -> Result<Vec<Problem>, ServiceError> {
        let call = self.call("new".to_owned(), config);
        let checked = tokio::task::spawn_blocking(move || plugin.check_config(&call)).await;
        let found = checked.map_err(anyhow::Error::from)?.map_err(|error| {
            ServiceError::invalid(&["input", "plugin"], ProblemCode::Invalid, sentence(&error.to_string()))
        })?;
        let problem = |found: vizard_plugin_host::Problem| {
            let parts = found.at.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~"));
            let field = ["input", "config"].map(str::to_owned).into_iter().chain(parts).collect();
            Problem { field, code: ProblemCode::Invalid, message: sentence(&found.message) }
        };
        Ok(found.into_iter().map(problem).collect())
    }

    /// The file that `path` names below the inbox. Links are followed, and must end below the inbox too.
    async fn in_the_inbox(&self, path: Option<&str>) -> Result<PathBuf, ServiceError> {
        let refuse = |code, message: &str| Err(ServiceError::invalid(&["input", "path"], code, message));
        let Some(path) = path else {
            let message = "Name a file of the inbox.";
            return refuse(ProblemCode::Required, message);
        };
        let path = Path::new(path);
        let inside = path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside {
            return refuse(ProblemCode::Invalid, "A path is relative to the inbox and does not leave it.");
        }
        let inbox = &self.settings.inbox_dir;
        let real = async { Ok::<_, std::io::Error>((canonical(inbox).await?, canonical(&inbox.join(path)).await?)) };
        match real.await {
            // The same answer for a link that leads out: nobody learns what is outside.
            Ok((inbox, file)) if file.starts_with(&inbox) => Ok(file),
            _ => refuse(ProblemCode::NotFound, "The inbox has no such file."),
        }
    }
}

async fn canonical(path: &Path) -> std::io::Result<PathBuf> {
    tokio::fs::canonicalize(path).await
}

fn check_name(name: &str) -> Result<(), Problem> {
    let refuse = |code, message: &str| Err(Problem::new(&["input", "name"], code, message));
    if name.is_empty() {
        return refuse(ProblemCode::Required, "A connector needs a name.");
    }
    if name.len() > limits::NAME_CHARS {
        let message = format!("The name of a connector has at most {} characters.", limits::NAME_CHARS);
        return refuse(ProblemCode::LimitExceeded, &message);
    }
    if !name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-')) {
        let message = "The name of a connector has lower-case letters, digits and hyphens only: it stands in URLs.";
        return refuse(ProblemCode::Invalid, message);
    }
    Ok(())
}

/// Grants are destinations, and ones that the plugin's maker asks for.
fn check_grants(manifest: &Manifest, grants: &[String]) -> Vec<Problem> {
    if grants.len() > limits::DESTINATIONS {
        let message = format!("A connector is granted at most {} destinations.", limits::DESTINATIONS);
        return vec![Problem::new(&["input", "grants"], ProblemCode::LimitExceeded, message)];
    }
    let asked: Vec<Destination> = manifest.hosts.iter().filter_map(|host| Destination::parse(host).ok()).collect();
    let mut problems = Vec::new();
    for (at, grant) in grants.iter().enumerate() {
        let at = at.to_string();
        let field = ["input", "grants", at.as_str()];
        match Destination::parse(grant) {
            Err(why) => problems.push(Problem::new(&field, ProblemCode::Invalid, sentence(&why))),
            Ok(grant) if asked.iter().any(|asked| grant.is_within(asked)) => {}
            Ok(_) if asked.is_empty() => {
                let message = "The plugin reaches nothing: leave the grants out.";
                problems.push(Problem::new(&field, ProblemCode::NotAllowed, message));
            }
            Ok(_) => {
                let message = format!("The plugin does not ask for it; it asks for: {}.", manifest.hosts.join(", "));
                problems.push(Problem::new(&field, ProblemCode::NotAllowed, message));
            }
        }
    }
    problems
}

fn no_connector() -> ServiceError {
    ServiceError::invalid(&["input", "connectorId"], ProblemCode::NotFound, "There is no connector of that id.")
}

/// A problem of an import, whose paths are those of a delivery, as a problem of the mutation.
fn of_the_input(problem: Problem) -> Problem {
    let problem = Problem { message: sentence(&problem.message), ..problem };
    if problem.field.first().is_some_and(|first| first == "input") { problem } else { problem.within(&["input"]) }
}

/// A message of a layer below as a sentence.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first: String = characters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", characters.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_connector_fits_into_a_url() {
        let code = |name: &str| check_name(name).map_err(|problem| problem.code);
        assert_eq!(code("hr-2"), Ok(()));
        assert_eq!(code(""), Err(ProblemCode::Required));
        for name in ["HR", "hr connector", "hr/x", "hr_2", "\u{e4}"] {
            assert_eq!(code(name), Err(ProblemCode::Invalid), "{name}");
        }
        assert_eq!(code(&"a".repeat(limits::NAME_CHARS)), Ok(()));
        assert_eq!(code(&"a".repeat(limits::NAME_CHARS + 1)), Err(ProblemCode::LimitExceeded));
    }

    #[test]
    fn a_problem_of_an_import_is_one_of_the_mutations_input() {
        let path = |field: &[&str]| of_the_input(Problem::new(field, ProblemCode::Invalid, "x")).field.join(".");
        assert_eq!(path(&["feed"]), "input.feed");
        assert_eq!(path(&["input", "path"]), "input.path");
        assert_eq!(sentence("this connector is paused"), "This connector is paused.");
    }
}
