//! What an event's object is, for people who want to know what left rather than how: by the indicator, and for files by
//! their extension. Facts alone decide.
//! Never: a name; a sensitivity label is a title that an administrator gave, freed of names by whoever passes it in.

use crate::{
    indicator::{self, Category},
    limits,
    time::Micros,
    words::words,
};
use std::collections::BTreeMap;

words! {
    /// What kind of thing an event is about (domain, section 6: summaries by content type).
    ContentType {
        /// Text to be read: word processing, PDF, plain text.
        Document = "DOCUMENT",
        /// Tables and data.
        Spreadsheet = "SPREADSHEET",
        /// Slides.
        Presentation = "PRESENTATION",
        /// Several files in one, and disk images.
        Archive = "ARCHIVE",
        /// Programs as they are written, and what they are built from.
        SourceCode = "SOURCE_CODE",
        /// Pictures, drawings, films.
        Image = "IMAGE",
        /// Mail.
        Email = "EMAIL",
        /// Chat, and what is written to an assistant.
        Message = "MESSAGE",
        /// Records of patients.
        HealthRecord = "HEALTH_RECORD",
        /// Machines and what is attached to them.
        Device = "DEVICE",
        /// Sites, in the company and outside.
        Site = "SITE",
        /// Anything else, and files of an unknown kind.
        Other = "OTHER",
    }
}

/// Indicators that are about something else than most of their category.
const BY_CODE: &[(&str, ContentType)] = &[
    ("SITE_SHARED_EXTERNALLY", ContentType::Site),
    ("SITE_LABEL_REMOVED", ContentType::Site),
    ("EXTERNAL_USER_ADDED_TO_SITE", ContentType::Site),
    ("INTERNAL_USER_ADDED_TO_PRIORITY_SITE", ContentType::Site),
    ("SENSITIVE_MESSAGE_SENT", ContentType::Message),
    ("SENSITIVE_PROMPT", ContentType::Message),
    ("SENSITIVE_RESPONSE", ContentType::Message),
    ("RISKY_PROMPT", ContentType::Message),
    ("USB_MOUNTED", ContentType::Device),
    ("LOGON", ContentType::Device),
    ("LOGOFF", ContentType::Device),
    ("EMAIL_SENT", ContentType::Email),
    ("EMAIL_SENT_EXTERNAL", ContentType::Email),
];

/// Categories that are about one kind of thing, whatever files hang on it.
const BY_CATEGORY: &[(Category, ContentType)] = &[
    (Category::Mail, ContentType::Email),
    (Category::Communications, ContentType::Message),
    (Category::Clinical, ContentType::HealthRecord),
    (Category::EndpointSecurity, ContentType::Device),
    (Category::Browsing, ContentType::Site),
];

/// Kinds of files by their extensions, in lower case.
const BY_EXTENSION: &[(ContentType, &[&str])] = &[
    (
        ContentType::Document,
        &["doc", "docm", "docx", "dot", "dotx", "md", "odt", "pages", "pdf", "rtf", "tex", "txt", "xps"],
    ),
    (
        ContentType::Spreadsheet,
        &[
            "accdb", "csv", "db", "mdb", "numbers", "ods", "parquet", "sqlite", "tsv", "xls", "xlsb", "xlsm", "xlsx",
            "xltx",
        ],
    ),
    (ContentType::Presentation, &["key", "odp", "pot", "potx", "pps", "ppsx", "ppt", "pptm", "pptx"]),
    (
        ContentType::Archive,
        &[
            "7z", "arj", "bz2", "cab", "dmg", "gz", "img", "iso", "jar", "rar", "tar", "tgz", "vhd", "vhdx", "vmdk",
            "xz", "zip", "zst",
        ],
    ),
    (
        ContentType::SourceCode,
        &[
            "bat", "c", "cc", "cpp", "cs", "css", "go", "h", "hpp", "html", "ipynb", "java", "js", "json", "kt", "lua",
            "m", "php", "pl", "ps1", "py", "r", "rb", "rs", "scala", "sh", "sql", "swift", "tf", "toml", "ts", "tsx",
            "vb", "xml", "yaml", "yml",
        ],
    ),
    (
        ContentType::Image,
        &[
            "ai", "avi", "bmp", "dwg", "dxf", "eps", "gif", "heic", "jpeg", "jpg", "mov", "mp4", "png", "psd", "step",
            "stl", "stp", "svg", "tif", "tiff", "vsd", "vsdx", "webp",
        ],
    ),
    (ContentType::Email, &["eml", "mbox", "msg", "ost", "pst"]),
];

