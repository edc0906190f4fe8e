//! The connector against samples of every feed, and what no sample shows.
//! Never: a real person, or a file that is not beside it.

use super::*;
use connector_sdk::{Event, Outcome, Value, check_config, testing};
use proptest::prelude::*;

const CONFIG: &str = r#"{"internal_domains":["northwind.example"]}"#;

fn run(feed: &str, raw: &str) -> Outcome {
    testing::run::<Mail>(CONFIG, feed, raw.as_bytes()).unwrap()
}

fn problems(config: &str) -> Vec<String> {
    check_config::<Mail>(&testing::context(config)).into_iter().map(|p| format!("{}: {}", p.at, p.message)).collect()
}

fn kinds(outcome: &Outcome) -> Vec<&str> {
    outcome.events.iter().map(|event| event.kind.as_str()).collect()
}

fn value<'e>(event: &'e Event, name: &str) -> Option<&'e Value> {
    event.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.value)
}

/// The kinds of a mail from Greta Sommer with these fields besides.
fn written(fields: &str) -> Outcome {
    let head = "From: Greta Sommer <greta.sommer@northwind.example>\nDate: Mon, 14 Sep 2026 08:00:00 +0000\n";
    run("message", &format!("{head}{fields}\n\nhello\n"))
}

#[test]
fn samples_give_what_their_snapshots_say() {
    testing::samples::<Mail>();
}

