//! Need to know: restricted priority user groups and one's own person, in lists, counts, look-ups and decisions.

use serde_json::{Value, json};
use vizard_core::access::Role;
use vizard_tests::{World, on_both};

const ALERTS: &str = "{ alerts(first: 100, orderBy: SCORE_DESC) { totalCount nodes { id subject { id pseudonym } } } subjects(first: 100) { totalCount nodes { id } } \
                      policies { nodes { activeAlerts subjectsInScope } } cases { totalCount } }";

/// The sample data; the account of whoever has the highest alert.
async fn prepared(world: &World) -> String {
    world.connect().await;
    world.policy().await;
    world.import_demo().await;
    world.settle().await;
    "ottoline.brackwater@halden-optics.example".to_owned()
}

pub(crate) async fn grouped(world: &World, account: &str, viewers: Value) {
    let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { group { size viewers } userErrors { message } } }";
    let input = json!({"name": "Board", "addAccounts": [account], "viewers": viewers});
    let saved = world.caller(&[Role::Admin]).ask(save, json!({"input": input})).await;
    assert_eq!(saved.data()["savePriorityUserGroup"]["group"], json!({"size": 1, "viewers": viewers}));
    world.settle().await;
}

on_both! {
    async fn members_of_a_restricted_group_are_there_for_its_viewers_alone(world) {
        let account = prepared(&world).await;
        let (ann, bea) = (world.person("Ann", &[Role::Analyst]), world.person("Bea", &[Role::Analyst]));
        let all = ann.query(ALERTS).await;
        grouped(&world, &account, json!(["dev:ann"])).await;
        let (seen, rest) = (ann.query(ALERTS).await, bea.query(ALERTS).await);
        assert_eq!(seen["alerts"]["totalCount"], all["alerts"]["totalCount"]);
        let ids = |of: &Value| -> Vec<Value> { of["alerts"]["nodes"].as_array().unwrap().iter().map(|alert| alert["id"].clone()).collect() };
        let hidden: Vec<Value> = ids(&seen).into_iter().filter(|id| !ids(&rest).contains(id)).collect();
        assert_eq!(hidden.len(), 1, "{account} has one alert: {rest}");
        let number = |of: &Value, what: &str| of[what]["totalCount"].as_i64().unwrap();
        assert_eq!((number(&seen, "alerts") - number(&rest, "alerts"), number(&seen, "subjects") - number(&rest, "subjects")), (1, 1));
        for count in ["activeAlerts", "subjectsInScope"] {
            let of = |seen: &Value| seen["policies"]["nodes"][0][count].as_i64().unwrap();
            assert_eq!(of(&seen) - of(&rest), 1, "{count}");
        }
        // By its id, through `node`, and in a decision: as if it did not exist.
        let alert = &hidden[0];
        let subject = seen["alerts"]["nodes"].as_array().unwrap().iter().find(|one| one["id"] == *alert).unwrap()["subject"]["id"].clone();
        let by_id = "query($a: ID!, $s: ID!) { alert(id: $a) { id } subject(id: $s) { id } nodes(ids: [$a, $s]) { id } }";
        let answer = bea.ask(by_id, json!({"a": alert, "s": subject})).await;
        assert_eq!(answer.data(), &json!({"alert": null, "subject": null, "nodes": [null, null]}));
        let nowhere = bea.ask(by_id, json!({"a": "alert_00000000000000000000000000000000", "s": "subject_00000000000000000000000000000000"})).await;
        assert_eq!(nowhere.body, answer.body);
        let dismiss = "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { userErrors { code message } } }";
        let refused = bea.ask(dismiss, json!({"input": {"alertIds": [alert], "reason": "FALSE_POSITIVE"}})).await;
        assert_eq!(refused.data()["dismissAlerts"]["userErrors"][0]["code"], "NOT_FOUND");
        let reset = "mutation($input: ResetRiskLevelInput!) { resetRiskLevel(input: $input) { userErrors { code } } }";
        let refused = bea.ask(reset, json!({"input": {"subjectId": subject, "reason": "r"}})).await;
        assert_eq!(refused.data()["resetRiskLevel"]["userErrors"][0]["code"], "NOT_FOUND");
        // A contributor of a case about the member sees the member.
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id viewerCan } userErrors { message } } }";
        let made = ann.ask(confirm, json!({"input": {"alertId": alert, "caseName": "Board matter"}})).await.data()["confirmAlert"]["case"].clone();
        assert_eq!(made["viewerCan"], json!(["ADD_NOTE", "ADD_CONTRIBUTOR", "REMOVE_CONTRIBUTOR", "RESOLVE", "SEND_NOTICE"]));
        let case = "query($id: ID!) { case(id: $id) { contributors } cases { totalCount } }";
        assert_eq!(bea.ask(case, json!({"id": made["id"]})).await.data(), &json!({"case": null, "cases": {"totalCount": 0}}));
        let add = "mutation($input: AddCaseContributorInput!) { addCaseContributor(input: $input) { case { contributors } userErrors { code } } }";
        let input = json!({"input": {"caseId": made["id"], "viewer": "dev:bea"}});
        assert_eq!(bea.ask(add, input.clone()).await.data()["addCaseContributor"]["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(ann.ask(add, input).await.data()["addCaseContributor"]["case"]["contributors"], json!(["dev:bea"]));
        assert_eq!(bea.ask(case, json!({"id": made["id"]})).await.data()["case"]["contributors"], json!(["dev:bea"]));
        // An empty list is nobody; without a list it is everybody with the role.
        let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { group { viewers } userErrors { message } } }";
        let admin = world.caller(&[Role::Admin]);
        let group = admin.query("{ priorityUserGroups { id } }").await["priorityUserGroups"][0]["id"].clone();
        admin.ask(save, json!({"input": {"id": group, "name": "Board", "viewers": []}})).await.data();
        assert_eq!(number(&ann.query(ALERTS).await, "alerts"), number(&rest, "alerts"));
        admin.ask(save, json!({"input": {"id": group, "name": "Board", "viewers": null}})).await.data();
        assert_eq!(number(&ann.query(ALERTS).await, "alerts"), number(&seen, "alerts"));
    }

    async fn nobody_sees_or_decides_about_themselves(world) {
        let account = prepared(&world).await;
        let self_seeing = world.caller_with_account("Ottoline", &account, &[Role::Analyst, Role::Admin]);
        let others = world.person("Ann", &[Role::Analyst]);
        let (mine, all) = (self_seeing.query(ALERTS).await, others.query(ALERTS).await);
        for list in ["alerts", "subjects"] {
            let number = |of: &Value| of[list]["totalCount"].as_i64().unwrap();
            assert_eq!(number(&all) - number(&mine), 1, "{list}");
        }
        let ids: Vec<&Value> = mine["alerts"]["nodes"].as_array().unwrap().iter().map(|alert| &alert["id"]).collect();
        let own = all["alerts"]["nodes"].as_array().unwrap().iter().map(|alert| &alert["id"]).find(|id| !ids.contains(id)).unwrap();
        let dismiss = "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { userErrors { code } } }";
        let refused = self_seeing.ask(dismiss, json!({"input": {"alertIds": [own], "reason": "FALSE_POSITIVE"}})).await;
        assert_eq!(refused.data()["dismissAlerts"]["userErrors"][0]["code"], "NOT_FOUND");
    }
}
