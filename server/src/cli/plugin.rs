//! `vizard plugin new | build | check | install | list | use`.
//! Never: installs what the host would refuse.

use super::{Context, Failure, tell};
use crate::{permit::Permit, service::plugins::InstalledPlugin};
use clap::Subcommand;
use std::path::{Path, PathBuf};
use vizard_core::{
    access::{Action, Resource},
    indicator,
};
use vizard_plugin_host::{
    HostOptions, PluginHost,
    build::{self, BuildError, Built},
    check,
    scaffold::{self, ScaffoldError},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Write the source of a connector that builds, tests and loads
    New {
        /// What it is called: small letters, digits, hyphens
        name: String,
        /// What its records tell of: file, mail, endpoint, badge, chat, storage or identity
        #[arg(long)]
        kind: String,
        /// The folder to make [default: NAME]
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// The connector SDK [default: connector-sdk in the source that this command was built from]
        #[arg(long, value_name = "DIR")]
        sdk: Option<PathBuf>,
    },
    /// Make a plugin file from a plugin's source, or from a component that another language's tool made
    Build {
        /// The folder with plugin.toml, and Cargo.toml if it is to be compiled
        dir: PathBuf,
        /// A component made by componentize-py, componentize-qjs or the like: gets the manifest, nothing is compiled
        #[arg(long, value_name = "FILE")]
        component: Option<PathBuf>,
        /// Where to write it [default: plugins/NAME.wasm in the target folder of its workspace, or beside the component]
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Try a plugin file the way deliveries will: what it says of itself, abnormal records, its samples
    Check {
        /// The plugin file
        file: PathBuf,
        /// A folder of samples: *.raw with NAME.json or config.json
        #[arg(long, value_name = "DIR")]
        samples: Option<PathBuf>,
    },
    /// Install a plugin file; connectors of an earlier version of it go on with this one
    Install {
        /// The plugin file
        file: PathBuf,
        /// Its signature, made with minisign [default: FILE.minisig, where that is]
        #[arg(long, value_name = "FILE")]
        signature: Option<PathBuf>,
    },
    /// List installed plugins and their versions
    List,
    /// Go on with another installed version of a plugin, an older one too; its connectors keep what they have
    Use {
        /// The plugin
        name: String,
        /// The version
        version: String,
    },
}

pub(super) async fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::New { name, kind, dir, sdk } => {
            let dir = dir.unwrap_or_else(|| PathBuf::from(&name));
            let sdk = sdk.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../connector-sdk"));
            let files = scaffold::scaffold(&dir, &name, &kind, &sdk).map_err(|error| match error {
                ScaffoldError::File { .. } => Failure::Failed(error.into()),
                other => Failure::Usage(other.to_string()),
            })?;
            let mut text: String = files.iter().map(|file| format!("{}\n", file.display())).collect();
            text.push_str(&format!(
                "next: {} says how to test, build, check and install it",
                dir.join("README.md").display()
            ));
            context.answer(&files, &text)
        }
        Command::Build { dir, component, out } => {
            let built = match component {
                Some(component) => build::wrap(&dir, &component, out.as_deref()).map_err(not_built)?,
                None => build(&dir, out.as_deref()).await?,
            };
            context.answer(&built, &built.path.display().to_string())
        }
        Command::Check { file, samples } => {
            let component = read(&file)?;
            let host = PluginHost::new(HostOptions { cache_dir: context.config.data_dir.join("plugin-cache") })?;
            let report = check::check(&host, &component, samples.as_deref(), &indicator::is_declarable);
            context.answer(&report, report.to_string().trim_end())?;
            if report.passed() { Ok(()) } else { Err(Failure::Failed(anyhow::anyhow!("the plugin does not pass"))) }
        }
        Command::Install { file, signature } => {
            let component = read(&file)?;
            let signature = signature_of(&file, signature)?;
            let services = context.services().await?;
            let installed = services.install_plugin(&change(), component, signature.as_deref()).await?;
            context.answer(&installed, &line("installed", &installed))
        }
        Command::List => {
            let services = context.services().await?;
            let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Read);
            let installed = services.installed_plugins(&permit).await?;
            let lines: Vec<String> =
                installed.iter().map(|one| line(if one.used { "in use" } else { "      " }, one)).collect();
            context.answer(&installed, &lines.join("\n"))
        }
        Command::Use { name, version } => {
            let services = context.services().await?;
            let read = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Read);
            let installed = services.installed_plugins(&read).await?;
            let wanted =
                |one: &&InstalledPlugin| one.spec.manifest.name == name && one.spec.manifest.version == version;
            let Some(found) = installed.iter().find(wanted) else {
                let message = format!("{name} {version} is not installed: `vizard plugin list` shows what is");
                return Err(Failure::Usage(message));
            };
            let used = services.use_plugin(&change(), Some(found.id)).await?;
            context.answer(&used, &line("in use", &used))
        }
    }
}

fn change() -> Permit {
    Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change)
}

fn line(what: &str, installed: &InstalledPlugin) -> String {
    let manifest = &installed.spec.manifest;
    let signed = installed.signed_by.as_ref().map_or("not signed".to_owned(), |key| format!("signed by {key}"));
    format!("{what} {} {} ({}), {signed}", manifest.name, manifest.version, installed.id)
}

/// The signature that was named, or the one beside the file.
fn signature_of(file: &Path, named: Option<PathBuf>) -> Result<Option<String>, Failure> {
    let beside = {
        let mut name = file.as_os_str().to_owned();
        name.push(".minisig");
        PathBuf::from(name)
    };
    let Some(path) = named.or_else(|| Some(beside).filter(|beside| beside.exists())) else { return Ok(None) };
    let text = std::fs::read_to_string(&path);
    text.map(Some).map_err(|error| Failure::Usage(format!("cannot read {}: {error}", path.display())))
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(file).map_err(|error| Failure::Usage(format!("cannot read {}: {error}", file.display())))
}

/// Builds a plugin, telling what the compiler says.
pub(super) async fn build(dir: &Path, out: Option<&Path>) -> Result<Built, Failure> {
    let (dir, out) = (dir.to_owned(), out.map(Path::to_owned));
    let built = tokio::task::spawn_blocking(move || build::build(&dir, out.as_deref(), &mut |line| tell(line))).await?;
    built.map_err(not_built)
}

fn not_built(error: BuildError) -> Failure {
    match error {
        BuildError::Toolchain(_) => Failure::Lacking(error.to_string()),
        other => Failure::Failed(other.into()),
    }
}
