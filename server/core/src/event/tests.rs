//! The behaviour of [`super::accept`].
//! Never: a name outside this file; all are invented.

use super::*;
use crate::{indicator, limits, time::DAY};
use proptest::prelude::*;

const NOW: Micros = Micros(20_600 * DAY);

/// What the SDK declares: the facts harmless, the rest not.
fn sensitivity(name: &str) -> Option<&'static str> {
    const PERSONAL: &[&str] = &["recipients", "target_account", "device_name", "display_name", "rating", "last_name"];
    const CONTENT: &[&str] = &["object_name", "object_path", "object_id", "previous_object_id", "subject_line"];
    match name {
        name if PERSONAL.contains(&name) => Some("personal"),
        name if CONTENT.contains(&name) => Some("content"),
        "undeclared" => None,
        _ => Some("none"),
    }
}

fn origin() -> Origin<'static> {
    static SETTINGS: std::sync::LazyLock<crate::settings::Settings> = std::sync::LazyLock::new(Default::default);
    Origin {
        feed: "audit",
        record: b"{}",
        ordinal: 0,
        received_at: NOW,
        sensitivity: &sensitivity,
        settings: &SETTINGS,
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

fn party(role: &str, names: &[(&str, &str)]) -> Party {
    let identifiers =
        names.iter().map(|(scheme, value)| Identifier { scheme: (*scheme).into(), value: (*value).into() });
    Party { role: role.into(), identifiers: identifiers.collect() }
}

fn event(kind: &str, attributes: &[(&str, Value)]) -> RawEvent {
    RawEvent {
        record_index: 3,
        source_id: Some("7".into()),
        kind: kind.into(),
        occurred_at: NOW.plus_days(-1),
        parties: vec![party("actor", &[("upn", "Ottoline.Brackwater@halden.example")])],
        attributes: attributes.iter().map(|(name, value)| ((*name).into(), value.clone())).collect(),
    }
}

fn accepted(raw: RawEvent) -> AcceptedEvent {
    accept(raw, &origin()).unwrap_or_else(|reject| panic!("{reject:?}"))
}

fn refused(raw: RawEvent) -> RejectReason {
    let reject = accept(raw, &origin()).err().expect("it was accepted");
    assert_eq!(reject.record_index, 3);
    reject.reason
}

#[test]
fn evidence_is_divided_into_facts_and_content() {
    let found = accepted(event(
        "FILE_UPLOADED_TO_WEB",
        &[
            ("workload", text("Endpoint")),
            ("operation", text("FileUploadedToCloud")),
            ("file_extension", text("DOCX")),
            ("size_bytes", Value::Integer(417_818)),
            ("is_external", Value::Boolean(true)),
            ("destination_domain", text("drive.fabrikam.example")),
            ("sensitive_info_types", Value::Texts(vec!["Credit Card Number".into(), "50842eb7-edc8-4019".into()])),
            ("quantity", Value::Integer(4)),
            ("device_name", text("HO-BRACKWATER-11")),
            ("object_id", text("C:\\Users\\obrackwater\\Plan.docx")),
            ("previous_object_id", text("C:\\Plan.docx")),
            ("undeclared", text("Plan")),
            ("last_seen", Value::Time(Micros(0))),
            ("ratio", Value::Real(f64::NAN)),
        ],
    ));
    let mut shown = serde_json::to_string_pretty(&found.facts).unwrap();
    shown.push_str("\n---\n");
    shown.push_str(&serde_json::to_string_pretty(&found.content).unwrap());
    insta::assert_snapshot!(shown);
    assert_eq!(found.quantity, 4);
    assert_eq!(found.object.as_deref(), Some("C:\\Users\\obrackwater\\Plan.docx"));
    assert_eq!(found.previous_object.as_deref(), Some("C:\\Plan.docx"));
    assert!(found.trigger.is_none() && found.profile.is_none());
}

#[test]
fn a_fact_of_another_shape_is_content() {
    for (name, value) in [
        ("file_extension", text("tar.gz")),
        ("file_extension", text("an-extension-that-is-none")),
        ("destination_domain", text("localhost")),
        ("destination_domain", text("203.0.113.17")),
        ("destination_domain", text("xn--mller-kva.example")),
        ("destination_domain", text("a@b.example")),
        ("destination_domain", text("b.example/path")),
        ("operation", text("C:\\Users")),
        ("operation", text("Employee 4711223")),
        ("workload", text("a@b")),
        ("dlp_severity", text("Otherwise")),
        ("audience", text("Finance")),
        ("dlp_policy", text("sites/Sales/Offer")),
        ("size_bytes", Value::Integer(-1)),
        ("size_bytes", text("12")),
        ("is_external", text("true")),
    ] {
        let found = accepted(event("FILE_UPLOADED_TO_WEB", &[(name, value.clone())]));
        assert!(found.facts.is_empty(), "{name} {value:?}");
        assert_eq!(found.content.get(name), Some(&value.to_json()));
    }
}

#[test]
fn of_a_list_only_the_harmless_items_are_shown_and_the_whole_is_sealed() {
    let domains = Value::Texts(vec!["mail.example".into(), "brackwater-backup.example".into()]);
    let found = accepted(event("EMAIL_SENT", &[("destination_domains", domains.clone())]));
    assert_eq!(found.facts["destination_domains"], serde_json::json!(["mail.example"]));
    assert_eq!(found.content["destination_domains"], domains.to_json());
}

#[test]
fn a_plugin_that_calls_everything_harmless_shows_no_more() {
    let harmless = |_: &str| Some("none");
    let origin = Origin { sensitivity: &harmless, ..origin() };
    let raw = event("FILE_DOWNLOADED", &[("object_name", text("Plan.docx")), ("own_attribute", text("Plan"))]);
    let found = accept(raw, &origin).ok().unwrap();
    assert!(found.facts.is_empty());
    assert_eq!(found.content.len(), 2);
}

#[test]
fn the_names_of_recipients_are_no_facts_either() {
    let found = accepted(event(
        "EMAIL_SENT_TO_FREE_DOMAIN",
        &[
            ("recipients", Value::Texts(vec!["Zdenka Vrabcova <zdenka@vrabcova.example>".into()])),
            ("destination_domain", text("vrabcova.example")),
        ],
    ));
    assert!(found.facts.is_empty());
}

#[test]
fn others_are_sealed_and_of_a_patient_only_the_number_is_kept() {
    let mut raw = event("PATIENT_RECORD_FAMILY", &[]);
    raw.parties.push(party("patient", &[("patient-name", "Ada Quill"), ("patient-mrn", "99")]));
    raw.parties.push(party("device", &[("device-id", "WS-1")]));
    let found = accepted(raw);
    let sealed = serde_json::to_string(&found.content).unwrap();
    assert!(sealed.contains("WS-1") && sealed.contains("99") && !sealed.contains("Quill"), "{sealed}");
}

fn opened(patient: &[(&str, &str)], attributes: &[(&str, Value)]) -> RawEvent {
    let mut raw = event("PATIENT_RECORD_HIGH_VOLUME", attributes);
    raw.parties.push(party("patient", patient));
    raw
}

#[test]
fn what_holds_a_patients_name_or_address_is_neither_fact_nor_content() {
    let patient = [
        ("patient-mrn", "MRN-99"),
        ("first-name", "Ada"),
        ("last-name", "Quill-Ñandú"),
        ("address-1", "12 Birch Lane"),
        ("postal-code", "1767"),
    ];
    let said = [
        ("operation", text("Chart of Quill opened")),
        ("workload", text("Cardiology")),
        ("section", text("mother of nandu")),
        ("workstation", text("WS-12 Birch-Lane")),
        ("restricted_reason", text("Emergency")),
        ("recipients", Value::Texts(vec!["ADA@home.example".into()])),
    ];
    let found = accepted(opened(&patient, &said));
    let kept = format!("{:?} {:?}", found.facts, found.content).to_lowercase();
    assert!(kept.contains("mrn-99") && kept.contains("cardiology") && kept.contains("emergency"), "{kept}");
    for word in ["ada", "quill", "ndú", "nandu", "birch", "1767", "first-name", "postal"] {
        assert!(!kept.contains(word), "{word}: {kept}");
    }
    assert!(found.traits.is_some());
    let odd = accepted(opened(&[("patient-mrn", "Quill, Ada"), ("last-name", "Quill")], &[]));
    assert!(odd.content.is_empty(), "a number that is a name: {:?}", odd.content);
}

#[test]
fn an_access_is_compared_unless_the_settings_leave_it_out() {
    let patient = [("last-name", "Quill"), ("postal-code", "1767")];
    assert!(accepted(opened(&patient, &[])).traits.is_some());
    assert!(accepted(opened(&[("patient-mrn", "99")], &[])).traits.is_none());
    let restricted = RawEvent { kind: "PATIENT_RECORD_RESTRICTED".into(), ..opened(&patient, &[]) };
    assert!(accepted(restricted).traits.is_none(), "it comes beside its access");
    let mut settings = crate::settings::Settings::default();
    settings.exclusions.keywords.push("test".into());
    let excluded = opened(&patient, &[("object_name", text("test system"))]);
    let content = |_: &str| None;
    let origin = Origin {
        feed: "audit",
        record: b"{}",
        ordinal: 0,
        received_at: NOW,
        sensitivity: &content,
        settings: &settings,
    };
    let found = accept(excluded, &origin).ok().unwrap();
    assert!(found.verdict.weight != crate::settings::Weight::Full && found.traits.is_none());
}

#[test]
fn a_profile_is_compared_and_keeps_no_postal_code() {
    let said = [
        ("first_name", text("Greta")),
        ("last_name", text("Sommer")),
        ("address_1", text("Elm St 1")),
        ("zip", text("62704-1201")),
    ];
    let found = accepted(event("EMPLOYEE_PROFILE", &said));
    assert!(found.traits == patient::Traits::of("greta", "SOMMER", "1 Elm Street", "62704"));
    assert_eq!(found.profile.unwrap().more.keys().collect::<Vec<_>>(), ["address_1", "first_name", "last_name"]);
    assert!(accepted(event("EMPLOYEE_PROFILE", &said[..3])).traits.is_none());
}

#[test]
fn an_event_outside_time_or_catalogue_or_without_a_person_is_refused() {
    let at = |occurred_at| RawEvent { occurred_at, ..event("FILE_DOWNLOADED", &[]) };
    assert_eq!(refused(at(NOW.plus_hours(49))), RejectReason::BadTime);
    assert_eq!(refused(at(NOW.plus_days(-limits::EVENT_PAST_DAYS - 1))), RejectReason::BadTime);
    assert_eq!(refused(at(Micros(i64::MIN))), RejectReason::BadTime);
    accepted(at(NOW.plus_hours(47)));

    assert_eq!(refused(event("FILE_EATEN", &[])), RejectReason::UnknownKind);
    assert_eq!(refused(event("OFF_HOURS", &[])), RejectReason::UnknownKind, "the engine's own");

    let by = |parties| RawEvent { parties, ..event("FILE_DOWNLOADED", &[]) };
    let ada = || party("actor", &[("upn", "ada@example.com")]);
    assert_eq!(refused(by(vec![])), RejectReason::MissingField);
    assert_eq!(refused(by(vec![party("target", &[("upn", "ada@example.com")])])), RejectReason::MissingField);
    assert_eq!(refused(by(vec![party("actor", &[])])), RejectReason::MissingField);
    assert_eq!(refused(by(vec![party("actor", &[("upn", "nobody")])])), RejectReason::MissingField);
    assert_eq!(refused(by(vec![ada(), ada()])), RejectReason::BadValue);
}

#[test]
fn an_actor_keeps_usable_names_in_their_order_each_once() {
    let names = [("upn", "Ada@Example.com"), ("email", "nobody"), ("email", "ada@example.com"), ("employee-id", "7")];
    let found = accepted(RawEvent { parties: vec![party("actor", &names)], ..event("LOGON", &[]) });
    let kept: Vec<_> = found.actor.iter().map(|name| (name.namespace.as_str(), name.value.as_str())).collect();
    assert_eq!(kept, [("address", "ada@example.com"), ("employee-id", "7")]);
}

#[test]
fn what_is_larger_than_a_limit_is_refused() {
    let many = vec![("workload", Value::Boolean(true)); limits::EVENT_ATTRIBUTES + 1];
    assert_eq!(refused(event("LOGON", &many)), RejectReason::TooLarge);
    let long = "x".repeat(limits::EVENT_TEXT_BYTES + 1);
    assert_eq!(refused(event("LOGON", &[("object_name", text(&long))])), RejectReason::TooLarge);
    assert_eq!(refused(event("LOGON", &[("recipients", Value::Texts(vec![long]))])), RejectReason::TooLarge);
    let list = Value::Texts(vec![String::new(); limits::EVENT_LIST_ITEMS + 1]);
    assert_eq!(refused(event("LOGON", &[("recipients", list)])), RejectReason::TooLarge);
    let crowd = vec![party("recipient", &[]); limits::EVENT_IDENTIFIERS + 1];
    assert_eq!(refused(RawEvent { parties: crowd, ..event("LOGON", &[]) }), RejectReason::TooLarge);
    let name = party("actor", &[("upn", &"x".repeat(limits::IDENTIFIER_BYTES + 1))]);
    assert_eq!(refused(RawEvent { parties: vec![name], ..event("LOGON", &[]) }), RejectReason::TooLarge);
    let id = Some("x".repeat(limits::EVENT_NAME_BYTES + 1));
    assert_eq!(refused(RawEvent { source_id: id, ..event("LOGON", &[]) }), RejectReason::TooLarge);
}

#[test]
fn a_quantity_counts_at_least_once_and_at_most_what_fits() {
    let of = |value| accepted(event("EXTERNAL_MEMBER_ADDED", &[("quantity", value)])).quantity;
    assert_eq!(of(Value::Integer(12)), 12);
    assert_eq!((of(Value::Integer(0)), of(Value::Integer(-5)), of(text("12"))), (1, 1, 1));
    assert_eq!(of(Value::Integer(i64::MAX)), u32::MAX);
}

#[test]
fn events_that_start_scoring_are_told_from_those_that_do_not() {
    let starts = |kind: &str, attributes: &[(&str, Value)]| accepted(event(kind, attributes)).trigger.is_some();
    for kind in ["RESIGNATION", "TERMINATION", "PERFORMANCE_IMPROVEMENT_PLAN", "JOB_LEVEL_CHANGE", "ACCOUNT_DELETED"] {
        assert!(starts(kind, &[]), "{kind}");
    }
    assert!(starts("DEFENCE_EVASION", &[]) && starts("PATIENT_RECORD_FAMILY", &[]));
    assert!(!starts("FILE_COPIED_TO_USB", &[]) && !starts("LOGON", &[]) && !starts("EMPLOYEE_PROFILE", &[]));
    assert!(starts("DLP_POLICY_MATCH", &[("dlp_severity", text("High"))]));
    assert!(!starts("DLP_POLICY_MATCH", &[("dlp_severity", text("medium"))]) && !starts("DLP_POLICY_MATCH", &[]));
    for rating in ["2-Below expectation", "Needs improvement", "POOR", "1 (not met)", "mangelhaft", "Does not meet"] {
        assert!(starts("PERFORMANCE_REVIEW", &[("rating", text(rating))]), "{rating}");
    }
    for rating in ["4", "Met expectations", "Exceeds", "gut", "Infallible", ""] {
        assert!(!starts("PERFORMANCE_REVIEW", &[("rating", text(rating))]), "{rating}");
    }
}

#[test]
fn a_resignation_scores_until_the_last_working_day_unless_that_is_absurd() {
    let until = |at| accepted(event("RESIGNATION", &[("last_working_at", Value::Time(at))])).trigger.unwrap().until;
    assert_eq!(until(NOW.plus_days(30)), Some(NOW.plus_days(30)));
    assert_eq!(until(NOW.plus_days(3_000)), None);
    let deleted = accepted(event("ACCOUNT_DELETED", &[("last_working_at", Value::Time(NOW))]));
    assert_eq!(deleted.trigger.unwrap().until, None);
}

#[test]
fn a_profile_is_kept_with_the_person_and_not_with_the_event() {
    let found = accepted(event(
        "EMPLOYEE_PROFILE",
        &[
            ("first_name", text(" Greta ")),
            ("last_name", text("Sommer")),
            ("title", text("Analyst")),
            ("department", text("Finance")),
            ("city", text("Springfield")),
            ("address_2", text(" ")),
        ],
    ));
    assert!(found.facts.is_empty() && found.content.is_empty());
    let profile = found.profile.unwrap();
    assert_eq!(profile.display_name.as_deref(), Some("Greta Sommer"));
    assert_eq!((profile.title.as_deref(), profile.department.as_deref()), (Some("Analyst"), Some("Finance")));
    assert_eq!(profile.more.keys().collect::<Vec<_>>(), ["city", "first_name", "last_name"]);
}

#[test]
fn a_key_tells_events_apart_and_knows_them_again() {
    let key = |raw: RawEvent, origin: Origin<'_>| accept(raw, &origin).ok().unwrap().key;
    let raw = || event("FILE_DOWNLOADED", &[]);
    let bare = || RawEvent { source_id: Some(" ".into()), ..raw() };
    let first = key(raw(), origin());
    let later = RawEvent { occurred_at: NOW, record_index: 9, ..raw() };
    assert_eq!(first, key(later, Origin { record: b"other", ordinal: 5, ..origin() }), "the vendor's id decides");
    assert_ne!(first, key(event("FILE_ACCESSED", &[]), origin()));
    assert_ne!(first, key(RawEvent { source_id: Some("8".into()), ..raw() }, origin()));
    assert_ne!(first, key(raw(), Origin { feed: "other", ..origin() }));
    assert_eq!(key(bare(), origin()), key(RawEvent { source_id: None, ..raw() }, origin()));
    assert_ne!(key(bare(), origin()), key(bare(), Origin { ordinal: 1, ..origin() }));
    assert_ne!(key(bare(), origin()), key(bare(), Origin { record: b"other", ..origin() }));
}

/// Spellings of one person's name in which a text could carry it.
const SPELLINGS: [&str; 30] = [
    "ottoline",
    "Ottoline",
    "OTTOLINE",
    "brackwater",
    "Brackwater",
    "BRACKWATER",
    "ottoline.brackwater",
    "ottolinebrackwater",
    "brackwaterottoline",
    "ottoline_brackwater",
    "ottoline-brackwater",
    "o.brackwater",
    "obrackwater",
    "brackwatero",
    "ottolineb",
    "ottoline.b",
    "OttolineBrackwater",
    "BrackwaterOttoline",
    "Brackwater, Ottoline",
    "Ottoline Brackwater",
    "ottoline brackwater",
    "o brackwater",
    "Miss Brackwater",
    "brack-water",
    "brack.water",
    "Brack_Water",
    "ÖTTOLINE",
    "Bräckwater",
    "brackwater2026",
    "x-brackwater-x",
];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        "\\PC{0,40}".prop_map(Value::Text),
        any::<String>().prop_map(Value::Text),
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Real),
        any::<bool>().prop_map(Value::Boolean),
        any::<i64>().prop_map(|at| Value::Time(Micros(at))),
        prop::collection::vec("[a-zA-Z.-]{0,20}", 0..4).prop_map(Value::Texts),
    ]
}