impl ContentType {
    /// Of an event of that indicator; `extensions` are those of its files, as the facts have them.
    pub fn of(code: &str, extensions: &[impl AsRef<str>]) -> Self {
        let (code, _) = indicator::split(code);
        if let Some((_, of)) = BY_CODE.iter().find(|(known, _)| *known == code) {
            return *of;
        }
        let category = indicator::find(code).map(|found| found.category);
        if let Some((_, of)) = BY_CATEGORY.iter().find(|(known, _)| Some(*known) == category) {
            return *of;
        }
        extensions.iter().find_map(|extension| Self::of_extension(extension.as_ref())).unwrap_or(Self::Other)
    }

    fn of_extension(extension: &str) -> Option<Self> {
        BY_EXTENSION.iter().find(|(_, all)| all.contains(&extension)).map(|(of, _)| *of)
    }
}

/// Events that are alike, counted.
#[derive(Clone, Debug)]
pub struct Alike {
    /// What they are about.
    pub content: ContentType,
    /// How many.
    pub activities: u64,
    /// How often they count together.
    pub quantity: u64,
    /// The sensitivity labels on them.
    pub labels: Vec<String>,
    /// When the last of them happened.
    pub last_at: Micros,
}

/// All events about one kind of thing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContentSummary {
    /// What they are about.
    pub content: ContentType,
    /// How many.
    pub activities: u64,
    /// How often they count together: one event may stand for several files.
    pub quantity: u64,
    /// Sensitivity labels on them, the most frequent first, at most [`limits::CONTENT_LABELS`].
    pub labels: Vec<String>,
    /// When the last of them happened.
    pub last_at: Micros,
}

