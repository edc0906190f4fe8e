//! The table of keys: one row each drives loading, the reference text and the tests.
//! Never: a setting that is read anywhere but through this table.

use super::{Config, LogFormat, Mode, Syslog};
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};
use vizard_core::limits;
use vizard_plugin_host::SigningKey;

/// One setting.
pub(super) struct Key {
    /// Its name in the file; the environment variable is `VIZARD_` and the name in capitals.
    pub(super) name: &'static str,
    /// `{data_dir}` stands for the data directory.
    pub(super) default: &'static str,
    /// Written without quotes in the file: a number, true or false.
    pub(super) bare: bool,
    /// May be absent: the reference shows it commented out, with `default` as an example of the effect.
    pub(super) optional: bool,
    pub(super) doc: &'static str,
    /// Takes a text; the error says what the key takes.
    pub(super) set: fn(&mut Config, &str) -> Result<(), &'static str>,
}

/// Variables of the same prefix that are not settings: those of the tests, the build of plugins and the gate.
/// `VIZARD_CONFIG` names the file and is read by the command line.
pub(super) const IGNORED_ENV: &[&str] =
    &["VIZARD_CONFIG", "VIZARD_TEST_*", "VIZARD_WASM_*", "VIZARD_BLESS", "VIZARD_BENCH_*", "VIZARD_ADVISORIES"];

const TEXT: Key = Key { name: "", default: "", bare: false, optional: false, doc: "", set: |_, _| Ok(()) };

