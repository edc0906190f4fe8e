//! Breaking the glass: an identity at once, for minutes, with others told of it and one of them judging it afterwards.
//! Never: quietly.

use crate::{
    privacy::{leaks, names},
    reveal::{case, decided, requested},
};
use serde_json::{Value, json};
use vizard_core::{
    access::Role,
    time::{MINUTE, SECOND},
};
use vizard_tests::{Caller, Postbox, World, on_both};

const BREAK: &str = "mutation($input: BreakGlassInput!) { breakGlass(input: $input) { reveal { id state emergency awaitsJudgement decidedBy toldAt expiresAt } \
                     userErrors { code message field } } }";
const LOOK: &str = "query($id: ID!) { case(id: $id) { subject { pseudonym identityState identity { displayName } } reveals { id state awaitsJudgement decidedBy toldAt } notes { body system } } }";
const TO_JUDGE: &str = "{ reveals(awaitsJudgement: true) { totalCount nodes { id reason requestedBy state } } }";
const TOLD: &str = "break_glass_notice = \"Security <security@example.org>, council@example.org\"\n";

async fn broken(who: &Caller, case: &str) -> Value {
    let input = json!({"caseId": case, "reason": "Ms Brackwater is about to board a plane."});
    who.ask(BREAK, json!({"input": input})).await.data()["breakGlass"].clone()
}

async fn audit(world: &World, activity: &str) -> i64 {
    world.number(&format!("SELECT count(*) FROM audit WHERE activity = '{activity}'")).await
}

