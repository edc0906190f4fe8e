//! Every policy template, from the connector's event to the alert: a trigger, activity of its own indicators, its defaults.
//! Never: a template of which only its description works.

use serde_json::{Value, json};
use std::collections::BTreeSet;
use vizard_core::{
    access::Role,
    indicator,
    template::{Template, templates},
    time::{Day, HOUR},
};
use vizard_tests::{Caller, on_both};

/// A line for the connector `relay`.
pub(crate) fn event(id: &str, who: &str, day: Day, hour: i64, kind: &str, more: &Value) -> String {
    let mut line =
        json!({"id": id, "at": day.start().0 + hour * HOUR, "who": format!("{who}@halden.example"), "kind": kind});
    line.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    format!("{line}\n")
}

/// Enables every indicator that can be selected.
pub(crate) async fn enable_all(admin: &Caller) {
    let all: Vec<&str> =
        indicator::catalogue().iter().filter(|found| found.is_selectable()).map(|found| found.code).collect();
    let enable =
        "mutation($input: EnableIndicatorsInput!) { enableIndicators(input: $input) { userErrors { message } } }";
    let answer = admin.ask(enable, json!({"input": {"codes": all, "enabled": true}})).await;
    assert_eq!(answer.data()["enableIndicators"]["userErrors"], json!([]));
}

/// Indicators of the template that weigh most and that nobody is scored for by themselves.
fn strongest(template: &Template) -> Vec<&'static indicator::Indicator> {
    let mut chosen: Vec<_> = template
        .indicators
        .iter()
        .filter_map(|code| indicator::find(code))
        .filter(|found| !template.triggers.contains(&found.code) && found.thresholds.is_some())
        .filter(|found| found.category != indicator::Category::Behaviour)
        .collect();
    chosen.sort_by_key(|found| std::cmp::Reverse(found.weight));
    chosen.truncate(3);
    chosen
}

on_both! {
    async fn every_template_alerts_after_its_trigger_and_not_without_one(world) {
        world.connect_relay().await;
        let admin = world.caller(&[Role::Admin]);
        enable_all(&admin).await;

        let day = Day::from_civil(2026, 6, 20).unwrap();
        let mut lines = String::new();
        for number in 0..templates().len() {
            for who in ["t", "q"] {
                lines += &event(&format!("in-{who}{number}"), &format!("{who}{number}"), day, 8, "LOGON", &json!({}));
            }
        }
        world.import_text("relay", lines.as_bytes()).await;

        let mut policies = Vec::new();
        let mut lines = String::new();
        for (number, template) in templates().iter().enumerate() {
            let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { group { id } userErrors { code } } }";
            let members = [format!("t{number}@halden.example"), format!("q{number}@halden.example")];
            let made = admin.ask(save, json!({"input": {"name": format!("Group {number}"), "addAccounts": members}})).await;
            let group = made.data()["savePriorityUserGroup"]["group"]["id"].clone();
            let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
            let input = json!({"name": template.name, "template": template.code.as_str(), "scope": {"priorityGroupIds": [group]}});
            let made = admin.ask(create, json!({"input": input})).await;
            let id = made.data()["createPolicy"]["policy"]["id"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
            policies.push((id, template));

            if let Some(trigger) = template.triggers.first() {
                let more = json!({"rating": "Below expectations", "dlp_severity": "high"});
                lines += &event(&format!("why-{number}"), &format!("t{number}"), day.plus(1), 9, trigger, &more);
            }
            let acts = strongest(template);
            let of_triggers = template.triggers.iter().filter_map(|code| indicator::find(code)).filter(|found| found.weight > 0);
            for (who, acts) in [("t", acts.iter().copied().chain(of_triggers).collect::<Vec<_>>()), ("q", acts)] {
                for (at, act) in acts.into_iter().enumerate() {
                    let count = act.thresholds.unwrap().high * 2;
                    lines += &event(&format!("did-{who}{number}-{at}"), &format!("{who}{number}"), day.plus(5), 10, act.code, &json!({"quantity": count}));
                }
            }
        }
        let imported = world.import_text("relay", lines.as_bytes()).await;
        assert_eq!(imported.counts.rejected, 0, "{:?}", world.texts("SELECT detail FROM rejects").await);
        world.settle().await;

        let analyst = world.caller(&[Role::Analyst]);
        let ask = "query($policy: ID!) { alerts(filter: {policyIds: [$policy]}) { totalCount nodes { score severity trigger contributions { points insight { explanation } } } } }";
        for (id, template) in &policies {
            let alerts = analyst.ask(ask, json!({"policy": id})).await.data()["alerts"].clone();
            let waits = !template.volume_trigger && !template.always_on;
            let wanted = if waits { 1 } else { 2 };
            assert_eq!(alerts["totalCount"], wanted, "{}: {alerts:#}", template.name);
            for alert in alerts["nodes"].as_array().unwrap() {
                let contributions = alert["contributions"].as_array().unwrap();
                let points: f64 = contributions.iter().map(|part| part["points"].as_f64().unwrap()).sum();
                assert!((points - alert["score"].as_f64().unwrap()).abs() < 1e-6, "{}: {alert:#}", template.name);
                assert!(contributions.iter().all(|part| !part["insight"]["explanation"].as_str().unwrap().is_empty()));
                assert!(!alert.to_string().contains("halden.example"), "{alert:#}");
            }
        }
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }
}

#[test]
fn a_connector_can_deliver_every_kind_that_the_engine_does_not_compute() {
    let computed = |found: &&indicator::Indicator| found.category == indicator::Category::Behaviour;
    let catalogue = indicator::catalogue().iter().filter(|found| !computed(found));
    let wanted: BTreeSet<(&str, &str)> = catalogue.map(|found| (found.code, found.name)).collect();
    let known: BTreeSet<(&str, &str)> = connector_sdk::kind::ALL.iter().map(|kind| (kind.code, kind.title)).collect();
    assert_eq!(known, wanted);
}
