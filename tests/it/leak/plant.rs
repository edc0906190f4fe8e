//! An installation with the canary people in it: through the connectors that people use, in every field that could carry
//! a name, in records that are taken and in records that are not.
//! Never: into the database past a connector.

use super::canary::{ODON, PEOPLE, Person, SPELLINGS, ZSOFIA};
use serde_json::{Value, json};
use vizard_core::access::Role;
use vizard_tests::{Caller, World};

const DAY: &str = "2026-06-29";
/// Who works beside them, and writes to them and about them.
const COLLEAGUE: &str = "maud.indrefjord@halden-optics.example";

fn spellings(of: &Person) -> impl Iterator<Item = String> {
    SPELLINGS.iter().map(|(_, spelled)| spelled(of))
}

/// A quoted cell.
fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn profiles() -> String {
    let mut rows =
        "EmailAddress,EmployeeId,UserName,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,\
                    EmployeeDept,EmployeeRole\n"
            .to_owned();
    for Person { first, last, mail, sam, number, street, .. } in PEOPLE {
        rows.push_str(&format!("{mail},{number},{sam},{first},{last},{street},1767,Sales,Seller\n"));
    }
    rows.push_str(&format!("{COLLEAGUE},E10,mindrefjord,Maud,Indrefjord,Storgata 1,1767,Sales,Seller\n"));
    rows
}

fn hr_events() -> String {
    let mut rows =
        "HRScenario,EmailAddress,EmployeeId,ResignationDate,LastWorkingDate,EffectiveDate,Remarks,Rating\n".to_owned();
    for person in PEOPLE {
        let Person { mail, number, .. } = person;
        rows.push_str(&format!("Resignation,{mail},{number},2026-06-20T09:00:00Z,2026-07-31T00:00:00Z,,,\n"));
        for text in spellings(person) {
            let text = cell(&text);
            rows.push_str(&format!("Performance review,{mail},{number},,,{DAY}T08:00:00Z,{text},Below expectation\n"));
            // What is not taken: a scenario, a date, a rating, an address that are none.
            rows.push_str(&format!("{text},{mail},{number},,,{DAY}T08:00:00Z,,\n"));
            rows.push_str(&format!("Resignation,{mail},{number},{text},,,,\n"));
            rows.push_str(&format!("Resignation,{text},{number},yesterday,{text},{text},{text},{text}\n"));
            rows.push_str(&format!("Performance review,{mail},{number},,,{DAY}T08:00:00Z,,{text} {text} {text}\n"));
        }
    }
    rows.push_str(&format!("Resignation,{COLLEAGUE},E10,2026-06-19T09:00:00Z,2026-07-31T00:00:00Z,,,\n"));
    rows
}

/// Numbers records.
struct Records(u32, String);

impl Records {
    fn add(&mut self, who: &str, operation: &str, workload: &str, kind: u32, mut more: Value) {
        self.0 += 1;
        let mut record = json!({
            "Id": format!("00000000-0000-4000-9000-{:012}", self.0), "RecordType": kind, "Operation": operation,
            "CreationTime": format!("{DAY}T{:02}:{:02}:00", 7 + self.0 % 8, self.0 % 60), "OrganizationId": "0",
            "UserType": 0, "UserKey": who, "Workload": workload, "UserId": who, "ClientIP": "203.0.113.17",
        });
        record.as_object_mut().unwrap().append(more.as_object_mut().unwrap());
        self.1.push_str(&format!("{record}\n"));
    }

