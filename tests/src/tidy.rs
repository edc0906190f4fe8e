//! The house rules as functions of the source tree: who may name whom, how a file opens, how long it is, what git holds.
//! An ordinary test (`it/tidy.rs`) runs them over the checkout and prints what they find.
//! Never: changes a file; accepts an exception that does not say why.

mod imports;
mod shape;
mod token;
mod tracked;

pub use imports::{Rule, imports, manifests, openings, rules};
pub use shape::{headers, sizes, unfinished};
pub use tracked::{binaries, hosts};

use std::{fmt, io, path::Path, process::Command};

/// A file of the checkout.
#[derive(Clone, Debug)]
pub struct File {
    /// From the root of the checkout, with `/`.
    pub path: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

impl File {
    /// A file with this text.
    pub fn new(path: &str, text: &str) -> Self {
        Self { path: path.into(), bytes: text.into() }
    }

    /// The text; what is not UTF-8 is replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// Whether it is Rust source.
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether it belongs to `area`, which is a folder or a module: `server/src/http` covers `server/src/http.rs` and
    /// everything below `server/src/http/`. One component may be `*`.
    pub fn is_in(&self, area: &str) -> bool {
        let mut path = self.path.strip_suffix(".rs").unwrap_or(&self.path).split('/');
        area.split('/').all(|wanted| path.next().is_some_and(|found| wanted == "*" || wanted == found))
    }
}

/// Something that breaks a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// Which file.
    pub path: String,
    /// Which line, from 1; 0 for the file as a whole.
    pub line: usize,
    /// What is wrong, and the rule.
    pub problem: String,
}

impl Finding {
    pub(crate) fn new(file: &File, line: usize, problem: impl Into<String>) -> Self {
        Self { path: file.path.clone(), line, problem: problem.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.problem)
    }
}

/// Every file of the checkout that git holds or would take (`.gitignore` is respected).
///
/// # Errors
/// Where `root` is no checkout, git is missing, or a file cannot be read.
pub fn files(root: &Path) -> io::Result<Vec<File>> {
    let listed = Command::new("git")
        // A checkout may belong to another account than the one that tests it, as in containers.
        .args(["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()?;
    if !listed.status.success() {
        return Err(io::Error::other(format!("git ls-files: {}", String::from_utf8_lossy(&listed.stderr).trim())));
    }
    let mut paths: Vec<String> =
        String::from_utf8_lossy(&listed.stdout).split_terminator('\0').map(str::to_owned).collect();
    paths.sort();
    paths.dedup();
    let mut found = Vec::with_capacity(paths.len());
    for path in paths {
        match std::fs::read(root.join(&path)) {
            Ok(bytes) => found.push(File { path, bytes }),
            // Removed from the folder, not yet from git.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(io::Error::new(error.kind(), format!("{path}: {error}"))),
        }
    }
    Ok(found)
}

/// All rules over all files.
pub fn findings(files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        found.extend(binaries(file));
        found.extend(hosts(file));
        found.extend(manifests(file));
        if file.is_rust() {
            found.extend(imports(file));
            found.extend(openings(file));
            found.extend(headers(file));
            found.extend(unfinished(file));
        }
    }
    found.extend(sizes(files));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_area_is_a_module_file_or_everything_below_its_folder() {
        let in_http = |path: &str| File::new(path, "").is_in("server/src/http");
        assert!(in_http("server/src/http.rs"));
        assert!(in_http("server/src/http/ingest.rs"));
        assert!(!in_http("server/src/https.rs"));
        assert!(!in_http("server/src/main.rs"));
        assert!(File::new("plugins/hr/src/lib.rs", "").is_in("plugins/*/src"));
        assert!(!File::new("plugins/hr/samples/a.rs", "").is_in("plugins/*/src"));
    }

    #[test]
    fn every_rule_reports_through_the_whole_run() {
        let files = [
            File::new("server/src/graphql/a.rs", "use crate::store;\nfn f() { todo!() }\n"),
            File::new("server/core/Cargo.toml", "[dependencies]\ntokio = \"1\"\n"),
            File { path: "a.bin".into(), bytes: vec![0] },
            File::new("notes.md", concat!("https://crates", ".io/api/v1")),
        ];
        let found: Vec<String> = findings(&files).iter().map(ToString::to_string).collect();
        for path in [
            "server/src/graphql/a.rs:1:",
            "server/src/graphql/a.rs:2:",
            "server/core/Cargo.toml:0:",
            "a.bin:0:",
            "notes.md:1:",
        ] {
            assert!(found.iter().any(|line| line.starts_with(path)), "{path} in {found:#?}");
        }
    }
}
