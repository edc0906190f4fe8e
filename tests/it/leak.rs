//! No name, number or account of a person in any byte that leaves the server, before a reveal; after it exactly where it
//! was lifted. Two canary people in every spelling go in at every door, and a crawler reads whatever comes out.

mod canary;
mod crawl;
mod hostile;
mod plant;

use crate::{consultation, export, reveal, share};
use canary::{Found, PEOPLE, SPELLINGS, ZSOFIA, told};
use crawl::{Crawl, Hit, Reader};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::{
    access::{Action, Resource, Role, matrix, share::ShareSection},
    time::HOUR,
};
use vizard_server::{graphql::rules, permit::Permit};
use vizard_tests::{Caller, Mail, Postbox, Posted, Receiver, World, on_both};

/// Fields that no answer can hold in this test, each with its reason.
const UNREACHED: &[(&str, &str, &str)] =
    &[("Plugin", "versions", "plugins below a plugin, and paths hold no type twice: they are read as `plugins`")];

/// Somebody of every role, and nobody in particular.
fn staff(world: &World) -> Vec<Reader> {
    let of =
        |role: &Role| Reader { name: role.to_string(), caller: world.person(&format!("Somebody of {role}"), &[*role]) };
    let stranger = Reader { name: "a stranger".to_owned(), caller: world.stranger() };
    Role::ALL.iter().map(of).chain([stranger]).collect()
}

/// Holders of a share of each section alone and of all.
async fn holders(world: &World, ida: &Caller, case: &str, identity: bool) -> Vec<Reader> {
    let mut readers = Vec::new();
    let alone = ShareSection::ALL.iter().map(|section| vec![section.as_str()]);
    let all: Vec<&str> = ShareSection::ALL.iter().map(|section| section.as_str()).collect();
    for sections in alone.chain([all]) {
        let name = format!("a holder of {}{}", sections.join("+"), if identity { " with identity" } else { "" });
        let asks = sections.contains(&ShareSection::Question.as_str());
        let others: Vec<&str> = sections.into_iter().filter(|one| *one != ShareSection::Question.as_str()).collect();
        let more = json!({"sections": others, "includeIdentity": identity});
        let made = if asks { consultation::asked(ida, case, more).await } else { share::shared(ida, case, more).await };
        readers.push(Reader { name, caller: share::holder(world, &made) });
    }
    readers
}

/// A readable list for a test that fails.
fn listed(hits: &[&Hit]) -> String {
    let line = |hit: &&Hit| format!("{} in {} {:?}: {}", hit.viewer, hit.field, hit.below, told(&hit.found));
    let lines: BTreeSet<String> = hits.iter().map(line).collect();
    format!("{} texts name somebody:\n{}", lines.len(), lines.into_iter().take(20).collect::<Vec<_>>().join("\n"))
}

/// The content of evidence is the one thing that may name somebody while the mask is on, and only to this role.
fn is_evidence(hit: &Hit) -> bool {
    hit.field == "Activity.content" && (hit.viewer == Role::Investigator.as_str() || hit.viewer == "Ida")
}

/// Of a case with its alert, and what is around it.
struct Story {
    case: String,
    /// The subject as the case knows it.
    subject: String,
    alert: String,
    policies: Vec<String>,
    /// A notice to the subject, and its copy.
    notice: Mail,
    copy: Mail,
    /// What another system was told meanwhile.
    told: Vec<Posted>,
}

