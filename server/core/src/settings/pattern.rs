//! How the lists of the settings are compared with what an event says.
//! Never: a regular expression; who reads a list has to see what it covers.

/// Whether a domain is covered by one of the patterns: itself, `*.` one level below, `**.` every level below.
pub(super) fn any_domain(patterns: &[String], domain: &str) -> bool {
    let domain = domain.trim_end_matches('.').to_ascii_lowercase();
    patterns.iter().any(|pattern| {
        let pattern = pattern.to_ascii_lowercase();
        let below = |parent: &str| {
            domain.strip_suffix(parent).and_then(|front| front.strip_suffix('.')).filter(|front| !front.is_empty())
        };
        if let Some(parent) = pattern.strip_prefix("**.") {
            below(parent).is_some()
        } else if let Some(parent) = pattern.strip_prefix("*.") {
            below(parent).is_some_and(|front| !front.contains('.'))
        } else {
            domain == pattern
        }
    })
}

/// Whether a path lies in a folder, at any depth. `/` and `\` are the same, as are capitals and small letters; `*` stands
/// for one folder or drive.
pub(super) fn below_folder(folder: &str, path: &str) -> bool {
    let folders: Vec<&str> = parts(folder).collect();
    let mut path = parts(path);
    !folders.is_empty() && folders.iter().all(|part| path.next().is_some_and(|found| *part == "*" || same(part, found)))
}

/// Whether an address lies in a site, at any depth.
pub(super) fn same_site(site: &str, address: &str) -> bool {
    below_folder(site, address)
}

/// A site's address in the form in which it is digested and compared.
pub fn site_key(address: &str) -> String {
    address.trim().trim_end_matches('/').to_lowercase()
}

fn parts(path: &str) -> impl Iterator<Item = &str> {
    path.split(['/', '\\']).filter(|part| !part.is_empty())
}

/// Equal but for capitals and blanks around.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.trim().to_lowercase() == b.trim().to_lowercase()
}

/// Whether an ending is the one listed, with or without its dot.
pub(super) fn same_ending(listed: &str, ending: &str) -> bool {
    same(listed.trim().trim_start_matches('.'), ending)
}

/// "WORD unless OTHER, OTHER".
pub(super) struct Keyword {
    pub(super) word: String,
    unless: Vec<String>,
}

impl Keyword {
    pub(super) fn of(rule: &str) -> Self {
        let rule = rule.to_lowercase();
        let (word, unless) = rule.split_once(" unless ").unwrap_or((&rule, ""));
        let others = unless.split(',').map(|other| other.trim().to_owned()).filter(|other| !other.is_empty());
        Self { word: word.trim().to_owned(), unless: others.collect() }
    }

    /// `texts` are in small letters.
    pub(super) fn excludes(&self, texts: &[String]) -> bool {
        let within = |word: &String| texts.iter().any(|text| text.contains(word.as_str()));
        within(&self.word) && !self.unless.iter().any(within)
    }
}
