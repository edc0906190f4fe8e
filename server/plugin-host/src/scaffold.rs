//! `vizard plugin new`: the source of a connector that builds, tests and loads, to be made one's own.
//! Never: over files that are there.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// What the records of a new connector tell of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScaffoldKind {
    /// The word for it.
    pub word: &'static str,
    /// What the plugin says it is.
    family: &'static str,
    title: &'static str,
    /// The event that the sample becomes.
    event: &'static str,
    /// The action of the sample's records.
    action: &'static str,
}

const fn kind(
    word: &'static str,
    family: &'static str,
    title: &'static str,
    event: &'static str,
    action: &'static str,
) -> ScaffoldKind {
    ScaffoldKind { word, family, title, event, action }
}

/// All that there are.
pub const KINDS: &[ScaffoldKind] = &[
    kind("file", "file", "Records of a file server", "FILE_DOWNLOADED", "download"),
    kind("mail", "mail", "Records of a mail system", "EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", "send"),
    kind("endpoint", "endpoint", "Records of devices", "FILE_COPIED_TO_USB", "copy_to_usb"),
    kind("badge", "physical", "Records of doors", "PHYSICAL_ACCESS_FAILED_SENSITIVE", "refused"),
    kind("chat", "chat", "Records of a chat system", "CHAT_FILE_DOWNLOADED", "download"),
    kind("storage", "storage", "Records of cloud storage", "CONTENT_DOWNLOADED", "download"),
    kind("identity", "identity", "Records of sign-ins", "IMPOSSIBLE_TRAVEL", "impossible_travel"),
];

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// The name is none of a crate and a plugin.
    #[error(
        "a plugin's name is of small letters, digits and hyphens, begins with a letter and has at most 40 characters"
    )]
    Name,
    /// There is no such kind.
    #[error("there is no kind of that name; there are: {0}")]
    Kind(String),
    /// Something is there already.
    #[error("{} is there already: choose another name or folder", .0.display())]
    Exists(PathBuf),
    /// The SDK is not where it should be.
    #[error("there is no connector SDK in {}: name its folder with --sdk (connector-sdk in Vizard's source)", .0.display())]
    Sdk(PathBuf),
    /// A file could not be written.
    #[error("{}: {error}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
}

/// Writes the source of a connector called `name` into the folder `dir`, which is made; tells the files. `sdk` is the folder of
/// the connector SDK.
pub fn scaffold(dir: &Path, name: &str, kind: &str, sdk: &Path) -> Result<Vec<PathBuf>, ScaffoldError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let named = name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits);
    if !named || name.len() > 40 || name.ends_with('-') || name.contains("--") {
        return Err(ScaffoldError::Name);
    }
    let words = || KINDS.iter().map(|kind| kind.word).collect::<Vec<_>>().join(", ");
    let kind = KINDS.iter().find(|one| one.word == kind).ok_or_else(|| ScaffoldError::Kind(words()))?;
    let found = sdk.canonicalize().ok().filter(|found| found.join("wit/connector.wit").is_file());
    let sdk = found.ok_or_else(|| ScaffoldError::Sdk(sdk.to_owned()))?;
    if dir.exists() {
        return Err(ScaffoldError::Exists(dir.to_owned()));
    }
    let (major, minor) = crate::inspect::INTERFACE;
    let filled = |template: &str| {
        template
            .replace("{{NAME}}", name)
            .replace("{{TYPE}}", &type_name(name))
            .replace("{{FAMILY}}", kind.family)
            .replace("{{TITLE}}", kind.title)
            .replace("{{KIND}}", kind.event)
            .replace("{{ACTION}}", kind.action)
            .replace("{{INTERFACE}}", &format!("{major}.{minor}"))
            .replace("{{SDK}}", &sdk.display().to_string())
    };
    let mut written = Vec::new();
    for (at, template) in FILES {
        let path = dir.join(at.replace("{{NAME}}", name));
        let fault = |error| ScaffoldError::File { path: path.clone(), error };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(fault)?;
        }
        fs::write(&path, filled(template)).map_err(fault)?;
        written.push(path);
    }
    Ok(written)
}

const FILES: &[(&str, &str)] = &[
    ("Cargo.toml", include_str!("scaffold/Cargo.toml.txt")),
    ("plugin.toml", include_str!("scaffold/plugin.toml.txt")),
    ("config.schema.json", include_str!("scaffold/config.schema.json.txt")),
    ("src/lib.rs", include_str!("scaffold/lib.rs.txt")),
    ("samples/{{NAME}}.raw", include_str!("scaffold/sample.raw.txt")),
    ("samples/config.json", include_str!("scaffold/config.json.txt")),
    ("README.md", include_str!("scaffold/README.md.txt")),
];

/// `front-door` is `FrontDoor`.
fn type_name(name: &str) -> String {
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    name.split('-').map(capital).collect()
}
