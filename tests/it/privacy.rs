//! No name, login or address of a monitored person in anything that leaves the server; every field behind its role.

use serde_json::{Value, json};
use vizard_core::access::{Role, matrix};
use vizard_server::graphql::rules;
use vizard_tests::{World, demo, on_both};

/// Everything that a viewer can read, in one document a root.
const EVERYTHING: &[&str] = &[
    "{ viewer { id name roles } }",
    "{ policyTemplates { code name description triggers { code } indicators { code } sequences { code name steps } requires } }",
    "{ indicators(first: 100) { nodes { id code name category actionClass enabled custom hasSource recommendedThresholds { low medium high } } } }",
    "{ policies { totalCount nodes { id name description template { code } state version indicators { mode thresholds { low } } activationDays \
     lookbackDays alertVolume subjectsInScope activeAlerts effectiveness health { status code message action } createdAt updatedAt } } }",
    "{ plugins { id name version sdkVersion digest kinds configSchema capabilities } }",
    "{ connectors { nodes { id name state config grants lastDeliveryAt plugin { name } runs { nodes { id state read accepted duplicates rejected \
     ignored error rejects { nodes { position reason detail } } } } } } }",
    "{ alerts(first: 50) { totalCount nodes { id severity status score trigger riskFactors assignee dismissReason raisedAt updatedAt dueAt overdue \
     subject { id pseudonym identityState identity { displayName } department riskLevel riskScore activations { trigger reason startsAt manual } } \
     policy { name } contributions { points insight { id day kind count level score explanation riskFactors sequence { name } boosters { kind factor explanation } } } \
     insights(first: 5) { nodes { activities(first: 20) { nodes { id occurredAt quantity facts indicator { code } connector { name } content } } } } \
     notes { body } case { id } } } }",
    "{ subjects(first: 100) { totalCount nodes { id pseudonym department riskScore scoreHistory { at score cause } alerts { totalCount } insights { totalCount nodes { explanation } } } } }",
    "{ cases { totalCount nodes { id name } } }",
    "{ roleGrants(holding: false) { totalCount nodes { id viewer role reason grantedBy grantedAt expiresAt holds revokedBy revokedAt revokeReason } } }",
    "{ auditLog(first: 100) { totalCount nodes { id actor object reason before after detail leaf } } auditCheckpoint { note } }",
];

/// Names, logins and addresses of everybody in the sample data, in lower case.
pub(crate) fn names() -> Vec<String> {
    let text = std::fs::read_to_string(demo("people.csv")).unwrap();
    let mut names = Vec::new();
    for row in text.lines().skip(1) {
        for value in row.split(',').map(|value| value.trim().trim_matches('"').to_lowercase()) {
            if value.contains('@') || value.contains('.') || value.contains(' ') {
                names.extend(value.split(['@', '.', ' ']).next().filter(|first| first.len() >= 5).map(str::to_owned));
            }
            if value.len() >= 5 {
                names.push(value);
            }
        }
    }
    // Words that are also the product's or the company's own.
    names.retain(|name| {
        !["halden-optics.example", "employee", "internal", "external", "sales", "research", "engineering"]
            .contains(&name.as_str())
    });
    assert!(names.len() > 80 && names.iter().any(|name| name.contains("brackwater")));
    names
}

#[track_caller]
pub(crate) fn leaks(text: &str, names: &[String]) -> Vec<String> {
    let text = text.to_lowercase();
    names.iter().filter(|name| text.contains(name.as_str())).cloned().collect()
}

async fn everything(world: &World, role: Role) -> String {
    let caller = world.caller(&[role]);
    let mut all = String::new();
    for document in EVERYTHING {
        all.push_str(&caller.ask(document, json!({})).await.body.to_string());
    }
    all
}