#[test]
fn a_configuration_needs_a_domain_of_the_organisation() {
    assert_eq!(problems(CONFIG), Vec::<String>::new());
    assert_eq!(
        problems(r#"{"internal_domains":[]}"#),
        ["/internal_domains: name at least one domain of the organisation"]
    );
    assert_eq!(
        problems(r#"{"internal_domains":["northwind.example"],"free_mail_domains":["gmail"]}"#),
        [r#"/free_mail_domains/0: "gmail" is not a domain"#]
    );
}

#[test]
fn a_private_address_is_ones_own_by_the_name_in_it_or_beside_it() {
    for own in [
        "greta.sommer@gmail.com",
        "GretaSommer@gmail.com",
        "sommer.greta.77@gmail.com",
        "Greta Sommer <gs77@gmail.com>",
        "gs77@gmail.com (Greta Sommer)",
    ] {
        let found = written(&format!("To: {own}"));
        assert_eq!(kinds(&found), ["EMAIL_SENT_EXTERNAL", "EMAIL_SENT_TO_SELF"], "{own}");
    }
    for other in ["greta.winter@gmail.com", "sommer@gmail.com", "Paul <paul@gmail.com>", "greta@gmail.com"] {
        let found = written(&format!("To: {other}"));
        assert_eq!(kinds(&found), ["EMAIL_SENT_EXTERNAL", "EMAIL_SENT_TO_FREE_DOMAIN"], "{other}");
    }
    let firm = written("To: greta.sommer@fabrikam.example");
    assert_eq!(kinds(&firm), ["EMAIL_SENT_EXTERNAL"], "only free providers give private addresses");
}

#[test]
fn short_names_are_in_every_address_and_say_nothing() {
    for sender in ["jo", "jo.ann", "a.b.c.d.e"] {
        let mail = format!(
            "From: {sender}@northwind.example\nTo: joanna.bcde@gmail.com\nDate: Mon, 14 Sep 2026 08:00:00 +0000\n\n"
        );
        assert_eq!(kinds(&run("message", &mail)), ["EMAIL_SENT_EXTERNAL", "EMAIL_SENT_TO_FREE_DOMAIN"], "{sender}");
    }
}

#[test]
fn a_second_mail_cannot_hide_behind_the_message_id_of_the_first() {
    let id = |more: &str| {
        let found = written(&format!("To: paul@fabrikam.example\nMessage-ID: <1@x>\n{more}"));
        found.events[0].source_id.clone()
    };
    assert_eq!(id("Subject: one"), id("Subject: one\nReceived: by b; Mon, 14 Sep 2026 08:00:00 +0000"));
    assert_ne!(id("Subject: one"), id("Subject: two"));
    assert_ne!(id("Subject: one"), id("Subject: one\nCc: eva@fabrikam.example"));
}

#[test]
fn recipients_in_rows_of_their_own_are_one_event_for_each_domain_in_any_order() {
    let header = "Received,SenderAddress,RecipientAddress,Status,MessageId,Size";
    let row = |to: &str| format!("2026-09-14T08:00:00,ada@northwind.example,{to},Delivered,<1@x>,7");
    let ids = |rows: &[&str]| {
        let rows: Vec<String> = rows.iter().map(|to| row(to)).collect();
        let events = run("exchange-csv", &format!("{header}\n{}", rows.join("\n"))).events;
        events.into_iter().map(|event| event.source_id.unwrap()).collect::<Vec<_>>()
    };
    let one = ids(&["a@x.example", "b@x.example", "c@y.example"]);
    assert_eq!(one[0], one[1]);
    assert_ne!(one[0], one[2]);
    let mut other = ids(&["c@y.example", "b@x.example", "a@x.example"]);
    other.reverse();
    assert_eq!(one, other);
}

#[test]
fn a_trace_is_in_utc_and_its_dates_may_have_the_day_first() {
    let csv = "Received,SenderAddress,RecipientAddress\n04/05/2026 08:00,ada@northwind.example,a@x.example";
    let batch = testing::cut(Mail::DESCRIPTOR.feed("exchange-csv").unwrap(), csv.as_bytes());
    let at = |config: &str| {
        let context = connector_sdk::CallContext { default_zone: "Asia/Tokyo".into(), ..testing::context(config) };
        connector_sdk::normalise::<Mail>(&context, &batch).unwrap().events[0].occurred_at
    };
    assert_eq!(at(CONFIG), 1_775_376_000_000_000);
    assert_eq!(at(r#"{"internal_domains":["northwind.example"],"date_order":"day-first"}"#), 1_777_881_600_000_000);
}

#[test]
fn a_header_that_is_no_trace_is_refused_with_what_to_export_instead() {
    let refused = |header: &str| match testing::run::<Mail>(CONFIG, "exchange-csv", header.as_bytes()) {
        Err(Failure::Format(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(refused("a,b\n1,2").contains("SenderAddress"));
    assert!(refused("date_time_utc,event_id\n1,2").contains("enhanced summary report"));
}

#[test]
fn ragged_rows_are_rejected_without_what_is_in_them() {
    let csv = "Received,SenderAddress,RecipientAddress,Subject\n2026-09-14T08:00:00,ada@northwind.example\n\
               2026-09-14T08:00:00,ada@northwind.example,a@x.example,one,two";
    let rejects = run("exchange-csv", csv).rejects;
    let details: Vec<&str> = rejects.iter().map(|reject| reject.detail.as_str()).collect();
    assert_eq!(
        details,
        ["RecipientAddress is missing", "more cells than the header has columns: is a comma not quoted?"]
    );
}

#[test]
fn a_hostile_message_cannot_make_an_event_larger_than_the_host_takes() {
    let to: Vec<String> = (0..5_000).map(|n| format!("a{n}@d{n}.example")).collect();
    let file = "\n--b\nContent-Disposition: attachment; filename=\"x.zip\"\n\n";
    let raw = format!(
        "From: ada@northwind.example\nTo: {}\nSubject: {}\nDate: 14 Sep 2026 08:00 GMT\nMessage-ID: <{}@x>\n\
         Content-Type: multipart/mixed; boundary=b\n\n{}",
        to.join(","),
        "s".repeat(100_000),
        "i".repeat(100_000),
        file.repeat(5_000),
    );
    let found = run("message", &raw);
    assert_eq!(kinds(&found), ["EMAIL_SENT_EXTERNAL", "EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT"]);
    for attribute in &found.events[0].attributes {
        match &attribute.value {
            Value::Text(text) => assert!(text.len() <= 1_000, "{}", attribute.name),
            Value::Texts(texts) => assert!(texts.len() <= 500, "{}", attribute.name),
            _ => {}
        }
    }
}

#[test]
fn a_subject_of_beginnings_without_end_takes_no_longer_than_another() {
    let start = std::time::Instant::now();
    written(&format!("To: paul@fabrikam.example\nSubject: {}", "=?a?b?".repeat(150_000)));
    assert!(start.elapsed() < std::time::Duration::from_secs(2));
}

#[test]
fn a_message_in_the_code_page_of_old_programs_is_read() {
    let raw = b"From: J\xf6rg <joerg@northwind.example>\nTo: M\xfcller <m@fabrikam.example>\nSubject: Gr\xfc\xdfe\n\
                Date: Mon, 14 Sep 2026 08:00:00 +0000\n\nx";
    let found = testing::run::<Mail>(CONFIG, "message", raw).unwrap();
    assert_eq!(value(&found.events[0], "subject_line"), Some(&Value::Text("Grüße".into())));
}

#[test]
fn attachments_are_counted_as_a_person_would() {
    let count = |parts: &str| {
        let found = written(&format!(
            "To: paul@fabrikam.example\nContent-Type: multipart/mixed; boundary=b\n\n--b\n{}\n--b--",
            parts.replace("~", "\n--b\n")
        ));
        match value(&found.events[0], "attachment_count") {
            Some(Value::Integer(count)) => *count,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(count("Content-Type: text/plain\n\nhello"), 0);
    assert_eq!(count("\nhello~Content-Type: application/pdf\n\nx"), 1);
    assert_eq!(count("\nhello~Content-Type: text/csv; name=a.csv\n\nx"), 1);
    assert_eq!(count("\nhello~Content-Type: message/rfc822\n\nFrom: a@b.example\n\nx"), 1);
    assert_eq!(count("\nhello~Content-Type: image/png; name=logo.png\nContent-ID: <1>\n\nx"), 0);
    assert_eq!(count("\nhello~Content-Type: image/png\nContent-Disposition: attachment\n\nx"), 1);
    assert_eq!(count("\nhello~Content-Type: application/pkcs7-signature; name=smime.p7s\n\nx"), 0);
}

#[test]
fn the_text_of_a_message_is_in_no_event() {
    let found = run(
        "message",
        "From: ada@northwind.example\nTo: a@x.example\nDate: 14 Sep 2026 08:00 GMT\n\nsecret 4111-1111-1111-1111",
    );
    assert_eq!(found.events.len(), 1);
    assert!(!format!("{found:?}").contains("4111"));
}

proptest! {
    #[test]
    fn any_bytes_give_an_outcome(bytes: Vec<u8>) {
        for feed in Mail::DESCRIPTOR.feeds.iter().filter(|feed| feed.framing != Framing::Json) {
            let batch = connector_sdk::Batch {
                feed: feed.name.into(),
                header: (feed.framing == Framing::Csv).then(|| {
                    b"Received,SenderAddress,RecipientAddress,Message ID,Start date,Sender,Recipient address,Event target".to_vec()
                }),
                records: vec![connector_sdk::RawRecord { index: 0, body: bytes.clone() }],
            };
            let outcome = connector_sdk::normalise::<Mail>(&testing::context(CONFIG), &batch);
            prop_assert!(outcome.is_ok());
        }
    }

    #[test]
    fn any_text_in_any_header_gives_an_outcome(
        fields in prop::collection::vec(
            (
                prop::sample::select(vec![
                    "From", "To", "Cc", "Date", "Subject", "Message-ID", "Content-Type", "Content-Disposition", "Received",
                ]),
                prop_oneof![
                    "\\PC{0,40}",
                    Just("ada@northwind.example".to_owned()),
                    Just("=?utf-8?Q?=C3=?= =?x?B?é?=, (\\\"<a@x.org".to_owned()),
                    Just("multipart/mixed; boundary=\"b".to_owned()),
                    Just("attachment; filename*0*=''%C3%; filename*1=é".to_owned()),
                    Just("Mon, 1 Jan 98 10:00 PST (é".to_owned()),
                ],
            ),
            0..12,
        ),
        body in "(\\PC{0,20}|--b|\n|:|--b--){0,20}",
    ) {
        let head: String = fields.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        let message = format!("x{head}\n{body}");
        let outcome = run("message", &message);
        let ignored: u32 = outcome.ignored.iter().map(|(_, count)| count).sum();
        prop_assert_eq!(usize::from(!outcome.events.is_empty()) + outcome.rejects.len() + ignored as usize, 1);
    }

    #[test]
    fn any_text_in_a_trace_or_log_gives_an_outcome(
        cells in prop::collection::vec(prop_oneof!["\\PC{0,20}", Just("ada@northwind.example".to_owned())], 8),
    ) {
        let keys = [
            "Received", "SenderAddress", "RecipientAddress", "Status", "Size", "MessageId", "MessageTraceId", "Subject",
        ];
        let mut record = connector_sdk::serde_json::json!({});
        for (key, cell) in keys.iter().zip(&cells) {
            record[*key] = cell.as_str().into();
        }
        let source = connector_sdk::serde_json::json!({"address": cells[0]});
        record["gmail"] = connector_sdk::serde_json::json!({
            "event_info": {"mail_event_type": 1, "timestamp_usec": 1},
            "message_info": {"source": source, "flattened_destinations": cells[1], "attachment": [{"file_name": cells[2]}]},
        });
        for feed in ["exchange-json", "gmail-json", "message-json"] {
            run(feed, &format!("[{record}]"));
        }
    }
}
