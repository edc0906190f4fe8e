//! A case in the hands of HR or legal: one case, by sections, masked or not, for a time, taken back at once.

use crate::{
    privacy::{leaks, names},
    reveal,
};
use serde_json::{Value, json};
use vizard_core::{access::Role, limits, time::HOUR};
use vizard_tests::{Caller, World, on_both};

const SHARE: &str = "mutation($input: ShareCaseInput!) { shareCase(input: $input) { token share { id includeIdentity expiresAt } userErrors { code field } } }";
const EVERYTHING: &str = "{ viewer { id name roles share { id recipient audience sections includeIdentity createdBy reason expiresAt uses case { id name status severity resolution actionTaken \
    contributors legalHoldless: openedAt subject { id pseudonym identityState identity { displayName email accounts } department riskLevel riskScore scoreHistory { score } } \
    notes { id author system body } \
    timeline { totalCount nodes { id day explanation riskFactors activities(first: 3) { nodes { id facts content } } } pageInfo { endCursor } } \
    alerts { totalCount nodes { id severity score trigger policy { name template { code } description } notes { body } contributions { points insight { id explanation } } } } } } } }";

pub(crate) async fn shared(who: &Caller, case: &str, more: Value) -> Value {
    let mut input = json!({"caseId": case, "audience": "LEGAL", "recipient": "Legal, matter 17", "expiresInHours": 48,
        "sections": ["SUMMARY", "TIMELINE", "NOTES", "ALERTS", "EVIDENCE"], "reason": "Legal asked for it."});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    who.ask(SHARE, json!({"input": input})).await.data()["shareCase"].clone()
}

pub(crate) fn holder(world: &World, made: &Value) -> Caller {
    world.with_token(made["token"].as_str().unwrap_or_else(|| panic!("{made}")))
}

/// Data whatever the errors: a share denies some fields, each null with its error.
async fn everything(who: &Caller) -> Value {
    who.ask(EVERYTHING, json!({})).await.body["data"]["viewer"]["share"]["case"].clone()
}

