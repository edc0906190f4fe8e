//! `vizard demo`: everything a newcomer wants to see, on this machine, with the sample data of an invented company.
//! Never: another way in than real data has: plugins are built, installed and fed, the policy is created by its service.

use super::{Context, Failure, import, plugin, serve, shift, tell};
use crate::{
    app,
    auth::{DEVELOPMENT_TOKEN_LIFE, DevSigner},
    config::Mode,
    error::ServiceError,
    permit::Permit,
    service::{
        Services,
        connectors::NewConnector,
        policies::{NewPolicy, NewScope},
    },
};
use anyhow::Context as _;
use clap::Args;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use vizard_core::{
    access::{Action, Resource, Role},
    template::TemplateCode,
    time::{Day, Micros},
};

#[derive(Args)]
pub(super) struct Options {
    /// Prepare everything, but do not serve
    #[arg(long)]
    prepare_only: bool,
    /// The project's folder, with plugins/ and demo/ in it [default: where this program was built from, else here]
    #[arg(long, value_name = "DIR")]
    source: Option<PathBuf>,
}

/// The last day of the sample data as it lies in the repository (demo/README.md).
const ANCHOR: (i32, u8, u8) = (2026, 6, 30);
const POLICY: &str = "Data theft by departing users";
const FIRST_QUERY: &str = "{ alerts(first: 5) { totalCount nodes { severity score trigger subject { pseudonym department } \
                           contributions { points insight { explanation } } } } }";

/// What was done already, kept in the data directory.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct State {
    /// Days by which every date was moved.
    shift_days: i32,
    /// Whether everything is in.
    done: bool,
}

pub(super) async fn run(context: &Context, options: Options) -> Result<(), Failure> {
    if context.config.mode == Mode::Production {
        let message = "the demo signs in with development tokens, which production mode refuses: \
                       use a data directory of its own and VIZARD_MODE=development";
        return Err(Failure::Usage(message.to_owned()));
    }
    // A taken port is told now, not after minutes of work.
    let listener = if options.prepare_only { None } else { Some(app::listen(&context.config).await?) };
    let services = context.services().await?;
    let folder = context.config.data_dir.join("demo");
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let state_file = folder.join("state.json");
    let state = read_state(&state_file)
        .unwrap_or_else(|| State { shift_days: shift_to_yesterday(services.clock().now()), done: false });
    if state.done {
        tell(&format!("going on with what is in {}; remove it to begin anew", context.config.data_dir.display()));
    } else {
        write_state(&state_file, state)?;
        prepare(&services, &source(options.source)?, &folder, state.shift_days).await?;
        write_state(&state_file, State { done: true, ..state })?;
    }
    let Some(listener) = listener else {
        services.shut_down().await;
        return context.answer(&serde_json::json!({"data_dir": context.config.data_dir}), "prepared");
    };
    let running = app::start(&context.config, listener, services).await?;
    welcome(context, &format!("http://{}", running.address), running.services.clock().now())?;
    serve::until_told(running).await
}

/// Plugins, connectors, indicators, policy, files, scores. Each step can be repeated.
async fn prepare(services: &Services, source: &Path, folder: &Path, shift_days: i32) -> Result<(), Failure> {
    let change = |resource| Permit::of_the_operator_bypassing_roles(resource, Action::Change);
    let connectors = change(Resource::Connectors);
    let configs =
        [("hr", serde_json::json!({})), ("m365", serde_json::json!({"internal_domains": ["halden-optics.example"]}))];
    for (name, config) in configs {
        tell(&format!("building the plugin {name} from source"));
        let built = plugin::build(&source.join("plugins").join(name), None).await?;
        let component = std::fs::read(&built.path)?;
        services.install_plugin(&connectors, component, None).await?;
        let new =
            NewConnector { name: name.to_owned(), plugin: name.to_owned(), config, grants: vec![], pull_minutes: None };
        kept(services.create_connector(&connectors, new).await)?;
    }
    let template = TemplateCode::DataTheftByDepartingUsers.template();
    let codes: Vec<String> = template.indicators.iter().map(|&code| code.to_owned()).collect();
    services.enable_indicators(&change(Resource::Indicators), &codes, true).await?;
    let policy = NewPolicy {
        name: POLICY.to_owned(),
        description: Some("Everybody, from a resignation or the deletion of an account on.".to_owned()),
        template: template.code,
        scope: NewScope { all: true, ..NewScope::default() },
        indicators: None,
        triggers: None,
        activation_days: None,
        lookback_days: None,
        alert_volume: None,
        state: None,
        priority_content: None,
    };
    kept(services.create_policy(&change(Resource::Policies), policy).await)?;
    for (connector, file) in [("hr", "hr-profiles.csv"), ("hr", "hr-events.csv"), ("m365", "m365-audit.jsonl.gz")] {
        let (from, to) = (source.join("demo").join(file), folder.join(file));
        shift::copy(&from, &to, shift_days).with_context(|| format!("cannot copy {}", from.display()))?;
        let id = services.connector_to_import(&connectors, connector).await?;
        let imported = import::with_progress(services, &connectors, id, None, &to).await?;
        let counts = imported.counts;
        tell(&format!(
            "{file}: {} accepted, {} duplicates, {} rejected (bad on purpose), {} without meaning here",
            counts.accepted, counts.duplicates, counts.rejected, counts.ignored
        ));
    }
    import::score(services).await
}

