//! The `[[issuer]]` tables of the configuration: which providers' tokens are accepted, and what they mean here.
//! Never: a provider that is reached without TLS, but on this machine, or a name that could be mistaken for another.

use super::{ConfigError, nearest};
use crate::auth::{Alg, acceptable_url};
use std::{collections::BTreeMap, path::PathBuf};
use vizard_core::{access::Role, limits};

/// A provider of sign-ins (OpenID Connect).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "documented once, in the table of keys")]
pub struct Issuer {
    pub name: String,
    pub issuer: String,
    pub audience: Vec<String>,
    pub algorithms: Vec<Alg>,
    pub jwks_url: Option<String>,
    pub roles_claim: Option<String>,
    pub role_map: BTreeMap<String, Role>,
    pub name_claim: String,
    pub account_claim: String,
    pub allow_missing_typ: bool,
    pub ca_file: Option<PathBuf>,
}

/// Names that other viewers have, or begin with.
const RESERVED: [&str; 6] = ["anonymous", "dev", "operator", "share", "system", "vizard"];

struct Key {
    name: &'static str,
    /// As TOML, for the reference.
    example: &'static str,
    required: bool,
    doc: &'static str,
    set: fn(&mut Issuer, &toml::Value) -> Result<(), &'static str>,
}

const KEYS: &[Key] = &[
    Key {
        name: "name",
        example: "\"company\"",
        required: true,
        doc: "A short name of your own for it. Viewers are called NAME:SUBJECT, so it must never change.",
        set: |issuer, value| {
            let name = text(value).filter(|name| is_name(name) && !RESERVED.contains(&name.as_str()));
            name.map(|name| issuer.name = name).ok_or(
                "1 to 32 lower-case letters, digits and dashes, a letter first, and no word that is Vizard's own",
            )
        },
    },
    Key {
        name: "issuer",
        example: "\"https://login.example.com/realms/company\"",
        required: true,
        doc: "The provider's issuer, letter by letter as its tokens say it (`iss`).",
        set: |issuer, value| {
            let url = text(value).filter(|url| acceptable_url(url) && !url.contains(['?', '#']));
            url.map(|url| issuer.issuer = url).ok_or(URL)
        },
    },
    Key {
        name: "audience",
        example: "\"vizard\"",
        required: true,
        doc: "What its tokens for Vizard say in `aud`; a list where several will do.",
        set: |issuer, value| {
            let found = list(value).filter(|list| (1..=8).contains(&list.len()));
            found.map(|found| issuer.audience = found).ok_or("a text, or a list of 1 to 8 texts")
        },
    },
    Key {
        name: "algorithms",
        example: "[\"RS256\"]",
        required: false,
        doc: "The algorithms its tokens may be signed with: RS256, PS256, ES256, EdDSA. Without it, RS256.",
        set: |issuer, value| {
            let found: Option<Vec<Alg>> =
                list(value).and_then(|list| list.iter().map(|word| word.parse().ok()).collect());
            let found = found.filter(|found| !found.is_empty());
            found.map(|found| issuer.algorithms = found).ok_or("a list of RS256, PS256, ES256 and EdDSA")
        },
    },
    Key {
        name: "jwks_url",
        example: "\"https://login.example.com/realms/company/keys\"",
        required: false,
        doc: "Where its keys are. Without it, its discovery document says so (issuer/.well-known/openid-configuration).",
        set: |issuer, value| {
            text(value).filter(|url| acceptable_url(url)).map(|url| issuer.jwks_url = Some(url)).ok_or(URL)
        },
    },
    Key {
        name: "roles_claim",
        example: "\"realm_access.roles\"",
        required: false,
        doc: "The claim that holds roles or groups: its name, or a path with dots. Without it, roles come from grants\n\
              alone (`vizard role grant`, or the API's grantRole).",
        set: |issuer, value| {
            text(value).map(|claim| issuer.roles_claim = Some(claim)).ok_or("the name of a claim, or a path with dots")
        },
    },
    Key {
        name: "role_map",
        example: "{ \"vizard-admins\" = \"ADMIN\", \"vizard-analysts\" = \"ANALYST\" }",
        required: false,
        doc: "What the values of that claim mean here. Values that are not listed mean nothing.",
        set: |issuer, value| {
            let table = value.as_table().filter(|table| (1..=limits::TOKEN_CLAIM_VALUES).contains(&table.len()));
            let role = |value: &toml::Value| value.as_str().and_then(|role| role.parse::<Role>().ok());
            let map = table.and_then(|table| {
                table.iter().map(|(value, word)| role(word).map(|role| (value.clone(), role))).collect()
            });
            map.map(|map| issuer.role_map = map)
                .ok_or("a table of the claim's values and ADMIN, ANALYST, INVESTIGATOR, AUDITOR, APPROVER or CONNECTOR")
        },
    },
    Key {
        name: "name_claim",
        example: "\"name\"",
        required: false,
        doc: "The claim with the name to show. Without it, `name`.",
        set: |issuer, value| text(value).map(|claim| issuer.name_claim = claim).ok_or("the name of a claim"),
    },
    Key {
        name: "account_claim",
        example: "\"preferred_username\"",
        required: false,
        doc: "The claim with the account that connectors know the person by: it keeps viewers off their own cases.\n\
              `email` and `upn` are read as well. Without it, `preferred_username`.",
        set: |issuer, value| text(value).map(|claim| issuer.account_claim = claim).ok_or("the name of a claim"),
    },
    Key {
        name: "allow_missing_typ",
        example: "false",
        required: false,
        doc: "Accept tokens whose header has no `typ`: some providers leave it out. Without it, they are refused.",
        set: |issuer, value| value.as_bool().map(|allow| issuer.allow_missing_typ = allow).ok_or("true or false"),
    },
    Key {
        name: "ca_file",
        example: "\"/etc/vizard/company-ca.pem\"",
        required: false,
        doc: "The certificate authorities to trust for this provider (PEM), instead of the public ones.",
        set: |issuer, value| text(value).map(|path| issuer.ca_file = Some(PathBuf::from(path))).ok_or("a path"),
    },
];