/// Joins what is about the same, the most events first; equals in the order of the words' declaration.
pub fn summarise(all: impl IntoIterator<Item = Alike>) -> Vec<ContentSummary> {
    let mut found: BTreeMap<ContentType, (ContentSummary, BTreeMap<String, u64>)> = BTreeMap::new();
    for Alike { content, activities, quantity, labels, last_at } in all {
        let none = ContentSummary { content, activities: 0, quantity: 0, labels: Vec::new(), last_at };
        let (of, seen) = found.entry(content).or_insert_with(|| (none, BTreeMap::new()));
        of.activities += activities;
        of.quantity += quantity;
        of.last_at = of.last_at.max(last_at);
        for label in labels {
            *seen.entry(label).or_default() += activities;
        }
    }
    let joined = |(mut of, seen): (ContentSummary, BTreeMap<String, u64>)| {
        let mut seen: Vec<(String, u64)> = seen.into_iter().collect();
        seen.sort_by_key(|(_, activities)| std::cmp::Reverse(*activities));
        of.labels = seen.into_iter().map(|(label, _)| label).take(limits::CONTENT_LABELS).collect();
        of
    };
    let mut all: Vec<ContentSummary> = found.into_values().map(joined).collect();
    all.sort_by_key(|of| std::cmp::Reverse(of.activities));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NONE: &[&str] = &[];

    #[test]
    fn a_file_is_what_its_extension_says_and_other_things_what_their_indicator_says() {
        for (code, extensions, expected) in [
            ("FILE_DOWNLOADED", &["xlsx"][..], ContentType::Spreadsheet),
            ("FILE_DOWNLOADED", &["pptx"], ContentType::Presentation),
            ("FILE_COPIED_TO_USB", &["zip"], ContentType::Archive),
            ("FILE_COPIED_TO_USB", &["rs"], ContentType::SourceCode),
            ("FILE_PRINTED", &["docx"], ContentType::Document),
            ("FILE_UPLOADED_TO_WEB", &["dwg"], ContentType::Image),
            ("FILE_DOWNLOADED", &["pst"], ContentType::Email),
            ("FILE_DOWNLOADED", &["unheardof"], ContentType::Other),
            ("FILE_DOWNLOADED", NONE, ContentType::Other),
            ("FILE_DOWNLOADED", &["unheardof", "pdf"], ContentType::Document),
            ("CHAT_FILE_SHARED_EXTERNALLY", &["pdf"], ContentType::Document),
            ("SENSITIVE_MESSAGE_SENT", NONE, ContentType::Message),
            ("SENSITIVE_PROMPT", NONE, ContentType::Message),
            ("AI_SITE_UPLOAD", &["csv"], ContentType::Spreadsheet),
            ("INAPPROPRIATE_TEXT", NONE, ContentType::Message),
            ("EMAIL_SENT_TO_SELF", &["xlsx"], ContentType::Email),
            ("EMAIL_SENT", NONE, ContentType::Email),
            ("PATIENT_RECORD_FAMILY", NONE, ContentType::HealthRecord),
            ("USB_MOUNTED", NONE, ContentType::Device),
            ("ANTIVIRUS_DISABLED", NONE, ContentType::Device),
            ("BROWSED_MALWARE", NONE, ContentType::Site),
            ("SITE_SHARED_EXTERNALLY", NONE, ContentType::Site),
            ("RESIGNATION", NONE, ContentType::Other),
            ("CUSTOM_ACCESS#BADGE_OUT", NONE, ContentType::Other),
            ("FILE_UPLOADED_TO_WEB#VAULT", &["pdf"], ContentType::Document),
            ("NOTHING_KNOWN", NONE, ContentType::Other),
        ] {
            assert_eq!(ContentType::of(code, extensions), expected, "{code} {extensions:?}");
        }
    }

    #[test]
    fn every_kind_can_come_out_and_no_extension_is_of_two() {
        let known: Vec<&str> = BY_EXTENSION.iter().flat_map(|(_, all)| all.iter().copied()).collect();
        let distinct: std::collections::BTreeSet<&str> = known.iter().copied().collect();
        assert_eq!(distinct.len(), known.len());
        // As facts have them: see `event::evidence`.
        let as_fact = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
        assert!(known.iter().all(|text| as_fact(text)));
        for code in BY_CODE.iter().map(|(code, _)| code) {
            assert!(indicator::find(code).is_some(), "{code}");
        }
        let from = BY_EXTENSION.iter().map(|(of, _)| *of).chain(BY_CODE.iter().map(|(_, of)| *of));
        let all: std::collections::BTreeSet<ContentType> =
            from.chain(BY_CATEGORY.iter().map(|(_, of)| *of)).chain([ContentType::Other]).collect();
        assert_eq!(all.into_iter().collect::<Vec<_>>(), ContentType::ALL);
        for word in ContentType::ALL {
            assert_eq!(word.as_str().parse(), Ok(*word));
        }
    }

    fn alike() -> impl Strategy<Value = Alike> {
        let label = prop::sample::select(vec!["Secret", "Internal", "Public"]).prop_map(str::to_owned);
        (prop::sample::select(ContentType::ALL), 1..50u64, 1..500u64, prop::collection::vec(label, 0..3), 0..1_000i64)
            .prop_map(|(content, activities, quantity, labels, at)| Alike {
                content,
                activities,
                quantity,
                labels,
                last_at: Micros(at),
            })
    }

    proptest! {
        #[test]
        fn nothing_is_lost_or_counted_twice_whatever_the_order(all in prop::collection::vec(alike(), 0..30), seed in any::<u64>()) {
            let summary = summarise(all.clone());
            let sum = |count: fn(&ContentSummary) -> u64| summary.iter().map(count).sum::<u64>();
            prop_assert_eq!(sum(|of| of.activities), all.iter().map(|of| of.activities).sum::<u64>());
            prop_assert_eq!(sum(|of| of.quantity), all.iter().map(|of| of.quantity).sum::<u64>());
            prop_assert!(summary.windows(2).all(|pair| pair[0].activities >= pair[1].activities));
            prop_assert_eq!(summary.iter().map(|of| of.last_at).max(), all.iter().map(|of| of.last_at).max());
            prop_assert!(summary.iter().all(|of| of.labels.len() <= limits::CONTENT_LABELS));
            let mut other = all;
            if !other.is_empty() {
                let by = usize::try_from(seed % other.len() as u64).unwrap();
                other.rotate_left(by);
            }
            prop_assert_eq!(summarise(other), summary);
        }
    }
}
