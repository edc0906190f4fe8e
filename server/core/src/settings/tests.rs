//! What the settings make of events, and which settings are refused.
//! Never: an event that no plugin could have delivered.

use super::*;
use crate::{
    event::{Identifier, Origin, Party, RawEvent, RejectReason, Value, accept},
    problem::Problem,
    time::Micros,
};

const NOW: Micros = Micros(1_780_000_000_000_000);

fn list(entries: &[&str]) -> Vec<String> {
    entries.iter().map(|&entry| entry.to_owned()).collect()
}

/// What becomes of an event of that kind with these attributes; lists are written "a|b".
fn accepted(settings: &Settings, kind: &str, attributes: &[(&str, &str)]) -> Result<AcceptedEvent, RejectReason> {
    let identifier = Identifier { scheme: "upn".into(), value: "mara@halden.example".into() };
    let value = |(name, text): &(&str, &str)| match *name {
        "destination_domains" | "sensitive_info_types" => {
            ((*name).to_owned(), Value::Texts(text.split('|').map(str::to_owned).collect()))
        }
        _ => ((*name).to_owned(), Value::Text((*text).to_owned())),
    };
    let raw = RawEvent {
        record_index: 0,
        source_id: None,
        kind: kind.to_owned(),
        occurred_at: NOW,
        parties: vec![Party { role: "actor".into(), identifiers: vec![identifier] }],
        attributes: attributes.iter().map(value).collect(),
    };
    let sensitivity = |_: &str| Some("none");
    let origin =
        Origin { feed: "audit", record: b"{}", ordinal: 0, received_at: NOW, sensitivity: &sensitivity, settings };
    accept(raw, &origin).map_err(|reject| reject.reason)
}

fn verdict(settings: &Settings, kind: &str, attributes: &[(&str, &str)]) -> Verdict {
    accepted(settings, kind, attributes).map(|event| event.verdict).unwrap_or_else(|reason| panic!("{reason:?}"))
}

fn weight(settings: &Settings, attributes: &[(&str, &str)]) -> Weight {
    verdict(settings, "FILE_UPLOADED_TO_WEB", attributes).weight
}

fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    change(&mut settings);
    settings.checked().unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn problems(change: impl FnOnce(&mut Settings)) -> Vec<String> {
    let mut settings = Settings::default();
    change(&mut settings);
    let place = |problem: Problem| problem.field[1..].join(".");
    settings.checked().map(|_| Vec::new()).unwrap_or_else(|problems| problems.into_iter().map(place).collect())
}

#[test]
fn a_new_installation_leaves_out_application_data_and_nothing_else() {
    let settings = Settings::default();
    assert_eq!(settings.clone().checked().as_ref(), Ok(&settings));
    assert_eq!(weight(&settings, &[("object_path", r"C:\users\mara\appdata\Local\x.tmp")]), Weight::None);
    assert_eq!(weight(&settings, &[("object_path", r"C:\Users\mara\Documents\AppData\x.tmp")]), Weight::Full);
    assert_eq!(
        verdict(&settings, "FILE_UPLOADED_TO_WEB", &[("destination_domain", "box.example")]),
        Verdict::default()
    );
}

#[test]
fn a_star_is_one_level_of_a_domain_and_two_are_all() {
    for (pattern, covered, not) in [
        ("box.example", &["box.example", "BOX.example."][..], &["a.box.example", "mybox.example"][..]),
        ("*.box.example", &["a.box.example"], &["box.example", "a.b.box.example", "a.mybox.example"]),
        ("**.box.example", &["a.box.example", "a.b.box.example"], &["box.example", "mybox.example"]),
    ] {
        let settings = settings(|settings| settings.domains.unallowed = list(&[pattern]));
        let unallowed =
            |domain: &str| verdict(&settings, "FILE_UPLOADED_TO_WEB", &[("destination_domain", domain)]).unallowed;
        assert!(covered.iter().all(|domain| unallowed(domain)), "{pattern}");
        assert!(!not.iter().any(|domain| unallowed(domain)), "{pattern}");
    }
}

