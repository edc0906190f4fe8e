//! The configuration: one TOML file, `VIZARD_*` environment variables over it, command-line options over both.
//! Never: prints a secret, or goes on with a key it does not know.

mod issuers;
mod keys;

pub use issuers::Issuer;
use keys::{IGNORED_ENV, KEYS, Key};
use lettre::message::Mailbox;
use std::{
    collections::BTreeMap,
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use vizard_plugin_host::SigningKey;

/// Prefix of the environment variables that are read.
const ENV_PREFIX: &str = "VIZARD_";

/// What the installation is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// On one's own machine: tokens signed with the local development key, GraphiQL, introspection.
    Development,
    /// For real people: none of these.
    Production,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// A receiver of syslog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Syslog {
    /// By UDP, a datagram an entry; otherwise by TCP, each entry with its length before it (RFC 6587).
    pub datagrams: bool,
    /// Host and port.
    pub address: String,
}

/// Every setting, with its default filled in. Each field is a key of the same name, documented in [`Config::reference`].
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented once, in the table of keys")]
pub struct Config {
    pub data_dir: PathBuf,
    pub listen: SocketAddr,
    /// `None`: the SQLite file `vizard.db` in the data directory.
    pub database_url: Option<String>,
    pub mode: Mode,
    pub log: String,
    pub log_format: LogFormat,
    pub vault_key_file: PathBuf,
    pub audit_key_file: PathBuf,
    pub audit_checkpoint_file: PathBuf,
    /// It may hold a password.
    pub siem_http_url: Option<String>,
    pub siem_http_token_file: Option<PathBuf>,
    pub siem_syslog: Option<Syslog>,
    /// It may hold a password.
    pub smtp_url: Option<String>,
    pub mail_from: Option<Mailbox>,
    pub break_glass_notice: Vec<Mailbox>,
    /// In lower case.
    pub webhook_origins: Vec<String>,
    /// Without a slash at its end.
    pub public_url: Option<String>,
    pub inbox_dir: PathBuf,
    pub plugin_keys: Vec<SigningKey>,
    /// `None`: in development mode alone.
    pub unsigned_plugins: Option<bool>,
    /// In lower case.
    pub web_origins: Vec<String>,
    pub trusted_documents: Option<PathBuf>,
    pub requests_a_minute: u32,
    pub default_zone: String,
    pub scorers: u8,
    /// Providers of sign-ins; from the file alone.
    pub issuers: Vec<Issuer>,
}

/// URLs may hold a password, so they are not shown.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("data_dir", &self.data_dir)
            .field("listen", &self.listen)
            .field("database_url", &self.database_url.as_ref().map(|_| "(set, not shown)"))
            .field("mode", &self.mode)
            .field("log", &self.log)
            .field("log_format", &self.log_format)
            .field("vault_key_file", &self.vault_key_file)
            .field("audit_key_file", &self.audit_key_file)
            .field("audit_checkpoint_file", &self.audit_checkpoint_file)
            .field("siem_http_url", &self.siem_http_url.as_ref().map(|_| "(set, not shown)"))
            .field("siem_http_token_file", &self.siem_http_token_file)
            .field("siem_syslog", &self.siem_syslog)
            .field("smtp_url", &self.smtp_url.as_ref().map(|_| "(set, not shown)"))
            .field("mail_from", &self.mail_from.as_ref().map(|_| "(set, not shown)"))
            .field("break_glass_notice", &self.break_glass_notice.len())
            .field("webhook_origins", &self.webhook_origins)
            .field("public_url", &self.public_url)
            .field("inbox_dir", &self.inbox_dir)
            .field("plugin_keys", &self.plugin_keys)
            .field("unsigned_plugins", &self.unsigned_plugins)
            .field("web_origins", &self.web_origins)
            .field("trusted_documents", &self.trusted_documents)
            .field("requests_a_minute", &self.requests_a_minute)
            .field("default_zone", &self.default_zone)
            .field("scorers", &self.scorers)
            .field("issuers", &self.issuers)
            .finish()
    }
}

/// Why the configuration was refused. Values are not repeated: they may be secret.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {}: {cause}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// The file is not TOML.
    #[error("{}, line {line}: {message}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: usize,
        /// What the parser expected.
        message: String,
    },
    /// No such key.
    #[error("{place}: there is no key `{name}`; did you mean `{nearest}`? `vizard config` lists them all")]
    Unknown {
        /// The file, the environment or the command line.
        place: String,
        /// What was written.
        name: String,
        /// The known key that it is nearest to.
        nearest: String,
    },
    /// A value that the key does not take.
    #[error("{place}: `{name}` must be {wanted}")]
    Value {
        /// The file, the environment or the command line.
        place: String,
        /// The key.
        name: String,
        /// What it takes.
        wanted: String,
    },
}

/// A value and where it was written, for the error.
struct Written {
    text: String,
    place: String,
    name: String,
}

impl Config {
    /// Reads the file (if any), then the environment, then `overrides` (key and value, from the command line).
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        overrides: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Result<Self, ConfigError> {
        let mut written = BTreeMap::new();
        let issuers = match file {
            Some(path) => read_file(path, &mut written)?,
            None => vec![],
        };
        read_environment(env, &mut written)?;
        for (name, text) in overrides {
            let key = find(name, "the command line", KEYS.iter().map(|key| key.name))?;
            let place = "the command line".to_owned();
            written.insert(key.name, Written { text, place, name: name.to_owned() });
        }
        Ok(Self { issuers, ..Self::from_written(&written)? })
    }

