//! Lifting the mask: asked for, agreed to by somebody else, seen in one case by one person, over in time, all of it audited.

use crate::privacy::{leaks, names};
use serde_json::{Value, json};
use vizard_core::{access::Role, time::HOUR};
use vizard_tests::{Caller, World, on_both};

const REQUEST: &str = "mutation($input: RequestRevealInput!) { requestReveal(input: $input) { reveal { id state expiresAt requestedBy } userErrors { code field } } }";
const DECIDE: &str = "mutation($input: DecideRevealInput!) { decideReveal(input: $input) { reveal { id state decidedBy expiresAt } userErrors { code message field } } }";
const LOOK: &str = "query($id: ID!) { case(id: $id) { subject { id pseudonym identityState identity { displayName email accounts employeeId jobTitle } } \
                    alerts { nodes { id subject { id pseudonym identityState identity { displayName } } } } reveals { state } } }";
const QUEUE: &str = "{ alerts(first: 100) { nodes { id case { id } subject { id pseudonym identityState identity { displayName } } } } }";

/// The sample data with a case about the subject of the highest alert. The case, the subject's id and pseudonym.
pub(crate) async fn case(world: &World) -> (String, String, String) {
    world.connect().await;
    world.policy().await;
    world.import_demo().await;
    world.settle().await;
    let analyst = world.person("Ann Analyst", &[Role::Analyst]);
    let found =
        analyst.query("{ alerts(first: 1, orderBy: SCORE_DESC) { nodes { id subject { id pseudonym } } } }").await;
    let alert = &found["alerts"]["nodes"][0];
    let confirm =
        "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }";
    let input = json!({"alertId": alert["id"], "caseName": "Leaving with the price list", "comment": "Looks bad."});
    let made = analyst.ask(confirm, json!({"input": input})).await.data()["confirmAlert"].clone();
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    (text(&made["case"]["id"]), text(&alert["subject"]["id"]), text(&alert["subject"]["pseudonym"]))
}

pub(crate) async fn requested(who: &Caller, case: &str) -> Value {
    let input = json!({"caseId": case, "reason": "The works council has to be heard."});
    who.ask(REQUEST, json!({"input": input})).await.data()["requestReveal"].clone()
}

pub(crate) async fn decided(who: &Caller, reveal: &Value, approve: bool) -> Value {
    who.ask(DECIDE, json!({"input": {"revealId": reveal["id"], "approve": approve}})).await.data()["decideReveal"]
        .clone()
}

async fn audit(world: &World, activity: &str) -> i64 {
    world.number(&format!("SELECT count(*) FROM audit WHERE activity = '{activity}'")).await
}

