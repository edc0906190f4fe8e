//! Connectors that pull, against a vendor of this machine that pages, throttles, fails and lies.
//! Never: a record lost or counted twice, whatever the vendor does; a request beyond the grants.

use serde_json::{Value, json};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use vizard_core::{
    access::{Action, Resource, Role},
    time::{DAY, MINUTE, SECOND},
};
use vizard_server::permit::Permit;
use vizard_tests::{Caller, Posted, Said, Vendor, World, on_both};

const SECRET: &str = "tr0ub4dor&3 horse";
const SOURCES: &str = "{ connectors { nodes { id name secrets config pullEveryMinutes sources { feed lastPulledAt nextPullAt failures error } \
                       runs(first: 20) { totalCount nodes { state read accepted duplicates rejected } } } } }";
const CREATE: &str = "mutation($input: CreateConnectorInput!) { createConnector(input: $input) { connector { id } userErrors { code field message } } }";
const UPDATE: &str = "mutation($input: UpdateConnectorInput!) { updateConnector(input: $input) { connector { id secrets } userErrors { code field message } } }";
const RUN: &str = "mutation($input: RunConnectorInput!) { runConnector(input: $input) { run { id } connector { id } userErrors { code field message } } }";

/// An audit record of somebody who downloads a file.
fn record(id: usize) -> String {
    json!({
        "Id": format!("r-{id}"), "CreationTime": "2026-06-30T09:00:00", "Operation": "FileDownloaded", "Workload": "SharePoint",
        "RecordType": 6, "UserId": "ada@halden-optics.example", "ObjectId": format!("https://halden.example/doc-{id}.docx"),
        "SourceFileExtension": "docx", "SourceFileName": format!("doc-{id}.docx"), "UserType": 0,
    })
    .to_string()
}

/// The Management Activity API: two pages of blobs in the window of the last day, three records a blob.
#[derive(Default)]
struct Api {
    /// Every request, without its headers.
    asked: Vec<String>,
    /// What the next requests of data are answered with instead.
    instead: Vec<Said>,
    origin: String,
}

impl Api {
    fn answer(&mut self, posted: &Posted) -> Said {
        let path = posted.line.split(' ').nth(1).unwrap_or_default().to_owned();
        if path.ends_with("/oauth2/v2.0/token") {
            assert!(posted.body.contains("client_secret=tr0ub4dor%263%20horse"), "{}", posted.body);
            return Said::good(json!({"access_token": format!("token {SECRET}")}).to_string());
        }
        // What the vendor repeated was taken out before the plugin saw it.
        assert_eq!(posted.headers["authorization"], "Bearer token [redacted]");
        self.asked.push(path.clone());
        if !path.contains("/start") && !self.instead.is_empty() {
            return self.instead.remove(0);
        }
        if path.contains("/subscriptions/start") {
            return Said::good("{}");
        }
        if let Some(blob) = path.strip_prefix("/blob/") {
            let blob: usize = blob.parse().unwrap();
            let records: Vec<String> = (0..3).map(|at| record(blob * 3 + at)).collect();
            return Said::good(format!("[{}]", records.join(",")));
        }
        let list = |blobs: &[usize]| {
            let blobs: Vec<Value> =
                blobs.iter().map(|blob| json!({"contentUri": format!("{}/blob/{blob}", self.origin)})).collect();
            Said::good(json!(blobs).to_string())
        };
        match path.as_str() {
            path if path.contains("page=2") => list(&[2]),
            path if path.contains("endTime=2026-07-01T") => {
                list(&[0, 1]).header("NextPageUri", &format!("{}/api/list?page=2", self.origin))
            }
            _ => list(&[]),
        }
    }
}

async fn vendor() -> (Vendor, Arc<Mutex<Api>>) {
    let api = Arc::new(Mutex::new(Api::default()));
    let answers = Arc::clone(&api);
    let vendor = Vendor::start(move |posted| answers.lock().unwrap().answer(posted)).await;
    api.lock().unwrap().origin = vendor.url();
    (vendor, api)
}

fn config(vendor: &Vendor) -> Value {
    let source = json!({"tenant": "t", "client_id": "c", "content_types": ["Audit.General"], "login_root": vendor.url(), "api_root": vendor.url()});
    json!({"internal_domains": ["halden-optics.example"], "source": source, "client_secret": SECRET})
}

/// Creates the connector `cloud`; tells its id.
async fn pulls(world: &World, vendor: &Vendor) -> String {
    let permit = Permit::of_the_operator_bypassing_roles(Resource::Connectors, Action::Change);
    world.services.install_plugin(&permit, vizard_tests::m365().to_vec(), None).await.unwrap();
    let input = json!({"name": "cloud", "plugin": "m365", "config": config(vendor), "grants": [vendor.grant()], "pullEveryMinutes": 15});
    let made = world.caller(&[Role::Admin]).act(CREATE, input).await;
    assert_eq!(made["userErrors"], json!([]));
    made["connector"]["id"].as_str().unwrap().to_owned()
}

