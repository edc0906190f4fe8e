//! Patient records: a real file through the real connector, beside a file of HR that comes before it or after it.
//! Never: a patient's name expected anywhere; what is looked for in tables and logs must not be there.

use crate::templates::enable_all;
use serde_json::json;
use std::fmt::Write as _;
use vizard_core::{access::Role, time::DAY};
use vizard_tests::{Engine, World, on_both};

const MARA: &str = "mara.lindt@halden-clinic.example";
const OTTO: &str = "otto.brekke@halden-clinic.example";

const HOMES: &str = "EmailAddress,EmployeeId,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,EmployeeDept\n\
     mara.lindt@halden-clinic.example,E1001,Mara,Lindt,Birch Lane 7,1767,Nursing\n\
     otto.brekke@halden-clinic.example,E1002,Otto,Brekke,4 Harbour Road,1771,Radiology\n";

const HEADER: &str = "Creation Time,Event Name,Workstation Id,Patient Reg Id,Patient First Name,Patient Last Name,\
     Patient Address Line 1,Patient City,Patient Zip Code,Restricted Access Reason,Email Address (UPN) or SamAccountName\n";

/// Accesses of Mara's, each with what the patient is to her.
const OPENED: &[(&str, &str)] = &[
    ("101,Jonathan,LINDT,99 Zwetschgen Weg,Halden,1767,", "FAMILY"),
    ("101,jonathan,Lindt,99 zwetschgen weg,Halden,1767,", "FAMILY"),
    ("102,Inesia,Falkenrath,12 Birch Ln.,Halden,1767,", "NEIGHBOUR"),
    ("103,OTTO,Brekke,elsewhere,Halden,1771,", "COLLEAGUE"),
    ("104,Mara,Lindt,7 Birch Lane,Halden,1767,", ""),
    ("105,Quirina,Ödegaard,1 Kastanienallee,Halden,1780,Emergency", "RESTRICTED"),
    ("106,Quirin,Vogelsang,1 Kastanienallee,Halden,1781,", ""),
];

/// Words of patients that are no word of an employee's.
const PATIENTS: &[&str] =
    &["jonathan", "zwetschgen", "inesia", "falkenrath", "quirina", "degaard", "kastanien", "vogelsang"];

fn accesses(who: &str, day: &str) -> String {
    let mut file = HEADER.to_owned();
    for (at, (patient, _)) in OPENED.iter().enumerate() {
        let _ = writeln!(file, "{day}T08:{at:02}:00Z,Chart opened,WS-7,{patient},{who}");
    }
    file
}

async fn hr(world: &World, file: &str) {
    world.import_text("hr", file.as_bytes()).await;
}

async fn opens(world: &World, who: &str, day: &str) {
    let counts = world.import_feed("emr", "healthcare", accesses(who, day).as_bytes()).await.counts;
    let rejects = world.texts("SELECT detail FROM rejects").await;
    assert_eq!((counts.accepted + counts.duplicates, counts.read), (7, 7), "{counts:?} {rejects:?}");
}

async fn policy(world: &World) {
    let admin = world.caller(&[Role::Admin]);
    enable_all(&admin).await;
    let create =
        "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
    let input = json!({"name": "Patients", "template": "PATIENT_DATA_MISUSE", "scope": {"all": true}});
    let made = admin.ask(create, json!({"input": input})).await;
    assert!(made.data()["createPolicy"]["policy"]["id"].is_string(), "{made:?}");
}

async fn set_up(world: &World) {
    world.connect().await;
    world.connect_emr().await;
    policy(world).await;
}

/// Four weeks of work before, on patients who are nothing to anybody: what is usual is known.
async fn works(world: &World, who: &str) {
    let mut file = HEADER.to_owned();
    for day in 1..=28 {
        let _ = writeln!(file, "2026-06-{day:02}T09:00:00Z,Chart opened,WS-7,{},{who}", OPENED[6].0);
    }
    assert_eq!(world.import_feed("emr", "healthcare", file.as_bytes()).await.counts.accepted, 28);
}