fn attribute_name() -> impl Strategy<Value = String> {
    let known = [
        "file_extension",
        "destination_domain",
        "destination_domains",
        "operation",
        "dlp_policy",
        "rating",
        "quantity",
        "recipients",
        "object_id",
        "last_working_at",
        "display_name",
        "size_bytes",
        "parties",
    ];
    prop_oneof![prop::sample::select(known.to_vec()).prop_map(str::to_owned), "[a-z_]{0,12}"]
}

fn raw_event() -> impl Strategy<Value = RawEvent> {
    let kinds: Vec<&str> = indicator::catalogue().iter().map(|found| found.code).collect();
    let kind = prop_oneof![9 => prop::sample::select(kinds).prop_map(str::to_owned), 1 => "\\PC{0,12}"];
    let at = prop_oneof![9 => -1_000 * DAY..DAY, 1 => any::<i64>().prop_map(|at| at / 2)];
    let scheme = prop::sample::select(vec!["upn", "email", "sam", "sid", "\u{1}"]);
    let identifier = (scheme, "\\PC{0,20}|[a-z.]{1,8}@[a-z.]{1,8}");
    let role = prop::sample::select(vec!["actor", "actor", "target", "patient"]);
    let somebody = (role, prop::collection::vec(identifier, 0..3));
    (
        any::<u32>(),
        prop::option::of(any::<String>()),
        kind,
        at,
        prop::collection::vec(somebody, 0..3),
        prop::collection::vec((attribute_name(), value()), 0..8),
    )
        .prop_map(|(record_index, source_id, kind, at, parties, attributes)| RawEvent {
            record_index,
            source_id,
            kind,
            occurred_at: Micros(NOW.0.saturating_add(at)),
            parties: parties
                .iter()
                .map(|(role, names)| {
                    let names: Vec<(&str, &str)> =
                        names.iter().map(|(scheme, value)| (*scheme, value.as_str())).collect();
                    party(role, &names)
                })
                .collect(),
            attributes,
        })
}

