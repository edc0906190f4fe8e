//! The command line. Results go to standard output, everything else to standard error.
//! Never: a name or address of a person in what is printed.

mod audit;
mod bench;
mod case;
mod demo;
mod import;
mod plugin;
mod policy;
mod replay;
mod role;
mod serve;
mod shift;
mod subject;

use crate::{
    app,
    auth::{DEVELOPMENT_TOKEN_LIFE, DevSigner},
    clock::Clock,
    config::{Config, ConfigError, Mode},
    error::ServiceError,
    graphql,
    ids::Ids,
    service::Services,
    telemetry,
};
use clap::{Args, Parser, Subcommand};
use serde::Serialize;
use std::{io::Write as _, path::PathBuf, process::ExitCode, time::Duration};
use vizard_core::access::Role;

/// Insider-risk management that keeps every name masked.
#[derive(Parser)]
#[command(name = "vizard", version, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  failed; the reason is on standard error
  2  the command line or the configuration is wrong; of vizard policy import --dry-run: there are changes
  3  the machine lacks something: a compiler for WebAssembly, a tool
  4  done, but some records were rejected (vizard import)
  10 to 15  of vizard audit verify: see its help
  20 to 25  of vizard case verify: see its help

Results are on standard output, everything else on standard error. Every setting can be given in a TOML file (--config),
as an environment variable VIZARD_… or, for the common ones, as an option; `vizard config` prints all with their defaults.";

#[derive(Args)]
struct Global {
    /// Where the installation keeps its files [default: data] [env: VIZARD_DATA_DIR]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// Address and port to serve at [default: 127.0.0.1:8080] [env: VIZARD_LISTEN]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// The configuration file
    #[arg(long, global = true, env = "VIZARD_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Print results as JSON
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the API, take deliveries, score
    Serve,
    /// Build the plugins, import the sample data of an invented company, and serve
    Demo(demo::Options),
    /// Read files through a connector, then score
    Import(import::Options),
    /// Bring the database's schema up to date
    Migrate,
    /// Print the API's schema (SDL)
    Schema,
    /// Print a token for development, signed with the key in the data directory
    Token(TokenOptions),
    /// Build, check and install connector plugins
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// Compute every stored score again from the log, and compare
    Replay,
    /// Grant roles, take them back, list them
    #[command(subcommand)]
    Role(role::Command),
    /// Export all policies as one file, or import such a file
    #[command(subcommand)]
    Policy(policy::Command),
    /// Hand a person what is kept of them
    #[command(subcommand)]
    Subject(subject::Command),
    /// The audit log: its key, exports, and their check
    #[command(subcommand)]
    Audit(audit::Command),
    /// Check exported cases
    #[command(subcommand)]
    Case(case::Command),
    /// Print every setting with its default and meaning, as a configuration file
    Config,
    /// Measure: this machine, how well the product detects, rules of your own
    #[command(subcommand)]
    Bench(bench::Options),
}

#[derive(Args)]
struct TokenOptions {
    /// A role; repeat for several
    #[arg(long = "role", required = true, value_parser = role, value_name = "ROLE")]
    roles: Vec<Role>,
    /// Who it is for: shown to the viewer and on notes they write
    #[arg(long)]
    name: String,
    /// An account of theirs as connectors name it: it keeps them off their own cases
    #[arg(long)]
    account: Option<String>,
    /// How long it holds
    #[arg(long, default_value_t = DEVELOPMENT_TOKEN_LIFE.as_secs() / 3_600, value_parser = clap::value_parser!(u64).range(1..=720))]
    hours: u64,
}

fn role(text: &str) -> Result<Role, String> {
    text.to_ascii_uppercase().parse().map_err(|_| {
        let known: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
        format!("one of {}", known.join(", "))
    })
}

/// Why a command did not succeed, by exit code.
enum Failure {
    Failed(anyhow::Error),
    Usage(String),
    Lacking(String),
    SomeRejected,
    WouldChange,
    NotWhole(u8),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        match error.downcast::<ConfigError>() {
            Ok(error) => Self::Usage(error.to_string()),
            Err(error) => Self::Failed(error),
        }
    }
}

/// What a command knows.
struct Context {
    config: Config,
    json: bool,
}

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return end(Err(error.into())),
    };
    let ended = end(runtime.block_on(cli.run()));
    // A thread that still reads a file or compiles must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