#[test]
fn what_goes_to_allowed_domains_alone_has_not_left() {
    let settings = settings(|settings| settings.domains.allowed = list(&["partner.example"]));
    assert_eq!(weight(&settings, &[("destination_domains", "partner.example|partner.example")]), Weight::None);
    assert_eq!(weight(&settings, &[("destination_domains", "partner.example|other.example")]), Weight::Full);
    assert_eq!(weight(&settings, &[]), Weight::Full, "nobody knows where it went");
    let read = verdict(&settings, "FILE_DOWNLOADED", &[("destination_domain", "partner.example")]);
    assert_eq!(read.weight, Weight::Full, "a download leaves nothing");
}

#[test]
fn where_a_download_came_from_decides_which_it_is() {
    let settings = settings(|settings| {
        settings.domains.unallowed = list(&["pirate.example"]);
        settings.domains.third_party = list(&["supplier.example"]);
    });
    let from =
        |domain| accepted(&settings, "FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE", &[("source_domain", domain)]).unwrap();
    assert_eq!(from("pirate.example").indicator, "FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN");
    assert!(from("pirate.example").verdict.unallowed);
    let known = from("supplier.example");
    assert_eq!(
        (known.indicator.as_str(), known.verdict.weight),
        ("FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE", Weight::Full)
    );
    assert_eq!(from("news.example").verdict.weight, Weight::None);
}

#[test]
fn an_excluded_file_type_still_counts_in_sequences_and_everything_else_that_is_excluded_does_not() {
    let settings = settings(|settings| {
        settings.exclusions.file_types = list(&[".png"]);
        settings.exclusions.sites = list(&["https://halden.example/sites/canteen"]);
        settings.exclusions.sensitive_types = list(&["IP Address"]);
        settings.exclusions.keywords = list(&["newsletter unless draft, internal"]);
    });
    assert_eq!(weight(&settings, &[("file_extension", "PNG")]), Weight::InSequences);
    assert_eq!(weight(&settings, &[("object_name", "Plan.png")]), Weight::InSequences);
    assert_eq!(weight(&settings, &[("object_name", "Plan.docx")]), Weight::Full);
    assert_eq!(weight(&settings, &[("site_url", "https://halden.example/sites/Canteen/Menus")]), Weight::None);
    assert_eq!(weight(&settings, &[("site_url", "https://halden.example/sites/canteens")]), Weight::Full);
    assert_eq!(weight(&settings, &[("sensitive_info_types", "Credit Card|ip address")]), Weight::None);
    assert_eq!(weight(&settings, &[("object_name", "Newsletter May.pdf")]), Weight::None);
    assert_eq!(
        weight(&settings, &[("object_name", "Newsletter May.pdf"), ("subject_line", "internal: read")]),
        Weight::Full
    );
}

#[test]
fn a_variant_counts_what_is_in_its_groups_or_what_is_in_none() {
    let settings = settings(|settings| {
        let group = |name: &str, kind, items: &[&str]| Group { name: name.into(), kind, items: list(items) };
        settings.groups = vec![
            group("CLOUDS", GroupKind::Domains, &["box.example"]),
            group("CODE", GroupKind::FileTypes, &["rs", "c"]),
            group("SECRET", GroupKind::Labels, &["Secret"]),
        ];
        let variant = |name: &str, groups: &[&str], excluding| Variant {
            indicator: "FILE_UPLOADED_TO_WEB".into(),
            name: name.into(),
            groups: list(groups),
            excluding,
        };
        settings.variants =
            vec![variant("CODE_OR_SECRET", &["CODE", "SECRET"], false), variant("ELSEWHERE", &["CLOUDS"], true)];
    });
    let variants = |attributes: &[(&str, &str)]| verdict(&settings, "FILE_UPLOADED_TO_WEB", attributes).variants;
    let (code, elsewhere) = ("FILE_UPLOADED_TO_WEB#CODE_OR_SECRET", "FILE_UPLOADED_TO_WEB#ELSEWHERE");
    assert_eq!(variants(&[("object_name", "main.rs"), ("destination_domain", "box.example")]), [code]);
    assert_eq!(
        variants(&[("sensitivity_label", "SECRET"), ("destination_domain", "other.example")]),
        [code, elsewhere]
    );
    assert_eq!(variants(&[("object_name", "a.pdf"), ("destination_domain", "box.example")]), [""; 0]);
    assert!(verdict(&settings, "FILE_PRINTED", &[("object_name", "main.rs")]).variants.is_empty());
    assert_eq!(indicator::find(code).unwrap().code, "FILE_UPLOADED_TO_WEB");
}