/// What there is of accesses: kinds with their minutes, and how often each stands in the tables that follow from events.
async fn state(world: &World) -> Vec<String> {
    let mut state = Vec::new();
    let hex = if world.engine == Engine::Sqlite { "lower(hex(event_key))" } else { "encode(event_key, 'hex')" };
    for sql in [
        format!("SELECT indicator || ' ' || occurred_at || ' ' || facts || ' ' || {hex} FROM events WHERE indicator LIKE 'PATIENT%' ORDER BY 1"),
        format!("SELECT 'cause ' || indicator || ' ' || occurred_at || ' ' || {hex} FROM triggers ORDER BY 1"),
        "SELECT 'day ' || indicator || ' ' || count FROM activity_days WHERE indicator LIKE 'PATIENT%' ORDER BY 1".to_owned(),
        "SELECT 'insight ' || indicator || ' ' || count || ' ' || points || ' ' || explanation FROM insights ORDER BY 1".to_owned(),
        "SELECT 'score ' || score || ' ' || open || ' ' || activations FROM scores ORDER BY 1".to_owned(),
        "SELECT 'alert ' || status || ' ' || severity || ' ' || risk_factors FROM alerts ORDER BY 1".to_owned(),
    ] {
        state.extend(world.texts(&sql).await);
    }
    state
}

/// The numbers of accesses since 29 June, and of what they were found to be.
async fn found(world: &World) -> Vec<String> {
    let sql = "SELECT replace(indicator, 'PATIENT_RECORD_', '') || ' ' || count(*) FROM events WHERE indicator LIKE 'PATIENT%' \
               AND occurred_at >= 1782691200000000 GROUP BY indicator ORDER BY 1";
    world.texts(sql).await
}

async fn rows(world: &World, of: &str) -> i64 {
    world.number(&format!("SELECT count(*) FROM {of}")).await
}

/// Forgets everything but the set-up, behind the server's back, so that the same comes in again in another order.
async fn forget(world: &World) {
    for table in [
        "alert_insights",
        "notes",
        "alerts",
        "outbox",
        "insights",
        "scores",
        "score_history",
        "triggers",
        "pending",
        "activity_days",
        "events",
        "record_marks",
        "profile_marks",
        "profiles",
    ] {
        world.execute(&format!("DELETE FROM {table}")).await;
    }
    world.execute("UPDATE subjects SET risk_score = 0, risk_level = 'NONE', next_due = NULL").await;
}

const ALL: [&str; 5] = ["COLLEAGUE 1", "FAMILY 2", "HIGH_VOLUME 7", "NEIGHBOUR 1", "RESTRICTED 1"];

