//! Plain sentences for what was seen and why it counts.
//! Never: a name, address, path or any other text of an event; only catalogue words, counts and days.

use super::{
    reading::Usual,
    threshold::{ThresholdLevel, Thresholds},
};
use crate::{indicator, template::SequenceRule, time::Day};

/// Indicators that count things: verb, thing, circumstances. All others are told by their name and "3 times".
const THINGS: &[(&str, &str, &str, &str)] = &[
    ("AI_SITE_UPLOAD", "Uploaded", "file", "to generative AI sites"),
    ("CHANNEL_FILE_SHARED_EXTERNALLY", "Shared", "file", "outside the organisation in channels"),
    ("CHAT_FILE_DOWNLOADED", "Downloaded", "file", "from chats"),
    ("CHAT_FILE_SHARED_EXTERNALLY", "Shared", "file", "outside the organisation in chats"),
    ("CONTENT_ACCESSED", "Opened", "item", "in storage applications"),
    ("CONTENT_DELETED", "Deleted", "item", "in storage applications"),
    ("CONTENT_DOWNLOADED", "Downloaded", "item", "from storage applications"),
    ("CONTENT_EXTERNALLY_SHARED", "Shared", "item", "of storage applications outside the organisation"),
    ("DEVICE_FILE_DELETED", "Deleted", "file", "on a device"),
    ("EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT", "Sent", "message", "with attachments outside the organisation"),
    ("EMAIL_SENT_TO_FREE_DOMAIN", "Sent", "message", "to free mail providers"),
    ("EMAIL_SENT_TO_SELF", "Sent", "message", "to an own private address"),
    ("EXTERNAL_MEMBER_ADDED", "Added", "external account", "to teams"),
    ("EXTERNAL_USER_ADDED_TO_SITE", "Added", "external account", "to sites"),
    ("FILE_ACCESSED", "Opened", "file", ""),
    ("FILE_ARCHIVED", "Put", "file", "into archives"),
    ("FILE_COPIED_TO_CLIPBOARD", "Copied the content of", "file", "to the clipboard"),
    ("FILE_COPIED_TO_NETWORK_SHARE", "Copied", "file", "to a network share"),
    ("FILE_COPIED_TO_REMOTE_SESSION", "Copied", "file", "to a remote session"),
    ("FILE_COPIED_TO_USB", "Copied", "file", "to a removable device"),
    ("FILE_DELETED", "Deleted", "file", ""),
    ("FILE_DELETED_FIRST_STAGE_BIN", "Deleted", "file", "from the recycle bin"),
    ("FILE_DELETED_SECOND_STAGE_BIN", "Deleted", "file", "from the second-stage recycle bin"),
    ("FILE_DOWNLOADED", "Downloaded", "file", ""),
    ("FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE", "Downloaded", "file", "from third-party sites"),
    ("FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN", "Downloaded", "file", "from domains that are not allowed"),
    ("FILE_PRINTED", "Printed", "file", ""),
    ("FILE_RENAMED", "Renamed", "file", ""),
    ("FILE_SHARED_EXTERNALLY", "Shared", "file", "outside the organisation"),
    ("FILE_STAGED", "Staged", "file", ""),
    ("FILE_SYNCED", "Synchronised", "file", "to a device"),
    ("FILE_UPLOADED_TO_WEB", "Uploaded", "file", "to web sites"),
    ("FOLDER_DELETED", "Deleted", "folder", ""),
    ("FOLDER_DELETED_FIRST_STAGE_BIN", "Deleted", "folder", "from the recycle bin"),
    ("FOLDER_DELETED_SECOND_STAGE_BIN", "Deleted", "folder", "from the second-stage recycle bin"),
    ("FOLDER_SHARED_EXTERNALLY", "Shared", "folder", "outside the organisation"),
    ("HIDDEN_FILE_CREATED", "Created", "hidden file", ""),
    ("INAPPROPRIATE_TEXT", "Sent", "inappropriate text", ""),
    ("LABEL_DOWNGRADED", "Downgraded", "sensitivity label", ""),
    ("LABEL_REMOVED", "Removed", "sensitivity label", ""),
    ("PATIENT_RECORD_COLLEAGUE", "Opened", "patient record", "of colleagues"),
    ("PATIENT_RECORD_FAMILY", "Opened", "patient record", "of family members"),
    ("PATIENT_RECORD_HIGH_VOLUME", "Opened", "patient record", ""),
    ("PATIENT_RECORD_NEIGHBOUR", "Opened", "patient record", "of neighbours"),
    ("PATIENT_RECORD_RESTRICTED", "Opened", "restricted patient record", ""),
    ("REGULATORY_RISK_TEXT", "Sent", "text", "of regulatory risk"),
    ("RISKY_PROMPT", "Sent", "risky prompt", ""),
    ("SENSITIVE_FILE_CREATED", "Created", "sensitive file", ""),
    ("SENSITIVE_FILE_READ", "Read", "sensitive file", ""),
    ("SENSITIVE_MESSAGE_SENT", "Sent", "message", "with sensitive information"),
    ("SENSITIVE_PROMPT", "Sent", "prompt", "with sensitive information"),
    ("SENSITIVE_RESPONSE", "Received", "response", "with sensitive information"),
    ("SITE_SHARED_EXTERNALLY", "Shared", "site", "outside the organisation"),
];

