//! Numbers about the whole organisation before there is any policy: how many, never who.

use serde_json::{Value, json};
use vizard_core::{access::Role, time::Day};
use vizard_tests::{Caller, World, on_both};

const INSIGHT: &str = "{ organisationInsight { firstDay lastDay hiddenBelow subjects \
    scenarios { scenario subjects of share recommended { template { code } active } } \
    topIndicators { indicator { code } subjects share recommended { template { code } active } } } }";

/// What these people did on a day, as many times.
async fn did(world: &World, kind: &str, (from, to): (u32, u32), day: (u8, u8), quantity: u32) {
    let at = Day::from_civil(2026, day.0, day.1).unwrap().start().0;
    let line = |who: u32| {
        let id = format!("{kind}-{who}-{}-{}", day.0, day.1);
        json!({"id": id, "at": at + i64::from(who), "who": account(who), "kind": kind, "quantity": quantity})
            .to_string()
            + "\n"
    };
    world.import_text("relay", (from..to).map(line).collect::<String>().as_bytes()).await;
    world.settle().await;
}

fn account(who: u32) -> String {
    format!("somebody.{who}@halden-optics.example")
}

async fn told(who: &Caller) -> Value {
    who.query(INSIGHT).await["organisationInsight"].clone()
}

/// Of how many, how many and which share.
fn scenario(told: &Value, code: &str) -> Value {
    let all = told["scenarios"].as_array().unwrap();
    let one = all.iter().find(|one| one["scenario"] == code).unwrap_or_else(|| panic!("{told:#}"));
    json!([one["of"], one["subjects"], one["share"]])
}

/// Indicators with their numbers, in order.
fn listed(told: &Value) -> Value {
    let one = |one: &Value| json!([one["indicator"]["code"], one["subjects"], one["share"]]);
    told["topIndicators"].as_array().unwrap().iter().map(one).collect()
}