on_both! {
    async fn whether_hr_or_the_clinic_comes_first_the_same_is_found_and_it_opens_the_policy(world) {
        set_up(&world).await;
        hr(&world, HOMES).await;
        works(&world, MARA).await;
        opens(&world, MARA, "2026-06-29").await;
        world.settle().await;
        assert_eq!(found(&world).await, ALL);
        let before = state(&world).await;
        assert!(before.iter().any(|line| line.starts_with("alert ")), "{before:#?}");
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());

        forget(&world).await;
        works(&world, MARA).await;
        opens(&world, MARA, "2026-06-29").await;
        world.settle().await;
        assert_eq!(found(&world).await, ["HIGH_VOLUME 7", "RESTRICTED 1"], "nobody's home is known yet");
        hr(&world, HOMES).await;
        world.settle().await;
        assert_eq!(found(&world).await, ALL);
        let after: Vec<String> = state(&world).await;
        // An alert that was raised without them says when it was raised; everything else is the same.
        let plain = |state: &[String]| -> Vec<String> {
            state.iter().filter(|line| !line.starts_with("alert ")).cloned().collect()
        };
        assert_eq!(plain(&after), plain(&before));
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());

        // Once more, both: nothing is counted twice.
        hr(&world, HOMES).await;
        opens(&world, MARA, "2026-06-29").await;
        world.settle().await;
        assert_eq!(plain(&state(&world).await), plain(&before));
    }

    async fn what_was_found_alone_raises_an_alert_that_says_so(world) {
        set_up(&world).await;
        works(&world, MARA).await;
        let mut family = HEADER.to_owned();
        for minute in 0..4 {
            let _ = writeln!(family, "2026-06-29T08:{minute:02}:00Z,Chart opened,WS-7,{},{MARA}", OPENED[0].0);
        }
        world.import_feed("emr", "healthcare", family.as_bytes()).await;
        world.settle().await;
        assert_eq!(rows(&world, "alerts").await, 0, "nothing starts scoring");
        hr(&world, HOMES).await;
        world.settle().await;
        let ask = "{ alerts { nodes { policy { template { code } } trigger riskFactors contributions { insight { explanation indicator { code } } } } } }";
        let alerts = world.caller(&[Role::Analyst]).query(ask).await["alerts"]["nodes"].clone();
        let alert = &alerts[0];
        assert_eq!(alert["policy"]["template"]["code"], "PATIENT_DATA_MISUSE", "{alerts:#}");
        assert!(alert["contributions"].to_string().contains("Opened 4 patient records of family members"), "{alert:#}");
        assert!(alert["riskFactors"].to_string().contains("HEALTH_RECORD"), "{alert:#}");
        // Under the pseudonym, and without the record.
        assert!(!alert.to_string().to_lowercase().contains("lindt"), "{alert:#}");
    }

    async fn homes_and_accesses_that_come_at_the_same_time_do_not_miss_each_other(world) {
        set_up(&world).await;
        for round in 0..12 {
            let who = format!("nurse{round}@halden-clinic.example");
            let homes = HOMES.replace(MARA, &who).replace("E1001", &format!("N{round}"));
            tokio::join!(hr(&world, &homes), opens(&world, &who, "2026-06-29"), hr(&world, &homes));
            let own = "events e JOIN triggers t ON t.event_key = e.event_key WHERE e.indicator IN ('PATIENT_RECORD_FAMILY', \
                'PATIENT_RECORD_NEIGHBOUR') AND (SELECT count(*) FROM events o WHERE o.subject_id = e.subject_id AND o.indicator = 'PATIENT_RECORD_HIGH_VOLUME') = 7";
            assert_eq!(rows(&world, own).await, 3 * (round + 1), "round {round}");
        }
    }

    async fn who_moves_is_compared_with_both_homes_and_a_late_home_with_what_is_kept(world) {
        set_up(&world).await;
        opens(&world, MARA, "2026-06-29").await;
        let elsewhere = HOMES.replace("Birch Lane 7,1767", "Kastanienallee 9,1780");
        hr(&world, &elsewhere).await;
        assert_eq!(found(&world).await, ["COLLEAGUE 1", "HIGH_VOLUME 7", "NEIGHBOUR 1", "RESTRICTED 1"]);
        hr(&world, HOMES).await;
        assert_eq!(found(&world).await, ["COLLEAGUE 1", "FAMILY 2", "HIGH_VOLUME 7", "NEIGHBOUR 2", "RESTRICTED 1"]);
        assert_eq!(rows(&world, "profile_marks").await, 3);
        hr(&world, HOMES).await;
        assert_eq!(rows(&world, "profile_marks").await, 3, "the same file again tells nothing");
    }

    async fn with_the_access_goes_what_follows_from_it_and_with_the_person_both(world) {
        set_up(&world).await;
        hr(&world, HOMES).await;
        opens(&world, MARA, "2026-06-29").await;
        opens(&world, OTTO, "2026-06-30").await;
        world.settle().await;
        assert_eq!((rows(&world, "record_marks").await, rows(&world, "profile_marks").await), (14, 2));
        let erase = "mutation($input: EraseSubjectInput!) { eraseSubject(input: $input) { erased userErrors { code } } }";
        let input = json!({"input": {"account": MARA, "reason": "Asked for it."}});
        let erased = world.caller(&[Role::Admin]).ask(erase, input).await;
        assert_eq!(erased.data()["eraseSubject"]["erased"], true, "{erased:?}");
        assert_eq!((rows(&world, "record_marks").await, rows(&world, "profile_marks").await), (7, 1));
        world.clock.advance(200 * DAY);
        world.services.retain().await.unwrap().expect("the run of the day");
        assert_eq!(rows(&world, "events WHERE indicator LIKE 'PATIENT%'").await, 0);
        assert_eq!((rows(&world, "record_marks").await, rows(&world, "profile_marks").await), (0, 1));
        assert_eq!(rows(&world, "triggers WHERE indicator LIKE 'PATIENT%'").await, 0);
    }

    async fn an_investigator_reads_the_record_s_number_and_nobody_the_patient_s_name(world) {
        set_up(&world).await;
        works(&world, MARA).await;
        opens(&world, MARA, "2026-06-29").await;
        hr(&world, HOMES).await;
        world.settle().await;
        let ask = "{ alerts { nodes { contributions { insight { indicator { code } activities(first: 50) { nodes { facts content } } } } } } }";
        let seen = world.caller(&[Role::Investigator]).query(ask).await["alerts"]["nodes"][0]["contributions"].clone();
        let insights = seen.as_array().unwrap_or_else(|| panic!("{seen:#}"));
        let family = insights.iter().find(|part| part["insight"]["indicator"]["code"] == "PATIENT_RECORD_FAMILY").unwrap();
        let family = &family["insight"]["activities"]["nodes"][0];
        assert!(family["content"].to_string().contains("\"101\""), "the record's number: {family:#}");
        assert_eq!(family["facts"]["operation"], "Chart opened");
        let text = seen.to_string().to_lowercase();
        assert!(!PATIENTS.iter().any(|word| text.contains(word)), "{text}");
    }

    async fn of_whoever_is_not_covered_no_home_is_kept_and_no_relation_found(world) {
        set_up(&world).await;
        opens(&world, MARA, "2026-06-29").await;
        let update = "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) { userErrors { code } } }";
        let rule = json!({"name": "AGREED", "effectiveFrom": "2026-03-01", "agreement": "Works agreement", "departments": ["Radiology"]});
        let made = world.caller(&[Role::Admin]).ask(update, json!({"input": {"coverage": [rule]}})).await;
        assert_eq!(made.data()["updateSettings"]["userErrors"], json!([]));
        hr(&world, HOMES).await;
        assert_eq!(rows(&world, "profile_marks").await, 1, "Otto's");
        assert_eq!(found(&world).await, ["HIGH_VOLUME 7", "RESTRICTED 1"], "Mara is not covered any more");
    }
}

