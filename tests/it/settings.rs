//! The settings of an installation, and what they make of what comes in afterwards.

use serde_json::{Value, json};
use vizard_core::access::Role;
use vizard_tests::{Caller, on_both};

const UPDATE: &str = "mutation($input: UpdateSettingsInput!) { updateSettings(input: $input) { settings { version domains { unallowed } \
                      exclusions { fileTypes paths } minimumDailyEvents variants { code } customIndicators { code kind thresholds { low } } } userErrors { code field } } }";

async fn update(admin: &Caller, input: Value) -> Value {
    admin.ask(UPDATE, json!({"input": input})).await.data()["updateSettings"].clone()
}

const GRETA: &str = "greta.sommer@halden-optics.example";
const RESIGNATION: &[u8] = b"HRScenario,EmailAddress,ResignationDate,LastWorkingDate\nResignation,greta.sommer@halden-optics.example,2026-06-10T09:00:00Z,2026-07-31T00:00:00Z\n";

/// Uploads of the 14th of June, each of its own file and to the domain named.
fn uploads(files: &[(&str, &str)]) -> Vec<u8> {
    let record = |(at, (file, domain)): (usize, &(&str, &str))| {
        json!({"CreationTime": format!("2026-06-14T08:01:{at:02}"), "Id": format!("upload-{at}"), "Operation": "FileUploadedToCloud",
            "RecordType": 63, "UserKey": "greta.sommer@halden-optics.example", "UserType": 0, "Version": 1, "Workload": "Endpoint",
            "UserId": "greta.sommer@halden-optics.example", "ObjectId": file, "DeviceName": "HO-1", "Platform": 1,
            "FileExtension": file.rsplit('.').next(), "TargetDomain": domain})
        .to_string()
    };
    files.iter().enumerate().map(record).collect::<Vec<_>>().join("\n").into_bytes()
}

