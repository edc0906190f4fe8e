//! Installed plugins, in versions: one of each name is used, and can be gone back to another.
//! Never: a plugin file that is looked for outside of the database; every replica finds the same one.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, Tx, marks},
};
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{ids::PluginId, time::Micros};
use vizard_plugin_host::PluginSpec;

/// An installed plugin.
#[derive(Clone)]
pub(crate) struct StoredPlugin {
    pub(crate) id: PluginId,
    pub(crate) spec: PluginSpec,
    /// The id of the key that its file is signed with.
    pub(crate) signed_by: Option<String>,
    pub(crate) installed_at: Micros,
    /// Whether it is the version that connectors of this plugin run.
    pub(crate) used: bool,
}

/// A plugin file, checked.
pub(crate) struct NewPlugin<'a> {
    pub(crate) spec: &'a PluginSpec,
    pub(crate) component: &'a [u8],
    pub(crate) signature: Option<&'a str>,
    pub(crate) signed_by: Option<&'a str>,
}

/// A plugin file as it was installed.
pub(crate) struct PluginFile {
    pub(crate) component: Vec<u8>,
    pub(crate) signature: Option<String>,
}

const PLUGIN: &str = "p.id, p.spec, p.signed_by, p.installed_at, CASE WHEN EXISTS (SELECT 1 FROM plugins n WHERE n.name = p.name \
     AND (n.used_at, n.id) > (p.used_at, p.id)) THEN 0 ELSE 1 END AS used";
/// Whether `p` is the version that is used.
const USED: &str =
    "NOT EXISTS (SELECT 1 FROM plugins n WHERE n.name = p.name AND (n.used_at, n.id) > (p.used_at, p.id))";

fn plugin(row: &Row) -> anyhow::Result<StoredPlugin> {
    Ok(StoredPlugin {
        id: PluginId::new(row.get("id")?),
        spec: row.json("spec")?,
        signed_by: row.get("signed_by")?,
        installed_at: Micros(row.get("installed_at")?),
        used: row.get::<i32>("used")? != 0,
    })
}

impl Store {
    /// Keeps a plugin file and has the plugin's connectors go on with it. The same file again, when it is the one in use,
    /// changes nothing. Tells its id.
    pub(crate) async fn install_plugin(
        &self,
        new: &NewPlugin<'_>,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<PluginId> {
        let tx = self.db.begin().await?;
        let manifest = &new.spec.manifest;
        let sql = format!("SELECT {PLUGIN} FROM plugins p WHERE p.digest = $1");
        let known = tx.row(&sql, vec![new.spec.digest.as_str().into()]).await?.as_ref().map(plugin).transpose()?;
        // A file that was installed without its signature may get it later.
        let better = |known: &StoredPlugin| known.signed_by.is_none() && new.signed_by.is_some();
        let id = match known {
            Some(known) if known.used && !better(&known) => return Ok(known.id),
            Some(known) => {
                if better(&known) {
                    let sql = "UPDATE plugins SET signature = $1, signed_by = $2 WHERE id = $3";
                    let values = vec![
                        new.signature.map(str::to_owned).into(),
                        new.signed_by.map(str::to_owned).into(),
                        known.id.uuid().into(),
                    ];
                    tx.run(sql, values).await?;
                }
                known.id
            }
            None => {
                let id = self.ids.draw(PluginId::new);
                tx.run(
                    "INSERT INTO plugins (id, name, version, digest, spec, component, installed_at, signature, signed_by, used_at) \
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
                    vec![
                        id.uuid().into(),
                        manifest.name.as_str().into(),
                        manifest.version.as_str().into(),
                        new.spec.digest.as_str().into(),
                        serde_json::to_string(new.spec)?.into(),
                        new.component.to_vec().into(),
                        now.0.into(),
                        new.signature.map(str::to_owned).into(),
                        new.signed_by.map(str::to_owned).into(),
                    ],
                )
                .await?;
                id
            }
        };
        go_on_with(&tx, id, &manifest.name, now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(id)
    }

    /// Has the connectors of a plugin go on with an installed version of it.
    pub(crate) async fn use_plugin(&self, plugin: &StoredPlugin, entry: Entry, now: Micros) -> anyhow::Result<()> {
        let tx = self.db.begin().await?;
        go_on_with(&tx, plugin.id, &plugin.spec.manifest.name, now).await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await
    }

    /// The version in use of each plugin, by name.
    pub(crate) async fn plugins(&self) -> anyhow::Result<Vec<StoredPlugin>> {
        let sql = format!("SELECT {PLUGIN} FROM plugins p WHERE {USED} ORDER BY p.name");
        self.db.rows(&sql, vec![]).await?.iter().map(plugin).collect()
    }

    /// The version in use of the plugin called `name`.
    pub(crate) async fn plugin_called(&self, name: &str) -> anyhow::Result<Option<StoredPlugin>> {
        let sql = format!("SELECT {PLUGIN} FROM plugins p WHERE p.name = $1 AND {USED}");
        self.db.row(&sql, vec![name.into()]).await?.as_ref().map(plugin).transpose()
    }

    /// All installed versions of the plugins of these names, the newest first.
    pub(crate) async fn plugin_versions(&self, names: &[String]) -> anyhow::Result<Vec<StoredPlugin>> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "SELECT {PLUGIN} FROM plugins p WHERE p.name IN ({}) ORDER BY p.installed_at DESC, p.id DESC",
            marks(0, names.len())
        );
        let rows = self.db.rows(&sql, names.iter().map(|name| name.as_str().into()).collect()).await?;
        rows.iter().map(plugin).collect()
    }

    /// Installed plugins by id.
    pub(crate) async fn plugins_by_id(&self, ids: &[PluginId]) -> anyhow::Result<BTreeMap<PluginId, StoredPlugin>> {
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let sql = format!("SELECT {PLUGIN} FROM plugins p WHERE p.id IN ({})", marks(0, ids.len()));
        let rows = self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await?;
        rows.iter().map(|row| plugin(row).map(|plugin| (plugin.id, plugin))).collect()
    }

    /// The plugin's file.
    pub(crate) async fn plugin_file(&self, id: PluginId) -> anyhow::Result<Option<PluginFile>> {
        let sql = "SELECT component, signature FROM plugins WHERE id = $1";
        let row = self.db.row(sql, vec![id.uuid().into()]).await?;
        row.map(|row| Ok(PluginFile { component: row.get("component")?, signature: row.get("signature")? })).transpose()
    }
}

/// Later than whatever was used before, in an instant with it too.
async fn go_on_with(tx: &Tx, id: PluginId, name: &str, now: Micros) -> anyhow::Result<()> {
    let id: Uuid = id.uuid();
    let latest = tx.count("SELECT max(used_at) AS number FROM plugins WHERE name = $1", vec![name.into()]).await?;
    let values = vec![now.0.max(latest + 1).into(), id.into()];
    tx.run("UPDATE plugins SET used_at = $1 WHERE id = $2", values).await?;
    let sql = "UPDATE connectors SET plugin_id = $1 WHERE plugin_id IN (SELECT id FROM plugins WHERE name = $2)";
    tx.run(sql, vec![id.into(), name.into()]).await?;
    Ok(())
}