#[test]
fn an_indicator_of_ones_own_is_stored_under_its_class_and_unknown_kinds_stay_unknown() {
    let own = CustomIndicator {
        code: "BADGE_PRINTED".into(),
        name: "Badge printed".into(),
        action: ActionClass::Exfiltration,
        thresholds: Thresholds { low: 1, medium: 2, high: 3 },
    };
    let settings = settings(|settings| settings.custom_indicators = vec![own]);
    let stored = accepted(&settings, "BADGE_PRINTED", &[]).unwrap().indicator;
    assert_eq!(stored, "CUSTOM_EXFILTRATION#BADGE_PRINTED");
    assert_eq!(settings.thresholds(&stored), Some(Thresholds { low: 1, medium: 2, high: 3 }));
    assert_eq!(settings.enabled(&BTreeSet::new()), BTreeSet::from([stored.clone()]));
    assert_eq!(indicator::find(&stored).unwrap().action, ActionClass::Exfiltration);
    for unknown in ["CUSTOM_EXFILTRATION", "CUSTOM_EXFILTRATION#BADGE_PRINTED", "BADGE", "FILE_PRINTED#X", "#"] {
        assert_eq!(accepted(&settings, unknown, &[]).map(|_| ()), Err(RejectReason::UnknownKind), "{unknown}");
    }
}

#[test]
fn every_problem_is_told_at_its_place() {
    assert_eq!(
        problems(|of| of.domains.allowed = list(&["ok.example", "no domain", "*"])),
        ["domains.allowed.1", "domains.allowed.2"]
    );
    assert_eq!(problems(|of| of.exclusions.keywords = list(&["ab unless c"])), ["exclusions.keywords.0"]);
    assert_eq!(
        problems(|of| of.exclusions.paths = list(&["C:\\*", "*"])),
        ["exclusions.paths.0", "exclusions.paths.1"]
    );
    assert_eq!(problems(|of| of.exclusions.sites = vec![String::new()]), ["exclusions.sites.0"]);
    let many: Vec<String> = (0..=crate::limits::EXCLUSIONS).map(|at| format!("t{at}")).collect();
    assert_eq!(problems(|of| of.exclusions.file_types = many), ["exclusions.fileTypes"]);
    assert_eq!(problems(|of| of.minimum_daily_events = Some(0)), ["minimumDailyEvents"]);
    let group = Group { name: "a".into(), kind: GroupKind::Paths, items: vec![] };
    assert_eq!(problems(|of| of.groups = vec![group]), ["detectionGroups.0.name", "detectionGroups.0.items"]);
    let variant = Variant { indicator: "LOGON".into(), name: "X".into(), groups: list(&["NONE"]), excluding: false };
    assert_eq!(problems(|of| of.variants = vec![variant]), ["variants.0.indicator", "variants.0.groups"]);
    let own = CustomIndicator {
        code: "FILE_PRINTED".into(),
        name: " ".into(),
        action: ActionClass::Context,
        thresholds: Thresholds { low: 3, medium: 2, high: 4 },
    };
    let places = ["code", "name", "actionClass", "thresholds"].map(|field| format!("customIndicators.0.{field}"));
    assert_eq!(problems(|of| of.custom_indicators = vec![own]), places);
}

#[test]
fn lists_are_kept_trimmed_and_each_entry_once() {
    let settings =
        settings(|settings| settings.domains.unallowed = list(&[" box.example ", "BOX.example", "a.example"]));
    assert_eq!(settings.domains.unallowed, ["box.example", "a.example"]);
}
