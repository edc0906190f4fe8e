//! The set-up side through the schema, on a database of its own.
//! Never: a resolver called past its guard.

use super::*;
use serde_json::json;

const ENABLE: &str = r#"mutation { enableIndicators(input: {codes: ["FILE_DOWNLOADED", "FILE_COPIED_TO_USB"], enabled: true})
    { indicators { code enabled } userErrors { code } } }"#;

/// A policy of that name that covers everybody.
async fn create(at: &Installation, name: &str, more: &str) -> Json {
    let mutation = format!(
        r#"mutation {{ createPolicy(input: {{name: "{name}", template: DATA_THEFT_BY_DEPARTING_USERS, scope: {{all: true}} {more}}})
        {{ policy {{ id state }} userErrors {{ code field message }} }} }}"#
    );
    at.ask(Role::Admin, &mutation).await["createPolicy"].clone()
}

#[tokio::test]
async fn an_indicator_that_was_enabled_is_listed_as_enabled() {
    let at = Installation::new().await;
    let list = "{ indicators(enabled: true) { totalCount nodes { id code hasSource } } }";
    assert_eq!(at.ask(Role::Auditor, list).await["indicators"]["totalCount"], 0);
    let enabled = at.ask(Role::Admin, ENABLE).await;
    let shown = json!([{"code": "FILE_DOWNLOADED", "enabled": true}, {"code": "FILE_COPIED_TO_USB", "enabled": true}]);
    assert_eq!(enabled["enableIndicators"]["indicators"], shown);
    let listed = at.ask(Role::Auditor, list).await;
    assert_eq!(listed["indicators"]["nodes"][1]["id"], "indicator_FILE_DOWNLOADED");
    assert_eq!(listed["indicators"]["nodes"][1]["hasSource"], false);
}

#[tokio::test]
async fn the_catalogue_is_read_page_by_page_and_nothing_is_left_out() {
    let at = Installation::new().await;
    let (mut after, mut seen) = ("null".to_owned(), Vec::new());
    loop {
        let query = format!(
            "{{ indicators(first: 37, after: {after}) {{ nodes {{ code }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let page = at.ask(Role::Analyst, &query).await["indicators"].clone();
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["code"].as_str().unwrap().to_owned()));
        after = page["pageInfo"]["endCursor"].to_string();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let mut all: Vec<_> = vizard_core::indicator::catalogue().iter().map(|found| found.code.to_owned()).collect();
    all.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_policy_is_created_shown_and_switched_off() {
    let at = Installation::new().await;
    at.ask(Role::Admin, ENABLE).await;
    let created = create(&at, "Leavers", "").await;
    assert_eq!((&created["policy"]["state"], &created["userErrors"]), (&json!("ACTIVE"), &json!([])));
    let id = created["policy"]["id"].as_str().unwrap();
    let query = format!(
        r#"{{ policy(id: "{id}") {{ name version template {{ code }} activationDays lookbackDays alertVolume subjectsInScope
        activeAlerts effectiveness indicators {{ mode thresholds {{ low }} indicator {{ code enabled }} }}
        triggers {{ code }} health {{ status code }} createdAt updatedAt }} }}"#
    );
    insta::assert_json_snapshot!(at.ask(Role::Analyst, &query).await);
    let switch = |id: &str| {
        format!(
            r#"mutation {{ setPolicyState(input: {{policyId: "{id}", state: INACTIVE}}) {{ policy {{ state }}
            userErrors {{ code field }} }} }}"#
        )
    };
    assert_eq!(at.ask(Role::Admin, &switch(id)).await["setPolicyState"]["policy"]["state"], "INACTIVE");
    let unknown = at.ask(Role::Admin, &switch("policy_00000000000000000000000000000009")).await;
    let wrong_kind = at.ask(Role::Admin, &switch("alert_00000000000000000000000000000009")).await;
    assert_eq!(unknown, wrong_kind);
    let not_found = json!([{"code": "NOT_FOUND", "field": ["input", "policyId"]}]);
    assert_eq!(unknown["setPolicyState"]["userErrors"], not_found);
}

#[tokio::test]
async fn everything_that_is_wrong_with_a_new_policy_is_told_at_once_and_names_nobody() {
    let at = Installation::new().await;
    at.ask(Role::Admin, ENABLE).await;
    let mutation = r#"mutation { createPolicy(input: {name: " ", template: DATA_LEAKS, activationDays: 31,
        indicators: [{code: "FILE_SYNCED"}, {code: "FILE_DOWNLOADED", mode: USER_BASED}], priorityContent: {},
        scope: {accounts: ["ada@example.org"], excludeAccounts: ["ACME\\ada"], priorityGroupIds: ["group_1"]}})
        { policy { id } userErrors { code field message } } }"#;
    let answer = at.ask(Role::Admin, mutation).await;
    assert!(!answer.to_string().contains("ada"), "{answer}");
    insta::assert_json_snapshot!(answer);
}

#[tokio::test]
async fn a_name_is_given_once() {
    let at = Installation::new().await;
    at.ask(Role::Admin, ENABLE).await;
    create(&at, "Leavers", "").await;
    let again = create(&at, "Leavers", "").await;
    assert_eq!(again["policy"], Json::Null);
    assert_eq!(again["userErrors"][0]["code"], "CONFLICT");
    assert_eq!(again["userErrors"][0]["field"], json!(["input", "name"]));
}

