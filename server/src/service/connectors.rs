//! Connectors: configured, switched, run by hand; their plugins, runs and rejects as listed.
//! Never: a configuration that its plugin did not accept; a file outside of the inbox.

use super::Services;
pub use crate::store::ConnectorState;
pub(crate) use crate::store::{RunState, StoredConnector, StoredPlugin, StoredReject, StoredRun};
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, Page, Slice},
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
use vizard_plugin_host::{Call, Plugin};

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

    /// Configures a connector, once its plugin has accepted the configuration.
    pub(crate) async fn create_connector(
        &self,
        permit: &Permit,
        asked: NewConnector,
    ) -> Result<StoredConnector, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let mut problems: Vec<Problem> = check_name(&asked.name).err().into_iter().collect();
        if !asked.grants.is_empty() {
            let message = "Connectors of this version take deliveries and reach nothing: leave the grants out.";
            problems.push(Problem::new(&["input", "grants"], ProblemCode::NotAllowed, message));
        }
        let installed = self.store.plugin_called(&asked.plugin).await?;
        let config = asked.config.to_string();
        match &installed {
            None => {
                let message = "No plugin of that name is installed.";
                problems.push(Problem::new(&["input", "plugin"], ProblemCode::NotFound, message));
            }
            Some(installed) => problems.extend(self.check_config(self.plugin(installed.id).await?, &config).await?),
        }
        let Some(installed) = installed.filter(|_| problems.is_empty()) else {
            return Err(ServiceError::Invalid(problems));
        };
        let manifest = &installed.spec.manifest;
        let detail = serde_json::json!({"name": asked.name, "plugin": manifest.name, "version": manifest.version});
        let entry = |id: ConnectorId| Entry::by(viewer, AuditActivity::Added, AuditCategory::Connectors, id, &detail);
        let now = self.clock.now();
        let created = self.store.create_connector(&asked.name, installed.id, &config, &[], entry, now).await?;
        let Some(id) = created else {
            let message = "Another connector has this name. Names are unique.";
            return Err(ServiceError::invalid(&["input", "name"], ProblemCode::Conflict, message));
        };
        Ok(StoredConnector {
            id,
            name: asked.name,
            plugin: installed.id,
            state: ConnectorState::Enabled,
            config,
            grants: vec![],
            last_delivery_at: None,
        })
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
        let id = id.ok_or_else(no_connector)?;
        let mut connector = self.store.connectors_by_id(&[id]).await?.remove(&id).ok_or_else(no_connector)?;
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

    /// What the plugin says of a configuration, with paths into the API's input.
    async fn check_config(&self, plugin: Arc<Plugin>, config: &str) -> Result<Vec<Problem>, ServiceError> {
        let call = Call {
            installation: "new".to_owned(),
            config: config.to_owned(),
            received_at: self.clock.now(),
            default_zone: self.settings.default_zone.clone(),
        };
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
            let message = "Connectors of this version pull from no source: name a file of the inbox.";
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