on_both! {
    async fn four_people_are_hidden_and_seven_are_five_before_anybody_wrote_a_policy(world) {
        world.connect_relay().await;
        let ann = world.person("Ann", &[Role::Analyst]);
        let nothing = told(&ann).await;
        assert_eq!((&nothing["firstDay"], &nothing["lastDay"], &nothing["hiddenBelow"]), (&json!("2026-06-01"), &json!("2026-06-30"), &json!(5)));
        did(&world, "FILE_COPIED_TO_USB", (0, 4), (6, 29), 10).await;
        let few = told(&ann).await;
        assert_eq!(few, nothing, "four people are told from none by nothing");
        assert_eq!((&few["subjects"], scenario(&few, "DATA_LEAKS"), listed(&few)), (&Value::Null, json!([null, null, null]), json!([])));

        // Seven of seven; and of them, and of more than them.
        did(&world, "FILE_COPIED_TO_USB", (4, 7), (6, 29), 10).await;
        let seven = told(&ann).await;
        assert_eq!((&seven["subjects"], scenario(&seven, "DATA_LEAKS")), (&json!(5), json!([5, 5, 1.0])), "{seven:#}");
        assert_eq!(seven["topIndicators"], json!([{"indicator": {"code": "FILE_COPIED_TO_USB"}, "subjects": 5, "share": 1.0,
            "recommended": [{"template": {"code": "DATA_LEAKS"}, "active": false}]}]));
        did(&world, "LOGON", (7, 9), (6, 29), 1).await;
        let almost_all = told(&ann).await;
        assert_eq!((scenario(&almost_all, "DATA_LEAKS"), listed(&almost_all)), (json!([5, null, null]), json!([])), "two did not");
        did(&world, "LOGON", (9, 14), (6, 29), 1).await;
        let half = told(&ann).await;
        assert_eq!((scenario(&half, "DATA_LEAKS"), listed(&half)), (json!([10, 5, 0.5]), json!([["FILE_COPIED_TO_USB", 5, 0.5]])));

        // Below the threshold, before the first day and today: nothing of it counts.
        did(&world, "FILE_PRINTED", (0, 9), (6, 28), 14).await;
        did(&world, "FILE_UPLOADED_TO_WEB", (0, 9), (5, 31), 50).await;
        did(&world, "FILE_UPLOADED_TO_WEB", (0, 9), (7, 1), 50).await;
        assert_eq!(told(&ann).await, half);
        // By the rounded number and then by code, not by the exact one.
        did(&world, "EMAIL_SENT_TO_SELF", (0, 5), (6, 1), 2).await;
        did(&world, "FILE_PRINTED", (0, 8), (6, 30), 15).await;
        did(&world, "SENSITIVE_PROMPT", (0, 4), (6, 30), 90).await;
        let list = told(&ann).await;
        let codes = json!([["EMAIL_SENT_TO_SELF", 5, 0.5], ["FILE_COPIED_TO_USB", 5, 0.5], ["FILE_PRINTED", 5, 0.5]]);
        assert_eq!(listed(&list), codes, "{list:#}");
        assert_eq!(world.number("SELECT (SELECT count(*) FROM policies) + (SELECT count(*) FROM scores)").await, 0, "nobody was scored for it");
    }

    async fn of_those_who_are_leaving_it_tells_how_many_let_data_out(world) {
        world.connect_relay().await;
        let ann = world.person("Ann", &[Role::Analyst]);
        did(&world, "LOGON", (0, 40), (6, 29), 1).await;
        did(&world, "RESIGNATION", (0, 8), (6, 20), 1).await;
        did(&world, "ACCOUNT_DELETED", (6, 14), (4, 2), 1).await;
        // Ninety days are over.
        did(&world, "TERMINATION", (14, 25), (4, 1), 1).await;
        assert_eq!(scenario(&told(&ann).await, "DATA_THEFT"), json!([10, null, null]));
        did(&world, "FILE_UPLOADED_TO_WEB", (3, 9), (6, 25), 5).await;
        let seen = told(&ann).await;
        assert_eq!(scenario(&seen, "DATA_THEFT"), json!([10, 5, 0.5]), "six of fourteen: {seen:#}");
        did(&world, "FILE_UPLOADED_TO_WEB", (20, 30), (6, 25), 5).await;
        let more = told(&ann).await;
        assert_eq!((scenario(&more, "DATA_THEFT"), scenario(&more, "DATA_LEAKS")), (json!([10, 5, 0.5]), json!([40, 15, 0.375])));
    }

    async fn it_is_the_same_for_whoever_may_see_it_names_nobody_and_tells_which_templates_are_used(world) {
        world.connect_relay().await;
        did(&world, "FILE_COPIED_TO_USB", (0, 10), (6, 29), 10).await;
        did(&world, "LOGON", (10, 20), (6, 29), 1).await;
        let admin = world.person("Ada", &[Role::Admin]);
        let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { userErrors { message } } }";
        let input = json!({"name": "Board", "addAccounts": [account(0), account(1)], "viewers": ["dev:ann"]});
        assert_eq!(admin.ask(save, json!({"input": input})).await.data()["savePriorityUserGroup"]["userErrors"], json!([]));
        let seen = told(&admin).await;
        assert_eq!(listed(&seen), json!([["FILE_COPIED_TO_USB", 10, 0.5]]), "{seen:#}");
        // On the list, not on it, and somebody who is counted: what they are told cannot be taken from one another.
        let own = world.caller_with_account("Somebody", &account(2), &[Role::Analyst]);
        for viewer in [world.person("Ann", &[Role::Analyst]), world.person("Ida", &[Role::Investigator]), own] {
            assert_eq!(told(&viewer).await, seen);
        }
        let text = seen.to_string();
        for name in ["somebody", "halden-optics", "Anon-", "subject_"] {
            assert!(!text.contains(name), "{name}: {text}");
        }
        for roles in [&[] as &[Role], &[Role::Auditor], &[Role::Approver], &[Role::Connector]] {
            let refused = world.person("Otto", roles).ask(INSIGHT, json!({})).await.body;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
            assert!(refused["data"]["organisationInsight"].is_null(), "{refused}");
        }

        // A policy of the template: a draft is none.
        let enable = "mutation { enableIndicators(input: {codes: [\"FILE_COPIED_TO_USB\"], enabled: true}) { userErrors { message } } }";
        admin.query(enable).await;
        let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
        let set = "mutation($input: SetPolicyStateInput!) { setPolicyState(input: $input) { userErrors { message } } }";
        let input = json!({"name": "Leaks", "template": "DATA_LEAKS", "scope": {"all": true}, "state": "DRAFT"});
        let policy = admin.ask(create, json!({"input": input})).await.data()["createPolicy"]["policy"]["id"].clone();
        assert!(policy.is_string());
        let active = async || {
            let told = told(&admin).await;
            let of = |recommended: &Value| recommended["recommended"][0]["active"].clone();
            let scenarios = told["scenarios"].as_array().unwrap();
            (of(&told["topIndicators"][0]), scenarios.iter().map(of).collect::<Vec<_>>())
        };
        assert_eq!(active().await, (json!(false), vec![json!(false), json!(false)]));
        let input = json!({"policyId": policy, "state": "ACTIVE"});
        assert_eq!(admin.ask(set, json!({"input": input})).await.data()["setPolicyState"]["userErrors"], json!([]));
        assert_eq!(active().await, (json!(true), vec![json!(true), json!(false)]));

        // Whoever is erased is in no number.
        let erase = "mutation($input: EraseSubjectInput!) { eraseSubject(input: $input) { userErrors { message } } }";
        let input = json!({"account": account(3), "reason": "They asked for it."});
        assert_eq!(admin.ask(erase, json!({"input": input})).await.data()["eraseSubject"]["userErrors"], json!([]));
        let fewer = told(&admin).await;
        assert_eq!((&fewer["subjects"], &fewer["topIndicators"][0]["subjects"]), (&json!(15), &json!(5)), "{fewer:#}");
    }
}
