//! What an installation says of its devices: domains of its own, removable media, programs that make archives.
//! Never: guesses which drive is removable; a letter means something else on every machine.

use connector_sdk::{Domains, Folders, Problem};
use serde::Deserialize;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) internal_domains: Domains,
    #[serde(default)]
    pub(crate) removable_paths: Folders,
    #[serde(default)]
    archivers: Option<Vec<String>>,
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.internal_domains.problems_of_own("internal_domains");
        problems.extend(self.removable_paths.problems("removable_paths"));
        problems
    }

    /// Whether a program makes archives.
    pub(crate) fn is_archiver(&self, program: &str) -> bool {
        match &self.archivers {
            Some(own) => own.iter().any(|known| known.trim().eq_ignore_ascii_case(program)),
            None => ARCHIVERS.iter().any(|known| known.eq_ignore_ascii_case(program)),
        }
    }
}

/// Explorer is among them for its compressed folders.
const ARCHIVERS: &[&str] = &[
    "7z.exe",
    "7zFM.exe",
    "7zG.exe",
    "7za.exe",
    "7zz",
    "Archive Utility",
    "ArchiveUtility",
    "Bandizip.exe",
    "explorer.exe",
    "gzip",
    "peazip.exe",
    "Rar.exe",
    "tar",
    "tar.exe",
    "WinRAR.exe",
    "WinZip64.exe",
    "winzip32.exe",
    "zip",
    "zip.exe",
];
