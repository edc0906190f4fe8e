//! Tuning a policy from an alert: not unless the settings allow it, with a preview of its effect, and the alert dismissed in the
//! same step or not at all.

use crate::{need, triage};
use serde_json::{Value, json};
use vizard_core::access::Role;
use vizard_tests::{Caller, World, on_both};

const PREVIEW: &str = "query($input: TuneIndicatorInput!) { tuningPreview(input: $input) { current { mode thresholds { low medium high } } \
                       proposed { mode thresholds { high } } earlierEdits { version by from { mode thresholds { high } } to { mode thresholds { high } } } \
                       days subjects complete alertsBefore { severity count } alertsAfter { severity count } thisAlertScoreAfter } }";
const TUNE: &str = "mutation($input: TuneIndicatorInput!) { tuneIndicator(input: $input) { policy { version indicators { indicator { code } mode } } \
                    alert { status dismissReason notes { system body } } userErrors { code field message } warnings } }";

async fn switch(world: &World, on: bool) {
    let set = "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) { settings { inlineTuning } userErrors { code } } }";
    let set = world.caller(&[Role::Admin]).ask(set, json!({"input": {"inlineTuning": on}})).await;
    assert_eq!(set.data()["updateSettings"], json!({"settings": {"inlineTuning": on}, "userErrors": []}));
}

/// A tuning of the alert's policy: FILE_DOWNLOADED stops, seen at version 1; with `more` over it.
fn input(alert: &Value, more: Value) -> Value {
    let mut input = json!({"alertId": alert, "code": "FILE_DOWNLOADED", "change": "STOP", "policyVersion": 1});
    if let Value::Object(more) = more {
        input.as_object_mut().unwrap().extend(more);
    }
    input
}

async fn preview(who: &Caller, input: Value) -> Value {
    who.ask(PREVIEW, json!({"input": input})).await.data()["tuningPreview"].clone()
}

async fn tune(who: &Caller, input: Value) -> Value {
    who.ask(TUNE, json!({"input": input})).await.data()["tuneIndicator"].clone()
}

/// Of all severities together.
fn alerts(counts: &Value) -> i64 {
    counts.as_array().unwrap().iter().map(|one| one["count"].as_i64().unwrap()).sum()
}

fn code(payload: &Value) -> &str {
    payload["userErrors"][0]["code"].as_str().unwrap_or("none")
}