async fn seen(world: &World) -> Value {
    world.caller(&[Role::Admin]).query(SOURCES).await["connectors"]["nodes"][0].clone()
}

/// Waits until the source is as `is` says; what there is then.
async fn until(world: &World, is: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..400 {
        let now = seen(world).await;
        if is(&now["sources"][0]) {
            return now;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{}", seen(world).await)
}

/// Whether everything was read: while more is ready, a source is due at once.
fn resting(source: &Value) -> bool {
    source["failures"] == 0
        && source["lastPulledAt"].is_string()
        && source["nextPullAt"].as_str() > source["lastPulledAt"].as_str()
}

async fn update(admin: &Caller, input: Value) -> Value {
    admin.act(UPDATE, input).await
}

on_both! {
    async fn records_are_pulled_page_by_page_and_none_is_counted_twice(world) {
        let (vendor, api) = vendor().await;
        let id = pulls(&world, &vendor).await;
        let source = until(&world, resting).await;
        assert_eq!(source["sources"][0]["nextPullAt"], "2026-07-01T12:15:00.000Z", "{source}");
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM events WHERE indicator = 'FILE_DOWNLOADED'").await, 9);
        // Secrets are in no answer, and sealed in the database.
        assert_eq!(source["secrets"], json!(["client_secret"]));
        assert!(!source.to_string().contains(SECRET), "{source}");
        let kept = world.texts("SELECT config FROM connectors").await.concat();
        assert!(!kept.contains(SECRET) && !kept.contains("client_secret"), "{kept}");
        // Not before it is due.
        let asked = api.lock().unwrap().asked.len();
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(api.lock().unwrap().asked.len(), asked);
        world.clock.advance(15 * MINUTE);
        until(&world, |source| source["nextPullAt"] == "2026-07-01T12:30:00.000Z").await;
        assert!(api.lock().unwrap().asked.len() > asked);
        // A date again: the same records, and nothing new.
        let admin = world.caller(&[Role::Admin]);
        let before = api.lock().unwrap().asked.len();
        let again = admin.act(RUN, json!({"connectorId": id, "since": "2026-06-30T12:00:00Z"})).await;
        assert_eq!((&again["userErrors"], &again["run"], &again["connector"]["id"]), (&json!([]), &Value::Null, &json!(id)));
        for _ in 0..200 {
            if api.lock().unwrap().asked[before..].iter().any(|path| path.contains("/blob/2")) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        until(&world, resting).await;
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM events").await, 9);
        let duplicates = world.number("SELECT CAST(sum(duplicates) AS BIGINT) FROM runs").await;
        assert!(duplicates >= 9, "{duplicates}");
        assert!(api.lock().unwrap().asked.iter().any(|path| path.contains("startTime=2026-06-30T12:00:00")));
    }

    async fn a_vendor_that_throttles_fails_and_lies_loses_nothing(world) {
        let (vendor, api) = vendor().await;
        let truncated = Said::good("[{\"contentUri\": \"htt");
        let elsewhere = Said::bad(302).header("Location", "http://169.254.169.254/latest/meta-data");
        api.lock().unwrap().instead = vec![Said::bad(429).header("Retry-After", "90"), Said::bad(500), truncated, elsewhere];
        let id = pulls(&world, &vendor).await;
        let error = |source: &Value| source["error"].as_str().unwrap_or_default().to_owned();
        let failed = until(&world, |source| source["failures"] == 1).await["sources"][0].clone();
        assert_eq!((error(&failed).as_str(), &failed["nextPullAt"]), ("the vendor answers 429", &json!("2026-07-01T12:01:30.000Z")));
        world.clock.advance(90 * SECOND);
        let failed = until(&world, |source| source["failures"] == 2).await["sources"][0].clone();
        assert_eq!((error(&failed).as_str(), &failed["nextPullAt"]), ("the vendor answers 500", &json!("2026-07-01T12:02:30.000Z")));
        world.clock.advance(60 * SECOND);
        let failed = until(&world, |source| source["failures"] == 3).await["sources"][0].clone();
        assert!(error(&failed).contains("not the JSON that was expected (line 1"), "{failed}");
        world.clock.advance(120 * SECOND);
        // A redirect is a matter for somebody who looks: it stops.
        let stopped = until(&world, |source| source["nextPullAt"].is_null()).await["sources"][0].clone();
        assert!(error(&stopped).contains("redirect"), "{stopped}");
        // So is a credential that counts no more.
        api.lock().unwrap().instead = vec![Said::bad(401)];
        let admin = world.caller(&[Role::Admin]);
        assert_eq!(admin.act(RUN, json!({"connectorId": id})).await["userErrors"], json!([]));
        let stopped = until(&world, |source| error(source).contains("401")).await["sources"][0].clone();
        assert_eq!(stopped["nextPullAt"], Value::Null, "{stopped}");
        let asked = api.lock().unwrap().asked.len();
        world.clock.advance(DAY / 24);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(api.lock().unwrap().asked.len(), asked, "nobody knocks at a door that was shut");
        let mended = update(&admin, json!({"connectorId": id, "config": config(&vendor)})).await;
        assert_eq!((&mended["userErrors"], &mended["connector"]["secrets"]), (&json!([]), &json!(["client_secret"])));
        until(&world, resting).await;
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM events").await, 9);
        assert_eq!(world.number("SELECT count(*) FROM runs WHERE state <> 'SUCCEEDED'").await, 0);
    }

    async fn what_is_not_granted_is_not_reached_and_the_answer_says_what_would_be(world) {
        let (vendor, api) = vendor().await;
        let id = pulls(&world, &vendor).await;
        let admin = world.caller(&[Role::Admin]);
        until(&world, resting).await;
        let refused = |answer: Value| answer["userErrors"][0].clone();
        for (grant, code, says) in [
            ("https://evil.example", "NOT_ALLOWED", "https://manage.office.com"),
            ("manage.office.com", "INVALID", "https://"),
            ("http://manage.office.com", "INVALID", "private"),
            ("https://*.office.com", "NOT_ALLOWED", "asks for"),
        ] {
            let problem = refused(update(&admin, json!({"connectorId": id, "grants": [grant]})).await);
            assert_eq!((&problem["code"], &problem["field"]), (&json!(code), &json!(["input", "grants", "0"])), "{problem}");
            assert!(problem["message"].as_str().unwrap().contains(says), "{problem}");
        }
        let asked = api.lock().unwrap().asked.len();
        let changed = update(&admin, json!({"connectorId": id, "grants": ["https://manage.office.com/api"], "pullEveryMinutes": null})).await;
        assert_eq!(changed["userErrors"], json!([]));
        assert_eq!(admin.act(RUN, json!({"connectorId": id})).await["userErrors"], json!([]));
        world.clock.advance(MINUTE * 5);
        let stopped = until(&world, |source| source["error"].is_string()).await;
        let error = stopped["sources"][0]["error"].as_str().unwrap().to_owned();
        assert!(error.contains(&format!("this grant would allow it: {}", vendor.grant())), "{error}");
        assert_eq!(api.lock().unwrap().asked.len(), asked);
        // By name it leads to this machine, which only the word `private` allows.
        let port = vendor.url().rsplit(':').next().unwrap().to_owned();
        let by_name = json!({"tenant": "t", "client_id": "c", "login_root": format!("https://localhost:{port}"), "api_root": vendor.url()});
        let config = json!({"internal_domains": ["halden-optics.example"], "source": by_name});
        let input = json!({"connectorId": id, "config": config, "grants": [format!("https://localhost:{port} private")]});
        assert_eq!(update(&admin, input).await["userErrors"], json!([]));
        assert_eq!(admin.act(RUN, json!({"connectorId": id})).await["userErrors"], json!([]));
        let failed = until(&world, |source| source["error"].as_str().is_some_and(|error| error.contains("no connection"))).await;
        assert_eq!(failed["secrets"], json!(["client_secret"]), "kept, although the configuration was given without it");
        for since in ["2020-01-01T00:00:00Z", "2026-07-02T00:00:00Z"] {
            let problem = refused(admin.act(RUN, json!({"connectorId": id, "since": since})).await);
            assert_eq!((&problem["code"], &problem["field"]), (&json!("INVALID"), &json!(["input", "since"])));
        }
        let problem = refused(update(&admin, json!({"connectorId": id, "pullEveryMinutes": 0})).await);
        assert_eq!(problem["code"], "INVALID");
        world.connect_relay().await;
        let relay = admin.query("{ connectors { nodes { id name sources { feed } } } }").await;
        let relay = relay["connectors"]["nodes"].as_array().unwrap().iter().find(|one| one["name"] == "relay").unwrap().clone();
        assert_eq!(relay["sources"], json!([]));
        let problem = refused(admin.act(RUN, json!({"connectorId": relay["id"]})).await);
        assert_eq!((&problem["code"], &problem["field"]), (&json!("REQUIRED"), &json!(["input", "path"])));
    }

    async fn of_several_servers_one_asks(world) {
        let (vendor, api) = vendor().await;
        let (one, two) = (world.replica().await, world.replica().await);
        pulls(&world, &vendor).await;
        until(&world, resting).await;
        world.settle().await;
        assert_eq!(world.number("SELECT count(*) FROM events").await, 9);
        for blob in ["/blob/0", "/blob/1", "/blob/2"] {
            let times = api.lock().unwrap().asked.iter().filter(|path| path.as_str() == blob).count();
            assert_eq!(times, 1, "{blob}");
        }
        one.stop().await;
        two.stop().await;
    }
}
