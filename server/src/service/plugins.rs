//! Installed plugins: signed, in versions, from the database to running code, once a process.
//! Never: a plugin that was not installed through here, one whose signature does not count, or one whose events the
//! catalogue does not know.

use super::Services;
pub(crate) use crate::store::StoredPlugin;
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, NewPlugin},
};
use std::sync::{Arc, PoisonError};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::PluginId,
    indicator,
    problem::{Problem, ProblemCode},
};
use vizard_plugin_host::{Plugin, PluginSpec};

/// A plugin that was installed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct InstalledPlugin {
    /// Its id.
    pub id: PluginId,
    /// What it is.
    pub spec: PluginSpec,
    /// The id of the key that it is signed with.
    pub signed_by: Option<String>,
    /// Whether it is the version that connectors run.
    pub used: bool,
}

impl From<StoredPlugin> for InstalledPlugin {
    fn from(stored: StoredPlugin) -> Self {
        let StoredPlugin { id, spec, signed_by, used, .. } = stored;
        Self { id, spec, signed_by, used }
    }
}

impl Services {
    /// Checks a plugin file and keeps it in the database, where every replica finds it. The plugin's connectors go on with
    /// it, if it takes the configuration of each. `signature` is the text of its `.minisig` file.
    pub async fn install_plugin(
        &self,
        permit: &Permit,
        component: Vec<u8>,
        signature: Option<&str>,
    ) -> Result<InstalledPlugin, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let signed_by = self.signer(&component, signature)?;
        let component = Arc::new(component);
        let plugin = self.load(Arc::clone(&component)).await?;
        let spec = plugin.spec();
        let unknown: Vec<&str> =
            spec.kinds.iter().map(|kind| kind.code.as_str()).filter(|code| !indicator::is_declarable(code)).collect();
        if !unknown.is_empty() {
            let message =
                format!("the catalogue of indicators does not have what the plugin delivers: {}", unknown.join(", "));
            return Err(refused(message));
        }
        let before = self.store.plugin_called(&spec.manifest.name).await?;
        if let Some(other) = before.as_ref().filter(|before| before.spec.manifest.id != spec.manifest.id) {
            let message = format!(
                "the name {} is that of the plugin {}, and this one is {}: its maker has to choose another name",
                spec.manifest.name, other.spec.manifest.id, spec.manifest.id
            );
            return Err(refused(message));
        }
        self.fits_its_connectors(&plugin).await?;
        let detail = serde_json::json!({
            "version": spec.manifest.version,
            "digest": spec.digest,
            "signedBy": signed_by,
            "before": before.map(|before| before.spec.manifest.version),
        });
        let entry = Entry::by(viewer, AuditActivity::Added, AuditCategory::Connectors, &spec.manifest.name, &detail);
        let (signature, signed_by) = (signature.filter(|_| signed_by.is_some()), signed_by.as_deref());
        let new = NewPlugin { spec, component: &component, signature, signed_by };
        let id = self.store.install_plugin(&new, entry, self.clock.now()).await?;
        self.keep(id, &plugin);
        Ok(InstalledPlugin { id, spec: spec.clone(), signed_by: signed_by.map(str::to_owned), used: true })
    }

    /// Has the connectors of a plugin go on with another installed version of it, an older one too. What they have read,
    /// their cursors and their configuration stay.
    pub async fn use_plugin(&self, permit: &Permit, id: Option<PluginId>) -> Result<InstalledPlugin, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let unknown = || {
            let message = "There is no installed plugin of that id.";
            ServiceError::invalid(&["input", "pluginId"], ProblemCode::NotFound, message)
        };
        let id = id.ok_or_else(unknown)?;
        let stored = self.store.plugins_by_id(&[id]).await?.remove(&id).ok_or_else(unknown)?;
        if stored.used {
            return Ok(stored.into());
        }
        self.fits_its_connectors(&self.plugin(id).await?).await?;
        let manifest = &stored.spec.manifest;
        let before = self.store.plugin_called(&manifest.name).await?.map(|before| before.spec.manifest.version);
        let detail = serde_json::json!({"version": manifest.version, "digest": stored.spec.digest, "before": before});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Connectors, &manifest.name, &detail);
        self.store.use_plugin(&stored, entry, self.clock.now()).await?;
        Ok(StoredPlugin { used: true, ..stored }.into())
    }

    /// Every installed plugin file, by name, the newest version first.
    pub async fn installed_plugins(&self, permit: &Permit) -> Result<Vec<InstalledPlugin>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        let names: Vec<String> =
            self.store.plugins().await?.into_iter().map(|plugin| plugin.spec.manifest.name).collect();
        let mut all: Vec<_> =
            self.store.plugin_versions(&names).await?.into_iter().map(InstalledPlugin::from).collect();
        all.sort_by(|one, other| one.spec.manifest.name.cmp(&other.spec.manifest.name));
        Ok(all)
    }

    /// The installed versions of the plugins of these names, the newest first.
    pub(crate) async fn plugin_versions(
        &self,
        permit: &Permit,
        names: &[String],
    ) -> Result<Vec<StoredPlugin>, ServiceError> {
        permit.require(Resource::Connectors, Action::Read)?;
        Ok(self.store.plugin_versions(names).await?)
    }

    /// The plugin, compiled and ready; from memory after the first time.
    pub(crate) async fn plugin(&self, id: PluginId) -> Result<Arc<Plugin>, ServiceError> {
        let kept = self.plugins.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(plugin) = kept {
            return Ok(plugin);
        }
        let file = self.store.plugin_file(id).await?.ok_or(ServiceError::NotFound)?;
        // Once more: whoever can write to the database cannot sign, and a key may have been taken off the list.
        self.signer(&file.component, file.signature.as_deref())?;
        let plugin = self.load(Arc::new(file.component)).await?;
        self.keep(id, &plugin);
        Ok(plugin)
    }

    /// The id of the key that a plugin file is signed with; nothing where it is not and need not be.
    fn signer(&self, component: &[u8], signature: Option<&str>) -> Result<Option<String>, ServiceError> {
        match signature {
            Some(signature) => vizard_plugin_host::verify(component, signature, &self.settings.plugin_keys)
                .map(Some)
                .map_err(|error| refused(format!("the plugin is refused: {error}"))),
            None if self.settings.unsigned_plugins => Ok(None),
            None => Err(refused(
                "the plugin is not signed: put its signature (FILE.minisig) beside the file and its maker's key into \
                 `plugin_keys`, or allow `unsigned_plugins`"
                    .to_owned(),
            )),
        }
    }

    /// Connectors that a version cannot go on with keep the one they have: all of them, or none.
    async fn fits_its_connectors(&self, plugin: &Arc<Plugin>) -> Result<(), ServiceError> {
        let manifest = &plugin.spec().manifest;
        let mut problems = Vec::new();
        for connector in self.store.connectors_of(&manifest.name).await? {
            let config = self.whole_config(&connector)?;
            for problem in self.problems_of(Arc::clone(plugin), config).await? {
                let at = problem.field.join("/");
                let message = format!("connector {}: {at}: {}", connector.name, problem.message);
                problems.push(Problem::new(&["input", "plugin"], ProblemCode::Invalid, message));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(ServiceError::Invalid(problems)) }
    }

    fn keep(&self, id: PluginId, plugin: &Arc<Plugin>) {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(plugin));
    }

    /// Loading compiles, which blocks for a moment the first time.
    async fn load(&self, component: Arc<Vec<u8>>) -> Result<Arc<Plugin>, ServiceError> {
        let host = self.host.clone();
        let loaded = tokio::task::spawn_blocking(move || host.load(&component)).await.map_err(anyhow::Error::from)?;
        loaded.map_err(|error| refused(error.to_string()))
    }
}

fn refused(message: String) -> ServiceError {
    ServiceError::invalid(&["input", "plugin"], ProblemCode::Invalid, message)
}