    fn of(&mut self, who: &str, person: &Person) {
        for text in spellings(person) {
            self.add(who, "FileDownloaded", "OneDrive", 6, json!({
                "ObjectId": format!("https://haldenoptics-my.example/personal/{}/{text}", person.sam), "SourceFileName": text,
                "SourceFileExtension": "docx", "SiteUrl": format!("https://haldenoptics-my.example/personal/{}/", person.sam),
                "SourceRelativeUrl": format!("Documents/{text}"), "UserAgent": text,
            }));
            self.add(who, "FileCopiedToRemovableMedia", "Endpoint", 63, json!({
                "ObjectId": format!("C:\\Users\\{}\\{text}", person.sam), "DeviceName": person.host, "Platform": 1,
                "Application": text, "FileExtension": person.plain.1, "FileSize": 4711, "TargetFilePath": format!("E:\\{text}"),
                "PolicyMatchInfo": {"PolicyName": text, "RuleName": text},
            }));
            self.add(who, "Send", "Exchange", 2, json!({
                "ResultStatus": "Succeeded", "MailboxOwnerUPN": who, "Item": {"Subject": text, "InternetMessageId": format!("<{text}>"),
                "Attachments": format!("{text}.pdf (9211b)"), "Recipients": ["a.buyer@freemail.example", person.mail]},
            }));
        }
        for target in [format!("{}.example", person.plain.1), format!("https://{}.example/{}", person.sam, person.last)]
        {
            self.add(who, "FileUploadedToCloud", "Endpoint", 63, json!({
                "ObjectId": format!("C:\\Users\\{}\\offer.docx", person.sam), "DeviceName": person.host, "Platform": 1,
                "FileExtension": "docx", "FileSize": 1, "TargetDomain": target,
            }));
        }
        self.add(
            who,
            "FileRenamed",
            "Endpoint",
            63,
            json!({
                "ObjectId": format!("C:\\Users\\{}\\holiday.jpg", person.sam), "DeviceName": person.host, "Platform": 1,
                "FileExtension": "jpg", "FileSize": 1, "PreviousFileName": format!("{}.xlsx", person.last),
            }),
        );
        self.add(who, "New-InboxRule", "Exchange", 1, json!({
            "ResultStatus": "True", "ObjectId": person.sam, "Parameters": [{"Name": "Name", "Value": person.last},
            {"Name": "ForwardTo", "Value": format!("\"{}\" [SMTP:{}@private-mail.example]", person.last, person.sam)}],
        }));
        // Not taken.
        for text in spellings(person) {
            self.add(who, &text, "SharePoint", 6, json!({"ObjectId": text}));
            self.add(who, "FileDownloaded", &text, 6, json!({"CreationTime": text, "ObjectId": text}));
            self.add(
                &text,
                "FileDownloaded",
                "SharePoint",
                6,
                json!({"Id": Value::Null, "SourceFileName": {"odd": text}}),
            );
            self.1.push_str(&format!("{{\"Id\": \"{}\n", text.replace(['"', '\\'], "")));
        }
    }
}

fn m365() -> String {
    let mut records = Records(0, String::new());
    for person in PEOPLE {
        records.of(person.mail, person);
    }
    // A colleague who leaves, with files that are called after somebody, and mail to them.
    for number in 0..60 {
        let (who, text) = (&PEOPLE[number % 2], &SPELLINGS[number % SPELLINGS.len()]);
        records.add(COLLEAGUE, "FileDownloaded", "SharePoint", 6, json!({
            "ObjectId": format!("https://halden-optics.example/sites/hr/{number}/{}", (text.1)(who)),
            "SourceFileName": (text.1)(who), "SourceFileExtension": "pdf", "SiteUrl": "https://halden-optics.example/sites/hr/",
        }));
    }
    records.1
}

/// Health records, as a connector for them would deliver.
fn emr() -> String {
    let mut lines = String::new();
    let at = vizard_core::time::Day::from_civil(2026, 6, 30).unwrap().start().0;
    for (number, person) in PEOPLE.iter().enumerate() {
        for (again, text) in spellings(person).enumerate() {
            for (kind, who) in [
                ("PATIENT_RECORD_FAMILY", person.mail),
                ("PATIENT_RECORD_COLLEAGUE", person.mail),
                (&*text, person.mail),
            ] {
                let line = json!({
                    "id": format!("{text}-{number}-{again}-{kind}"), "at": at + i64::try_from(again).unwrap(), "who": who, "kind": kind,
                    "object": text, "device": person.host, "rating": text, "to": format!("{}.example", person.sam),
                    "patient": text, "dlp_severity": text,
                });
                lines.push_str(&format!("{line}\n"));
            }
            lines.push_str(&format!("{}\n", json!({"id": text, "at": text, "who": text, "kind": text})));
        }
    }
    lines
}