#[tokio::test]
async fn policies_are_read_forwards_and_backwards_by_name() {
    let at = Installation::new().await;
    at.ask(Role::Admin, ENABLE).await;
    for name in ["c", "B", "a", "D"] {
        let draft = if name == "D" { ", state: DRAFT" } else { "" };
        assert_eq!(create(&at, name, draft).await["userErrors"], json!([]));
    }
    let page = async |arguments: &str| {
        let query = format!(
            "{{ policies({arguments}) {{ totalCount nodes {{ name }} pageInfo {{ hasNextPage hasPreviousPage
            startCursor endCursor }} }} }}"
        );
        at.ask(Role::Auditor, &query).await["policies"].clone()
    };
    let names = |page: &Json| -> String {
        page["nodes"].as_array().unwrap().iter().map(|node| node["name"].as_str().unwrap()).collect()
    };
    let first = page("first: 3").await;
    assert_eq!((names(&first), &first["totalCount"]), ("BDa".to_owned(), &json!(4)));
    assert_eq!(first["pageInfo"]["hasNextPage"], true);
    let rest = page(&format!("first: 3, after: {}", first["pageInfo"]["endCursor"])).await;
    assert_eq!((names(&rest), &rest["pageInfo"]["hasNextPage"]), ("c".to_owned(), &json!(false)));
    let last = page("last: 2").await;
    assert_eq!((names(&last), &last["pageInfo"]["hasPreviousPage"]), ("ac".to_owned(), &json!(true)));
    let before = page(&format!("last: 3, before: {}", last["pageInfo"]["startCursor"])).await;
    assert_eq!((names(&before), &before["pageInfo"]["hasPreviousPage"]), ("BD".to_owned(), &json!(false)));
    assert_eq!(names(&page("state: DRAFT").await), "D");
}

#[tokio::test]
async fn who_may_not_change_gets_null_and_a_denial_and_changes_nothing() {
    let at = Installation::new().await;
    let answer = at.answer(Role::Analyst, ENABLE).await;
    assert_eq!(answer["data"], json!({"enableIndicators": null}));
    assert_eq!(answer["errors"][0]["extensions"], json!({"code": "FORBIDDEN", "requires": ["ADMIN"]}));
    let enabled = at.ask(Role::Analyst, "{ indicators(enabled: true) { totalCount } }").await;
    assert_eq!(enabled["indicators"]["totalCount"], 0);
    let approver = at.answer(Role::Approver, "{ viewer { id } policies { totalCount } }").await;
    assert_eq!(approver["data"], json!({"viewer": {"id": "dev:ada"}, "policies": null}));
}

#[tokio::test]
async fn the_templates_name_indicators_of_the_catalogue() {
    let at = Installation::new().await;
    let query = "{ policyTemplates { code maxSubjects triggers { code } indicators { code hasSource enabled }
        sequences { code steps } } }";
    let templates = at.ask(Role::Investigator, query).await;
    assert_eq!(templates["policyTemplates"].as_array().unwrap().len(), 12);
    let first = &templates["policyTemplates"][0];
    assert_eq!(first["code"], "DATA_THEFT_BY_DEPARTING_USERS");
    assert!(first["triggers"].as_array().unwrap().contains(&json!({"code": "RESIGNATION"})), "{first}");
}

#[tokio::test]
async fn a_connector_needs_a_name_for_urls_and_a_plugin() {
    let at = Installation::new().await;
    let mutation = r#"mutation { createConnector(input: {name: "HR!", plugin: "hr", config: {}, grants: ["example.org"]})
        { connector { id } userErrors { code field } } }"#;
    let answer = at.ask(Role::Admin, mutation).await;
    let wanted = json!([
        {"code": "INVALID", "field": ["input", "name"]},
        {"code": "NOT_FOUND", "field": ["input", "plugin"]},
    ]);
    assert_eq!(answer["createConnector"]["userErrors"], wanted);
    let lists = at.ask(Role::Analyst, "{ plugins { name } connectors { totalCount nodes { name } } }").await;
    assert_eq!(lists, json!({"plugins": [], "connectors": {"totalCount": 0, "nodes": []}}));
}

#[tokio::test]
async fn a_node_is_found_by_its_id_by_who_may_see_it() {
    let at = Installation::new().await;
    at.ask(Role::Admin, ENABLE).await;
    let created = create(&at, "Leavers", "").await;
    let id = created["policy"]["id"].as_str().unwrap();
    let query = format!(
        r#"{{ node(id: "{id}") {{ __typename id }} nodes(ids: ["indicator_RESIGNATION", "policy_1", "", "{id}"])
        {{ ... on Indicator {{ code }} ... on Policy {{ name }} }} }}"#
    );
    let found = at.ask(Role::Analyst, &query).await;
    assert_eq!(found["node"], json!({"__typename": "Policy", "id": id}));
    assert_eq!(found["nodes"], json!([{"code": "RESIGNATION"}, null, null, {"name": "Leavers"}]));
    let hidden = at.ask(Role::Approver, &query).await;
    assert_eq!(hidden, json!({"node": null, "nodes": [null, null, null, null]}));
}