const URL: &str = "a URL that begins with https:// (http:// only on this machine: localhost, 127.0.0.1, [::1])";

/// The tables in `value`, which stands in the file at `place`.
pub(super) fn read(value: &toml::Value, place: &str) -> Result<Vec<Issuer>, ConfigError> {
    let wrong = |name: &str, wanted: &str| ConfigError::Value {
        place: place.to_owned(),
        name: name.to_owned(),
        wanted: wanted.to_owned(),
    };
    let tables = value.as_array().ok_or_else(|| wrong("issuer", "one or more tables, each headed [[issuer]]"))?;
    if tables.len() > limits::ISSUERS {
        return Err(wrong("issuer", &format!("at most {} tables", limits::ISSUERS)));
    }
    let mut issuers: Vec<Issuer> = Vec::new();
    for (at, table) in tables.iter().enumerate() {
        let table = table.as_table().ok_or_else(|| wrong("issuer", "a table headed [[issuer]]"))?;
        let issuer = one(table, &format!("{place}, [[issuer]] {}", at + 1))?;
        if issuers.iter().any(|other| other.name == issuer.name || other.issuer == issuer.issuer) {
            return Err(wrong("issuer", "tables with different `name` and different `issuer`"));
        }
        issuers.push(issuer);
    }
    Ok(issuers)
}

fn one(table: &toml::Table, place: &str) -> Result<Issuer, ConfigError> {
    let wrong = |name: &str, wanted: &str| ConfigError::Value {
        place: place.to_owned(),
        name: name.to_owned(),
        wanted: wanted.to_owned(),
    };
    let mut issuer = Issuer {
        name: String::new(),
        issuer: String::new(),
        audience: vec![],
        algorithms: vec![Alg::Rs256],
        jwks_url: None,
        roles_claim: None,
        role_map: BTreeMap::new(),
        name_claim: "name".to_owned(),
        account_claim: "preferred_username".to_owned(),
        allow_missing_typ: false,
        ca_file: None,
    };
    for (name, value) in table {
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            return Err(ConfigError::Unknown {
                place: place.to_owned(),
                name: name.chars().take(80).collect(),
                nearest: nearest(name, KEYS.iter().map(|key| key.name)),
            });
        };
        (key.set)(&mut issuer, value).map_err(|wanted| wrong(name, wanted))?;
    }
    if let Some(missing) = KEYS.iter().find(|key| key.required && !table.contains_key(key.name)) {
        return Err(wrong(missing.name, "there"));
    }
    match (issuer.roles_claim.is_some(), issuer.role_map.is_empty()) {
        (true, true) => Err(wrong("role_map", "there where `roles_claim` is: values mean nothing by themselves")),
        (false, false) => Err(wrong("roles_claim", "there where `role_map` is")),
        _ => Ok(issuer),
    }
}