/// "Copied 212 files to a removable device on 12 June 2026: high (low from 5, medium from 20, high from 50)."
pub(super) fn sentence(code: &str, count: u64, day: Day, thresholds: Thresholds) -> String {
    format!("{} {}: {}.", phrase(code, count), on_day(day), levels(count, thresholds))
}

/// "Download, then exfiltration of 40 objects, completed on 12 June 2026: high (low from 5, medium from 15, high from 40)."
pub(super) fn sequence(rule: &SequenceRule, count: u64, day: Day, thresholds: Thresholds) -> String {
    let things = if count == 1 { "object" } else { "objects" };
    let (name, when, level) = (rule.name, on_day(day), levels(count, thresholds));
    format!("{name}, of {count} {things} within 7 days, completed {when}: {level}.")
}

/// "240 things left by all ways in the 30 days up to 12 June 2026; half of those compared with have at most 12: high (…)."
pub(super) fn cumulative(count: u64, day: Day, usual: &Usual, thresholds: Thresholds) -> String {
    let median = (usual.median * 10.0).round() / 10.0;
    let (when, level) = (on_day(day), levels(count, thresholds));
    format!(
        "{count} files and messages left by all ways in the 30 days until {}; half of those compared with have at most \
         {median}: {level}.",
        when.trim_start_matches("on ")
    )
}

/// "Active in 2 hours outside the usual ones on 12 June 2026: 75 of 100 by distance from them."
pub(super) fn habit(code: &str, count: u64, day: Day, score: f64) -> String {
    let (when, plural) = (on_day(day), if count == 1 { "" } else { "s" });
    let score = score.round();
    match code {
        "OFF_HOURS" => {
            format!(
                "Active in {count} hour{plural} outside the subject's usual ones {when}: {score} of 100 by distance."
            )
        }
        "RARE" => format!("Used {count} thing{plural} after at least 60 days without {when}: {score} of 100 by kind."),
        _ => format!(
            "{count} first use{plural} of a device, destination or kind of act {when}, after a settled history: {score} of \
             100 by kind and by how often the subject has such news."
        ),
    }
}

fn levels(count: u64, thresholds: Thresholds) -> String {
    let Thresholds { low, medium, high } = thresholds;
    let level = match thresholds.level(count) {
        ThresholdLevel::Minimal => "minimal",
        ThresholdLevel::Low => "low",
        ThresholdLevel::Medium => "medium",
        ThresholdLevel::High => "high",
    };
    format!("{level} (low from {low}, medium from {medium}, high from {high})")
}

/// What was done and how often: "Copied 212 files to a removable device", "Antivirus switched off twice".
pub(super) fn phrase(code: &str, count: u64) -> String {
    if let Ok(at) = THINGS.binary_search_by_key(&code, |row| row.0) {
        let (_, verb, thing, rest) = THINGS[at];
        let (plural, gap) = (if count == 1 { "" } else { "s" }, if rest.is_empty() { "" } else { " " });
        return format!("{verb} {count} {thing}{plural}{gap}{rest}");
    }
    let name = indicator::find(code).map_or(code, |found| found.name);
    match count {
        1 => format!("{name} once"),
        2 => format!("{name} twice"),
        _ => format!("{name} {count} times"),
    }
}

/// "on 12 June 2026".
pub(super) fn on_day(day: Day) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let (year, month, day) = day.civil();
    let month = MONTHS.get(usize::from(month).saturating_sub(1)).copied().unwrap_or_default();
    format!("on {day} {month} {year}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_things_are_in_order_and_in_the_catalogue() {
        assert!(THINGS.is_sorted_by(|a, b| a.0 < b.0));
        for (code, ..) in THINGS {
            assert!(indicator::find(code).is_some_and(|found| found.weight > 0), "{code}");
        }
    }

    #[test]
    fn every_indicator_has_a_readable_sentence() {
        let day = Day::from_civil(2026, 6, 12).unwrap();
        let thresholds = Thresholds { low: 5, medium: 20, high: 50 };
        let seen = indicator::catalogue().iter().filter(|found| found.weight > 0);
        let sentences: Vec<String> = seen.map(|found| sentence(found.code, 21, day, thresholds)).collect();
        insta::assert_snapshot!(sentences.join("\n"));
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(phrase("FILE_COPIED_TO_USB", 1), "Copied 1 file to a removable device");
        assert_eq!(phrase("FILE_PRINTED", 3), "Printed 3 files");
        assert_eq!(phrase("ANTIVIRUS_DISABLED", 1), "Antivirus switched off once");
    }
}