/// Colleagues who are in no story: enough of them for numbers about the whole organisation.
fn crowd() -> String {
    let at = vizard_core::time::Day::from_civil(2026, 6, 30).unwrap().start().0;
    let line = |number: usize| {
        let (kind, quantity) = if number < 6 { ("FILE_UPLOADED_TO_WEB", 9) } else { ("LOGON", 1) };
        let who = format!("crowd.{number}@halden-optics.example");
        json!({"id": format!("crowd-{number}"), "at": at, "who": who, "kind": kind, "quantity": quantity}).to_string()
            + "\n"
    };
    (0..10).map(line).collect()
}

/// Everything in place: connectors, policies, settings, the records, and scored. The ids of the two policies.
pub(crate) async fn installation(world: &World) -> Vec<String> {
    world.connect().await;
    world.connect_relay().await;
    let admin = world.caller(&[Role::Admin]);
    let departing = world.policy().await;
    let patients = json!({"input": {"codes": ["PATIENT_RECORD_FAMILY", "PATIENT_RECORD_COLLEAGUE"], "enabled": true}});
    let enable =
        "mutation($input: EnableIndicatorsInput!) { enableIndicators(input: $input) { userErrors { message } } }";
    admin.ask(enable, patients).await.data();
    let create =
        "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
    let input = json!({"name": "Health records", "template": "PATIENT_DATA_MISUSE", "scope": {"all": true}});
    let made = admin.ask(create, json!({"input": input})).await.data()["createPolicy"].clone();
    let patients = made["policy"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    world.import_text("hr", profiles().as_bytes()).await;
    // Before there is a coverage, which leaves them out.
    world.import_text("relay", crowd().as_bytes()).await;
    group(&admin, json!({"name": "Key sellers", "addAccounts": [ZSOFIA.mail, ODON.mail]})).await;
    let settings = json!({"input": {
        "coverage": [{"name": "SELLERS", "effectiveFrom": "2026-01-01", "agreement": "Works agreement", "departments": ["Sales"],
            "addAccounts": [ZSOFIA.mail]}],
        "detectionGroups": [{"name": "VAULT", "kind": "DOMAINS", "items": ["vault.example"]}],
        "variants": [{"indicator": "FILE_UPLOADED_TO_WEB", "name": "VAULT", "groups": ["VAULT"]}],
        "customIndicators": [{"kind": "BADGE_OUT", "name": "Left the building", "actionClass": "ACCESS", "thresholds": {"low": 1, "medium": 2, "high": 3}}],
        "minimumDailyEvents": 2,
        "inlineTuning": true,
    }});
    let update =
        "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) { userErrors { message field } } }";
    let changed = admin.ask(update, settings).await;
    assert_eq!(changed.data()["updateSettings"]["userErrors"], json!([]));
    world.import_text("hr", hr_events().as_bytes()).await;
    world.import_text("m365", m365().as_bytes()).await;
    world.import_text("relay", emr().as_bytes()).await;
    failing(world).await;
    world.settle().await;
    vec![departing, patients]
}

pub(crate) async fn group(admin: &Caller, input: Value) -> Value {
    let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { group { id } userErrors { message } } }";
    let saved = admin.ask(save, json!({"input": input})).await.data()["savePriorityUserGroup"].clone();
    assert_eq!(saved["userErrors"], json!([]));
    saved["group"]["id"].clone()
}

/// Deliveries that fail as a whole: columns that are called after somebody, and no format at all.
async fn failing(world: &World) {
    let sender = world.caller(&[Role::Connector]);
    for person in PEOPLE {
        let cells: Vec<String> = spellings(person).map(|text| cell(&text)).collect();
        let header = format!("{},EmployeeFirstName\nx\n", cells.join(","));
        let several = format!("EmailAddress,Rating,OldLevel,{}\nx\n", cells.join(","));
        for body in [header, several, format!("EmailAddress\n{}\n", cells.join("\n")), cells.join("\n")] {
            assert_eq!(sender.deliver("/ingest/hr", &[], body.into_bytes()).await.status, 202);
        }
    }
}