fn end(result: Result<(), Failure>) -> ExitCode {
    let (code, message) = match result {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(error)) => (1, explain(&error)),
        Err(Failure::Usage(message)) => (2, message),
        Err(Failure::Lacking(message)) => (3, message),
        Err(Failure::SomeRejected) => return ExitCode::from(4),
        Err(Failure::WouldChange) => return ExitCode::from(2),
        Err(Failure::NotWhole(code)) => return ExitCode::from(code),
    };
    tell(&format!("vizard: {message}"));
    ExitCode::from(code)
}

/// The cause of an internal error is not for clients, but the operator may read it.
fn explain(error: &anyhow::Error) -> String {
    match error.downcast_ref::<ServiceError>() {
        Some(ServiceError::Internal(cause)) => format!("{cause:#}"),
        Some(said) => said.to_string(),
        None => format!("{error:#}"),
    }
}

impl Cli {
    async fn run(self) -> Result<(), Failure> {
        let Global { data_dir, listen, config, json } = self.global;
        let overrides = [("data_dir", data_dir), ("listen", listen)];
        let overrides = overrides.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
        let config = Config::load(config.as_deref(), std::env::vars(), overrides)?;
        let context = Context { config, json };
        match self.command {
            Command::Serve => serve::run(&context).await,
            Command::Demo(options) => Box::pin(demo::run(&context, options)).await,
            Command::Import(options) => import::run(&context, options).await,
            Command::Migrate => migrate(&context).await,
            Command::Schema => context.say(graphql::schema::sdl().trim_end()),
            Command::Token(options) => token(&context, &options),
            Command::Role(command) => role::run(&context, command).await,
            Command::Policy(command) => policy::run(&context, command).await,
            Command::Plugin(command) => plugin::run(&context, command).await,
            Command::Subject(command) => subject::run(&context, command).await,
            Command::Replay => replay::run(&context).await,
            Command::Audit(command) => audit::run(&context, command).await,
            Command::Case(command) => case::run(&context, &command),
            Command::Config => context.say(Config::reference().trim_end()),
            Command::Bench(options) => bench::run(&context, options).await,
        }
    }
}

impl Context {
    /// A line of the result.
    #[expect(clippy::unused_self, reason = "read as a sentence beside `answer`")]
    fn say(&self, line: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        writeln!(out, "{line}")?;
        Ok(out.flush()?)
    }

    /// The result: `text` for people, or `value` as one line of JSON.
    fn answer(&self, value: &impl Serialize, text: &str) -> Result<(), Failure> {
        if self.json { self.say(&serde_json::to_string(value)?) } else { self.say(text) }
    }

    /// Services of this installation, with logging on.
    async fn services(&self) -> Result<Services, Failure> {
        telemetry::start_logging(&self.config)?;
        let clock = Clock::system();
        Ok(app::open(&self.config, clock.clone(), Ids::system(clock)).await?)
    }
}

/// A line for the person at the terminal.
#[expect(clippy::print_stderr, reason = "this is what standard error is for")]
fn tell(line: &str) {
    eprintln!("{line}");
}

async fn migrate(context: &Context) -> Result<(), Failure> {
    let steps = Services::pending_migrations(&context.config).await?;
    let clock = Clock::system();
    app::open(&context.config, clock.clone(), Ids::system(clock)).await?;
    let text = match steps {
        0 => "the schema was up to date".to_owned(),
        steps => format!("{steps} migrations applied"),
    };
    context.answer(&serde_json::json!({"applied": steps}), &text)
}

fn token(context: &Context, options: &TokenOptions) -> Result<(), Failure> {
    if context.config.mode == Mode::Production {
        let message = "development tokens are refused in production mode, so none is issued: sign in with an [[issuer]] \
                       of the configuration, and give the first role with `vizard role grant`";
        return Err(Failure::Usage(message.to_owned()));
    }
    let signer = DevSigner::open_or_create(&app::development_key(&context.config))?;
    let life = Duration::from_secs(options.hours * 3_600);
    let account = options.account.as_deref();
    let token = signer.issue_for(&options.name, account, &options.roles, life, Clock::system().now());
    let token = token.map_err(|error| Failure::Usage(error.to_string()))?;
    context.answer(&serde_json::json!({"token": token}), &token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_defined() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_role_is_read_in_any_case_and_an_unknown_one_names_the_known() {
        assert_eq!(role("analyst"), Ok(Role::Analyst));
        assert!(role("root").unwrap_err().contains("INVESTIGATOR"));
    }
}