on_both! {
    async fn nobody_tunes_before_an_administrator_allows_it_and_an_administrator_alone_does_not(world) {
        let all = triage::alerted(&world, 1).await;
        let (ann, admin) = (world.person("Ann", &[Role::Analyst]), world.person("Adam", &[Role::Admin]));
        let settings = "{ settings { inlineTuning } }";
        assert_eq!(admin.query(settings).await, json!({"settings": {"inlineTuning": false}}), "off in a new installation");
        let refused = tune(&ann, input(&all[0], json!({"dismiss": "FALSE_POSITIVE"}))).await;
        assert_eq!(code(&refused), "NOT_ENABLED", "{refused}");
        assert!(refused["userErrors"][0]["message"].as_str().unwrap().contains("updateSettings"), "{refused}");
        assert_eq!((&refused["policy"], &refused["alert"]["status"]), (&Value::Null, &json!("NEEDS_REVIEW")), "{refused}");
        assert!(!ann.ask(PREVIEW, json!({"input": input(&all[0], json!({}))})).await.body["errors"].is_null());

        switch(&world, true).await;
        for document in [PREVIEW, TUNE] {
            let denied = admin.ask(document, json!({"input": input(&all[0], json!({}))})).await;
            assert_eq!(denied.body["errors"][0]["extensions"]["code"], "FORBIDDEN", "{denied:?}");
        }
        assert_eq!(code(&tune(&ann, input(&all[0], json!({}))).await), "none");
        switch(&world, false).await;
        assert_eq!(code(&tune(&ann, input(&all[0], json!({"policyVersion": 2}))).await), "NOT_ENABLED");
        assert_eq!(world.number("SELECT count(*) FROM policy_versions").await, 2);
    }

    async fn a_preview_shows_the_effect_and_a_tuning_is_the_next_version_with_the_alert_dismissed(world) {
        let all = triage::alerted(&world, 3).await;
        switch(&world, true).await;
        let ann = world.person("Ann", &[Role::Analyst]);
        let seen = preview(&ann, input(&all[0], json!({}))).await;
        assert_eq!((alerts(&seen["alertsBefore"]), alerts(&seen["alertsAfter"])), (3, 0), "{seen:#}");
        assert_eq!((&seen["days"], &seen["subjects"], &seen["complete"]), (&json!(30), &json!(3), &json!(true)), "{seen:#}");
        assert_eq!((&seen["current"]["mode"], &seen["proposed"]), (&json!("RECOMMENDED"), &Value::Null), "{seen:#}");
        assert_eq!((&seen["thisAlertScoreAfter"], &seen["earlierEdits"]), (&json!(0.0), &json!([])), "{seen:#}");
        let same = preview(&ann, input(&all[0], json!({"change": "RECOMMENDED"}))).await;
        assert_eq!(same["alertsBefore"], same["alertsAfter"], "nothing changes");
        assert!(same["thisAlertScoreAfter"].as_f64() > Some(0.0), "{same:#}");
        assert_eq!(world.number("SELECT count(*) FROM policy_versions").await, 1, "a preview stores nothing");

        let own = json!({"change": "OWN", "thresholds": {"low": 200, "medium": 300, "high": 400}, "note": "The archive is moved."});
        let made = tune(&ann, input(&all[0], own)).await;
        assert_eq!((code(&made), &made["policy"]["version"]), ("none", &json!(2)), "{made:#}");
        assert_eq!(made["alert"]["status"], "NEEDS_REVIEW", "saved only");
        let stale = tune(&ann, input(&all[1], json!({"dismiss": "TOO_MUCH_ACTIVITY"}))).await;
        assert_eq!((code(&stale), &stale["userErrors"][0]["field"]), ("STALE", &json!(["input", "policyVersion"])), "{stale}");
        assert_eq!(stale["alert"]["status"], "NEEDS_REVIEW", "neither is done");
        assert_eq!(preview(&ann, input(&all[1], json!({}))).await, Value::Null, "of a version that is no longer the newest");

        let stop = json!({"policyVersion": 2, "dismiss": "TOO_MUCH_ACTIVITY", "note": "As agreed."});
        let made = tune(&ann, input(&all[1], stop.clone())).await;
        assert_eq!((code(&made), &made["policy"]["version"]), ("none", &json!(3)), "{made:#}");
        let codes = made["policy"]["indicators"].as_array().unwrap().iter();
        assert!(codes.clone().count() > 1 && codes.clone().all(|one| one["indicator"]["code"] != "FILE_DOWNLOADED"), "{made:#}");
        assert_eq!((&made["alert"]["status"], &made["alert"]["dismissReason"]), (&json!("DISMISSED"), &json!("TOO_MUCH_ACTIVITY")), "{made:#}");
        let notes = made["alert"]["notes"].to_string();
        assert!(notes.contains("FILE_DOWNLOADED") && notes.contains("to version 3") && notes.contains("As agreed."), "{notes}");
        let again = tune(&ann, input(&all[1], stop)).await;
        assert_eq!(code(&again), "STALE", "{again}");

        // An alert that is decided cannot be dismissed again, and the policy stays with it.
        let lapsed = json!({"policyVersion": 3, "code": "FILE_COPIED_TO_USB", "dismiss": "FALSE_POSITIVE"});
        let decided = tune(&ann, input(&all[1], lapsed)).await;
        assert_eq!(code(&decided), "CONFLICT", "{decided}");
        assert_eq!(world.number("SELECT version FROM policies").await, 3);

        world.settle().await;
        let edits = preview(&ann, input(&all[0], json!({"policyVersion": 3, "code": "FILE_COPIED_TO_USB"}))).await["earlierEdits"].clone();
        assert_eq!(edits, json!([]), "of another indicator");
        let audited = world.texts("SELECT detail FROM audit WHERE object LIKE 'policy_%' AND detail LIKE '%tuning%'").await;
        assert_eq!(audited.len(), 2);
        let alert = all[1].as_str().unwrap();
        assert!(audited.iter().any(|detail| detail.contains(alert) && detail.contains("\"STOP\"") && detail.contains("TOO_MUCH_ACTIVITY")), "{audited:?}");
        assert!(audited.iter().all(|detail| !detail.contains("As agreed")), "{audited:?}");
    }

    async fn earlier_edits_of_the_indicator_are_shown_and_what_is_wrong_is_told_at_its_place(world) {
        let all = triage::alerted(&world, 1).await;
        switch(&world, true).await;
        let ida = world.person("Ida", &[Role::Investigator]);
        let own = |high: i32| json!({"change": "OWN", "thresholds": {"low": 1, "medium": 2, "high": high}});
        assert_eq!(code(&tune(&ida, input(&all[0], own(50))).await), "none");
        let mut next = own(60);
        next["policyVersion"] = json!(2);
        assert_eq!(code(&tune(&ida, input(&all[0], next)).await), "none");
        let seen = preview(&ida, input(&all[0], json!({"policyVersion": 3, "change": "RECOMMENDED"}))).await;
        let edits = seen["earlierEdits"].as_array().unwrap();
        assert_eq!((&seen["current"]["thresholds"]["high"], &seen["proposed"]["mode"]), (&json!(60), &json!("RECOMMENDED")), "{seen:#}");
        let told: Vec<_> = edits.iter().map(|edit| (&edit["version"], &edit["from"]["thresholds"]["high"], &edit["to"]["thresholds"]["high"])).collect();
        assert_eq!((told.len(), told[0]), (2, (&json!(3), &json!(50), &json!(60))), "{seen:#}");
        assert_eq!((&edits[1]["from"]["mode"], &edits[1]["by"]), (&json!("RECOMMENDED"), &json!("dev:ida")), "{seen:#}");

        for (more, expected) in [
            (json!({"alertId": "x"}), ("NOT_FOUND", json!(["input", "alertId"]))),
            (json!({"code": "NO_SUCH"}), ("NOT_FOUND", json!(["input", "code"]))),
            (json!({"change": "OWN"}), ("REQUIRED", json!(["input", "thresholds"]))),
            (json!({"change": "OWN", "thresholds": {"low": 3, "medium": 2, "high": 5}}), ("INVALID", json!(["input", "thresholds", "medium"]))),
            (json!({"thresholds": {"low": 1, "medium": 2, "high": 5}}), ("INVALID", json!(["input", "thresholds"]))),
            (json!({"change": "OWN", "thresholds": {"low": 1, "medium": 2, "high": 60}}), ("CONFLICT", json!(["input", "change"]))),
        ] {
            let mut asked = input(&all[0], json!({"policyVersion": 3}));
            asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let refused = tune(&ida, asked).await;
            assert_eq!((code(&refused), refused["userErrors"][0]["field"].clone()), expected, "{more}: {refused}");
        }
        assert_eq!(world.number("SELECT version FROM policies").await, 3);
    }

    async fn who_is_out_of_sight_is_not_counted(world) {
        let all = triage::alerted(&world, 2).await;
        switch(&world, true).await;
        let (ann, bea) = (world.person("Ann", &[Role::Analyst]), world.person("Bea", &[Role::Analyst]));
        need::grouped(&world, &triage::leaver(1), json!(["dev:bea"])).await;
        let before = async |who: &Caller| alerts(&preview(who, input(&all[0], json!({}))).await["alertsBefore"]);
        assert_eq!((before(&ann).await, before(&bea).await), (1, 2));
        assert_eq!(preview(&ann, input(&all[1], json!({}))).await, Value::Null, "an alert that is not there for Ann");
        assert_eq!(code(&tune(&ann, input(&all[1], json!({}))).await), "NOT_FOUND");
    }
}