/// An alert of the first canary becomes a case with a contributor and notes, another alert is dismissed.
async fn story(world: &World, ida: &Caller) -> Story {
    let mut tickets = Receiver::start().await;
    let hooked = world.second(&tickets.settings()).await;
    webhook(&hooked.at_its_door(&world.caller(&[Role::Admin])), &tickets).await;
    let policies = plant::installation(world).await;
    let grant = "mutation($input: GrantRoleInput!) { grantRole(input: $input) { userErrors { message } } }";
    let input = json!({"viewer": "dev:grace", "role": "ANALYST", "reason": "On leave cover."});
    let granted = world.caller(&[Role::Admin]).ask(grant, json!({"input": input})).await;
    assert_eq!(granted.data()["grantRole"]["userErrors"], json!([]));
    let start = "mutation($input: StartScoringInput!) { startScoring(input: $input) { subjects { id } userErrors { message } } }";
    let input = json!({"policyId": policies[1], "accounts": [ZSOFIA.mail], "days": 5, "reason": "Agreed with the works council."});
    let started = world.caller(&[Role::Admin]).ask(start, json!({"input": input})).await.data()["startScoring"].clone();
    let subject = started["subjects"][0]["id"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned();
    world.settle().await;
    let alerts = ida.query("{ alerts(first: 20) { nodes { id subject { id } policy { id } } } }").await;
    let alerts = alerts["alerts"]["nodes"].as_array().unwrap();
    let theirs =
        |alert: &&Value| alert["subject"]["id"] == json!(subject) && alert["policy"]["id"] == json!(policies[0]);
    let alert = alerts.iter().find(theirs).unwrap_or_else(|| panic!("{alerts:?}"));
    let others: BTreeSet<&str> = alerts.iter().filter_map(|alert| alert["subject"]["id"].as_str()).collect();
    assert!(others.len() >= 2 && alerts.len() >= 4, "both canaries raise alerts under both policies: {alerts:?}");
    let other = alerts.iter().find(|alert| alert["subject"]["id"] != json!(subject)).unwrap();
    let third = alerts.iter().find(|one| one["id"] != alert["id"] && one["id"] != other["id"]).unwrap();
    let confirm =
        "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }";
    let input = json!({"alertId": alert["id"], "caseName": "Leaving with the price list", "comment": "Looks bad."});
    let made = ida.ask(confirm, json!({"input": input})).await.data()["confirmAlert"].clone();
    let case = made["case"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned();
    for (document, input) in [
        (
            "mutation($input: AddCaseContributorInput!) { addCaseContributor(input: $input) { userErrors { message } } }",
            json!({"caseId": case, "viewer": "dev:otto"}),
        ),
        (
            "mutation($input: DismissAlertsInput!) { dismissAlerts(input: $input) { userErrors { message } } }",
            json!({"alertIds": [other["id"]], "reason": "EXPECTED_ACTIVITY", "note": "Handover."}),
        ),
        (
            "mutation($input: SendAlertForReviewInput!) { sendAlertForReview(input: $input) { userErrors { message } } }",
            json!({"alertId": third["id"], "to": "ANALYST", "note": "Is this a handover?"}),
        ),
        (
            "mutation($input: SuppressIndicatorInput!) { suppressIndicator(input: $input) { userErrors { message } } }",
            json!({"indicator": "FILE_PRINTED", "subjectId": other["subject"]["id"], "until": "2026-07-20T00:00:00Z", "reason": "Prints the archive."}),
        ),
        (
            "mutation($input: TuneIndicatorInput!) { tuneIndicator(input: $input) { userErrors { message } } }",
            json!({"alertId": alert["id"], "code": "FILE_DOWNLOADED", "change": "OWN", "policyVersion": 1,
                "thresholds": {"low": 20, "medium": 60, "high": 121}, "note": "One more."}),
        ),
        (
            "mutation($input: CreateActivityReportInput!) { createActivityReport(input: $input) { userErrors { message } } }",
            json!({"subjectId": other["subject"]["id"], "from": "2026-06-01", "to": "2026-06-30", "reason": "What else was there?"}),
        ),
    ] {
        let done = ida.ask(document, json!({"input": input})).await;
        let payload =
            done.data().as_object().and_then(|data| data.values().next()).unwrap_or_else(|| panic!("{done:?}"));
        assert_eq!(payload["userErrors"], json!([]), "{document}");
    }
    many_accounts(world, ida).await;
    let (notice, copy) = noticed(world, ida, &case).await;
    world.comes_to("SELECT count(*) FROM outbox WHERE due_at IS NOT NULL", 0).await;
    hooked.stop().await;
    let mut told = Vec::new();
    while !tickets.is_empty() {
        told.push(tickets.next().await);
    }
    Story { case, subject, alert: alert["id"].as_str().unwrap().to_owned(), policies, notice, copy, told }
}

/// Accounts of the first canary at three other places: all alike, and two of them merged.
async fn many_accounts(world: &World, ida: &Caller) {
    let mut file =
        "EmailAddress,EmployeeFirstName,EmployeeLastName,EmployeeAddLine1,EmployeeZipCode,EmployeeDept\n".to_owned();
    for at in 0..3 {
        let account = format!("{}.zs@site{at}.example", ZSOFIA.plain.1.to_lowercase());
        file.push_str(&format!("{account},{},{},{},1767,Sales\n", ZSOFIA.first, ZSOFIA.last, ZSOFIA.street));
    }
    world.import_text("hr", file.as_bytes()).await;
    world.execute("DELETE FROM meta WHERE name = 'accounts_compared'").await;
    let alike = world.services.compare_accounts().await.unwrap();
    assert!(alike >= Some(3), "{alike:?}");
    let found = ida.query("{ subjectMergeSuggestions { subjects { id alerts(first: 1) { totalCount } } } }").await;
    let quiet = |pair: &&Value| pair["subjects"].as_array().unwrap().iter().all(|one| one["alerts"]["totalCount"] == 0);
    let pair =
        found["subjectMergeSuggestions"].as_array().unwrap().iter().find(quiet).unwrap_or_else(|| panic!("{found}"));
    let merge = "mutation($input: MergeSubjectsInput!) { mergeSubjects(input: $input) { userErrors { message } } }";
    let input =
        json!({"keepId": pair["subjects"][0]["id"], "mergeId": pair["subjects"][1]["id"], "reason": "HR says so."});
    assert_eq!(ida.act(merge, input).await["userErrors"], json!([]));
}

/// A webhook that is told everything, and one message to it.
async fn webhook(admin: &Caller, tickets: &Receiver) {
    let save =
        "mutation($input: SaveWebhookInput!) { saveWebhook(input: $input) { webhook { id } userErrors { message } } }";
    let events = ["ALERT_RAISED", "ALERT_UPDATED", "ALERT_DECIDED", "CASE_OPENED", "CASE_UPDATED", "CASE_RESOLVED"];
    let input = json!({"name": "Tickets", "url": tickets.url("/"), "events": events});
    let made = admin.ask(save, json!({"input": input})).await.data()["saveWebhook"].clone();
    let test = "mutation($input: WebhookInput!) { testWebhook(input: $input) { userErrors { message } } }";
    let tested = admin.ask(test, json!({"input": {"webhookId": made["webhook"]["id"]}})).await;
    assert_eq!(tested.data()["testWebhook"]["userErrors"], json!([]), "{made}");
}

/// A notice to the subject of a case, with a copy, by a server that has mail.
async fn noticed(world: &World, ida: &Caller, case: &str) -> (Mail, Mail) {
    let mut post = Postbox::start().await;
    let server = world.second(&post.settings()).await;
    let ida = server.at_its_door(ida);
    let save = "mutation($input: SaveNoticeTemplateInput!) { saveNoticeTemplate(input: $input) { template { id } userErrors { message } } }";
    let input = json!({"name": "Reminder", "from": "hr@example.org", "cc": ["line@example.org", "more@example.org"],
                       "subjectLine": "To {{name}}", "body": "Dear {{name}}, on {{date}}.", "html": "<p>Dear {{name}}</p>"});
    let template = ida.ask(save, json!({"input": input})).await.data()["saveNoticeTemplate"]["template"]["id"].clone();
    let send = "mutation($input: SendNoticeInput!) { sendNotice(input: $input) { userErrors { message } } }";
    let sent = ida.ask(send, json!({"input": {"caseId": case, "templateId": template}})).await;
    assert_eq!(sent.data()["sendNotice"]["userErrors"], json!([]));
    let (one, other) = (post.next().await, post.next().await);
    let set = "mutation($input: SetNotificationInput!) { setNotification(input: $input) { userErrors { message } } }";
    let input = json!({"kind": "FIRST_ALERT", "role": "ANALYST", "addresses": ["soc@example.org"]});
    let admin = server.at_its_door(&world.caller(&[Role::Admin]));
    assert_eq!(admin.ask(set, json!({"input": input})).await.data()["setNotification"]["userErrors"], json!([]));
    server.stop().await;
    if one.to.len() == 1 { (one, other) } else { (other, one) }
}

/// The package of the case: the content of its events may name somebody, nothing else of it does.
async fn package_names_nobody(world: &World, crawl: &mut Crawl, ida: &Caller, case: &str) {
    let make =
        "mutation($input: ExportCaseInput!) { exportCase(input: $input) { export { url } userErrors { message } } }";
    let made = ida.ask(make, json!({"input": {"caseId": case, "reason": "Legal asked."}})).await;
    let url = made.data()["exportCase"]["export"]["url"].as_str().unwrap_or_else(|| panic!("{made:?}")).to_owned();
    let file = world.config.data_dir.join("leak.tar");
    std::fs::write(&file, ida.fetch(&url, &[]).await.bytes).unwrap();
    for (name, text) in export::unpacked(&file) {
        let named = crawl.search.in_lines(&text);
        assert_eq!(named.is_empty(), name != "activities.ndjson", "{name}: {named:?}");
    }
}

/// What an operator gets to read: metrics, the log at its most talkative, the replay, the export of policies.
async fn operator_reads_no_name(world: &World, crawl: &mut Crawl, log: &str) {
    let metrics = world.stranger().get("/metrics").await.body.as_str().unwrap().to_owned();
    assert!(metrics.contains("vizard_records_total"));
    assert_eq!(crawl.search.in_lines(&metrics), Vec::<String>::new());
    assert!(log.lines().count() > 100, "the log was not kept");
    assert_eq!(crawl.search.in_lines(log), Vec::<String>::new());
    let exported = world.caller(&[Role::Auditor]).get("/audit/export").await.body.as_str().unwrap().to_owned();
    assert!(exported.lines().count() > 20, "the audit log was not exported");
    assert_eq!(crawl.search.in_lines(&exported), Vec::<String>::new());
    let replayed = serde_json::to_string(&world.services.replay(|_| ()).await.unwrap()).unwrap();
    assert_eq!(crawl.search.in_lines(&replayed), Vec::<String>::new());
    let permit = Permit::of_the_operator_bypassing_roles(Resource::Policies, Action::Read);
    let exported = world.services.export_policies(&permit).await.unwrap();
    assert!(exported.contains("Health records"));
    assert_eq!(crawl.search.in_lines(&exported), Vec::<String>::new());
}

/// Runs every mutation with an input that works where it can, so that payloads are read as everything else is. What no role
/// may do is done by the holder of a share that asks something.
async fn change_everything(world: &World, crawl: &mut Crawl, readers: &[Reader], asked: &Reader, story: &Story) {
    let mut mutations: Vec<(String, String, String)> = crawl.api.objects["Mutation"]
        .iter()
        .map(|field| (field.name.clone(), field.of.clone(), field.input().expect("a mutation takes an input")))
        .collect();
    // What ends something comes last, and what begins again after it.
    let last = ["resolveCase", "deletePolicy", "reopenCase"];
    mutations.sort_by_key(|(name, ..)| last.iter().position(|one| one == name).map_or(0, |at| at + 1));
    let open = crawl.ids["Alert"].iter().find(|id| **id != story.alert).cloned();
    let mut known: BTreeMap<String, Value> = BTreeMap::from(
        [
            ("caseId", json!(story.case)),
            ("policyId", json!(story.policies[0])),
            ("subjectId", json!(story.subject)),
            ("alertId", json!(open)),
            ("alertIds", json!([open])),
            ("connectorId", json!(crawl.ids["Connector"].first())),
            ("pluginId", json!(crawl.ids["Plugin"].first())),
            ("caseName", json!("Another matter")),
            ("scope", json!({"all": true})),
            ("plugin", json!("hr")),
            ("codes", json!(["FILE_DOWNLOADED"])),
            ("accounts", json!([ZSOFIA.mail])),
            ("viewer", json!("dev:bea")),
        ]
        .map(|(name, value)| (name.to_owned(), value)),
    );
    for (mutation, payload, input) in mutations {
        let (resource, action) = rules::of("Mutation", &mutation).unwrap();
        let reader = match matrix::roles(resource, action).first() {
            Some(role) => readers.iter().find(|reader| reader.name == role.as_str()).unwrap(),
            None => asked,
        };
        let given = crawl.api.input(&input, &|_, name, _| known.get(name).cloned());
        for plan in crawl.api.plans(&payload, 1, false) {
            let body =
                crawl.root(world, reader, ("Mutation", &mutation, &payload), &plan, json!({"input": given})).await;
            // The next ones act on what was just made.
            for (made, input) in [("reveal", "revealId"), ("share", "shareId")] {
                if let Some(id) = body["data"][&mutation][made]["id"].as_str() {
                    known.insert(input.to_owned(), json!(id));
                }
            }
        }
    }
}

on_both! {
    async fn nobody_is_named_before_a_reveal_and_after_it_only_where_it_was_lifted(world, lines) {
        let ida = world.person("Ida", &[Role::Investigator]);
        let story = story(&world, &ida).await;
        let asked = reveal::requested(&ida, &story.case).await;
        let mut crawl = Crawl::new();
        let staff = staff(&world);
        let masked = holders(&world, &ida, &story.case, false).await;

        // Before: nobody, nowhere, but in the content of evidence.
        for reader in staff.iter().chain(&masked) {
            crawl.everything(&world, reader).await;
        }
        for reader in &staff {
            crawl.subscriptions(&world, reader).await;
        }
        let leaks: Vec<&Hit> = crawl.hits.iter().filter(|hit| !is_evidence(hit)).collect();
        assert!(leaks.is_empty(), "{}", listed(&leaks));
        // Every spelling did come in, and the search finds each where it may be.
        let evidence: Found = crawl.hits.iter().flat_map(|hit| hit.found.clone()).collect();
        let all: Found = (0..PEOPLE.len()).flat_map(|who| (0..SPELLINGS.len()).map(move |how| (who, how))).collect();
        assert!(evidence == all, "not in the evidence: {}", told(&all.difference(&evidence).copied().collect()));
        for (of, field) in [("Reject", "detail"), ("ConnectorRun", "error"), ("Activity", "facts"), ("Note", "body")] {
            assert!(crawl.filled.contains(&(of.to_owned(), field.to_owned())), "{of}.{field} was never there");
        }
        operator_reads_no_name(&world, &mut crawl, &lines.text()).await;
        package_names_nobody(&world, &mut crawl, &ida, &story.case).await;
        assert!(!crawl.search.in_lines(&story.notice.text).is_empty(), "the notice names whom it is to");
        assert_eq!(crawl.search.in_lines(&story.copy.text), Vec::<String>::new());
        assert!(story.told.len() >= 8, "a webhook was told of the test, alerts and a case: {:?}", story.told);
        assert_eq!(crawl.search.in_lines(&format!("{:?}", story.told)), Vec::<String>::new());

        // After: in that case, to who asked and to whom they passed it on.
        reveal::decided(&world.person("April", &[Role::Approver]), &asked["reveal"], true).await;
        let passed_on = holders(&world, &ida, &story.case, true).await;
        package_names_nobody(&world, &mut crawl, &ida, &story.case).await;
        let ida = Reader { name: "Ida".to_owned(), caller: ida };
        crawl.hits.clear();
        for reader in staff.iter().chain(&masked[masked.len() - 1..]) {
            crawl.everything(&world, reader).await;
        }
        let leaks: Vec<&Hit> = crawl.hits.iter().filter(|hit| !is_evidence(hit)).collect();
        assert!(leaks.is_empty(), "{}", listed(&leaks));
        crawl.hits.clear();
        crawl.everything(&world, &ida).await;
        crawl.subscriptions(&world, &ida).await;
        let (shown, leaks): (Vec<&Hit>, Vec<&Hit>) =
            crawl.hits.iter().filter(|hit| !is_evidence(hit)).partition(|hit| is_revealed(hit, &story.subject));
        assert!(leaks.is_empty(), "{}", listed(&leaks));
        for (of, id) in [("Case", &story.case), ("Alert", &story.alert)] {
            let through = (of.to_owned(), id.clone());
            assert!(shown.iter().any(|hit| hit.below.contains(&through)), "the identity is not there below {of}");
        }
        crawl.hits.clear();
        for reader in &passed_on {
            crawl.everything(&world, reader).await;
            let may = |hit: &&Hit| hit.viewer == reader.name && hit.field.starts_with("Identity.") && is_zsofia(hit);
            if !crawl.hits.iter().any(|hit| may(&hit)) {
                let seen = reader.caller.ask("{ viewer { share { expiresAt includeIdentity uses case { subject { identityState } } } } }", json!({})).await;
                panic!("{} sees no identity: {} {:?} {}", reader.name, seen.body, world.clock.now(), listed(&crawl.hits.iter().collect::<Vec<_>>()));
            }
            let opens_evidence = reader.name.contains("EVIDENCE");
            let evidence = |hit: &&Hit| opens_evidence && hit.field == "Activity.content";
            let leaks: Vec<&Hit> = crawl.hits.iter().filter(|hit| !may(hit) && !evidence(hit)).collect();
            assert!(leaks.is_empty(), "{}", listed(&leaks));
            crawl.hits.clear();
        }

        // Over: as before.
        world.clock.advance(8 * HOUR);
        for reader in [&ida].into_iter().chain(&passed_on[passed_on.len() - 1..]) {
            crawl.everything(&world, reader).await;
        }
        let leaks: Vec<&Hit> = crawl.hits.iter().filter(|hit| !is_evidence(hit)).collect();
        assert!(leaks.is_empty(), "{}", listed(&leaks));

        // What staff write is theirs to keep free of names; where they do not, it stays among staff.
        let note = "mutation($input: AddCaseNoteInput!) { addCaseNote(input: $input) { userErrors { message } } }";
        crawl.hits.clear();
        let body = SPELLINGS.iter().map(|(_, spelled)| spelled(&ZSOFIA)).collect::<Vec<_>>().join("\n");
        ida.caller.ask(note, json!({"input": {"caseId": story.case, "body": body}})).await.data();
        for reader in &masked {
            crawl.everything(&world, reader).await;
        }
        assert!(crawl.hits.is_empty(), "{}", listed(&crawl.hits.iter().collect::<Vec<_>>()));
        crawl.everything(&world, staff.iter().find(|reader| reader.name == Role::Analyst.as_str()).unwrap()).await;
        assert!(!crawl.hits.is_empty() && crawl.hits.iter().all(|hit| hit.field == "Note.body"), "{}", listed(&crawl.hits.iter().collect::<Vec<_>>()));

        // Payloads. Whoever asks for a reveal here is given it, of the same case.
        crawl.hits.clear();
        change_everything(&world, &mut crawl, &staff, &masked[masked.len() - 1], &story).await;
        let may = |hit: &&Hit| is_evidence(hit) || hit.field == "Note.body" || is_revealed(hit, &story.subject);
        let leaks: Vec<&Hit> = crawl.hits.iter().filter(|hit| !may(hit)).collect();
        assert!(leaks.is_empty(), "{}", listed(&leaks));
        operator_reads_no_name(&world, &mut crawl, &lines.text()).await;

        let unreached: Vec<(String, String)> = crawl.api.fields().difference(&crawl.reached).cloned().collect();
        let excused: Vec<(String, String)> = UNREACHED.iter().map(|(of, field, _)| ((*of).to_owned(), (*field).to_owned())).collect();
        assert_eq!(unreached, excused, "every field of the schema was read by somebody");
    }
}

fn is_zsofia(hit: &Hit) -> bool {
    hit.found.iter().all(|(who, _)| *who == 0)
}

/// In the identity of the subject as the case knows it.
fn is_revealed(hit: &Hit, subject: &str) -> bool {
    let whose = hit.below.iter().rev().find(|(of, _)| of == "Subject");
    hit.field.starts_with("Identity.") && whose.is_some_and(|(_, id)| id == subject) && is_zsofia(hit)
}
