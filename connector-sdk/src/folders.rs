//! Folders and drives as a configuration lists them.
//! Never: a guess at which drive is what; a letter means something else on every machine.

use crate::Problem;
use serde::Deserialize;

/// A list of folders or drives, each with everything below it, whatever the case of its letters.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Folders(Vec<String>);

impl Folders {
    /// Whether `path` lies in one of them.
    #[must_use]
    pub fn have(&self, path: &str) -> bool {
        self.0.iter().any(|start| {
            let start = start.trim().trim_end_matches(['\\', '/']);
            let inside = path.get(..start.len()).is_some_and(|found| found.eq_ignore_ascii_case(start));
            inside && matches!(path.as_bytes().get(start.len()), Some(b'\\' | b'/'))
        })
    }

    /// What is wrong with the list `name` of a configuration.
    #[must_use]
    pub fn problems(&self, name: &str) -> Vec<Problem> {
        let whole = |path: &String| matches!(path.trim(), "" | "/" | "\\");
        let wrong = self.0.iter().enumerate().filter(|(_, path)| whole(path));
        let message = "every path begins so: name a drive or a folder";
        wrong.map(|(at, _)| Problem { at: format!("/{name}/{at}"), message: message.into() }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Folders;

    #[test]
    fn a_folder_has_what_is_below_it_and_not_what_only_begins_alike() {
        let folders: Folders = serde_json::from_str(r#"["E:\\", "/media/"]"#).unwrap();
        assert!(folders.have("e:\\prices.xlsx") && folders.have("/media/stick/a"));
        assert!(!folders.have("E:") && !folders.have("/medias/a") && !folders.have("C:\\E:\\a"));
    }

    #[test]
    fn a_folder_in_which_everything_lies_is_a_problem() {
        let folders: Folders = serde_json::from_str(r#"["E:\\", " / ", ""]"#).unwrap();
        let places: Vec<String> = folders.problems("removable_paths").into_iter().map(|problem| problem.at).collect();
        assert_eq!(places, ["/removable_paths/1", "/removable_paths/2"]);
    }
}
