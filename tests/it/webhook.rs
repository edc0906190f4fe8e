//! Webhooks: other systems are told of alerts and cases.
//! Never: a name in a message, or a message to a place that the operator did not name.

use crate::{
    need::grouped,
    privacy::{leaks, names},
    triage::{alerted, leaver},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use vizard_core::{access::Role, time::SECOND};
use vizard_tests::{Receiver, on_both};

const SAVE: &str = "mutation($input: SaveWebhookInput!) { saveWebhook(input: $input) { webhook { id name origin events enabled } secret userErrors { code message field } } }";
const SEEN: &str = "{ webhooks { id name failedDeliveries deliveries(first: 20) { totalCount nodes { id event state attempts problem nextAttemptAt } } } }";
const CONFIRM: &str =
    "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { code } } }";
const DISMISS: &str = "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { userErrors { code } } }";
const RESOLVE: &str = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { code } } }";

fn tickets(url: &str, events: &[&str]) -> Value {
    json!({"name": "Tickets", "url": url, "events": events})
}

/// RFC 2104 over SHA-256, as a receiver would compute it.
fn hmac(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| -> Vec<u8> { block.iter().map(|one| one ^ byte).collect() };
    let inner = Sha256::digest([pad(0x36).as_slice(), message].concat());
    Sha256::digest([pad(0x5c).as_slice(), inner.as_slice()].concat()).to_vec()
}