/// A document that reaches a guarded field, and where in its answer the field lies.
pub(crate) fn reach(of: &str, field: &str) -> (&'static str, &'static [&'static str]) {
    match (of, field) {
        ("Query", "policyTemplates") => ("{ policyTemplates { code } }", &["policyTemplates"]),
        ("Query", "indicators") => ("{ indicators(first: 1) { totalCount } }", &["indicators"]),
        ("Query", "policy") => ("query($policy: ID!) { policy(id: $policy) { id } }", &["policy"]),
        ("Query", "policies") => ("{ policies { totalCount } }", &["policies"]),
        ("Query", "policyPreview") => (
            "{ policyPreview(input: {name: \"Try\", template: DATA_THEFT_BY_DEPARTING_USERS, scope: {all: true}}) { days } }",
            &["policyPreview"],
        ),
        ("Query", "alerts") => ("{ alerts { totalCount } }", &["alerts"]),
        ("Query", "cases") => ("{ cases { totalCount } }", &["cases"]),
        ("Query", "subjects") => ("{ subjects { totalCount } }", &["subjects"]),
        ("Query", "plugins") => ("{ plugins { id } }", &["plugins"]),
        ("Query", "connectors") => ("{ connectors { totalCount } }", &["connectors"]),
        ("Query", "auditLog") => ("{ auditLog { totalCount } }", &["auditLog"]),
        ("Query", "auditCheckpoint") => ("{ auditCheckpoint { size } }", &["auditCheckpoint"]),
        ("Query", "auditInclusionProof") => {
            ("{ auditInclusionProof(sequence: 0, treeSize: 1) }", &["auditInclusionProof"])
        }
        ("Query", "auditConsistencyProof") => {
            ("{ auditConsistencyProof(fromSize: 1, toSize: 1) }", &["auditConsistencyProof"])
        }
        ("Subscription", "alertRaised") => ("subscription { alertRaised { id } }", &["alertRaised"]),
        ("Subscription", "caseUpdated") => {
            ("subscription($case: ID!) { caseUpdated(id: $case) { id } }", &["caseUpdated"])
        }
        ("Subscription", "connectorRunUpdated") => (
            "subscription($connector: ID!) { connectorRunUpdated(connectorId: $connector) { id } }",
            &["connectorRunUpdated"],
        ),
        ("Mutation", "enableIndicators") => (
            "mutation { enableIndicators(input: {codes: [\"NOTHING\"], enabled: true}) { userErrors { code } } }",
            &["enableIndicators"],
        ),
        ("Mutation", "createPolicy") => (
            "mutation { createPolicy(input: {name: \"\", template: DATA_LEAKS, scope: {}}) { userErrors { code } } }",
            &["createPolicy"],
        ),
        ("Mutation", "updatePolicy") => {
            ("mutation { updatePolicy(input: {policyId: \"x\"}) { userErrors { code } } }", &["updatePolicy"])
        }
        ("Mutation", "copyPolicy") => {
            ("mutation { copyPolicy(input: {policyId: \"x\", name: \"\"}) { userErrors { code } } }", &["copyPolicy"])
        }
        ("Mutation", "deletePolicy") => {
            ("mutation { deletePolicy(input: {policyId: \"x\"}) { userErrors { code } } }", &["deletePolicy"])
        }
        ("Query", "settings") => ("{ settings { version } }", &["settings"]),
        ("Query", "settingsHistory") => ("{ settingsHistory { totalCount } }", &["settingsHistory"]),
        ("Query", "priorityUserGroups") => ("{ priorityUserGroups { id } }", &["priorityUserGroups"]),
        ("Mutation", "updateSettings") => {
            ("mutation { updateSettings(input: {}) { userErrors { code } } }", &["updateSettings"])
        }
        ("Query", "roleGrants") => ("{ roleGrants { totalCount } }", &["roleGrants"]),
        ("Mutation", "grantRole") => (
            "mutation { grantRole(input: {viewer: \"x\", role: ANALYST, reason: \"r\"}) { userErrors { code } } }",
            &["grantRole"],
        ),
        ("Mutation", "revokeRole") => {
            ("mutation { revokeRole(input: {grantId: \"x\", reason: \"r\"}) { userErrors { code } } }", &["revokeRole"])
        }
        ("Mutation", "savePriorityUserGroup") => (
            "mutation { savePriorityUserGroup(input: {name: \"\"}) { userErrors { code } } }",
            &["savePriorityUserGroup"],
        ),
        ("Subject", "priorityGroups") => {
            ("query($subject: ID!) { subject(id: $subject) { field: priorityGroups { name } } }", &["subject", "field"])
        }
        ("Mutation", "setPolicyState") => (
            "mutation { setPolicyState(input: {policyId: \"x\", state: ACTIVE}) { userErrors { code } } }",
            &["setPolicyState"],
        ),
        ("Mutation", "startScoring") => (
            "mutation { startScoring(input: {policyId: \"x\", accounts: [], days: 5, reason: \"r\"}) { userErrors { code } } }",
            &["startScoring"],
        ),
        ("Mutation", "stopScoring") => (
            "mutation { stopScoring(input: {policyId: \"x\", accounts: [], reason: \"r\"}) { userErrors { code } } }",
            &["stopScoring"],
        ),
        ("Mutation", "confirmAlert") => {
            ("mutation { confirmAlert(input: {alertId: \"x\"}) { userErrors { code } } }", &["confirmAlert"])
        }
        ("Mutation", "resolveCase") => (
            "mutation { resolveCase(input: {caseId: \"x\", resolution: BENIGN, actionTaken: \"r\"}) { userErrors { code } } }",
            &["resolveCase"],
        ),
        ("Mutation", "setLegalHold") => (
            "mutation { setLegalHold(input: {caseId: \"x\", hold: true, reason: \"r\"}) { userErrors { code } } }",
            &["setLegalHold"],
        ),
        ("Mutation", "eraseSubject") => (
            "mutation { eraseSubject(input: {account: \"x\", reason: \"r\"}) { userErrors { code } } }",
            &["eraseSubject"],
        ),
        ("Query", "subjectMergeSuggestions") => {
            ("{ subjectMergeSuggestions { reason } }", &["subjectMergeSuggestions"])
        }
        ("Subject", "mergedSubjects") => {
            ("query($subject: ID!) { subject(id: $subject) { field: mergedSubjects { id } } }", &["subject", "field"])
        }
        ("Mutation", "mergeSubjects") => (
            "mutation { mergeSubjects(input: {keepId: \"x\", mergeId: \"y\", reason: \"r\"}) { userErrors { code } } }",
            &["mergeSubjects"],
        ),
        ("Mutation", "splitSubject") => (
            "mutation { splitSubject(input: {mergedId: \"x\", reason: \"r\"}) { userErrors { code } } }",
            &["splitSubject"],
        ),
        ("Mutation", "dismissMergeSuggestion") => (
            "mutation { dismissMergeSuggestion(input: {subjectIds: [], reason: \"r\"}) { userErrors { code } } }",
            &["dismissMergeSuggestion"],
        ),
        ("Mutation", "resetRiskLevel") => (
            "mutation { resetRiskLevel(input: {subjectId: \"x\", reason: \"r\"}) { userErrors { code } } }",
            &["resetRiskLevel"],
        ),
        ("Query", "overview") => ("{ overview { activeCases } }", &["overview"]),
        ("Query", "dismissalStatistics") => {
            ("{ dismissalStatistics { byReason { count } } }", &["dismissalStatistics"])
        }
        ("Query", "organisationInsight") => ("{ organisationInsight { hiddenBelow } }", &["organisationInsight"]),
        ("Query", "activityReport") => ("{ activityReport(id: \"x\") { id } }", &["activityReport"]),
        ("Query", "activityReports") => ("{ activityReports { totalCount } }", &["activityReports"]),
        ("Mutation", "createActivityReport") => (
            "mutation { createActivityReport(input: {subjectId: \"x\", from: \"2026-06-01\", to: \"2026-06-30\", reason: \"r\"}) { userErrors { code } } }",
            &["createActivityReport"],
        ),
        ("Query", "suppressions") => ("{ suppressions { totalCount } }", &["suppressions"]),
        ("Query", "tuningPreview") => (
            "{ tuningPreview(input: {alertId: \"x\", code: \"X\", change: STOP, policyVersion: 1}) { days } }",
            &["tuningPreview"],
        ),
        ("Mutation", "tuneIndicator") => (
            "mutation { tuneIndicator(input: {alertId: \"x\", code: \"X\", change: STOP, policyVersion: 1}) { userErrors { code } } }",
            &["tuneIndicator"],
        ),
        ("Mutation", "suppressIndicator") => (
            "mutation { suppressIndicator(input: {indicator: \"X\", until: \"2026-01-01T00:00:00Z\", reason: \"r\"}) { userErrors { code } } }",
            &["suppressIndicator"],
        ),
        ("Mutation", "endSuppression") => (
            "mutation { endSuppression(input: {suppressionId: \"x\", reason: \"r\"}) { userErrors { code } } }",
            &["endSuppression"],
        ),
        ("Mutation", "assignAlert") => {
            ("mutation { assignAlert(input: {alertId: \"x\"}) { userErrors { code } } }", &["assignAlert"])
        }
        ("Mutation", "sendAlertForReview") => (
            "mutation { sendAlertForReview(input: {alertId: \"x\", to: \"ANALYST\", note: \"n\"}) { userErrors { code } } }",
            &["sendAlertForReview"],
        ),
        ("Mutation", "endAlertReview") => (
            "mutation { endAlertReview(input: {alertId: \"x\", note: \"n\"}) { userErrors { code } } }",
            &["endAlertReview"],
        ),
        ("Mutation", "dismissAlerts") => (
            "mutation { dismissAlerts(input: {alertIds: [], reason: FALSE_POSITIVE}) { userErrors { code } } }",
            &["dismissAlerts"],
        ),
        ("Mutation", "createConnector") => (
            "mutation { createConnector(input: {name: \"\", plugin: \"\", config: {}}) { userErrors { code } } }",
            &["createConnector"],
        ),
        ("Mutation", "updateConnector") => {
            ("mutation { updateConnector(input: {connectorId: \"x\"}) { userErrors { code } } }", &["updateConnector"])
        }
        ("Mutation", "usePlugin") => {
            ("mutation { usePlugin(input: {pluginId: \"x\"}) { userErrors { code } } }", &["usePlugin"])
        }
        ("Mutation", "setConnectorState") => (
            "mutation { setConnectorState(input: {connectorId: \"x\", state: PAUSED}) { userErrors { code } } }",
            &["setConnectorState"],
        ),
        ("Mutation", "runConnector") => {
            ("mutation { runConnector(input: {connectorId: \"x\"}) { userErrors { code } } }", &["runConnector"])
        }
        ("Subject", "activations") => {
            ("query($subject: ID!) { subject(id: $subject) { field: activations { manual } } }", &["subject", "field"])
        }
        ("Subject", "alerts") => {
            ("query($subject: ID!) { subject(id: $subject) { field: alerts { totalCount } } }", &["subject", "field"])
        }
        ("Subject", "insights") => {
            ("query($subject: ID!) { subject(id: $subject) { field: insights { totalCount } } }", &["subject", "field"])
        }
        ("Subject", "scoreHistory") => {
            ("query($subject: ID!) { subject(id: $subject) { field: scoreHistory { score } } }", &["subject", "field"])
        }
        ("Activity", "content") => {
            ("query($activity: ID!) { node(id: $activity) { ... on Activity { field: content } } }", &["node", "field"])
        }
        ("Connector", "config") => (
            "query($connector: ID!) { node(id: $connector) { ... on Connector { field: config } } }",
            &["node", "field"],
        ),
        ("Connector", "credentials") => (
            "query($connector: ID!) { node(id: $connector) { ... on Connector { field: credentials { id } } } }",
            &["node", "field"],
        ),
        ("Mutation", "createConnectorCredential") => (
            "mutation { createConnectorCredential(input: {connectorId: \"x\", name: \"\", expiresInDays: 1}) { userErrors { code } } }",
            &["createConnectorCredential"],
        ),
        ("Mutation", "revokeConnectorCredential") => (
            "mutation { revokeConnectorCredential(input: {credentialId: \"x\"}) { userErrors { code } } }",
            &["revokeConnectorCredential"],
        ),
        ("Connector", "secrets") => (
            "query($connector: ID!) { node(id: $connector) { ... on Connector { field: secrets } } }",
            &["node", "field"],
        ),
        ("Connector", "grants") => (
            "query($connector: ID!) { node(id: $connector) { ... on Connector { field: grants } } }",
            &["node", "field"],
        ),
        ("ConnectorRun", "rejects") => (
            "query($run: ID!) { node(id: $run) { ... on ConnectorRun { field: rejects { totalCount } } } }",
            &["node", "field"],
        ),
        ("Policy", "indicators") => (
            "query($policy: ID!) { node(id: $policy) { ... on Policy { field: indicators { mode } } } }",
            &["node", "field"],
        ),
        ("Policy", "versions") => (
            "query($policy: ID!) { node(id: $policy) { ... on Policy { field: versions { number } } } }",
            &["node", "field"],
        ),
        ("Policy", "subjectsOverVolume") => (
            "query($policy: ID!) { node(id: $policy) { ... on Policy { field: subjectsOverVolume } } }",
            &["node", "field"],
        ),
        ("Policy", "priorityContent") => (
            "query($policy: ID!) { node(id: $policy) { ... on Policy { field: priorityContent } } }",
            &["node", "field"],
        ),
        ("Policy", "triggers") => (
            "query($policy: ID!) { node(id: $policy) { ... on Policy { field: triggers { code } } } }",
            &["node", "field"],
        ),
        ("Policy", "activationDays") => (
            "query($policy: ID!) { node(id: $policy) { ... on Policy { field: activationDays } } }",
            &["node", "field"],
        ),
        ("Policy", "lookbackDays") => {
            ("query($policy: ID!) { node(id: $policy) { ... on Policy { field: lookbackDays } } }", &["node", "field"])
        }
        ("Policy", "alertVolume") => {
            ("query($policy: ID!) { node(id: $policy) { ... on Policy { field: alertVolume } } }", &["node", "field"])
        }
        ("Policy", "subjectsInScope") => (
            "query($policy: ID!) { node(id: $policy) { ... on Policy { field: subjectsInScope } } }",
            &["node", "field"],
        ),
        ("Policy", "activeAlerts") => {
            ("query($policy: ID!) { node(id: $policy) { ... on Policy { field: activeAlerts } } }", &["node", "field"])
        }
        ("Policy", "effectiveness") => {
            ("query($policy: ID!) { node(id: $policy) { ... on Policy { field: effectiveness } } }", &["node", "field"])
        }
        ("Policy", "health") => (
            "query($policy: ID!) { node(id: $policy) { ... on Policy { field: health { code } } } }",
            &["node", "field"],
        ),
        ("Query", "reveals") => ("{ reveals { totalCount } }", &["reveals"]),
        ("Mutation", "addCaseNote") => {
            ("mutation { addCaseNote(input: {caseId: \"x\", body: \"b\"}) { userErrors { code } } }", &["addCaseNote"])
        }
        ("Mutation", "reopenCase") => {
            ("mutation { reopenCase(input: {caseId: \"x\", reason: \"r\"}) { userErrors { code } } }", &["reopenCase"])
        }
        ("Case", "relatedAlerts") => (
            "query($reveal: ID!) { node(id: $reveal) { ... on Reveal { case { field: relatedAlerts { totalCount } } } } }",
            &["node", "case", "field"],
        ),
        ("Mutation", "removeCaseContributor") => (
            "mutation { removeCaseContributor(input: {caseId: \"x\", viewer: \"v\"}) { userErrors { code } } }",
            &["removeCaseContributor"],
        ),
        ("Mutation", "addCaseContributor") => (
            "mutation { addCaseContributor(input: {caseId: \"x\", viewer: \"v\"}) { userErrors { code } } }",
            &["addCaseContributor"],
        ),
        ("Query", "notifications") => ("{ notifications { kind } }", &["notifications"]),
        ("Mutation", "setNotification") => (
            "mutation { setNotification(input: {kind: UNRESOLVED_WARNINGS, role: ADMIN, addresses: []}) { userErrors { code } } }",
            &["setNotification"],
        ),
        ("Query", "webhooks") => ("{ webhooks { id } }", &["webhooks"]),
        ("Mutation", "saveWebhook") => {
            ("mutation { saveWebhook(input: {name: \"\", events: []}) { userErrors { code } } }", &["saveWebhook"])
        }
        ("Mutation", "renewWebhookSecret") => (
            "mutation { renewWebhookSecret(input: {webhookId: \"x\"}) { userErrors { code } } }",
            &["renewWebhookSecret"],
        ),
        ("Mutation", "deleteWebhook") => {
            ("mutation { deleteWebhook(input: {webhookId: \"x\"}) { userErrors { code } } }", &["deleteWebhook"])
        }
        ("Mutation", "testWebhook") => {
            ("mutation { testWebhook(input: {webhookId: \"x\"}) { userErrors { code } } }", &["testWebhook"])
        }
        ("Mutation", "retryWebhookDeliveries") => (
            "mutation { retryWebhookDeliveries(input: {webhookId: \"x\"}) { userErrors { code } } }",
            &["retryWebhookDeliveries"],
        ),
        ("Query", "noticeTemplates") => ("{ noticeTemplates { id } }", &["noticeTemplates"]),
        ("Query", "noticePreview") => {
            ("{ noticePreview(caseId: \"x\", templateId: \"x\") { body } }", &["noticePreview"])
        }
        ("Mutation", "saveNoticeTemplate") => (
            "mutation { saveNoticeTemplate(input: {name: \"\", from: \"\", subjectLine: \"\", body: \"\"}) { userErrors { code } } }",
            &["saveNoticeTemplate"],
        ),
        ("Mutation", "sendNotice") => (
            "mutation { sendNotice(input: {caseId: \"x\", templateId: \"x\"}) { userErrors { code } } }",
            &["sendNotice"],
        ),
        ("Mutation", "requestReveal") => (
            "mutation { requestReveal(input: {caseId: \"x\", reason: \"r\"}) { userErrors { code } } }",
            &["requestReveal"],
        ),
        ("Mutation", "breakGlass") => {
            ("mutation { breakGlass(input: {caseId: \"x\", reason: \"r\"}) { userErrors { code } } }", &["breakGlass"])
        }
        ("Mutation", "decideReveal") => (
            "mutation { decideReveal(input: {revealId: \"x\", approve: true}) { userErrors { code } } }",
            &["decideReveal"],
        ),
        ("Mutation", "endReveal") => {
            ("mutation { endReveal(input: {revealId: \"x\"}) { userErrors { code } } }", &["endReveal"])
        }
        ("Mutation", "shareCase") => (
            "mutation { shareCase(input: {caseId: \"x\", audience: HR, recipient: \"HR\", sections: [NOTES], expiresInHours: 1, reason: \"r\"}) { userErrors { code } } }",
            &["shareCase"],
        ),
        ("Mutation", "askConsultation") => (
            "mutation { askConsultation(input: {caseId: \"x\", audience: HR, recipient: \"HR\", question: \"q\", choices: [], expiresInHours: 1, reason: \"r\"}) { userErrors { code } } }",
            &["askConsultation"],
        ),
        ("Mutation", "answerConsultation") => (
            "mutation { answerConsultation(input: {consultationId: \"x\", choice: \"c\"}) { userErrors { code } } }",
            &["answerConsultation"],
        ),
        ("Mutation", "revokeCaseShare") => (
            "mutation { revokeCaseShare(input: {shareId: \"x\", reason: \"r\"}) { userErrors { code } } }",
            &["revokeCaseShare"],
        ),
        ("Mutation", "exportCase") => {
            ("mutation { exportCase(input: {caseId: \"x\", reason: \"r\"}) { userErrors { code } } }", &["exportCase"])
        }
        ("Case", "exports") => (
            "query($reveal: ID!) { node(id: $reveal) { ... on Reveal { case { field: exports { id } } } } }",
            &["node", "case", "field"],
        ),
        ("Case", "reveals") => (
            "query($reveal: ID!) { node(id: $reveal) { ... on Reveal { case { field: reveals { id } } } } }",
            &["node", "case", "field"],
        ),
        ("Case", "shares") => (
            "query($reveal: ID!) { node(id: $reveal) { ... on Reveal { case { field: shares { id } } } } }",
            &["node", "case", "field"],
        ),
        ("PriorityUserGroup", "viewers") => (
            "query($group: ID!) { node(id: $group) { ... on PriorityUserGroup { field: viewers } } }",
            &["node", "field"],
        ),
        _ => panic!("{of}.{field} is guarded and this test does not know how to reach it: add it"),
    }
}

on_both! {
    async fn no_answer_and_no_metric_names_anybody_and_the_investigator_sees_file_names(world) {
        world.connect().await;
        let policy = world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let names = names();
        for role in [Role::Analyst, Role::Admin, Role::Auditor, Role::Approver, Role::Connector] {
            let all = everything(&world, role).await;
            assert!(all.len() > 1_000);
            assert_eq!(leaks(&all, &names), Vec::<String>::new(), "to {role}");
        }
        let metrics = world.stranger().get("/metrics").await.body.to_string();
        assert!(metrics.contains("vizard_records_total"));
        assert_eq!(leaks(&metrics, &names), Vec::<String>::new());
        // The search finds names where they may be.
        let content = everything(&world, Role::Investigator).await;
        assert!(!leaks(&content, &names).is_empty(), "the content of evidence names nobody: the search proves nothing");
        // An error about an account does not repeat it.
        let start = "mutation($input: StartScoringInput!) { startScoring(input: $input) { subjects { pseudonym } userErrors { code message field } } }";
        let input = json!({"input": {"policyId": policy, "accounts": ["ottoline.brackwater@elsewhere.example"], "days": 5, "reason": "r"}});
        let refused = world.caller(&[Role::Admin]).ask(start, input).await;
        assert_eq!(refused.data()["startScoring"]["userErrors"][0]["code"], "NOT_FOUND");
        assert_eq!(leaks(&refused.body.to_string(), &names), Vec::<String>::new());
    }

    async fn nothing_that_identifies_lies_open_in_the_database(world) {
        world.connect().await;
        world.import_demo().await;
        world.settle().await;
        let names = names();
        for (table, columns) in [
            ("events", "facts"), ("rejects", "detail"), ("runs", "coalesce(error, '')"), ("subjects", "pseudonym"),
            ("profiles", "coalesce(department, '')"), ("audit", "detail"), ("audit", "coalesce(object, '')"),
            ("audit", "coalesce(leaf, '')"), ("audit", "coalesce(reason, '')"),
        ] {
            let rows = world.texts(&format!("SELECT DISTINCT {columns} FROM {table}")).await;
            for row in rows {
                assert_eq!(leaks(&row, &names), Vec::<String>::new(), "{table}.{columns}: {row}");
            }
        }
    }

    async fn every_guarded_field_opens_to_its_roles_and_to_nobody_else(world) {
        world.connect().await;
        let policy = world.policy().await;
        world.import_demo().await;
        world.settle().await;
        let investigator = world.caller(&[Role::Investigator]);
        let found = investigator.query("{ alerts(first: 1) { nodes { id subject { id } insights(first: 1) { nodes { activities(first: 1) { nodes { id } } } } } } }").await;
        let alert = &found["alerts"]["nodes"][0];
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }";
        let case = investigator.ask(confirm, json!({"input": {"alertId": alert["id"], "caseName": "A case"}})).await.data()["confirmAlert"]["case"]["id"].clone();
        let reveal = crate::reveal::requested(&investigator, case.as_str().unwrap()).await["reveal"]["id"].clone();
        let save = "mutation { savePriorityUserGroup(input: {name: \"Board\"}) { group { id } userErrors { message } } }";
        let group = world.caller(&[Role::Admin]).query(save).await["savePriorityUserGroup"]["group"]["id"].clone();
        let connectors = investigator.query("{ connectors { nodes { id lastRun { id } } } }").await;
        let variables = json!({
            "reveal": reveal, "group": group, "policy": policy, "subject": alert["subject"]["id"],
            "activity": alert["insights"]["nodes"][0]["activities"]["nodes"][0]["id"],
            "connector": connectors["connectors"]["nodes"][0]["id"], "run": connectors["connectors"]["nodes"][0]["lastRun"]["id"],
        });
        // Subscriptions are opened in the test of the whole matrix.
        for (of, field) in rules::RULES.iter().filter(|(of, _)| *of != "Subscription") {
            let (document, path) = reach(of, field);
            let used: Value = variables.as_object().unwrap().iter()
                .filter(|(name, _)| document.contains(&format!("${name}:")))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<serde_json::Map<_, _>>().into();
            let (resource, action) = rules::of(of, field).unwrap();
            for role in Role::ALL {
                let answer = world.caller(&[*role]).ask(document, used.clone()).await.body;
                let value = path.iter().fold(&answer["data"], |at, part| &at[*part]);
                let forbidden = answer["errors"].as_array().is_some_and(|errors| errors.iter().any(|error| error["extensions"]["code"] == "FORBIDDEN"));
                if matrix::allows(*role, resource, action) {
                    assert!(answer["errors"].is_null(), "{of}.{field} as {role}: {answer}");
                } else {
                    assert!(value.is_null(), "{of}.{field} as {role}: {answer}");
                    let parent = path[..path.len() - 1].iter().fold(&answer["data"], |at, part| &at[*part]);
                    assert!(forbidden || parent.is_null(), "{of}.{field} as {role} is null without an error: {answer}");
                    if forbidden {
                        let requires: Vec<&str> = matrix::roles(resource, action).iter().map(|role| role.as_str()).collect();
                        assert_eq!(answer["errors"][0]["extensions"]["requires"], json!(requires));
                    }
                }
            }
            let answer = world.stranger().ask(document, used.clone()).await.body;
            let value = path.iter().fold(&answer["data"], |at, part| &at[*part]);
            assert!(value.is_null(), "{of}.{field} as a stranger: {answer}");
        }
    }
}
