//! Installed plugins: from the database to running code, once a process.
//! Never: a plugin that was not installed through here, or one whose events the catalogue does not know.

use super::Services;
use crate::{error::ServiceError, permit::Permit, store::Entry};
use std::sync::{Arc, PoisonError};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    ids::PluginId,
    indicator,
    problem::ProblemCode,
};
use vizard_plugin_host::{Plugin, PluginSpec};

/// A plugin that was installed.
#[derive(Clone, Debug, serde::Serialize)]
pub struct InstalledPlugin {
    /// Its id.
    pub id: PluginId,
    /// What it is.
    pub spec: PluginSpec,
}

impl Services {
    /// Checks a plugin file and keeps it in the database, where every replica finds it. Connectors of an earlier version
    /// go on with this one. The same file again changes nothing.
    pub async fn install_plugin(&self, permit: &Permit, component: Vec<u8>) -> Result<InstalledPlugin, ServiceError> {
        let viewer = permit.require(Resource::Connectors, Action::Change)?;
        let component = Arc::new(component);
        let plugin = self.load(Arc::clone(&component)).await?;
        let spec = plugin.spec();
        let unknown: Vec<&str> =
            spec.kinds.iter().map(|kind| kind.code.as_str()).filter(|code| !indicator::is_declarable(code)).collect();
        if !unknown.is_empty() {
            let message =
                format!("the catalogue of indicators does not have what the plugin delivers: {}", unknown.join(", "));
            return Err(ServiceError::invalid(&["input", "plugin"], ProblemCode::Invalid, message));
        }
        let detail = serde_json::json!({"version": spec.manifest.version, "digest": spec.digest});
        let entry = Entry::by(viewer, AuditActivity::Added, AuditCategory::Connectors, &spec.manifest.name, &detail);
        let id = self.store.install_plugin(spec, &component, entry, self.clock.now()).await?;
        self.keep(id, &plugin);
        Ok(InstalledPlugin { id, spec: spec.clone() })
    }

    /// The plugin, compiled and ready; from memory after the first time.
    pub(crate) async fn plugin(&self, id: PluginId) -> Result<Arc<Plugin>, ServiceError> {
        let kept = self.plugins.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
        if let Some(plugin) = kept {
            return Ok(plugin);
        }
        let component = self.store.plugin_component(id).await?.ok_or(ServiceError::NotFound)?;
        let plugin = self.load(Arc::new(component)).await?;
        self.keep(id, &plugin);
        Ok(plugin)
    }

    fn keep(&self, id: PluginId, plugin: &Arc<Plugin>) {
        self.plugins.lock().unwrap_or_else(PoisonError::into_inner).insert(id, Arc::clone(plugin));
    }

    /// Loading compiles, which blocks for a moment the first time.
    async fn load(&self, component: Arc<Vec<u8>>) -> Result<Arc<Plugin>, ServiceError> {
        let host = self.host.clone();
        let loaded = tokio::task::spawn_blocking(move || host.load(&component)).await.map_err(anyhow::Error::from)?;
        loaded.map_err(|error| ServiceError::invalid(&["input", "plugin"], ProblemCode::Invalid, error.to_string()))
    }
}