on_both! {
    async fn whoever_breaks_the_glass_sees_for_minutes_and_others_are_told_and_judge(world) {
        let mut post = Postbox::start().await;
        let (case, _, pseudonym) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let april = world.person("April Approver", &[Role::Approver]);
        let look = async || ida.ask(LOOK, json!({"id": case})).await.data()["case"].clone();

        // Where nobody would be told, nobody can.
        let refused = broken(&ida, &case).await;
        assert_eq!((&refused["reveal"], &refused["userErrors"][0]["code"]), (&Value::Null, &json!("NOT_ENABLED")));
        assert_eq!(world.number("SELECT count(*) FROM reveals").await, 0);

        let server = world.second(&format!("{}{TOLD}", post.settings())).await;
        let (ida_here, april_here) = (server.at_its_door(&ida), server.at_its_door(&april));
        post.refuse("451 later");
        let opened = broken(&ida_here, &case).await;
        let reveal = &opened["reveal"];
        assert_eq!(opened["userErrors"], json!([]));
        assert_eq!(
            (&reveal["state"], &reveal["emergency"], &reveal["awaitsJudgement"], &reveal["decidedBy"]),
            (&json!("APPROVED"), &json!(true), &json!(true), &Value::Null)
        );
        // It shows on every server, to who asked alone; the look is audited, the case parts from the queue.
        let before = audit(&world, "IDENTITY_VIEWED").await;
        let seen = look().await;
        assert!(!leaks(&seen["subject"].to_string(), &names()).is_empty(), "{seen}");
        assert_eq!(seen["subject"]["pseudonym"], json!(pseudonym));
        assert_eq!(audit(&world, "IDENTITY_VIEWED").await, before + 1);
        assert_eq!(world.number(&format!("SELECT count(*) FROM subjects WHERE pseudonym = '{pseudonym}'")).await, 0);
        assert!(seen["notes"].to_string().contains("Identity opened in an emergency, without consent."), "{seen}");
        let other = world.person("Otto Other", &[Role::Investigator]).ask(LOOK, json!({"id": case})).await.data().clone();
        assert!(other["case"]["subject"]["identity"].is_null());

        // The mail server refused once; after the pause the addresses are told, of no name and no reason.
        world.comes_to("SELECT count(*) FROM outbox WHERE error IS NOT NULL", 1).await;
        assert_eq!(world.texts("SELECT error FROM outbox").await, ["the mail server refuses the message for now"]);
        assert!(post.is_empty() && look().await["reveals"][0]["toldAt"].is_null());
        world.clock.advance(10 * SECOND);
        let mail = post.next().await;
        assert_eq!(mail.to, ["security@example.org", "council@example.org"]);
        let text = mail.text.replace("=\n", "");
        assert!(text.contains("Ida Investigator opened the identity"), "{text}");
        assert!(text.contains(&case) && text.contains(reveal["id"].as_str().unwrap()), "{text}");
        assert_eq!(leaks(&text, &names()), Vec::<String>::new());
        assert!(!text.contains(&pseudonym) && !text.contains("plane") && !text.contains("price list"), "{text}");
        world.comes_to("SELECT count(*) FROM audit WHERE activity = 'NOTICE_SENT'", 1).await;
        assert_eq!((audit(&world, "NOTICE_SENT").await, audit(&world, "BREAK_GLASS").await), (1, 1));
        assert!(look().await["reveals"][0]["toldAt"].is_string());

        // It cannot be passed on, nor done again before it is judged; a request takes its ordinary way beside it.
        let share = "mutation($input: ShareCaseInput!) { shareCase(input: $input) { token userErrors { code field } } }";
        let input = json!({"caseId": case, "audience": "HR", "recipient": "Hanna HR", "sections": ["SUMMARY"],
                           "includeIdentity": true, "expiresInHours": 1, "reason": "To know who."});
        let shared = ida_here.ask(share, json!({"input": input})).await.data().clone();
        assert!(shared["shareCase"]["token"].is_null(), "{shared}");
        world.clock.advance(14 * MINUTE + 50 * SECOND - 1);
        assert_eq!(look().await["subject"]["identityState"], "REVEALED");
        world.clock.advance(1);
        let over = look().await;
        assert_eq!((&over["subject"]["identityState"], &over["reveals"][0]["state"]), (&json!("MASKED"), &json!("EXPIRED")));
        let again = broken(&ida_here, &case).await;
        assert_eq!(again["userErrors"][0]["code"], "NOT_ALLOWED", "{again}");
        assert_eq!(requested(&ida, &case).await["reveal"]["state"], "REQUESTED");

        // Somebody else judges it, once, long after it is over.
        let waiting = april_here.query(TO_JUDGE).await["reveals"].clone();
        assert_eq!((&waiting["totalCount"], &waiting["nodes"][0]["requestedBy"]), (&json!(1), &json!("Ida Investigator")));
        assert_eq!(waiting["nodes"][0]["reason"], "Ms Brackwater is about to board a plane.");
        let own = world.person("Ida Investigator", &[Role::Approver]);
        assert_eq!(decided(&own, reveal, true).await["userErrors"][0]["code"], "SELF_DEALING");
        let judged = decided(&april_here, reveal, true).await;
        assert_eq!((&judged["reveal"]["state"], &judged["reveal"]["decidedBy"]), (&json!("EXPIRED"), &json!("April Approver")));
        assert_eq!(look().await["subject"]["identityState"], "MASKED");
        assert_eq!(decided(&april, reveal, false).await["userErrors"][0]["code"], "CONFLICT");
        assert_eq!(april.query(TO_JUDGE).await["reveals"]["totalCount"], 0);

        // Then it can be done again; a denial ends it at once.
        let second = broken(&ida_here, &case).await;
        assert_eq!(look().await["subject"]["identityState"], "REVEALED");
        assert_eq!(decided(&april, &second["reveal"], false).await["reveal"]["state"], "DENIED");
        assert_eq!(look().await["subject"]["identityState"], "MASKED");
        post.next().await;
        server.stop().await;
    }

    async fn an_emergency_needs_the_role_an_active_case_and_a_reason_and_two_at_once_are_one(world) {
        let mut post = Postbox::start().await;
        let (case, _, _) = case(&world).await;
        let server = world.second(&format!("{}{TOLD}", post.settings())).await;
        let ida = server.at_its_door(&world.person("Ida Investigator", &[Role::Investigator]));
        for (who, role) in [("Ann", Role::Analyst), ("April", Role::Approver), ("Ada", Role::Admin)] {
            let input = json!({"caseId": case, "reason": "r"});
            let answer = server.at_its_door(&world.person(who, &[role])).ask(BREAK, json!({"input": input})).await.body;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{who}");
        }
        let without = ida.ask(BREAK, json!({"input": {"caseId": case, "reason": " "}})).await.data().clone();
        assert_eq!(without["breakGlass"]["userErrors"][0]["code"], "REQUIRED");
        let nowhere = ida.ask(BREAK, json!({"input": {"caseId": "case_00000000000000000000000000000000", "reason": "r"}})).await.data().clone();
        assert_eq!(nowhere["breakGlass"]["userErrors"][0]["code"], "NOT_FOUND");

        let all = futures_util::future::join_all((0..20).map(|_| broken(&ida, &case))).await;
        assert_eq!(all.iter().filter(|one| one["reveal"]["state"] == "APPROVED").count(), 1);
        assert!(all.iter().all(|one| one["reveal"].is_object() || one["userErrors"][0]["code"] == "NOT_ALLOWED"));
        assert_eq!(audit(&world, "BREAK_GLASS").await, 1);
        post.next().await;
        assert_eq!(world.number("SELECT count(*) FROM outbox").await, 1);
        server.stop().await;
    }
}