    fn from_written(written: &BTreeMap<&'static str, Written>) -> Result<Self, ConfigError> {
        let mut config = keys::blank();
        let mut data_dir = String::new();
        for key in KEYS.iter().filter(|key| !key.optional || written.contains_key(key.name)) {
            let default = key.default.replace("{data_dir}", &data_dir);
            let text = written.get(key.name).map_or(default.as_str(), |value| value.text.as_str());
            if key.name == "data_dir" {
                text.trim_end_matches('/').clone_into(&mut data_dir);
            }
            (key.set)(&mut config, text).map_err(|wanted| {
                let at = written.get(key.name);
                ConfigError::Value {
                    place: at.map_or_else(|| "the defaults".to_owned(), |value| value.place.clone()),
                    name: at.map_or_else(|| key.name.to_owned(), |value| value.name.clone()),
                    wanted: wanted.to_owned(),
                }
            })?;
        }
        Ok(config)
    }

    /// The URL to connect to: the one that was set, or the SQLite file in the data directory. It may hold a password.
    pub fn database_url(&self) -> String {
        match &self.database_url {
            Some(url) => url.clone(),
            None => format!("sqlite://{}?mode=rwc", self.data_dir.join("vizard.db").display()),
        }
    }

    /// A configuration file with every key at its default and what it is for: what `vizard config` prints.
    pub fn reference() -> String {
        let mut text = String::from(
            "# Every key of Vizard's configuration, at its default. Environment variables win over this file and\n\
             # command-line options win over both. Unknown keys are refused. Relative paths start at the working directory.\n",
        );
        for key in KEYS {
            text.push('\n');
            for line in key.doc.lines() {
                text.push_str(&format!("# {line}\n"));
            }
            text.push_str(&format!("# Environment: {}\n", env_name(key)));
            let default = key.default.replace("{data_dir}", "data");
            let quoted = if key.bare { default } else { format!("\"{default}\"") };
            let comment = if key.optional { "# " } else { "" };
            text.push_str(&format!("{comment}{} = {quoted}\n", key.name));
        }
        text.push_str(&issuers::reference());
        text
    }
}

/// Fills in the keys; answers with the tables of issuers.
fn read_file(path: &Path, written: &mut BTreeMap<&'static str, Written>) -> Result<Vec<Issuer>, ConfigError> {
    let text =
        std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable { path: path.to_owned(), cause })?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
        path: path.to_owned(),
        line: 1 + error.span().map_or(0, |at| text.bytes().take(at.start).filter(|&b| b == b'\n').count()),
        message: error.message().to_owned(),
    })?;
    let place = path.display().to_string();
    let mut issuers = Vec::new();
    for (name, value) in table {
        if name == "issuer" {
            issuers = issuers::read(&value, &place)?;
            continue;
        }
        let key = find(&name, &place, KEYS.iter().map(|key| key.name).chain(["issuer"]))?;
        let text = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) if key.bare => number.to_string(),
            toml::Value::Boolean(yes) if key.bare => yes.to_string(),
            _ => {
                let wanted = if key.bare { "a whole number, or true or false" } else { "a text in quotes" }.to_owned();
                return Err(ConfigError::Value { place, name, wanted });
            }
        };
        written.insert(key.name, Written { text, place: place.clone(), name });
    }
    Ok(issuers)
}

fn read_environment(
    env: impl Iterator<Item = (String, String)>,
    written: &mut BTreeMap<&'static str, Written>,
) -> Result<(), ConfigError> {
    let place = "the environment";
    let names: Vec<String> = KEYS.iter().map(env_name).collect();
    for (name, text) in env.filter(|(name, _)| name.starts_with(ENV_PREFIX) && !ignored(name)) {
        let Some(at) = names.iter().position(|known| *known == name) else {
            find(&name, place, names.iter().map(String::as_str))?;
            continue;
        };
        written.insert(KEYS[at].name, Written { text, place: place.to_owned(), name });
    }
    Ok(())
}

fn ignored(name: &str) -> bool {
    IGNORED_ENV.iter().any(|known| match known.strip_suffix('*') {
        Some(prefix) => name.starts_with(prefix),
        None => name == *known,
    })
}

fn env_name(key: &Key) -> String {
    format!("{ENV_PREFIX}{}", key.name.to_ascii_uppercase())
}

/// The key called `name`, or an error that names the nearest of `known`.
fn find<'a>(name: &str, place: &str, known: impl Iterator<Item = &'a str>) -> Result<&'static Key, ConfigError> {
    KEYS.iter().find(|key| key.name == name).ok_or_else(|| ConfigError::Unknown {
        place: place.to_owned(),
        name: name.chars().take(80).collect(),
        nearest: nearest(name, known),
    })
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    known.min_by_key(|known| distance(name, known)).unwrap_or_default().to_owned()
}

/// Levenshtein's distance, on the first 80 characters.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().take(80).enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let keep = corner + usize::from(from != *to);
            corner = row[j + 1];
            row[j + 1] = keep.min(corner + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests;
