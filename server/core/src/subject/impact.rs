//! Whether what somebody does is likely to have more impact than others' acts, by the job title (domain, section 3).
//! Never: the title itself in what is stored or shown.

use crate::words::words;

words! {
    /// Why somebody's acts may have more impact.
    Impact {
        /// Leads others.
        Leads = "LEADS",
        /// Administers systems.
        Administers = "ADMINISTERS",
    }
}

/// Words of titles, in small letters.
const LEADING: &[&str] = &[
    "chief",
    "ceo",
    "cfo",
    "cto",
    "cio",
    "ciso",
    "coo",
    "president",
    "vp",
    "director",
    "head",
    "partner",
    "owner",
    "leiter",
    "leiterin",
    "geschäftsführer",
    "geschäftsführerin",
    "vorstand",
    "direktor",
    "direktorin",
];
const ADMINISTERING: &[&str] =
    &["administrator", "administratorin", "admin", "sysadmin", "sre", "devops", "dba", "operator"];

impl Impact {
    /// What a title says; nothing where it says neither. Titles are compared word by word: an "assistant to the director"
    /// does not lead.
    pub fn of_title(title: &str) -> Option<Self> {
        let title = title.to_lowercase();
        let words: Vec<&str> = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
        let has = |list: &[&str]| words.iter().any(|word| list.contains(word));
        if has(&["assistant", "assistenz", "assistentin", "assistent", "intern", "secretary"]) {
            return None;
        }
        match () {
            () if has(LEADING) => Some(Self::Leads),
            () if has(ADMINISTERING) => Some(Self::Administers),
            () => None,
        }
    }

    /// The end of a sentence that begins with "potentially of high impact".
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Leads => "leads others, by the job title",
            Self::Administers => "administers systems, by the job title",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_tells_by_its_words() {
        for (title, impact) in [
            ("Director of Sales", Some(Impact::Leads)),
            ("VP, Engineering", Some(Impact::Leads)),
            ("Database administrator", Some(Impact::Administers)),
            ("Assistant to the Director", None),
            ("Headhunter", None),
            ("Engineer", None),
            ("", None),
        ] {
            assert_eq!(Impact::of_title(title), impact, "{title}");
        }
    }
}
