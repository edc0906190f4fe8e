//! Notices: mail to a subject whom the sender never sees.
//! Never: an address or a name anywhere but in the message itself.

use crate::{
    privacy::{leaks, names},
    reveal::case,
};
use serde_json::{Value, json};
use vizard_core::{access::Role, time::SECOND};
use vizard_tests::{Caller, Postbox, on_both};

const SAVE: &str = "mutation($input: SaveNoticeTemplateInput!) { saveNoticeTemplate(input: $input) { template { id name subjectLine } userErrors { code field } } }";
const SEND: &str = "mutation($input: SendNoticeInput!) { sendNotice(input: $input) { notice { id subjectLine sentBy delivered template { name } } userErrors { code message field } } }";
const NOTICES: &str = "query($id: ID!) { case(id: $id) { status viewerCan subject { pseudonym } notices { id subjectLine sentBy delivered deliveredAt problem template { id body } } notes { body system } } }";

fn reminder() -> Value {
    json!({"name": "Reminder", "from": "HR <hr@halden-optics.example>", "cc": ["line@halden-optics.example"], "bcc": ["archive@halden-optics.example"],
           "subjectLine": "Files of ours, {{name}}", "body": "Dear {{name}},\n\non {{date}} we noticed files that left.\n.\nPlease call us.",
           "html": "<p>Dear {{name}}, please call us.</p>"})
}

async fn saved(who: &Caller, input: Value) -> Value {
    who.ask(SAVE, json!({"input": input})).await.data()["saveNoticeTemplate"].clone()
}

