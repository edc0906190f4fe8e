//! The table of who may name whom (design, section 1), and the test of a file against it.
//! Never: a rule that names an area which does not exist; `it/tidy.rs` looks for one file of each.

use super::{File, Finding, token};

/// Names that must not stand in a path within some areas.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Where it holds.
    pub within: &'static [&'static str],
    /// Where, within that, it does not.
    pub except: &'static [&'static str],
    /// Modules or crates, whole names. A trailing `*` covers all names that begin so.
    pub names: &'static [&'static str],
    /// Said to whoever breaks it.
    pub why: &'static str,
}

const EVERYWHERE: &[&str] = &["server", "migrations", "connector-sdk", "plugins", "tests"];
const DATABASE: &[&str] = &["sea_orm*", "sea_query*", "sqlx*"];

/// The table.
pub fn rules() -> &'static [Rule] {
    &[
        Rule {
            within: &["plugins/*/src", "tests/guests/*/src"],
            except: &[],
            names: &["vizard_core", "vizard_server", "vizard_plugin_host", "vizard_migrations", "vizard_tests"],
            why: "a plugin names connector_sdk only: a vendor has nothing else",
        },
        Rule {
            within: &["connector-sdk/src", "server/core/src"],
            except: &[],
            names: &["vizard_*"],
            why: "the SDK and the core name nothing of ours",
        },
        Rule {
            within: &["server/src/graphql", "server/src/http", "server/src/jobs"],
            except: &[],
            names: &["store"],
            why: "http, graphql and jobs ask service; only service asks store",
        },
        Rule {
            within: &["server/src/service"],
            except: &[],
            names: &["axum*", "async_graphql*", "tower*", "http", "graphql", "jobs"],
            why: "service does not know how it is reached",
        },
        Rule {
            within: &["server/src/store"],
            except: &[],
            names: &["axum*", "async_graphql*", "tower*", "http", "graphql", "jobs", "service"],
            why: "store knows the database and the core, nothing above it",
        },
        Rule {
            within: &["server", "connector-sdk", "plugins"],
            except: &["server/src/store"],
            names: DATABASE,
            why: "types of the database stay in store (and migrations)",
        },
        Rule {
            within: &["server/core/src"],
            except: &[],
            names: &["tokio*", "axum*", "async_graphql*", "rand*", "getrandom", "jiff*", "chrono*"],
            why: "the core is pure: no clock, no randomness, no input or output",
        },
        Rule {
            within: &["server/core/src"],
            except: &[],
            names: &["fs", "net", "env", "process", "thread", "SystemTime", "Instant"],
            why: "the core is pure: what it needs to know stands in its input, `now` too",
        },
        Rule {
            within: EVERYWHERE,
            except: &["server/plugin-host"],
            names: &["wasmtime*"],
            why: "only plugin-host names wasmtime",
        },
        Rule {
            within: &["server", "tests"],
            except: &["server/plugin-host/src/convert", "tests/guests"],
            names: &["bindgen", "bindings", "generated"],
            why: "types made from WIT stay in plugin-host/convert",
        },
    ]
}

/// Names in the paths of a source file that the table forbids there.
pub fn imports(file: &File) -> Vec<Finding> {
    let text = file.text();
    let segments = token::path_segments(&text);
    let mut found = Vec::new();
    for rule in rules().iter().filter(|rule| holds(rule, file)) {
        for token in segments.iter().filter(|token| rule.names.iter().any(|name| matches(name, token.text))) {
            found.push(Finding::new(file, token.line, format!("names `{}`: {}", token.text, rule.why)));
        }
    }
    found
}

/// The vault's function that turns a subject into a person, and who may name it.
const OPENS: &str = "open_identity";
const OPENERS: &[&str] = &["server/src/store/vault", "server/src/service/reveal", "tests/it/vault", "tests/it/reveal"];