/// A thing that an earlier run has made is as good as a new one.
fn kept<T>(made: Result<T, ServiceError>) -> Result<(), ServiceError> {
    use vizard_core::problem::ProblemCode::Conflict;
    match made {
        Ok(_) => Ok(()),
        Err(ServiceError::Invalid(problems)) if problems.iter().all(|problem| problem.code == Conflict) => Ok(()),
        Err(error) => Err(error),
    }
}

fn welcome(context: &Context, url: &str, now: Micros) -> Result<(), Failure> {
    let signer = DevSigner::open_or_create(&app::development_key(&context.config))?;
    let mut tokens = Vec::new();
    for role in Role::ALL {
        let name = format!("Demo {}", role.as_str().to_ascii_lowercase());
        tokens.push((role.as_str(), signer.issue(&name, &[*role], DEVELOPMENT_TOKEN_LIFE, now)?));
    }
    let analyst =
        tokens.iter().find(|(role, _)| *role == Role::Analyst.as_str()).map_or("", |(_, token)| token.as_str());
    let body = serde_json::json!({"query": FIRST_QUERY});
    let curl = format!(
        "curl -s {url}/graphql -H 'Content-Type: application/json' \\\n  -H 'Authorization: Bearer {analyst}' \\\n  -d '{body}'"
    );
    if context.json {
        let tokens: serde_json::Map<String, serde_json::Value> =
            tokens.into_iter().map(|(role, token)| (role.to_owned(), token.into())).collect();
        let value = serde_json::json!({"address": url, "tokens": tokens, "query": FIRST_QUERY, "curl": curl});
        return context.say(&serde_json::to_string(&value)?);
    }
    let hours = DEVELOPMENT_TOKEN_LIFE.as_secs() / 3_600;
    context.say(&format!(
        "Vizard serves {url}/graphql; GraphiQL is at {url}/graphiql (it loads its scripts from the internet)\n"
    ))?;
    context.say(&format!("A token for each role, valid for {hours} hours:"))?;
    for (role, token) in &tokens {
        context.say(&format!("  {role:<12} {token}"))?;
    }
    context.say(&format!("\nThe alerts, as an analyst sees them:\n\n{curl}\n\nCtrl-C stops."))
}

/// Days from the anchor to yesterday.
fn shift_to_yesterday(now: Micros) -> i32 {
    let (year, month, day) = ANCHOR;
    Day::from_civil(year, month, day).map_or(0, |anchor| now.day().plus(-1).since(anchor))
}

/// The project's folder.
fn source(asked: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let built_from = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf);
    let candidates: Vec<PathBuf> = match asked {
        Some(asked) => vec![asked],
        None => built_from.into_iter().chain([PathBuf::from(".")]).collect(),
    };
    let complete = |folder: &PathBuf| {
        folder.join("plugins/m365/Cargo.toml").is_file() && folder.join("demo/hr-events.csv").is_file()
    };
    candidates.into_iter().find(complete).ok_or_else(|| {
        Failure::Lacking(
            "the demo needs the project's folder (plugins/ and demo/): run it there, or name it with --source"
                .to_owned(),
        )
    })
}

fn read_state(file: &Path) -> Option<State> {
    serde_json::from_slice(&std::fs::read(file).ok()?).ok()
}

fn write_state(file: &Path, state: State) -> Result<(), Failure> {
    Ok(std::fs::write(file, serde_json::to_vec(&state)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_day_of_the_sample_data_becomes_yesterday() {
        let noon = Day::from_civil(2026, 7, 1).unwrap().start().plus_hours(12);
        assert_eq!(shift_to_yesterday(noon), 0);
        assert_eq!(shift_to_yesterday(noon.plus_days(147)), 147);
    }
}