on_both! {
    async fn two_people_lift_the_mask_for_one_of_them_in_one_case_for_a_time(world) {
        let (case, subject, pseudonym) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let otto = world.person("Otto Other", &[Role::Investigator]);
        let april = world.person("April Approver", &[Role::Approver]);
        let look = async |who: &Caller| who.ask(LOOK, json!({"id": case})).await.data()["case"].clone();

        // Before, and while it waits, nobody sees anything.
        assert_eq!(look(&ida).await["subject"]["identityState"], "MASKED");
        let asked = requested(&ida, &case).await;
        assert_eq!((&asked["reveal"]["state"], &asked["userErrors"]), (&json!("REQUESTED"), &json!([])));
        assert!(look(&ida).await["subject"]["identity"].is_null());
        assert_eq!(requested(&ida, &case).await["userErrors"][0]["code"], "CONFLICT");

        // The approver reads what it is about, and no more.
        let listed = april.query("{ reveals(state: REQUESTED) { totalCount nodes { id reason requestedBy case { name subject { pseudonym identity { displayName } } } } } }").await;
        let waiting = &listed["reveals"]["nodes"][0];
        assert_eq!((&waiting["requestedBy"], &waiting["reason"]), (&json!("Ida Investigator"), &json!("The works council has to be heard.")));
        assert_eq!(waiting["case"]["subject"], json!({"pseudonym": pseudonym, "identity": null}));

        let approved = decided(&april, &asked["reveal"], true).await;
        assert_eq!((&approved["reveal"]["state"], &approved["reveal"]["decidedBy"]), (&json!("APPROVED"), &json!("April Approver")));
        assert_eq!(decided(&april, &asked["reveal"], false).await["userErrors"][0]["code"], "CONFLICT");

        // Now who asked sees the name, in this case; the look is in the audit log.
        let before = audit(&world, "IDENTITY_VIEWED").await;
        let seen = look(&ida).await;
        assert_eq!(seen["subject"]["identityState"], "REVEALED");
        assert!(!leaks(&seen["subject"]["identity"].to_string(), &names()).is_empty(), "{seen}");
        assert_eq!(seen["alerts"]["nodes"][0]["subject"]["identity"]["displayName"], seen["subject"]["identity"]["displayName"]);
        assert_eq!(audit(&world, "IDENTITY_VIEWED").await, before + 1, "one request, one subject, one entry");
        for other in [&otto, &april] {
            let answer = other.ask(LOOK, json!({"id": case})).await.body;
            assert_eq!(leaks(&answer.to_string(), &names()), Vec::<String>::new());
        }
        // Everywhere else the subject has a new label and a new id: what is known here names nobody there.
        assert_eq!((&seen["subject"]["pseudonym"], &seen["subject"]["id"]), (&json!(pseudonym), &json!(subject)));
        let queue = ida.query(QUEUE).await;
        for alert in queue["alerts"]["nodes"].as_array().unwrap() {
            let here = alert["case"]["id"] == json!(case);
            assert_eq!(alert["subject"]["pseudonym"] == json!(pseudonym), here, "{alert}");
            assert_eq!(alert["subject"]["id"] == json!(subject), here, "{alert}");
            assert_eq!(alert["subject"]["identity"].is_null(), !here, "{alert}");
        }
        let listed = ida.query("{ subjects(first: 100) { nodes { id pseudonym identity { displayName } } } }").await.to_string();
        assert!(!listed.contains(&pseudonym) && !listed.contains(&subject), "{listed}");
        assert_eq!(leaks(&listed, &names()), Vec::<String>::new());
        // From the old id one comes to the case, and not beyond.
        let old = ida.ask("query($id: ID!) { subject(id: $id) { pseudonym alerts { totalCount nodes { case { id } } } activations { trigger } } }", json!({"id": subject})).await;
        assert_eq!(old.data()["subject"]["alerts"], json!({"totalCount": 1, "nodes": [{"case": {"id": case}}]}));
        assert_eq!(old.data()["subject"]["activations"], json!([]));

        // It ends by itself.
        world.clock.advance(8 * HOUR - 1);
        assert_eq!(look(&ida).await["subject"]["identityState"], "REVEALED");
        world.clock.advance(1);
        let over = look(&ida).await;
        assert_eq!((&over["subject"]["identityState"], &over["reveals"][0]["state"]), (&json!("MASKED"), &json!("EXPIRED")));
        assert_eq!(leaks(&over.to_string(), &names()), Vec::<String>::new());
        for (activity, count) in [("REVEAL_REQUESTED", 1), ("REVEAL_APPROVED", 1)] {
            assert_eq!(audit(&world, activity).await, count, "{activity}");
        }
    }

    async fn a_reveal_that_is_denied_ended_or_asked_by_who_decides_shows_nothing(world) {
        let (case, _, _) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let april = world.person("April Approver", &[Role::Approver]);
        let state = async || ida.ask(LOOK, json!({"id": case})).await.data()["case"]["subject"]["identityState"].clone();

        let asked = requested(&ida, &case).await;
        // The same person with another token and the approver's role alone: still the same person.
        let ida_as_approver = world.person("Ida Investigator", &[Role::Approver]);
        let refused = decided(&ida_as_approver, &asked["reveal"], true).await;
        assert_eq!(refused["userErrors"][0]["code"], "SELF_DEALING");
        assert_eq!(audit(&world, "DENIED").await, 1);
        assert_eq!(decided(&april, &asked["reveal"], false).await["reveal"]["state"], "DENIED");
        assert_eq!(state().await, "MASKED");

        let asked = requested(&ida, &case).await;
        decided(&april, &asked["reveal"], true).await;
        assert_eq!(state().await, "REVEALED");
        // Without the role there is nothing to see, at once.
        let ida_as_analyst = world.person("Ida Investigator", &[Role::Analyst]);
        let answer = ida_as_analyst.ask("query($id: ID!) { case(id: $id) { subject { identityState identity { displayName } } } }", json!({"id": case})).await;
        assert_eq!(answer.data()["case"]["subject"], json!({"identityState": "MASKED", "identity": null}));
        let end = "mutation($input: EndRevealInput!) { endReveal(input: $input) { reveal { state } userErrors { code } } }";
        let ended = april.ask(end, json!({"input": {"revealId": asked["reveal"]["id"]}})).await;
        assert_eq!(ended.data()["endReveal"]["reveal"]["state"], "ENDED");
        assert_eq!(state().await, "MASKED");

        // What does not exist and what is no id read the same.
        for id in ["reveal_00000000000000000000000000000000", "x"] {
            assert_eq!(decided(&april, &json!({"id": id}), true).await["userErrors"][0]["code"], "NOT_FOUND");
        }
        // An analyst cannot ask.
        let answer = ida_as_analyst.ask(REQUEST, json!({"input": {"caseId": case, "reason": "r"}})).await.body;
        assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN");
    }

    async fn resolving_a_case_ends_what_is_open_in_it_and_what_waits(world) {
        let (case, _, _) = case(&world).await;
        let (ida, otto) = (world.person("Ida Investigator", &[Role::Investigator]), world.person("Otto Other", &[Role::Investigator]));
        let april = world.person("April Approver", &[Role::Approver]);
        let asked = requested(&ida, &case).await;
        decided(&april, &asked["reveal"], true).await;
        let waiting = requested(&otto, &case).await;
        let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { case { subject { identityState identity { displayName } } reveals { state } } userErrors { code } } }";
        let input = json!({"caseId": case, "resolution": "BENIGN", "actionTaken": "None."});
        let resolved = ida.ask(resolve, json!({"input": input})).await.data()["resolveCase"].clone();
        assert_eq!(resolved["userErrors"], json!([]));
        assert_eq!(resolved["case"], json!({"subject": {"identityState": "MASKED", "identity": null}, "reveals": [{"state": "ENDED"}, {"state": "ENDED"}]}));
        assert_eq!(decided(&april, &waiting["reveal"], true).await["userErrors"][0]["code"], "CONFLICT");
        assert_eq!(audit(&world, "REVEAL_ENDED").await, 2);
        let ended = world.number("SELECT count(*) FROM reveals WHERE expires_at > requested_at").await;
        assert_eq!(ended, 0, "they ended at that moment");
    }

    async fn an_author_whose_text_names_somebody_is_told_and_the_text_stays(world) {
        let (case, _, _) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let note = "mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { warnings userErrors { code } case { notes { body } } } }";
        let name = names().into_iter().find(|name| name == "brackwater").expect("a surname");
        for (body, warned) in [(format!("Spoke to Ms {}.", name.to_uppercase()), true), ("The subject was heard.".to_owned(), false)] {
            let made = ida.ask(note, json!({"input": {"caseId": case, "body": body}})).await.data()["addCaseNote"].clone();
            assert_eq!(made["warnings"].as_array().unwrap().len(), usize::from(warned), "{made}");
            assert!(made["case"]["notes"].as_array().unwrap().iter().any(|note| note["body"] == json!(body)), "{made}");
            assert!(!made["warnings"].to_string().to_lowercase().contains(&name));
        }
    }

    async fn of_a_hundred_approvals_at_once_one_counts(world) {
        let (case, _, _) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let april = world.person("April Approver", &[Role::Approver]);
        let asked = requested(&ida, &case).await;
        let all = futures_util::future::join_all((0..100).map(|_| decided(&april, &asked["reveal"], true))).await;
        assert_eq!(all.iter().filter(|one| one["reveal"]["state"] == "APPROVED").count(), 1);
        assert!(all.iter().all(|one| one["reveal"]["state"] == "APPROVED" || one["userErrors"][0]["code"] == "CONFLICT"));
        assert_eq!(audit(&world, "REVEAL_APPROVED").await, 1);
    }

    async fn fields_that_are_answered_one_after_the_other_are_one_look_and_none_after_the_end(world) {
        let (case, _, _) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let april = world.person("April Approver", &[Role::Approver]);
        let asked = requested(&ida, &case).await;
        decided(&april, &asked["reveal"], true).await;
        let twice = "mutation($note: AddCaseNoteInput!, $end: EndRevealInput!) { \
                     a: addCaseNote(input: $note) { case { subject { identity { displayName } } } } \
                     b: addCaseNote(input: $note) { case { subject { identity { displayName } } } } \
                     endReveal(input: $end) { reveal { case { subject { identity { displayName } } } } } }";
        let inputs = json!({"note": {"caseId": case, "body": "Heard."}, "end": {"revealId": asked["reveal"]["id"]}});
        let seen = ida.ask(twice, inputs).await.data().clone();
        let name = &seen["a"]["case"]["subject"]["identity"]["displayName"];
        assert!(name.is_string() && *name == seen["b"]["case"]["subject"]["identity"]["displayName"], "{seen}");
        assert!(seen["endReveal"]["reveal"]["case"]["subject"]["identity"].is_null(), "{seen}");
        assert_eq!(audit(&world, "IDENTITY_VIEWED").await, 1);
    }

    async fn nothing_is_shown_when_the_look_cannot_be_audited(world) {
        let (case, _, _) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let asked = requested(&ida, &case).await;
        decided(&world.person("April Approver", &[Role::Approver]), &asked["reveal"], true).await;
        world.execute("ALTER TABLE audit RENAME TO audit_away").await;
        let answer = ida.ask(LOOK, json!({"id": case})).await.body;
        assert!(answer["data"]["case"]["subject"]["identity"].is_null(), "{answer}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL");
        assert_eq!(leaks(&answer.to_string(), &names()), Vec::<String>::new());
    }
}
