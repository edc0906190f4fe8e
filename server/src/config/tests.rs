//! What the configuration takes and what it refuses.
//! Never: reads the machine's own environment.

use super::*;
use std::io::Write as _;

fn load(file: &str, env: &[(&str, &str)], overrides: &[(&'static str, &str)]) -> Result<Config, String> {
    let mut on_disk = tempfile::NamedTempFile::new().unwrap();
    on_disk.write_all(file.as_bytes()).unwrap();
    Config::load(
        Some(on_disk.path()),
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        overrides.iter().map(|(name, value)| (*name, (*value).to_owned())),
    )
    .map_err(|error| error.to_string())
}

fn refused(file: &str, env: &[(&str, &str)]) -> String {
    load(file, env, &[]).expect_err("refused")
}

#[test]
fn with_nothing_set_everything_has_its_default() {
    let config = load("", &[], &[]).unwrap();
    assert_eq!(config.data_dir, PathBuf::from("data"));
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.mode, Mode::Development);
    assert_eq!(config.vault_key_file, PathBuf::from("data/keys/vault.key"));
    assert_eq!(config.inbox_dir, PathBuf::from("data/inbox"));
    assert_eq!(config.database_url, None);
    assert_eq!(config.database_url(), "sqlite://data/vizard.db?mode=rwc");
    assert_eq!((config.default_zone.as_str(), config.scorers), ("UTC", 1));
}

#[test]
fn the_environment_wins_over_the_file_and_the_command_line_over_both() {
    let file = "listen = \"127.0.0.1:1\"\ndata_dir = \"a\"\nscorers = 3\n";
    let env = [("VIZARD_LISTEN", "127.0.0.1:2"), ("VIZARD_DATA_DIR", "b"), ("HOME", "/nowhere")];
    let config = load(file, &env, &[("listen", "127.0.0.1:3")]).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.data_dir, PathBuf::from("b"));
    assert_eq!(config.scorers, 3);
}

#[test]
fn files_follow_the_data_directory_unless_they_are_set() {
    let config = load("inbox_dir = \"/srv/inbox\"", &[("VIZARD_DATA_DIR", "/var/lib/vizard/")], &[]).unwrap();
    assert_eq!(config.vault_key_file, PathBuf::from("/var/lib/vizard/keys/vault.key"));
    assert_eq!(config.inbox_dir, PathBuf::from("/srv/inbox"));
}

#[test]
fn the_public_url_is_a_site_with_or_without_a_path() {
    let url = |text: &str| load(&format!("public_url = \"{text}\""), &[], &[]).map(|config| config.public_url);
    assert_eq!(load("", &[], &[]).unwrap().public_url, None);
    assert_eq!(url("https://risk.example.org/vizard/"), Ok(Some("https://risk.example.org/vizard".to_owned())));
    for wrong in
        ["", "https://", "risk.example.org", "ftp://risk.example.org", "https://a@b", "https://a/?x", "https://a/#x"]
    {
        assert!(url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn an_unknown_key_is_refused_with_the_nearest_known_one() {
    assert!(refused("lisen = \"x\"", &[]).contains("no key `lisen`; did you mean `listen`?"));
    assert!(
        refused("", &[("VIZARD_DATADIR", "x")]).contains("no key `VIZARD_DATADIR`; did you mean `VIZARD_DATA_DIR`?")
    );
    assert!(refused("[server]\nlisten = \"x\"", &[]).contains("no key `server`"));
}

#[test]
fn variables_of_the_tests_and_the_builds_are_not_settings() {
    let env = [("VIZARD_TEST_POSTGRES", "x"), ("VIZARD_WASM_TOOLCHAIN", "x"), ("VIZARD_BLESS", "1")];
    assert_eq!(load("", &env, &[]), load("", &[], &[]));
}

#[test]
fn a_wrong_value_is_refused_by_its_key_and_not_repeated() {
    let cases = [
        ("VIZARD_LISTEN", "s3cret", "an address and a port"),
        ("VIZARD_MODE", "s3cret", "`development` or `production`"),
        ("VIZARD_LOG", "=s3cret=", "a level"),
        ("VIZARD_LOG_FORMAT", "s3cret", "`text` or `json`"),
        ("VIZARD_DATABASE_URL", "mysql://s3cret", "sqlite: or postgres://"),
        ("VIZARD_SCORERS", "0", "1 to 32"),
        ("VIZARD_SCORERS", "33", "1 to 32"),
        ("VIZARD_DATA_DIR", "", "a path"),
        ("VIZARD_DEFAULT_ZONE", " ", "time zone"),
    ];
    for (name, value, wanted) in cases {
        let error = refused("", &[(name, value)]);
        assert!(error.starts_with("the environment: ") && error.contains(name) && error.contains(wanted), "{error}");
        assert!(!error.contains("s3cret"), "{error}");
    }
    assert!(refused("scorers = \"2\"\nlog = 3", &[]).contains("`log` must be a text in quotes"));
}

#[test]
fn a_broken_file_is_refused_by_line_without_quoting_it() {
    let error = refused("log = \"info\"\ndatabase_url = postgres://vizard:s3cret@db/x\n", &[]);
    assert!(error.contains("line 2"), "{error}");
    assert!(!error.contains("s3cret"), "{error}");
}

#[test]
fn a_secret_does_not_show_when_the_configuration_is_printed() {
    let config = load("", &[("VIZARD_DATABASE_URL", "postgres://vizard:s3cret@db/x")], &[]).unwrap();
    assert_eq!(config.database_url(), "postgres://vizard:s3cret@db/x");
    assert!(!format!("{config:?}").contains("s3cret"));
}

#[test]
fn the_reference_is_a_configuration_that_says_the_defaults() {
    let reference = Config::reference();
    assert_eq!(load(&reference, &[], &[]), load("", &[], &[]));
    for key in KEYS {
        assert!(reference.contains(&env_name(key)) && !key.doc.is_empty(), "{} is documented", key.name);
    }
}

#[test]
fn mail_goes_in_the_open_on_this_machine_only() {
    let take = |url: &str| load(&format!("smtp_url = \"{url}\""), &[], &[]);
    for url in [
        "smtps://mail.example.org",
        "smtps://vizard:se%40cret@mail.example.org:465",
        "smtp://mail.example.org:587?tls=required",
        "smtp://127.0.0.1:25",
        "smtp://user:pass@localhost",
        "smtp://[::1]:25",
    ] {
        assert_eq!(take(url).map(|config| config.smtp_url), Ok(Some(url.to_owned())));
    }
    for url in [
        "smtp://mail.example.org:25",
        "smtp://localhost.example.org",
        "smtp://127.0.0.1@mail.example.org",
        "smtps://",
        "x",
    ] {
        assert!(refused(&format!("smtp_url = \"{url}\""), &[]).contains("smtp_url"), "{url}");
    }
    let told = load("break_glass_notice = \"Security <security@example.org>, council@example.org\"", &[], &[]).unwrap();
    assert_eq!(told.break_glass_notice.len(), 2);
    assert!(refused("break_glass_notice = \"nobody\"", &[]).contains("up to 20 addresses"));
    let config = load("smtp_url = \"smtps://u:hidden@h\"\nmail_from = \"v@example.org\"", &[], &[]).unwrap();
    let shown = format!("{config:?}");
    assert!(!shown.contains("hidden") && !shown.contains("v@example.org"), "{shown}");
}