/// Places that open an identity and are not `service/reveal`. A method is called without a path, so the name counts
/// wherever it stands in code.
pub fn openings(file: &File) -> Vec<Finding> {
    if OPENERS.iter().any(|area| file.is_in(area)) {
        return Vec::new();
    }
    let text = file.text();
    let named = token::tokens(&text).into_iter().filter(|token| token.text == OPENS);
    named.map(|token| Finding::new(file, token.line, "opens an identity: only service/reveal may")).collect()
}

fn holds(rule: &Rule, file: &File) -> bool {
    rule.within.iter().any(|area| file.is_in(area)) && !rule.except.iter().any(|area| file.is_in(area))
}

fn matches(name: &str, word: &str) -> bool {
    match name.strip_suffix('*') {
        Some(prefix) => word.starts_with(prefix),
        None => word == name,
    }
}

/// Dependencies that a manifest may not have, because its crate may not name them.
pub fn manifests(file: &File) -> Vec<Finding> {
    if !file.path.ends_with("Cargo.toml") {
        return Vec::new();
    }
    let Ok(manifest) = file.text().parse::<toml::Table>() else {
        return vec![Finding::new(file, 0, "is not TOML")];
    };
    let folder = file.path.trim_end_matches("Cargo.toml");
    let forbidden: &[&str] = match folder {
        "server/core/" => &["tokio", "sea-orm", "axum", "wasmtime", "rand", "getrandom", "jiff", "chrono", "vizard-"],
        "connector-sdk/" => &["wasmtime", "sea-orm", "axum", "tokio", "vizard-"],
        // What the whole workspace may use stands there; who uses it is checked crate by crate.
        "server/plugin-host/" | "" => &[],
        _ if folder.starts_with("plugins/") => &["wasmtime", "vizard-"],
        _ => &["wasmtime"],
    };
    let dependencies = ["dependencies", "build-dependencies"].iter().filter_map(|part| manifest.get(*part)?.as_table());
    dependencies
        .flat_map(toml::Table::keys)
        .filter(|name| forbidden.iter().any(|start| name.starts_with(start)))
        .map(|name| Finding::new(file, 0, format!("depends on `{name}`, which this crate may not name")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many names in `text`, as the file at `path`, the table forbids.
    fn forbidden(path: &str, text: &str) -> usize {
        imports(&File::new(path, text)).len()
    }

    #[test]
    fn a_plugin_names_only_the_sdk() {
        assert_eq!(forbidden("plugins/hr/src/lib.rs", "use vizard_core::time::Micros;"), 1);
        assert_eq!(forbidden("plugins/hr/src/lib.rs", "use connector_sdk::Connector;"), 0);
        assert_eq!(forbidden("tests/guests/hostile/src/lib.rs", "vizard_server::run()"), 1);
    }

    #[test]
    fn the_sdk_and_the_core_name_nothing_of_ours() {
        assert_eq!(forbidden("connector-sdk/src/time.rs", "use vizard_core::time;"), 1);
        assert_eq!(forbidden("server/core/src/alert.rs", "use vizard_server::clock;"), 1);
    }

    #[test]
    fn what_faces_the_caller_does_not_name_the_store() {
        for area in ["graphql/alerts.rs", "http.rs", "jobs/score.rs"] {
            let path = format!("server/src/{area}");
            assert_eq!(forbidden(&path, "use crate::store::alerts;"), 1, "{area}");
            assert_eq!(forbidden(&path, "use crate::{clock, store};"), 1, "{area}");
            assert_eq!(forbidden(&path, "let x = super::super::store::alerts::page();"), 1, "{area}");
            assert_eq!(forbidden(&path, "// asks crate::store::alerts\nservice.store(\"crate::store\");"), 0, "{area}");
        }
        assert_eq!(forbidden("server/src/service/alerts.rs", "use crate::store::alerts;"), 0);
    }

    #[test]
    fn layers_below_do_not_name_layers_above() {
        assert_eq!(forbidden("server/src/service/alerts.rs", "use axum::Json; use async_graphql::ID;"), 2);
        assert_eq!(forbidden("server/src/service/alerts.rs", "use crate::graphql::Alert;"), 1);
        assert_eq!(forbidden("server/src/store/alerts.rs", "use crate::service::alerts;"), 1);
    }

    #[test]
    fn types_of_the_database_stay_in_the_store() {
        assert_eq!(forbidden("server/src/app.rs", "use sea_orm::DatabaseConnection;"), 1);
        assert_eq!(forbidden("server/src/service/a.rs", "fn f(db: &sea_orm::DatabaseConnection) {}"), 1);
        assert_eq!(forbidden("server/src/store/alerts.rs", "use sea_orm::DatabaseConnection;"), 0);
        assert_eq!(forbidden("migrations/src/m1.rs", "use sea_orm_migration::prelude::*;"), 0);
    }

    #[test]
    fn the_core_has_no_clock_randomness_or_input() {
        for text in [
            "use std::time::Instant;",
            "std::fs::read(p)",
            "use rand::Rng;",
            "use tokio::sync::Mutex;",
            "jiff::Zoned::now()",
        ] {
            assert_eq!(forbidden("server/core/src/scoring/risk.rs", text), 1, "{text}");
        }
        assert_eq!(forbidden("server/core/src/scoring/risk.rs", "use std::collections::BTreeMap; let fs = 1;"), 0);
    }

    #[test]
    fn only_the_plugin_host_names_wasmtime_and_only_convert_its_bindings() {
        assert_eq!(forbidden("server/src/service/ingest.rs", "use wasmtime::Engine;"), 1);
        assert_eq!(forbidden("tests/src/world.rs", "wasmtime::Engine::default()"), 1);
        assert_eq!(forbidden("server/plugin-host/src/engine.rs", "use wasmtime::Engine;"), 0);
        assert_eq!(forbidden("server/plugin-host/src/run.rs", "use crate::convert::generated::Event;"), 1);
        assert_eq!(forbidden("server/plugin-host/src/run.rs", "wit_bindgen::bindgen!({});"), 1);
        assert_eq!(forbidden("server/plugin-host/src/convert.rs", "wasmtime::component::bindgen!({});"), 0);
    }

    #[test]
    fn only_reveal_opens_an_identity() {
        let found = |path: &str, text: &str| openings(&File::new(path, text)).len();
        assert_eq!(found("server/src/service/alerts.rs", "vault.open_identity(id)"), 1);
        assert_eq!(found("server/src/store/alerts.rs", "use super::vault::open_identity;"), 1);
        assert_eq!(found("server/src/service/alerts.rs", "// never open_identity"), 0);
        assert_eq!(found("server/src/service/reveal.rs", "vault.open_identity(id)"), 0);
        assert_eq!(found("server/src/store/vault.rs", "pub fn open_identity() {}"), 0);
    }

    #[test]
    fn a_manifest_may_not_bring_what_its_crate_may_not_name() {
        let found = |path: &str, text: &str| manifests(&File::new(path, text)).len();
        assert_eq!(found("server/core/Cargo.toml", "[dependencies]\njiff.workspace = true\nserde = \"1\"\n"), 1);
        assert_eq!(found("server/Cargo.toml", "[dependencies]\nwasmtime = \"48\"\n"), 1);
        assert_eq!(found("server/plugin-host/Cargo.toml", "[dependencies]\nwasmtime = \"48\"\n"), 0);
        assert_eq!(found("plugins/hr/Cargo.toml", "[dependencies]\nvizard-core.workspace = true\n"), 1);
        assert_eq!(found("connector-sdk/Cargo.toml", "[build-dependencies]\nvizard-core.workspace = true\n"), 1);
        assert_eq!(found("server/core/Cargo.toml", "not toml"), 1);
    }
}