mod logged {
    use super::*;

    on_both! {
        async fn no_name_or_street_of_a_patient_is_in_any_table_or_log(world, lines) {
            set_up(&world).await;
            opens(&world, MARA, "2026-06-29").await;
            let bad = format!("{HEADER}someday,Chart opened,WS-7,107,Jonathan,Falkenrath,1 Kastanienallee,Halden,1767,,{MARA}\n");
            world.import_feed("emr", "healthcare", bad.as_bytes()).await;
            hr(&world, HOMES).await;
            opens(&world, OTTO, "2026-06-30").await;
            world.settle().await;
            assert_eq!(found(&world).await.len(), 5);
            let columns: std::collections::BTreeMap<String, std::collections::BTreeMap<String, String>> =
                toml::from_str(vizard_migrations::PRIVACY).unwrap();
            for (table, columns) in columns {
                for column in columns.keys() {
                    for word in PATIENTS {
                        let digits: String = word.bytes().map(|byte| format!("{byte:02x}")).collect();
                        let text = match world.engine {
                            Engine::Sqlite => format!("lower(hex(lower(CAST(\"{column}\" AS TEXT)))) || ' ' || lower(hex(\"{column}\"))"),
                            Engine::Postgres => format!("lower(to_jsonb(t.\"{column}\")::text)"),
                        };
                        let like = format!("{table} t WHERE {text} LIKE '%{word}%' OR {text} LIKE '%{digits}%'");
                        assert_eq!(rows(&world, &like).await, 0, "{table}.{column} holds {word}");
                    }
                }
            }
            let log = lines.text().to_lowercase();
            assert!(!log.is_empty());
            for word in PATIENTS {
                assert!(!log.contains(word), "the log holds {word}");
            }
        }
    }
}
