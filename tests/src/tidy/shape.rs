//! How a source file must look: its header, its size, nothing left unfinished.
//! Never: counts what is in a comment as code.

use super::{File, Finding, token};

/// Lines of a source file. Beyond 400 a reader asks why; beyond this the answer stands in `LONGER`.
const LINES: usize = 700;

/// Files that may be longer, each with its reason.
const LONGER: &[(&str, &str)] = &[];

/// Where every file opens with what it is for and what must never be true of it.
const WITH_HEADER: &[&str] =
    &["server", "connector-sdk/src", "plugins/*/src", "migrations/src", "tests/src", "tests/guests/*/src"];

/// A header is the `//!` lines that a file begins with; one of them begins with "Never:". The purpose of a published
/// crate may be its README.
pub fn headers(file: &File) -> Vec<Finding> {
    if !WITH_HEADER.iter().any(|area| file.is_in(area)) {
        return Vec::new();
    }
    let text = file.text();
    let readme = text.starts_with("#![doc = include_str!(");
    let lines = text.lines().skip(usize::from(readme));
    let header: Vec<&str> = lines.map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let purpose = header.first().copied().unwrap_or_default();
    if purpose.is_empty() {
        return vec![Finding::new(file, 1, "does not open with `//!` and what it is for")];
    }
    if !header.iter().any(|line| line.strip_prefix("Never:").is_some_and(|never| !never.trim().is_empty())) {
        return vec![Finding::new(file, 1, "has no line `//! Never: …` in its header")];
    }
    Vec::new()
}

/// Files that are too long without a reason, and reasons that are no longer needed.
pub fn sizes(files: &[File]) -> Vec<Finding> {
    sizes_but_for(LONGER, files)
}

fn sizes_but_for(longer: &[(&str, &str)], files: &[File]) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.text().lines().count();
        let explained = longer.iter().any(|(path, reason)| *path == file.path && !reason.is_empty());
        if lines > LINES && !explained {
            found.push(Finding::new(
                file,
                0,
                format!("has {lines} lines; more than {LINES} need a reason in tidy/shape.rs"),
            ));
        }
        if lines <= LINES && explained {
            found.push(Finding::new(file, 0, "needs no reason for its length any more: take it out of tidy/shape.rs"));
        }
    }
    for (path, _) in longer.iter().filter(|(path, _)| files.iter().all(|file| file.path != *path)) {
        found.push(Finding {
            path: (*path).into(),
            line: 0,
            problem: "is excused in tidy/shape.rs and does not exist".into(),
        });
    }
    found
}

/// Calls of macros that say that something is not there yet, or that print while somebody looks for a mistake.
pub fn unfinished(file: &File) -> Vec<Finding> {
    let text = file.text();
    let tokens = token::tokens(&text);
    let is_call = |words: &[token::Token<'_>]| {
        matches!(words[0].text, "todo" | "unimplemented" | "dbg")
            && words[1].text == "!"
            && matches!(words[2].text, "(" | "[" | "{")
    };
    tokens
        .windows(3)
        .filter(|words| is_call(words))
        .map(|words| Finding::new(file, words[0].line, format!("calls `{}!`", words[0].text)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(path: &str, text: &str) -> usize {
        headers(&File::new(path, text)).len()
    }

    #[test]
    fn a_file_opens_with_its_purpose_and_a_never_line() {
        let path = "server/src/store/alerts.rs";
        assert_eq!(header(path, "//! Alerts, as stored.\n//! Never: shows a name.\n\nuse a;\n"), 0);
        assert_eq!(header(path, "//! Alerts, as stored.\n\n//! Never: shows a name.\n"), 1);
        assert_eq!(header(path, "//! Alerts, as stored.\n//! Never:\n"), 1);
        assert_eq!(header(path, "//!\n//! Never: shows a name.\n"), 1);
        assert_eq!(header(path, "use a;\n//! Never: late.\n"), 1);
        assert_eq!(header(path, ""), 1);
        assert_eq!(header(path, "#![doc = include_str!(\"../README.md\")]\n//! Never: a clock.\n"), 0);
        assert_eq!(header(path, "#![doc = include_str!(\"../README.md\")]\nuse a;\n"), 1);
    }

    #[test]
    fn headers_are_asked_of_main_files_too_and_not_of_test_modules() {
        assert_eq!(header("server/src/main.rs", "fn main() {}"), 1);
        assert_eq!(header("plugins/hr/src/lib.rs", "fn f() {}"), 1);
        assert_eq!(header("tests/it/alerts.rs", "fn f() {}"), 0);
    }

    #[test]
    fn a_long_file_needs_a_reason_and_a_reason_needs_a_long_file() {
        let long = File::new("server/src/a.rs", &"x\n".repeat(LINES + 1));
        let short = File::new("server/src/a.rs", &"x\n".repeat(LINES));
        let excused: &[(&str, &str)] = &[("server/src/a.rs", "a table")];
        let found = |longer, file: &File| sizes_but_for(longer, std::slice::from_ref(file)).len();
        assert_eq!(found(&[], &long), 1);
        assert_eq!(found(&[], &short), 0);
        assert_eq!(found(excused, &long), 0);
        assert_eq!(found(excused, &short), 1);
        assert_eq!(found(&[("server/src/a.rs", "")], &long), 1);
        assert_eq!(sizes_but_for(excused, &[]).len(), 1);
    }

    #[test]
    fn nothing_is_left_unfinished() {
        let found = |text: &str| unfinished(&File::new("server/src/a.rs", text)).len();
        assert_eq!(found("fn f() { todo!() }"), 1);
        assert_eq!(found("fn f() { std::unimplemented!(\"x\") }\nlet y = dbg!(x);"), 2);
        assert_eq!(found("// todo!\nlet todo = \"todo!()\"; if todo != 1 {}"), 0);
    }
}