/// The tables' part of the reference, commented out.
pub(super) fn reference() -> String {
    let mut text = String::from(
        "\n# Providers of sign-ins (OpenID Connect), a table each, at the end of the file. mode = \"production\" needs one;\n\
         # docs/sign-in.md explains them. In the file only.\n#\n# [[issuer]]\n",
    );
    for key in KEYS {
        for line in key.doc.lines() {
            text.push_str(&format!("# # {line}\n"));
        }
        let mark = if key.required { "" } else { "# " };
        text.push_str(&format!("# {mark}{} = {}\n", key.name, key.example));
    }
    text
}

fn text(value: &toml::Value) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty() && text.len() <= 2_000).map(str::to_owned)
}

/// A list of texts, or one text.
fn list(value: &toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::Array(items) => items.iter().map(text).collect(),
        one => text(one).map(|one| vec![one]),
    }
}

fn is_name(name: &str) -> bool {
    (1..=32).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "name = \"company\"\nissuer = \"https://login.example.com\"\naudience = \"vizard\"\n";

    fn load(text: &str) -> Result<Vec<Issuer>, String> {
        let table: toml::Table = text.parse().unwrap();
        read(&table["issuer"], "x.toml").map_err(|error| error.to_string())
    }

    fn with(more: &str) -> Result<Vec<Issuer>, String> {
        load(&format!("[[issuer]]\n{GOOD}{more}"))
    }

    #[test]
    fn three_lines_are_enough() {
        let issuer = with("").unwrap().remove(0);
        assert_eq!((issuer.name.as_str(), issuer.algorithms), ("company", vec![Alg::Rs256]));
        assert_eq!((issuer.name_claim.as_str(), issuer.account_claim.as_str()), ("name", "preferred_username"));
        assert!(!issuer.allow_missing_typ && issuer.roles_claim.is_none() && issuer.jwks_url.is_none());
    }

    #[test]
    fn the_reference_is_a_table_that_loads() {
        let all: String = reference()
            .lines()
            .skip_while(|line| !line.contains("[[issuer]]"))
            .map(|line| line.trim_start_matches("# ").to_owned() + "\n")
            .filter(|line| {
                line.starts_with("[[") || KEYS.iter().any(|key| line.starts_with(&format!("{} = ", key.name)))
            })
            .collect();
        let issuer = load(&all).unwrap().remove(0);
        assert_eq!(issuer.role_map["vizard-admins"], Role::Admin);
        assert_eq!(issuer.roles_claim.as_deref(), Some("realm_access.roles"));
        assert_eq!(issuer.ca_file, Some(PathBuf::from("/etc/vizard/company-ca.pem")));
        for key in KEYS {
            assert!(all.contains(&format!("\n{} = ", key.name)), "{}", key.name);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_table() {
        let cases = [
            ("x = 1", "x.toml, [[issuer]] 1: there is no key `x`"),
            ("rolesclaim = \"a\"", "did you mean `roles_claim`?"),
            ("algorithms = [\"HS256\"]", "`algorithms` must be a list of RS256"),
            ("algorithms = [\"none\"]", "`algorithms` must be"),
            ("algorithms = []", "`algorithms` must be"),
            ("jwks_url = \"http://login.example.com/keys\"", "`jwks_url` must be a URL that begins with https://"),
            ("jwks_url = \"https://user@login.example.com/keys\"", "`jwks_url` must be"),
            ("roles_claim = \"groups\"", "`role_map` must be there"),
            ("role_map = { a = \"ADMIN\" }", "`roles_claim` must be there"),
            ("roles_claim = \"groups\"\nrole_map = { a = \"ROOT\" }", "`role_map` must be a table"),
            ("allow_missing_typ = \"yes\"", "`allow_missing_typ` must be true or false"),
        ];
        for (more, said) in cases {
            let error = with(more).expect_err(more);
            assert!(error.contains(said), "{error}");
        }
        assert!(load("[[issuer]]\nname = \"a\"").unwrap_err().contains("`issuer` must be there"));
        assert!(load("issuer = 3").unwrap_err().contains("[[issuer]]"));
        assert!(load(&format!("[[issuer]]\n{GOOD}[[issuer]]\n{GOOD}")).unwrap_err().contains("different"));
    }

    #[test]
    fn a_name_cannot_be_mistaken_for_another_viewer() {
        for name in
            ["dev", "operator", "system", "anonymous", "share", "a:b", "A", "", "1a", "-a", "a b", &"a".repeat(33)]
        {
            let text = format!("[[issuer]]\n{}", GOOD.replace("\"company\"", &format!("\"{name}\"")));
            assert!(load(&text).unwrap_err().contains("`name` must be"), "{name}");
        }
    }
}