/// `data_dir` comes first: later defaults build on it.
pub(super) const KEYS: &[Key] = &[
    Key {
        name: "data_dir",
        default: "data",
        doc: "Where the installation keeps its files: database, keys, plugins, inbox. Created if missing.",
        set: |config, text| path(text).map(|path| config.data_dir = path),
        ..TEXT
    },
    Key {
        name: "listen",
        default: "127.0.0.1:8080",
        doc: "Address and port of the HTTP server. Put a proxy that ends TLS in front of any but a loopback address.",
        set: |config, text| {
            text.parse().map(|at| config.listen = at).map_err(|_| "an address and a port, such as 127.0.0.1:8080")
        },
        ..TEXT
    },
    Key {
        name: "database_url",
        default: "sqlite://{data_dir}/vizard.db?mode=rwc",
        optional: true,
        doc: "The database. Without it, a SQLite file in the data directory; or postgres://ROLE@HOST/DATABASE.\n\
              It may hold a password, so it is never printed; prefer the environment to a file that others can read.",
        set: |config, text| {
            let known = ["sqlite:", "postgres://", "postgresql://"];
            if !known.iter().any(|scheme| text.starts_with(scheme)) {
                return Err("a URL that begins with sqlite: or postgres://");
            }
            config.database_url = Some(text.to_owned());
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "mode",
        default: "development",
        doc: "`development` accepts tokens signed with the key in the data directory and serves GraphiQL at /.\n\
              `production` refuses those tokens and needs an [[issuer]].",
        set: |config, text| {
            config.mode = match text {
                "development" => Mode::Development,
                "production" => Mode::Production,
                _ => return Err("`development` or `production`"),
            };
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "log",
        default: "info",
        doc: "What to log: a level (error, warn, info, debug, trace), or levels by module such as\n\
              `info,vizard_server::http=debug`. Logs go to standard error and hold no personal data at any level.",
        set: |config, text| {
            if text.parse::<tracing_subscriber::EnvFilter>().is_err() {
                return Err("a level, or levels by module such as `info,vizard_server::http=debug`");
            }
            text.clone_into(&mut config.log);
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "log_format",
        default: "text",
        doc: "`text` for people, `json` for one JSON object a line.",
        set: |config, text| {
            config.log_format = match text {
                "text" => LogFormat::Text,
                "json" => LogFormat::Json,
                _ => return Err("`text` or `json`"),
            };
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "vault_key_file",
        default: "{data_dir}/keys/vault.key",
        doc: "The key that encrypts identities, created on first start. Without it no identity can be opened:\n\
              back it up apart from the database, and keep it readable to the server alone.",
        set: |config, text| path(text).map(|path| config.vault_key_file = path),
        ..TEXT
    },
    Key {
        name: "audit_key_file",
        default: "{data_dir}/keys/audit.key",
        doc: "The key that signs the audit log's checkpoints, created on first start. Replicas share it. Give auditors\n\
              its public half: vizard audit key.",
        set: |config, text| path(text).map(|path| config.audit_key_file = path),
        ..TEXT
    },
    Key {
        name: "audit_checkpoint_file",
        default: "{data_dir}/audit/checkpoints",
        doc: "Where every checkpoint of the audit log is appended, outside of the database. Put it where whoever can\n\
              change the database cannot: a mount that only grows, a file that another machine collects.",
        set: |config, text| path(text).map(|path| config.audit_checkpoint_file = path),
        ..TEXT
    },
    Key {
        name: "siem_http_url",
        default: "http://127.0.0.1:9000/vizard",
        optional: true,
        doc: "Where audit entries are sent by HTTP POST, as NDJSON and without free text, as they come in.",
        set: |config, text| {
            if !text.starts_with("http://") && !text.starts_with("https://") {
                return Err("a URL that begins with http:// or https://");
            }
            config.siem_http_url = Some(text.to_owned());
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "siem_http_token_file",
        default: "{data_dir}/keys/siem.token",
        optional: true,
        doc: "A file with the token that these requests carry (Authorization: Bearer …).",
        set: |config, text| path(text).map(|path| config.siem_http_token_file = Some(path)),
        ..TEXT
    },
    Key {
        name: "siem_syslog",
        default: "udp://127.0.0.1:514",
        optional: true,
        doc: "Where the same entries are sent as syslog (RFC 5424): udp://HOST:PORT or tcp://HOST:PORT.",
        set: |config, text| {
            let syslog = text.strip_prefix("udp://").map(|at| (true, at));
            let (datagrams, address) = syslog
                .or_else(|| text.strip_prefix("tcp://").map(|at| (false, at)))
                .filter(|(_, at)| {
                    at.rsplit_once(':').is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
                })
                .ok_or("udp://HOST:PORT or tcp://HOST:PORT")?;
            config.siem_syslog = Some(Syslog { datagrams, address: address.to_owned() });
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "smtp_url",
        default: "smtps://127.0.0.1:465",
        optional: true,
        doc: "The server that takes mail from here: smtps://USER:PASSWORD@HOST:PORT, or smtp://HOST:PORT?tls=required\n\
              for one that turns to TLS. Without TLS only on this machine: smtp://127.0.0.1:25. It may hold a password,\n\
              so it is never printed.",
        set: |config, text| {
            let host = |rest: &str| rest.rsplit('@').next().is_some_and(|at| !at.is_empty() && !at.starts_with(':'));
            let safe = match (text.strip_prefix("smtps://"), text.strip_prefix("smtp://")) {
                (Some(rest), _) => host(rest),
                (None, Some(rest)) => host(rest) && (rest.ends_with("?tls=required") || local(rest)),
                (None, None) => false,
            };
            if !safe {
                return Err("smtps://HOST:PORT, smtp://HOST:PORT?tls=required, or smtp://127.0.0.1:PORT");
            }
            config.smtp_url = Some(text.to_owned());
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "mail_from",
        default: "Vizard <vizard@localhost>",
        optional: true,
        doc: "Who mail from here is from.",
        set: |config, text| {
            config.mail_from = Some(text.parse().map_err(|_| "an address, such as Vizard <vizard@example.org>")?);
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "break_glass_notice",
        default: "security-officer@localhost, works-council@localhost",
        optional: true,
        doc: "Who is told at once when somebody opens an identity in an emergency, without another's consent: addresses\n\
              with commas between them. Without them nobody can. Needs smtp_url and mail_from.",
        set: |config, text| {
            let addresses: Result<Vec<_>, _> = text.split(',').map(|one| one.trim().parse()).collect();
            config.break_glass_notice = addresses
                .ok()
                .filter(|all| all.len() <= limits::BREAK_GLASS_ADDRESSES)
                .ok_or("up to 20 addresses with commas between them")?;
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "webhook_origins",
        default: "https://chat.example,https://tickets.example:8443",
        optional: true,
        doc: "Where webhooks may go: origins, with commas between. An ADMIN adds webhooks, but only to these; without them\n\
              nobody can. Without TLS only on this machine: http://127.0.0.1:9000.",
        set: |config, text| {
            let origins: Vec<String> = text.split(',').map(|origin| origin.trim().to_ascii_lowercase()).collect();
            let safe = |origin: &String| {
                let (https, http) = (origin.strip_prefix("https://"), origin.strip_prefix("http://"));
                let site = https.or_else(|| http.filter(|site| local(site)));
                site.is_some_and(|site| {
                    !site.is_empty() && !site.contains(|c: char| "/*@?#\\".contains(c) || c.is_whitespace())
                })
            };
            if origins.len() > limits::WEBHOOK_ORIGINS || !origins.iter().all(safe) {
                return Err("up to 20 origins with commas between, such as https://chat.example");
            }
            config.webhook_origins = origins;
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "public_url",
        default: "https://vizard.example.org",
        optional: true,
        doc: "Where people reach this server, as they would type it, with the path that a proxy puts before ours if there\n\
              is one. Links to shares begin with it; without it they begin with /share, and whoever passes one on completes it.",
        set: |config, text| {
            let url = text.trim_end_matches('/');
            let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
            if rest.is_empty() || rest.contains(|c: char| matches!(c, '?' | '#' | '@') || c.is_whitespace()) {
                return Err("a URL that begins with http:// or https://, without `?`, `#` or a password");
            }
            config.public_url = Some(url.to_owned());
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "inbox_dir",
        default: "{data_dir}/inbox",
        doc: "Where files are put for connectors: what is moved into {data_dir}/inbox/NAME is read by the connector NAME.",
        set: |config, text| path(text).map(|path| config.inbox_dir = path),
        ..TEXT
    },
    Key {
        name: "plugin_keys",
        default: "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3",
        optional: true,
        doc: "Who may sign plugins: public keys of minisign (the second line of a minisign.pub), with commas between. A\n\
              plugin whose key is taken off this list is not run any more.",
        set: |config, text| {
            let keys: Option<Vec<SigningKey>> = text.split(',').map(SigningKey::parse).collect();
            config.plugin_keys = keys
                .filter(|keys| keys.len() <= limits::PLUGIN_KEYS)
                .ok_or("up to 50 public keys of minisign with commas between them")?;
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "unsigned_plugins",
        default: "false",
        bare: true,
        optional: true,
        doc: "Whether plugins without a signature are installed and run: true or false. Unless it is set: in development\n\
              mode alone.",
        set: |config, text| {
            config.unsigned_plugins = Some(text.parse().map_err(|_| "true or false")?);
            Ok(())
        },
    },
    Key {
        name: "web_origins",
        default: "https://triage.example,https://portal.example",
        optional: true,
        doc: "Sites whose pages may ask this server from a browser, and open WebSockets for subscriptions, besides its own:\n\
              origins, with commas between. Pages of all other sites are refused.",
        set: |config, text| {
            let is_origin = |text: &str| {
                text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).is_some_and(|site| {
                    !site.is_empty() && !site.contains(|c: char| c == '/' || c == '*' || c.is_whitespace())
                })
            };
            let origins: Vec<String> = text.split(',').map(|origin| origin.trim().to_ascii_lowercase()).collect();
            if !origins.iter().all(|origin| is_origin(origin)) {
                return Err("origins with commas between, such as https://triage.example");
            }
            config.web_origins = origins;
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "trusted_documents",
        default: "/etc/vizard/persisted-documents.json",
        optional: true,
        doc: "The only GraphQL documents that are run: the manifest of graphql-codegen or relay-compiler, JSON with a text\n\
              for each id. Without it every document is run that is within the limits.",
        set: |config, text| path(text).map(|path| config.trusted_documents = Some(path)),
        ..TEXT
    },
    Key {
        name: "requests_a_minute",
        default: "1200",
        bare: true,
        doc: "Requests a minute that are answered of one signed-in viewer, 10 to 1000000; beyond them 429 with Retry-After.",
        set: |config, text| {
            let most = text.parse().ok().filter(|most| limits::REQUESTS_A_MINUTE_RANGE.contains(most));
            most.map(|most| config.requests_a_minute = most).ok_or("a whole number from 10 to 1000000")
        },
        ..TEXT
    },
    Key {
        name: "default_zone",
        default: "UTC",
        doc: "The time zone of records that name none, unless the connector says otherwise: an IANA name\n\
              such as Europe/Berlin.",
        set: |config, text| {
            if text.trim().is_empty() {
                return Err("an IANA time zone such as Europe/Berlin");
            }
            text.clone_into(&mut config.default_zone);
            Ok(())
        },
        ..TEXT
    },
    Key {
        name: "scorers",
        default: "1",
        bare: true,
        doc: "Scoring tasks at once, 1 to 32. SQLite has one writer, so more than 1 helps on PostgreSQL only.",
        set: |config, text| {
            let count = text.parse().ok().filter(|count| limits::SCORERS.contains(count));
            count.map(|count| config.scorers = count).ok_or("a whole number from 1 to 32")
        },
        ..TEXT
    },
];

/// What the table fills in.
pub(super) fn blank() -> Config {
    Config {
        data_dir: PathBuf::new(),
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        database_url: None,
        mode: Mode::Production,
        log: String::new(),
        log_format: LogFormat::Text,
        vault_key_file: PathBuf::new(),
        audit_key_file: PathBuf::new(),
        audit_checkpoint_file: PathBuf::new(),
        siem_http_url: None,
        siem_http_token_file: None,
        siem_syslog: None,
        smtp_url: None,
        mail_from: None,
        break_glass_notice: vec![],
        webhook_origins: vec![],
        public_url: None,
        inbox_dir: PathBuf::new(),
        plugin_keys: vec![],
        unsigned_plugins: None,
        web_origins: vec![],
        trusted_documents: None,
        requests_a_minute: limits::REQUESTS_A_MINUTE,
        default_zone: String::new(),
        scorers: 1,
        issuers: vec![],
    }
}

/// Whether a server, `[USER[:PASSWORD]@]HOST[:PORT]`, is on this machine.
fn local(server: &str) -> bool {
    let host = server.rsplit('@').next().unwrap_or_default().split(['/', '?']).next().unwrap_or_default();
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|own| host.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')))
}

fn path(text: &str) -> Result<PathBuf, &'static str> {
    if text.is_empty() { Err("a path") } else { Ok(PathBuf::from(text)) }
}