proptest! {
    #[test]
    fn any_event_is_answered_and_the_same_one_always_alike(raw in raw_event()) {
        let (first, again) = (accept(raw.clone(), &origin()), accept(raw, &origin()));
        prop_assert!(first == again);
        if let Ok(found) = first {
            prop_assert!(found.quantity >= 1 && !found.actor.is_empty());
            prop_assert!(found.facts.keys().is_sorted() && found.content.keys().is_sorted());
            prop_assert!(indicator::find(&found.indicator).is_some());
        }
    }

    #[test]
    fn facts_never_hold_a_piece_of_a_name(
        spelling in prop::sample::select(SPELLINGS.to_vec()),
        before in "[a-z]{0,4}[ .-]?",
        after in "([ .-][a-z]{0,6})?(\\.example)?",
        called in prop::sample::select(vec![
            ("upn", "Ottoline.Brackwater@halden.example"),
            ("email", "Brackwater Ottoline <ottoline_brackwater@halden.example>"),
            ("login", "HALDEN\\brackwater.ottoline"),
            ("name", "Ottoline Brackwater"),
        ]),
    ) {
        let carried = format!("{before}{spelling}{after}");
        let names = ["file_extension", "destination_domain", "source_domain", "operation", "workload", "site_kind",
            "device_kind", "client_kind", "audience", "dlp_severity", "dlp_policy", "sensitivity_label",
            "previous_sensitivity_label", "object_name"];
        let mut attributes: Vec<(&str, Value)> = names.iter().map(|name| (*name, text(&carried))).collect();
        for name in ["destination_domains", "sensitive_info_types"] {
            attributes.push((name, Value::Texts(vec![carried.clone(), "fine.example".into()])));
        }
        let mut raw = event("FILE_UPLOADED_TO_WEB", &attributes);
        raw.parties = vec![party("actor", &[called])];
        let found = accepted(raw);
        let shown: String = serde_json::to_string(&found.facts).unwrap().to_lowercase();
        let squashed: String = shown.chars().filter(|c| c.is_alphanumeric()).collect();
        for piece in ["ottoline", "brackwater", "öttoline", "bräckwater"] {
            prop_assert!(!squashed.contains(piece), "{}", shown);
        }
        prop_assert!(shown.contains("fine.example"));
    }

    #[test]
    fn a_reject_never_quotes_the_record(word in "[a-z]{12}", which in 0..5usize) {
        let mut raw = event("FILE_DOWNLOADED", &[]);
        match which {
            0 => raw.kind = word.clone(),
            1 => raw.parties = vec![party("actor", &[("upn", &word)])],
            2 => raw.attributes = vec![(word.clone(), text("x")); limits::EVENT_ATTRIBUTES + 1],
            3 => raw.attributes = vec![("operation".into(), text(&word.repeat(limits::EVENT_TEXT_BYTES)))],
            _ => raw.source_id = Some(word.repeat(limits::EVENT_NAME_BYTES)),
        }
        let reject = accept(raw, &origin()).err().expect("it was accepted");
        prop_assert!(!reject.detail.contains(&word));
    }
}