on_both! {
    async fn the_holder_of_a_share_sees_one_case_masked_and_nothing_else(world) {
        let (case, subject, pseudonym) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let made = shared(&ida, &case, json!({})).await;
        assert_eq!(made["userErrors"], json!([]));
        assert_eq!(made["token"].as_str().unwrap().len(), 4 + 43);
        let (one, two) = (holder(&world, &made), holder(&world, &shared(&ida, &case, json!({})).await));
        let (seen, other) = (everything(&one).await, everything(&two).await);
        assert_eq!((&seen["name"], &seen["subject"]["identityState"]), (&json!("Shared case"), &json!("MASKED")));
        assert!(seen["timeline"]["nodes"].as_array().is_some_and(|nodes| !nodes.is_empty()), "{seen}");
        assert!(seen["timeline"]["nodes"][0]["activities"]["nodes"][0]["facts"].is_object(), "{seen}");
        assert_eq!(seen["alerts"]["totalCount"], 1);
        assert_eq!(seen["alerts"]["nodes"][0]["policy"]["name"], "Departing");
        let notes: Vec<&Value> = seen["notes"].as_array().unwrap().iter().map(|note| &note["system"]).collect();
        assert!(!notes.is_empty() && notes.iter().all(|system| **system == true), "staff's notes are withheld: {seen}");
        assert_eq!(leaks(&seen.to_string(), &names()), Vec::<String>::new());
        // No id, label or cursor that the queue or the other share has.
        let known = ida.ask("query($id: ID!) { case(id: $id) { id subject { id pseudonym } alerts { nodes { id } } notes { id } timeline { nodes { id } pageInfo { endCursor } } } }", json!({"id": case})).await.data()["case"].clone();
        let ids = |value: &Value| -> Vec<String> {
            let text = value.to_string();
            let id = |word: &&str| word.split_once('_').is_some_and(|(_, hex)| matches!(hex.len(), 16 | 32)) || word.starts_with("Anon-");
            let cursor = value.pointer("/timeline/pageInfo/endCursor").and_then(Value::as_str);
            text.split('"').filter(id).chain(cursor).map(str::to_owned).collect()
        };
        let mine = ids(&seen);
        assert!(mine.len() > 5);
        for id in ids(&known).iter().chain([&case, &subject, &pseudonym]).chain(&ids(&other)) {
            assert!(!seen.to_string().contains(id.as_str()), "{id} is known elsewhere");
        }
        // The case answers to the id that the share gave it; the true one is as if it did not exist, like every other thing.
        let by_id = "query($id: ID!) { case(id: $id) { status } node(id: $id) { id } }";
        assert_eq!(one.ask(by_id, json!({"id": seen["id"]})).await.data()["case"]["status"], "ACTIVE");
        for id in [&json!(case), &other["id"], &seen["subject"]["id"], &seen["timeline"]["nodes"][0]["id"]] {
            let answer = one.ask(by_id, json!({"id": id})).await;
            assert_eq!(answer.data()["case"], Value::Null, "{id}");
        }
        let answer = one.ask("{ alerts { totalCount } cases { totalCount } subjects { totalCount } policies { totalCount } settings { version } }", json!({})).await.body;
        assert_eq!(answer["data"], json!({"alerts": {"totalCount": 1}, "cases": null, "subjects": null, "policies": null, "settings": null}));
        // Reading only.
        let note = "mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { userErrors { code } } }";
        let answer = one.ask(note, json!({"input": {"caseId": seen["id"], "body": "x"}})).await.body;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
        assert_eq!(one.deliver("/ingest/hr", &[], b"x".to_vec()).await.status, 403);
        // A page beyond the first goes on where it ended.
        let page = "query($after: String) { viewer { share { case { timeline(first: 1, after: $after) { nodes { id } pageInfo { endCursor hasNextPage } } } } } }";
        let first = one.ask(page, json!({})).await.data()["viewer"]["share"]["case"]["timeline"].clone();
        let second = one.ask(page, json!({"after": first["pageInfo"]["endCursor"]})).await.data()["viewer"]["share"]["case"]["timeline"].clone();
        assert_eq!(second["nodes"][0]["id"], seen["timeline"]["nodes"][1]["id"]);
    }

    async fn sections_open_what_they_name(world) {
        let (case, _, _) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        for (section, shown) in [
            ("SUMMARY", json!([false, false, false, false])), ("TIMELINE", json!([true, false, false, false])),
            ("NOTES", json!([false, true, false, false])), ("ALERTS", json!([false, false, true, false])),
        ] {
            let who = holder(&world, &shared(&ida, &case, json!({"sections": [section]})).await);
            let seen = everything(&who).await;
            let filled = |value: &Value| value.as_array().is_some_and(|items| !items.is_empty());
            let open = json!([filled(&seen["timeline"]["nodes"]), filled(&seen["notes"]), filled(&seen["alerts"]["nodes"]),
                filled(&seen["timeline"]["nodes"][0]["activities"]["nodes"])]);
            assert_eq!(open, shown, "{section}: {seen}");
            assert_eq!(seen["subject"]["riskScore"] != json!(0.0), section == "SUMMARY", "{section}");
        }
    }

    async fn a_share_ends_when_it_expires_and_at_once_when_it_is_revoked(world) {
        let (case, _, _) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let made = shared(&ida, &case, json!({})).await;
        let (kept, lost) = (holder(&world, &made), shared(&ida, &case, json!({})).await);
        let revoked = holder(&world, &lost);
        assert_eq!(revoked.ask("{ viewer { id } }", json!({})).await.status, 200);
        let revoke = "mutation($input: RevokeCaseShareInput!) { revokeCaseShare(input: $input) { share { revokedAt uses } userErrors { code } } }";
        let admin = world.person("Adam Admin", &[Role::Admin]);
        let input = json!({"input": {"shareId": lost["share"]["id"], "reason": "Sent to the wrong person."}});
        assert_eq!(admin.ask(revoke, input.clone()).await.data()["revokeCaseShare"]["userErrors"], json!([]));
        assert_eq!(ida.ask(revoke, input).await.data()["revokeCaseShare"]["userErrors"][0]["code"], "CONFLICT");
        let answer = revoked.ask("{ viewer { id } }", json!({})).await;
        assert_eq!((answer.status, &answer.body["errors"][0]["message"]), (401, &json!("the share was revoked: ask who shared the case")));
        world.clock.advance(48 * HOUR - 1);
        assert_eq!(kept.ask("{ viewer { id } }", json!({})).await.status, 200);
        world.clock.advance(1);
        assert_eq!(kept.ask("{ viewer { id } }", json!({})).await.status, 401);
        assert_eq!(world.with_token("vzs_nothing").ask("{ viewer { id } }", json!({})).await.status, 401);
        assert_eq!(world.number("SELECT uses FROM shares ORDER BY id LIMIT 1").await, 1);
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'SHARE_USED'").await, 2);
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'SHARE_REVOKED'").await, 1);
        // The token is nowhere.
        let token = made["token"].as_str().unwrap();
        for column in ["recipient", "sections", "reason", "pseudonym", "created_by"] {
            assert!(world.texts(&format!("SELECT {column} FROM shares")).await.iter().all(|text| !text.contains(&token[4..])));
        }
        for text in world.texts("SELECT detail FROM audit").await {
            assert!(!text.contains(&token[4..]));
        }
    }

    async fn identity_goes_through_a_share_only_while_it_is_revealed_to_who_shared(world) {
        let (case, _, _) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let refused = shared(&ida, &case, json!({"includeIdentity": true})).await;
        assert_eq!((&refused["userErrors"][0]["code"], &refused["token"]), (&json!("NOT_ALLOWED"), &Value::Null));
        let asked = reveal::requested(&ida, &case).await;
        reveal::decided(&world.person("April Approver", &[Role::Approver]), &asked["reveal"], true).await;
        // Another investigator, to whom nothing was revealed, cannot pass it on.
        let otto = world.person("Otto Other", &[Role::Investigator]);
        assert_eq!(shared(&otto, &case, json!({"includeIdentity": true})).await["userErrors"][0]["code"], "NOT_ALLOWED");
        let open = holder(&world, &shared(&ida, &case, json!({"includeIdentity": true})).await);
        let masked = holder(&world, &shared(&ida, &case, json!({})).await);
        let seen = everything(&open).await;
        assert_eq!((&seen["subject"]["identityState"], &seen["name"]), (&json!("REVEALED"), &json!("Leaving with the price list")));
        assert!(!leaks(&seen["subject"]["identity"].to_string(), &names()).is_empty());
        assert!(seen["notes"].as_array().unwrap().iter().any(|note| note["body"] == "Looks bad."));
        assert_eq!(leaks(&everything(&masked).await.to_string(), &names()), Vec::<String>::new());
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'IDENTITY_VIEWED' AND actor LIKE 'share_%'").await, 1);
        world.clock.advance(8 * HOUR);
        let over = everything(&open).await;
        assert_eq!(over["subject"]["identityState"], "MASKED");
        assert_eq!(leaks(&over.to_string(), &names()), Vec::<String>::new());
    }

    async fn a_share_answers_so_often_a_minute_and_says_when_again(world) {
        let (case, _, _) = reveal::case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let who = holder(&world, &shared(&ida, &case, json!({})).await);
        for _ in 0..limits::SHARE_REQUESTS_A_MINUTE {
            assert_eq!(who.ask("{ __typename }", json!({})).await.status, 200);
        }
        let refused = who.ask("{ __typename }", json!({})).await;
        assert_eq!((refused.status, refused.retry_after.is_some()), (429, true));
        world.clock.advance(HOUR);
        assert_eq!(who.ask("{ __typename }", json!({})).await.status, 200);
    }
}