on_both! {
    async fn settings_are_versions_that_say_what_was_changed(world) {
        let admin = world.caller(&[Role::Admin]);
        let new = world.caller(&[Role::Auditor]).query("{ settings { version domains { allowed } exclusions { paths keywords } customIndicators { code } } }").await;
        assert_eq!(new["settings"], json!({"version": 0, "domains": {"allowed": []}, "exclusions": {"paths": [r"*\Users\*\AppData"], "keywords": []}, "customIndicators": []}));
        let made = update(&admin, json!({"version": 0, "domains": {"unallowed": ["drive.example"]}, "exclusions": {"fileTypes": ["png"]}, "minimumDailyEvents": 5})).await;
        assert_eq!(made["settings"]["version"], 1, "{made}");
        assert_eq!(made["settings"]["exclusions"], json!({"fileTypes": ["png"], "paths": [r"*\Users\*\AppData"]}), "what is left out stays");
        assert_eq!(update(&admin, json!({"version": 0, "minimumDailyEvents": 7})).await["userErrors"], json!([{"code": "STALE", "field": ["input", "version"]}]));
        let wrong = update(&admin, json!({"domains": {"allowed": ["not a domain"]}, "minimumDailyEvents": -1})).await;
        assert_eq!(wrong["userErrors"], json!([{"code": "INVALID", "field": ["input", "domains", "allowed", "0"]}, {"code": "INVALID", "field": ["input", "minimumDailyEvents"]}]));
        assert_eq!(update(&admin, json!({"minimumDailyEvents": null})).await["settings"]["version"], 2);
        assert_eq!(update(&admin, json!({"minimumDailyEvents": null})).await["settings"]["version"], 2, "nothing changed");
        let mut audited = world.texts("SELECT detail FROM audit WHERE object = 'settings'").await;
        audited.sort_by_key(|detail| !detail.contains("\"version\":1"));
        assert_eq!(audited.len(), 2);
        assert!(audited[0].contains("Unallowed domains: 1 added, 0 removed.") && !audited[0].contains("drive.example"), "{audited:?}");
        assert!(audited[1].contains("Minimum daily events changed from 5 to none."), "{audited:?}");
    }

    async fn what_is_excluded_is_seen_and_not_counted_and_a_variant_counts_what_it_names(world) {
        world.connect().await;
        world.policy().await;
        let admin = world.caller(&[Role::Admin]);
        let made = update(&admin, json!({
            "domains": {"unallowed": ["drive.example"], "allowed": ["partner.example"]},
            "exclusions": {"fileTypes": ["png"]},
            "detectionGroups": [{"name": "CODE", "kind": "FILE_TYPES", "items": ["rs"]}],
            "variants": [{"indicator": "FILE_UPLOADED_TO_WEB", "name": "SOURCE", "groups": ["CODE"]}],
            "customIndicators": [{"kind": "BADGE_PRINTED", "name": "Badge printed", "actionClass": "EXFILTRATION", "thresholds": {"low": 1, "medium": 2, "high": 3}}],
        })).await;
        assert_eq!(made["userErrors"], json!([]), "{made}");
        assert_eq!(made["settings"]["customIndicators"], json!([{"code": "CUSTOM_EXFILTRATION#BADGE_PRINTED", "kind": "BADGE_PRINTED", "thresholds": {"low": 1}}]));
        let files = [(r"D:\a.rs", "drive.example"), (r"D:\b.pdf", "other.example"), (r"D:\c.png", "drive.example"), (r"D:\d.pdf", "partner.example")];
        let imported = world.import_text("m365", &uploads(&files)).await;
        assert_eq!(imported.counts.accepted, 4, "all of them are in");
        world.settle().await;
        let count = async |code: &str| world.number(&format!("SELECT CAST(COALESCE(sum(count), 0) AS BIGINT) FROM activity_days WHERE indicator = '{code}'")).await;
        assert_eq!(count("FILE_UPLOADED_TO_WEB").await, 2, "neither the picture nor what went to the partner");
        assert_eq!(count("FILE_UPLOADED_TO_WEB!UNALLOWED_DOMAIN").await, 1);
        assert_eq!(count("FILE_UPLOADED_TO_WEB#SOURCE").await, 1);
        assert_eq!(world.number("SELECT count(*) FROM events WHERE object IS NOT NULL").await, 3, "the picture may be part of a sequence");
        let listed = admin.query("{ indicators(first: 100, category: \"CUSTOM\") { nodes { code name custom enabled hasSource actionClass recommendedThresholds { high } } } }").await;
        assert_eq!(listed["indicators"]["nodes"], json!([{"code": "CUSTOM_EXFILTRATION#BADGE_PRINTED", "name": "Badge printed", "custom": true, "enabled": true,
            "hasSource": true, "actionClass": "EXFILTRATION", "recommendedThresholds": {"high": 3}}]));
        let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { indicators { indicator { code } mode thresholds { medium } } } userErrors { message } } }";
        let input = json!({"name": "Leaks", "template": "GENERAL_DATA_LEAKS", "scope": {"all": true},
            "indicators": [{"code": "FILE_UPLOADED_TO_WEB#SOURCE"}, {"code": "CUSTOM_EXFILTRATION#BADGE_PRINTED"}]});
        let policy = admin.ask(create, json!({"input": input})).await.data()["createPolicy"].clone();
        assert_eq!(policy["policy"]["indicators"][1], json!({"indicator": {"code": "CUSTOM_EXFILTRATION#BADGE_PRINTED"}, "mode": "CUSTOM", "thresholds": {"medium": 2}}), "{policy}");
        assert_eq!(policy["policy"]["indicators"][0]["indicator"]["code"], "FILE_UPLOADED_TO_WEB#SOURCE");
    }

    async fn a_variant_is_scored_and_its_insight_shows_the_events_that_it_counted(world) {
        world.connect().await;
        let admin = world.caller(&[Role::Admin]);
        world.policy().await;
        update(&admin, json!({
            "detectionGroups": [{"name": "CODE", "kind": "FILE_TYPES", "items": ["rs"]}],
            "variants": [{"indicator": "FILE_UPLOADED_TO_WEB", "name": "SOURCE", "groups": ["CODE"]}],
        })).await;
        let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id } userErrors { message } } }";
        let input = json!({"name": "Source code", "template": "DATA_THEFT_BY_DEPARTING_USERS", "scope": {"all": true},
            "indicators": [{"code": "FILE_UPLOADED_TO_WEB#SOURCE", "thresholds": {"low": 1, "medium": 2, "high": 3}}]});
        assert_eq!(admin.ask(create, json!({"input": input})).await.data()["createPolicy"]["userErrors"], json!([]));
        world.import_text("hr", RESIGNATION).await;
        world.import_text("m365", &uploads(&[(r"D:\a.rs", "x.example"), (r"D:\b.pdf", "x.example"), (r"D:\c.rs", "x.example")])).await;
        world.settle().await;
        let seen = world.caller(&[Role::Analyst]).query("{ subjects { nodes { insights { nodes { count level indicator { code name } activities { totalCount nodes { facts } } } } } } }").await;
        let insights = seen["subjects"]["nodes"][0]["insights"]["nodes"].as_array().unwrap().clone();
        let found = insights.iter().find(|insight| insight["indicator"]["code"] == "FILE_UPLOADED_TO_WEB#SOURCE").unwrap_or_else(|| panic!("{seen:#}"));
        assert_eq!((&found["count"], &found["activities"]["totalCount"]), (&json!(2), &json!(2)), "{found:#}");
        assert_eq!(found["indicator"]["name"], "File uploaded to a web site (SOURCE)");
        let replayed = world.services.replay(|_| {}).await.unwrap();
        assert_eq!(replayed.differences, Vec::<String>::new());
    }

    async fn members_of_a_priority_group_are_covered_and_weigh_more_and_nobody_is_named(world) {
        world.connect().await;
        world.policy().await;
        let admin = world.caller(&[Role::Admin]);
        world.import_text("hr", RESIGNATION).await;
        let save = "mutation($input: SavePriorityUserGroupInput!) { savePriorityUserGroup(input: $input) { group { id name size } userErrors { code field } } }";
        let unknown = admin.ask(save, json!({"input": {"name": "Board", "addAccounts": [GRETA, "nobody@halden-optics.example"]}})).await;
        assert_eq!(unknown.data()["savePriorityUserGroup"], json!({"group": null, "userErrors": [{"code": "NOT_FOUND", "field": ["input", "addAccounts", "1"]}]}));
        let made = admin.ask(save, json!({"input": {"name": "Board", "addAccounts": [GRETA]}})).await;
        let group = made.data()["savePriorityUserGroup"]["group"].clone();
        assert_eq!((&group["name"], &group["size"]), (&json!("Board"), &json!(1)), "{made:?}");
        let taken = admin.ask(save, json!({"input": {"name": "Board"}})).await;
        assert_eq!(taken.data()["savePriorityUserGroup"]["userErrors"][0]["code"], "CONFLICT");
        let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id health { code } } userErrors { code field } } }";
        let mut input = json!({"name": "Board", "template": "DATA_THEFT_BY_DEPARTING_USERS", "scope": {"priorityGroupIds": ["group_x"]},
            "indicators": [{"code": "FILE_UPLOADED_TO_WEB", "thresholds": {"low": 1, "medium": 2, "high": 3}}]});
        let refused = admin.ask(create, json!({"input": input})).await;
        assert_eq!(refused.data()["createPolicy"]["userErrors"][0], json!({"code": "NOT_FOUND", "field": ["input", "scope", "priorityGroupIds", "0"]}), "{refused:?}");
        input["scope"]["priorityGroupIds"][0] = group["id"].clone();
        let made = admin.ask(create, json!({"input": input})).await;
        let policy = &made.data()["createPolicy"]["policy"];
        assert!(!policy["health"].to_string().contains("NO_SUBJECTS_IN_SCOPE"), "{made:?}");
        world.import_text("m365", &uploads(&[(r"D:\a.rs", "x.example"), (r"D:\b.pdf", "x.example")])).await;
        world.settle().await;
        let seen = world.caller(&[Role::Analyst]).query("{ subjects { nodes { priorityGroups { name size } insights { nodes { boosters { kind } indicator { code } } } } } }").await;
        let subject = &seen["subjects"]["nodes"][0];
        assert_eq!(subject["priorityGroups"], json!([{"name": "Board", "size": 1}]), "{seen:#}");
        assert!(subject["insights"].to_string().contains("PRIORITY_GROUP"), "{seen:#}");
        let (out, _) = (admin.ask(save, json!({"input": {"id": group["id"], "name": "Former board", "removeAccounts": [GRETA]}})).await, world.settle().await);
        assert_eq!(out.data()["savePriorityUserGroup"]["group"], json!({"id": group["id"], "name": "Former board", "size": 0}));
        let seen = world.caller(&[Role::Analyst]).query("{ subjects { nodes { insights { nodes { boosters { kind } } } } } }").await;
        assert!(!seen.to_string().contains("PRIORITY_GROUP"), "{seen:#}");
        let audited = world.texts("SELECT detail FROM audit WHERE category = 'SETTINGS'").await;
        assert!(!audited.iter().any(|detail| detail.contains("greta")), "{audited:?}");
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }

    async fn priority_content_weighs_more_or_is_all_that_counts(world) {
        world.connect().await;
        world.policy().await;
        let admin = world.caller(&[Role::Admin]);
        world.import_text("hr", RESIGNATION).await;
        world.import_text("m365", &uploads(&[(r"D:\a.rs", "x.example"), (r"D:\b.pdf", "x.example"), (r"D:\c.pdf", "x.example")])).await;
        let create = "mutation($input: CreatePolicyInput!) { createPolicy(input: $input) { policy { id priorityContent } userErrors { code field } } }";
        let input = |name: &str, content: Value| json!({"input": {"name": name, "template": "DATA_THEFT_BY_DEPARTING_USERS", "scope": {"all": true}, "priorityContent": content,
            "indicators": [{"code": "FILE_UPLOADED_TO_WEB", "thresholds": {"low": 1, "medium": 2, "high": 3}}]}});
        for wrong in [json!({"fileTypes": []}), json!({"folders": ["x"]}), json!("rs")] {
            let refused = admin.ask(create, input("No", wrong)).await;
            assert_eq!(refused.data()["createPolicy"]["userErrors"][0]["field"], json!(["input", "priorityContent"]), "{refused:?}");
        }
        let more = admin.ask(create, input("More", json!({"fileTypes": ["rs"]}))).await;
        assert_eq!(more.data()["createPolicy"]["policy"]["priorityContent"], json!({"sites": [], "sensitiveTypes": [], "labels": [], "fileTypes": ["rs"], "only": false}), "{more:?}");
        let only = admin.ask(create, input("Only", json!({"fileTypes": ["rs"], "only": true}))).await;
        world.settle().await;
        let counts = world.texts("SELECT p.name || ' ' || i.count || ' ' || i.boosters FROM insights i JOIN policies p ON p.id = i.policy_id \
                                  WHERE i.indicator = 'FILE_UPLOADED_TO_WEB' ORDER BY p.name").await;
        let of = |name: &str| counts.iter().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{counts:?}"));
        assert!(of("More 3").contains("PRIORITY_CONTENT") && of("Only 1").contains("PRIORITY_CONTENT"), "{counts:?}");
        assert!(!of("Departing 3").contains("PRIORITY_CONTENT"), "{counts:?}");
        assert!(only.data()["createPolicy"]["userErrors"] == json!([]));
        assert_eq!(world.services.replay(|_| {}).await.unwrap().differences, Vec::<String>::new());
    }
}