on_both! {
    async fn another_system_is_told_of_alerts_and_cases_masked_and_signed(world) {
        let mut tickets_system = Receiver::start().await;
        let server = world.second(&tickets_system.settings()).await;
        let admin = server.at_its_door(&world.person("Ada Admin", &[Role::Admin]));
        let all = ["ALERT_RAISED", "ALERT_DECIDED", "CASE_OPENED", "CASE_UPDATED", "CASE_RESOLVED"];
        let made = admin.act(SAVE, tickets(&tickets_system.url("/hooks/s3cret"), &all)).await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        assert_eq!(made["webhook"]["origin"], json!(tickets_system.url("")));
        assert!(!made["webhook"].to_string().contains("s3cret"), "the path is a credential: {made}");
        let secret = made["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap();
        let secret = STANDARD.decode(secret).unwrap();

        let alerts = alerted(&world, 2).await;
        let raised = [tickets_system.next().await, tickets_system.next().await];
        for message in &raised {
            assert_eq!((message.line.as_str(), &message.headers["content-type"]), ("POST /hooks/s3cret HTTP/1.1", &"application/json".to_owned()));
            let signed = format!("{}.{}.{}", message.headers["webhook-id"], message.headers["webhook-timestamp"], message.body);
            assert_eq!(message.headers["webhook-signature"], format!("v1,{}", STANDARD.encode(hmac(&secret, signed.as_bytes()))));
            let body: Value = serde_json::from_str(&message.body).unwrap();
            assert_eq!((&body["type"], &body["data"]["status"]), (&json!("alert.raised"), &json!("NEEDS_REVIEW")), "{body}");
            assert!(alerts.contains(&body["data"]["id"]) && body["data"]["dueAt"].is_string(), "{body}");
            let pseudonym = body["data"]["subject"]["pseudonym"].as_str().unwrap();
            assert!(pseudonym.starts_with("Anon-") && body["text"].as_str().unwrap().contains(pseudonym), "{body}");
        }

        // A case named by staff, opened and resolved; and an alert dismissed.
        let ida = server.at_its_door(&world.person("Ida Investigator", &[Role::Investigator]));
        let case = ida.act(CONFIRM, json!({"alertId": alerts[0], "caseName": "About Leaver Zero"})).await["case"]["id"].clone();
        let opened = [tickets_system.next().await, tickets_system.next().await];
        ida.act(RESOLVE, json!({"caseId": case, "resolution": "BENIGN", "actionTaken": "Spoke with Leaver Zero."})).await;
        let resolved = [tickets_system.next().await, tickets_system.next().await];
        ida.act(DISMISS, json!({"alertIds": [alerts[1]], "reason": "EXPECTED_ACTIVITY", "note": "Leaver One is fine."})).await;
        let dismissed = [tickets_system.next().await];
        let kinds = |messages: &[vizard_tests::Posted]| {
            let mut kinds: Vec<(String, String)> = messages.iter().map(|message| {
                let body: Value = serde_json::from_str(&message.body).unwrap();
                (body["type"].as_str().unwrap().to_owned(), body["data"]["status"].as_str().unwrap().to_owned())
            }).collect();
            kinds.sort();
            kinds
        };
        let pair = |kind: &str, status: &str| (kind.to_owned(), status.to_owned());
        assert_eq!(kinds(&opened), [pair("alert.decided", "CONFIRMED"), pair("case.opened", "ACTIVE")]);
        assert_eq!(kinds(&resolved), [pair("alert.decided", "RESOLVED"), pair("case.resolved", "CLOSED")]);
        assert_eq!(kinds(&dismissed), [pair("alert.decided", "DISMISSED")]);
        // A note is a change of a case.
        let other = ida.act(CONFIRM, json!({"alertId": alerts[1], "caseName": "Late"})).await;
        assert_ne!(other["userErrors"], json!([]), "a dismissed alert opens no case");
        let everything = format!("{raised:?}{opened:?}{resolved:?}{dismissed:?}");
        let mut searched = names();
        searched.extend([leaver(0), leaver(1), "Leaver Zero".into(), "Leaver One".into(), "Ida".into()]);
        assert_eq!(leaks(&everything, &searched), Vec::<String>::new());
        assert!(!everything.contains("About"), "{everything}");

        world.comes_to("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL", 7).await;
        let seen = admin.query(SEEN).await["webhooks"][0].clone();
        assert_eq!((&seen["deliveries"]["totalCount"], &seen["failedDeliveries"]), (&json!(7), &json!(0)), "{seen}");
        assert!(seen["deliveries"]["nodes"].as_array().unwrap().iter().all(|one| one["state"] == "SENT" && one["attempts"] == 1), "{seen}");
        // Nobody but ADMIN and AUDITOR sees webhooks, and the log names the place and not the path.
        for role in [Role::Analyst, Role::Investigator, Role::Approver] {
            let answer = server.at_its_door(&world.person("Zoe", &[role])).ask(SEEN, json!({})).await.body;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{role}");
        }
        let audited = world.texts("SELECT leaf FROM audit WHERE object LIKE 'webhook%'").await.concat();
        assert!(audited.contains("\"origin\"") && !audited.contains("s3cret"), "{audited}");
        server.stop().await;
    }

    async fn a_message_that_is_refused_is_repeated_given_up_and_sent_again_when_somebody_says_so(world) {
        let mut chat = Receiver::start().await;
        let server = world.second(&chat.settings()).await;
        let admin = server.at_its_door(&world.person("Ada Admin", &[Role::Admin]));
        let made = admin.act(SAVE, tickets(&chat.url("/"), &["CASE_OPENED"])).await;
        let id = made["webhook"]["id"].clone();
        let test = "mutation($input: WebhookInput!) { testWebhook(input: $input) { webhook { id } userErrors { code } } }";
        let deliveries = async || admin.query(SEEN).await["webhooks"][0]["deliveries"]["nodes"].clone();
        chat.answer(503);
        assert_eq!(admin.act(test, json!({"webhookId": id})).await["userErrors"], json!([]));
        let first = chat.next().await;
        world.comes_to("SELECT count(*) FROM outbox WHERE error IS NOT NULL", 1).await;
        let waiting = deliveries().await[0].clone();
        assert_eq!((&waiting["state"], &waiting["problem"]), (&json!("WAITING"), &json!("the receiver answers with status 503")), "{waiting}");
        // Another message to the same receiver. After the pause the older is tried, and the other waits with it.
        world.clock.advance(SECOND);
        assert_eq!(admin.act(test, json!({"webhookId": id})).await["userErrors"], json!([]));
        chat.next().await;
        world.comes_to("SELECT count(*) FROM outbox WHERE error IS NOT NULL", 2).await;
        world.clock.advance(10 * SECOND);
        let again = chat.next().await;
        assert_eq!(again.headers["webhook-id"], first.headers["webhook-id"], "the same id at each attempt");
        let seen = "SELECT count(*) FROM outbox WHERE due_at = (SELECT max(due_at) FROM outbox)";
        world.comes_to(seen, 2).await;
        assert_eq!(world.number(seen).await, 2, "both wait for the same moment");
        // After three days it is given up.
        world.clock.advance(3 * 24 * 3_600 * SECOND);
        for _ in 0..2 {
            chat.next().await;
        }
        world.comes_to("SELECT count(*) FROM outbox WHERE due_at IS NULL AND sent_at IS NULL", 2).await;
        let seen = admin.query(SEEN).await["webhooks"][0].clone();
        assert_eq!((&seen["failedDeliveries"], &seen["deliveries"]["nodes"][0]["state"]), (&json!(2), &json!("FAILED")), "{seen}");
        chat.answer(200);
        let retry = "mutation($input: WebhookInput!) { retryWebhookDeliveries(input: $input) { count webhook { failedDeliveries } userErrors { code } } }";
        let sent = admin.act(retry, json!({"webhookId": id})).await;
        assert_eq!((&sent["count"], &sent["webhook"]["failedDeliveries"]), (&json!(2), &json!(0)), "{sent}");
        for _ in 0..2 {
            assert_eq!(chat.next().await.status, 200);
        }
        world.comes_to("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL", 2).await;
        // A receiver that says it is gone is not asked again.
        world.clock.advance(SECOND);
        chat.answer(410);
        admin.act(test, json!({"webhookId": id})).await;
        chat.next().await;
        world.comes_to("SELECT count(*) FROM outbox WHERE due_at IS NULL AND sent_at IS NULL", 1).await;
        assert_eq!(deliveries().await[0]["problem"], "the receiver is gone (410)");
        // Another secret, and the end of it.
        let renew = "mutation($input: WebhookInput!) { renewWebhookSecret(input: $input) { secret userErrors { code } } }";
        let renewed = admin.act(renew, json!({"webhookId": id})).await;
        assert!(renewed["secret"].as_str().unwrap().starts_with("whsec_") && renewed["secret"] != made["secret"]);
        let delete = "mutation($input: WebhookInput!) { deleteWebhook(input: $input) { deletedId userErrors { code } } }";
        assert_eq!(admin.act(delete, json!({"webhookId": id})).await["deletedId"], id);
        assert_eq!(admin.act(delete, json!({"webhookId": id})).await["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(world.number("SELECT count(*) FROM outbox").await, 0);
        assert!(chat.is_empty());
        server.stop().await;
    }

    async fn a_webhook_goes_nowhere_that_the_operator_did_not_name_and_tells_nothing_that_only_some_may_see(world) {
        let admin = world.person("Ada Admin", &[Role::Admin]);
        let refused = admin.act(SAVE, tickets("https://chat.example/", &["ALERT_RAISED"])).await;
        assert_eq!((&refused["userErrors"][0]["code"], &refused["userErrors"][0]["field"]), (&json!("NOT_ENABLED"), &json!(["input", "url"])), "{refused}");
        let mut chat = Receiver::start().await;
        let server = world.second(&chat.settings()).await;
        let admin = server.at_its_door(&admin);
        for url in ["https://chat.example/", "http://169.254.169.254/latest/meta-data", "file:///etc/passwd"] {
            assert_eq!(admin.act(SAVE, tickets(url, &["ALERT_RAISED"])).await["userErrors"][0]["code"], "NOT_ALLOWED", "{url}");
        }
        let wrong = admin.act(SAVE, json!({"name": "", "url": chat.url("/"), "events": []})).await;
        let fields: Vec<&Value> = wrong["userErrors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        assert_eq!(json!(fields), json!([["input", "name"], ["input", "events"]]));
        assert_eq!(admin.act(SAVE, tickets(&chat.url("/"), &["ALERT_RAISED", "CASE_OPENED"])).await["userErrors"], json!([]));
        assert_eq!(admin.act(SAVE, tickets(&chat.url("/"), &["ALERT_RAISED"])).await["userErrors"][0]["code"], "CONFLICT");

        // One of two is on a list that keeps them to some viewers: of her case nothing is told.
        let alerts = alerted(&world, 2).await;
        for _ in 0..2 {
            chat.next().await;
        }
        grouped(&world, &leaver(0), json!(["dev:vera"])).await;
        let vera = world.person("Vera", &[Role::Analyst]);
        let mut cases = Vec::new();
        for alert in &alerts {
            let made = vera.act(CONFIRM, json!({"alertId": alert, "caseName": "A case"})).await;
            assert_eq!(made["userErrors"], json!([]), "whoever is on the list sees both");
            cases.push(made["case"]["id"].clone());
        }
        let told: Value = serde_json::from_str(&chat.next().await.body).unwrap();
        assert_eq!((&told["type"], &told["data"]["id"]), (&json!("case.opened"), &cases[1]), "{told}");
        world.comes_to("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL", 0).await;
        assert_eq!(world.number("SELECT count(*) FROM outbox WHERE event = 'CASE_OPENED'").await, 1, "the other was dropped");
        assert!(chat.is_empty());
        server.stop().await;
    }
}