on_both! {
    async fn a_notice_reaches_the_subject_and_nobody_here_sees_whom(world) {
        let mut post = Postbox::start().await;
        let (case, _, pseudonym) = case(&world).await;
        let ann = world.person("Ann Analyst", &[Role::Analyst]);
        let made = saved(&ann, reminder()).await;
        assert_eq!(made["userErrors"], json!([]));
        let template = made["template"]["id"].clone();
        let input = json!({"input": {"caseId": case, "templateId": template}});
        // Where no mail is set up, it says so.
        assert_eq!(ann.ask(SEND, input.clone()).await.data()["sendNotice"]["userErrors"][0]["code"], "NOT_ENABLED");

        let preview = "query($case: ID!, $template: ID!) { noticePreview(caseId: $case, templateId: $template) { subjectLine body html } }";
        let shown = ann.ask(preview, json!({"case": case, "template": template})).await.data()["noticePreview"].clone();
        assert_eq!(shown["subjectLine"], json!(format!("Files of ours, {pseudonym}")));
        assert!(shown["body"].as_str().unwrap().contains("on 2026-07-01 we"), "{shown}");

        let server = world.second(&post.settings()).await;
        let ann_here = server.at_its_door(&ann);
        post.refuse("550 no such user");
        let sent = ann_here.ask(SEND, input.clone()).await.data()["sendNotice"].clone();
        assert_eq!(sent["userErrors"], json!([]));
        assert_eq!((&sent["notice"]["delivered"], &sent["notice"]["sentBy"]), (&json!(false), &json!("Ann Analyst")));
        let notices = async || ann_here.ask(NOTICES, json!({"id": case})).await.data()["case"].clone();
        // One of the two messages was refused, and comes after the pause; both arrive once.
        let first = post.next().await;
        world.comes_to("SELECT count(*) FROM outbox WHERE error IS NOT NULL", 1).await;
        assert_eq!(world.texts("SELECT error FROM outbox WHERE error IS NOT NULL").await, ["the mail server refuses the message"]);
        world.clock.advance(10 * SECOND);
        let second = post.next().await;
        let (own, copy): (Vec<_>, Vec<_>) = [first, second].into_iter().partition(|mail| mail.to.len() == 1);
        let (own, copy) = (&own[0], &copy[0]);
        assert!(names().contains(&own.to[0]), "to an address of the sample data");
        let text = own.text.replace("=\n", "");
        assert!(text.contains("From: HR <hr@halden-optics.example>") || text.contains("From: \"HR\" <hr@halden-optics.example>"), "{text}");
        assert!(text.contains("Sender: ") && text.contains("vizard@example.org"), "{text}");
        assert!(text.contains("multipart/alternative") && text.contains("\n..\n"), "a line of one dot is doubled (RFC 5321): {text}");
        assert!(!leaks(&text, &names()).is_empty() && !text.contains(&pseudonym), "{text}");
        // The copies go out under the pseudonym.
        assert_eq!(copy.to, ["line@halden-optics.example", "archive@halden-optics.example"]);
        let text = copy.text.replace("=\n", "");
        assert!(text.contains(&pseudonym) && !text.contains("archive@"), "{text}");
        assert_eq!(leaks(&text, &names()), Vec::<String>::new());

        world.comes_to("SELECT count(*) FROM outbox WHERE sent_at IS NOT NULL", 2).await;
        let seen = notices().await;
        assert_eq!((&seen["notices"][0]["delivered"], &seen["notices"][0]["problem"]), (&json!(true), &Value::Null));
        assert!(seen["notes"].to_string().contains("A notice was sent to the subject.") && seen["status"] == "ACTIVE", "{seen}");
        assert_eq!(leaks(&seen.to_string(), &names()), Vec::<String>::new());
        let audited = world.texts("SELECT leaf FROM audit WHERE activity = 'NOTICE_SENT'").await.concat();
        assert_eq!(world.number("SELECT count(*) FROM audit WHERE activity = 'NOTICE_SENT'").await, 3);
        assert_eq!(leaks(&audited, &names()), Vec::<String>::new());

        // What was sent stays as it was when the template changes.
        let mut changed = reminder();
        changed["id"] = template.clone();
        changed["body"] = json!("Another text.");
        assert_eq!(saved(&ann, changed).await["userErrors"], json!([]));
        assert!(notices().await["notices"][0]["template"]["body"].as_str().unwrap().contains("we noticed"));
        // Only an active case; only with the role; nothing through a share.
        let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { code } } }";
        ann.ask(resolve, json!({"input": {"caseId": case, "resolution": "BENIGN", "actionTaken": "None."}})).await.data();
        assert_eq!(ann_here.ask(SEND, input.clone()).await.data()["sendNotice"]["userErrors"][0]["code"], "NOT_ALLOWED");
        assert!(!notices().await["viewerCan"].to_string().contains("SEND_NOTICE"));
        for role in [Role::Admin, Role::Auditor, Role::Approver] {
            let answer = server.at_its_door(&world.person("Zoe", &[role])).ask(SEND, input.clone()).await.body;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{role}");
        }
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let shared = crate::share::shared(&ida, &case, json!({})).await;
        let through = "{ viewer { share { case { notices { id } } } } noticeTemplates { id } }";
        let answer = crate::share::holder(&world, &shared).ask(through, json!({})).await.body;
        assert_eq!((&answer["data"]["viewer"]["share"]["case"]["notices"], &answer["data"]["noticeTemplates"]), (&json!([]), &Value::Null));
        server.stop().await;
    }

    async fn a_message_that_can_never_be_sent_is_given_up_at_once(world) {
        let post = Postbox::start().await;
        let (case, _, _) = case(&world).await;
        let server = world.second(&post.settings()).await;
        let ann = server.at_its_door(&world.person("Ann Analyst", &[Role::Analyst]));
        let mut plain = reminder();
        plain["cc"] = json!([]);
        plain["bcc"] = json!([]);
        let template = saved(&ann, plain).await["template"]["id"].clone();
        post.refuse("450 later");
        let sent = ann.ask(SEND, json!({"input": {"caseId": case, "templateId": template}})).await;
        assert_eq!(sent.data()["sendNotice"]["userErrors"], json!([]));
        world.comes_to("SELECT count(*) FROM outbox WHERE error IS NOT NULL", 1).await;
        // A row that an older version wrote, say.
        world.execute("UPDATE notices SET template = replace(template, 'hr@halden-optics.example', 'nowhere')").await;
        world.clock.advance(10 * SECOND);
        world.comes_to("SELECT count(*) FROM outbox WHERE due_at IS NULL AND sent_at IS NULL", 1).await;
        assert_eq!(world.texts("SELECT error FROM outbox").await, ["a template with something that is no address"]);
        let seen = ann.ask(NOTICES, json!({"id": case})).await.data()["case"]["notices"][0].clone();
        assert_eq!((&seen["delivered"], &seen["problem"]), (&json!(false), &json!("a template with something that is no address")), "{seen}");
        server.stop().await;
    }

    async fn what_is_wrong_with_a_template_is_said_at_its_place(world) {
        let ann = world.person("Ann Analyst", &[Role::Analyst]);
        let wrong = json!({"name": "", "from": "nobody", "cc": ["x"], "subjectLine": "a\nBcc: b@example.org", "body": "{{who}}"});
        let refused = saved(&ann, wrong).await;
        let fields: Vec<&Value> = refused["userErrors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
        assert_eq!(json!(fields), json!([["input", "name"], ["input", "from"], ["input", "cc", "0"], ["input", "subjectLine"], ["input", "body"]]));
        assert_eq!(saved(&ann, reminder()).await["userErrors"], json!([]));
        assert_eq!(saved(&ann, reminder()).await["userErrors"][0]["code"], "CONFLICT");
        let mut missing = reminder();
        missing["id"] = json!("template_00000000000000000000000000000000");
        missing["name"] = json!("Another");
        assert_eq!(saved(&ann, missing).await["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(ann.query("{ noticeTemplates { name } }").await["noticeTemplates"], json!([{"name": "Reminder"}]));
    }
}
