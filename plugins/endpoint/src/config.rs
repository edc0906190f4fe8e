//! What an installation says of its devices: domains of its own, removable media, programs that make archives.
//! Never: guesses which drive is removable; a letter means something else on every machine.

use connector_sdk::{Domains, Problem};
use serde::Deserialize;

/// The configuration; see `config.schema.json`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    pub(crate) internal_domains: Domains,
    #[serde(default)]
    removable_paths: Vec<String>,
    #[serde(default)]
    archivers: Option<Vec<String>>,
}

impl Config {
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.internal_domains.problems("internal_domains");
        if self.internal_domains.is_empty() {
            let message = "name at least one domain of the organisation".into();
            problems.push(Problem { at: "/internal_domains".into(), message });
        }
        let whole = |path: &String| matches!(path.trim(), "" | "/" | "\\");
        for (at, _) in self.removable_paths.iter().enumerate().filter(|(_, path)| whole(path)) {
            let message = "every path begins so: name a drive or a folder".into();
            problems.push(Problem { at: format!("/removable_paths/{at}"), message });
        }
        problems
    }

    /// Whether a path lies on removable media.
    pub(crate) fn is_removable(&self, path: &str) -> bool {
        self.removable_paths.iter().any(|start| {
            let start = start.trim().trim_end_matches(['\\', '/']);
            let inside = path.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
            inside && matches!(path.as_bytes().get(start.len()), Some(b'\\' | b'/'))
        })
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
