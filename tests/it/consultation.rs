//! Consultations: somebody outside of the team is asked about a masked case, and their answer becomes a note.
//! Never: an answer by anybody else.

use crate::{
    privacy::{leaks, names},
    reveal::case,
    share,
};
use serde_json::{Value, json};
use vizard_core::access::Role;
use vizard_tests::{Caller, World, on_both};

const ASK: &str = "mutation($input: AskConsultationInput!) { askConsultation(input: $input) { consultation { id question choices recipient audience askedBy choice } token userErrors { code field } warnings } }";
const ANSWER: &str = "mutation($input: AnswerConsultationInput!) { answerConsultation(input: $input) { consultation { choice comment answeredAt } userErrors { code message field } } }";
const ASKED: &str = "{ viewer { share { sections case { name subject { pseudonym identity { displayName } } consultations { id question choices askedBy choice } notes { body } timeline { totalCount } } } } }";
const SEEN: &str = "query($id: ID!) { case(id: $id) { notes { author system body } consultations { id recipient choice comment answeredAt } } }";

pub(crate) async fn asked(who: &Caller, case: &str, more: Value) -> Value {
    let mut input = json!({"caseId": case, "audience": "MANAGER", "recipient": "Head of sales", "expiresInHours": 48,
        "question": "Is it usual to copy price lists at the end of a quarter?", "choices": ["Yes", "No", "I do not know"],
        "reason": "To understand the volume."});
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    who.ask(ASK, json!({"input": input})).await.data()["askConsultation"].clone()
}

async fn answer(who: &Caller, id: &Value, choice: &str, comment: Option<&str>) -> Value {
    who.ask(ANSWER, json!({"input": {"consultationId": id, "choice": choice, "comment": comment}})).await.body
}

async fn notes(world: &World, case: &str) -> Value {
    world.caller(&[Role::Analyst]).ask(SEEN, json!({"id": case})).await.data()["case"].clone()
}

on_both! {
    async fn a_manager_answers_a_question_about_a_masked_case_and_the_answer_is_a_note(world) {
        let (case, _, pseudonym) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let made = asked(&ida, &case, json!({})).await;
        assert_eq!((&made["userErrors"], &made["warnings"]), (&json!([]), &json!([])), "{made}");
        let manager = share::holder(&world, &made);
        let seen = manager.ask(ASKED, json!({})).await.body["data"]["viewer"]["share"].clone();
        assert_eq!((&seen["sections"], &seen["case"]["name"]), (&json!(["QUESTION"]), &json!("Shared case")), "{seen}");
        assert_eq!((&seen["case"]["notes"], &seen["case"]["timeline"]["totalCount"]), (&json!([]), &json!(0)), "no more of the case than was opened");
        assert!(seen["case"]["subject"]["identity"].is_null() && seen["case"]["subject"]["pseudonym"] != json!(pseudonym));
        let question = seen["case"]["consultations"][0].clone();
        assert_eq!((&question["question"], &question["choices"][2]), (&json!("Is it usual to copy price lists at the end of a quarter?"), &json!("I do not know")));
        assert_ne!(question["id"], made["consultation"]["id"], "ids are veiled");

        // Not an answer that was offered; then one, and no second.
        let wrong = answer(&manager, &question["id"], "Perhaps", None).await;
        assert_eq!(wrong["data"]["answerConsultation"]["userErrors"][0]["field"], json!(["input", "choice"]), "{wrong}");
        let done = answer(&manager, &question["id"], "No", Some("Never at this scale.")).await;
        assert_eq!((&done["data"]["answerConsultation"]["consultation"]["choice"], &done["data"]["answerConsultation"]["userErrors"]), (&json!("No"), &json!([])), "{done}");
        let again = answer(&manager, &question["id"], "Yes", None).await;
        assert_eq!(again["data"]["answerConsultation"]["userErrors"][0]["code"], "CONFLICT", "{again}");

        let seen = notes(&world, &case).await;
        let note = seen["notes"].as_array().unwrap().iter().find(|note| note["author"] == "Head of sales").unwrap().clone();
        assert_eq!(note["body"], "Question: Is it usual to copy price lists at the end of a quarter?\nAnswer: No\nNever at this scale.");
        assert_eq!(note["system"], false);
        assert_eq!((&seen["consultations"][0]["choice"], &seen["consultations"][0]["comment"]), (&json!("No"), &json!("Never at this scale.")));
        let audited = world.texts("SELECT leaf FROM audit WHERE leaf LIKE '%consultation%'").await;
        assert!(audited.iter().any(|leaf| leaf.contains("\"answered\":true") && leaf.contains("share_")), "{audited:?}");
        assert!(audited.iter().all(|leaf| !leaf.contains("price lists") && leaks(leaf, &names()).is_empty()), "{audited:?}");
    }

    async fn nobody_but_the_holder_of_the_share_that_asks_can_answer(world) {
        let (case, _, _) = case(&world).await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let (one, two) = (asked(&ida, &case, json!({})).await, asked(&ida, &case, json!({"audience": "HR", "recipient": "HR"})).await);
        let (first, second) = (share::holder(&world, &one), share::holder(&world, &two));
        let of = async |who: &Caller| who.ask(ASKED, json!({})).await.body["data"]["viewer"]["share"]["case"]["consultations"].clone();
        let (theirs, others) = (of(&first).await, of(&second).await);
        assert_eq!((theirs.as_array().unwrap().len(), others.as_array().unwrap().len()), (1, 1), "each sees their own question");
        let refused = answer(&first, &others[0]["id"], "Yes", None).await;
        assert_eq!(refused["data"]["answerConsultation"]["userErrors"][0]["code"], "NOT_FOUND", "{refused}");
        // A share that asks nothing answers nothing, and no role does.
        let plain = share::holder(&world, &share::shared(&ida, &case, json!({})).await);
        for who in [&plain, &ida, &world.caller(&[Role::Admin])] {
            let refused = answer(who, &one["consultation"]["id"], "Yes", None).await;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
        }
        assert_eq!(of(&plain).await, json!([]));
        let question = share::shared(&ida, &case, json!({"sections": ["QUESTION"]})).await;
        assert_eq!(question["userErrors"][0]["field"], json!(["input", "sections"]), "{question}");
        for role in [Role::Analyst, Role::Admin, Role::Auditor, Role::Approver] {
            let refused = world.caller(&[role]).ask(ASK, json!({"input": {"caseId": case, "audience": "HR", "recipient": "HR", "question": "Q", "choices": ["a", "b"], "expiresInHours": 1, "reason": "r"}})).await.body;
            assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{role}");
        }
        // What is wrong with a question is said at its place, and a name in one is a warning.
        let wrong = asked(&ida, &case, json!({"question": "", "choices": ["Yes"], "expiresInHours": 0})).await;
        assert_eq!(wrong["userErrors"], json!([{"code": "REQUIRED", "field": ["input", "question"]}, {"code": "INVALID", "field": ["input", "choices"]}]), "{wrong}");
        let named = asked(&ida, &case, json!({"question": "Is ottoline.brackwater@halden-optics.example in your team?"})).await;
        assert_eq!(named["warnings"].as_array().unwrap().len(), 1, "{named}");
        // A closed case takes no answer.
        let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { code } } }";
        ida.ask(resolve, json!({"input": {"caseId": case, "resolution": "BENIGN", "actionTaken": "None."}})).await.data();
        let late = answer(&second, &others[0]["id"], "Yes", None).await;
        assert_eq!(late["data"]["answerConsultation"]["userErrors"][0]["code"], "NOT_ALLOWED", "{late}");
    }
}
