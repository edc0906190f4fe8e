//! The access matrix through the door: every guarded field, to everybody, on every way to it. A field opens where the
//! matrix or the share's sections say so and is null with its error everywhere else, whatever it is called and wherever
//! it stands in a document.

use crate::{consultation, privacy, reveal, share, story::downloads, triage};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::{
    access::{self, Role, matrix, share::ShareSection},
    time::SECOND,
};
use vizard_server::graphql::rules;
use vizard_tests::{Caller, World, on_both};

/// A document that holds one guarded field.
struct Form {
    /// What kind of way it is.
    way: &'static str,
    document: String,
    /// Where in the answer the field lies.
    path: Vec<Value>,
    variables: Value,
}

/// What the field's document is made of.
struct Parts {
    /// `query($id: ID!) {` up to the field.
    before: String,
    /// The field with its arguments and selection, without an alias.
    field: String,
    after: String,
}

/// Cuts the document of [`privacy::reach`] around the guarded field.
fn cut(document: &str, field: &str, is_root: bool) -> Parts {
    let start = match is_root {
        true => document.rfind(&format!("{{ {field}")).unwrap() + 2,
        false => document.find("field: ").unwrap(),
    };
    let rest = &document[start..];
    let mut depth = 0_i32;
    let end = rest.char_indices().find(|(_, c)| {
        depth += i32::from(*c == '{') - i32::from(*c == '}');
        depth < 0
    });
    let (field, after) = rest.split_at(end.unwrap().0);
    Parts {
        before: document[..start].to_owned(),
        field: field.trim_start_matches("field: ").trim_end().to_owned(),
        after: after.to_owned(),
    }
}

/// Ways to something of a type through lists and payloads: the document around `FIELD`, and where it lies.
fn ways(of: &str) -> &'static [(&'static str, &'static str, &'static [&'static str])] {
    match of {
        "Query" | "Mutation" | "Subscription" => &[],
        "Subject" => &[
            ("nodes of a list", "{ subjects(first: 1) { nodes { FIELD } } }", &["subjects", "nodes", "0"]),
            (
                "edges of a list",
                "{ subjects(first: 1) { edges { node { FIELD } } } }",
                &["subjects", "edges", "0", "node"],
            ),
            (
                "another type",
                "{ alerts(first: 1) { nodes { subject { FIELD } } } }",
                &["alerts", "nodes", "0", "subject"],
            ),
            (
                "payload",
                "mutation($subject: ID!) { resetRiskLevel(input: {subjectId: $subject, reason: \"r\"}) { subject { FIELD } } }",
                &["resetRiskLevel", "subject"],
            ),
            (
                "a report",
                "{ activityReports(first: 1) { nodes { subject { FIELD } } } }",
                &["activityReports", "nodes", "0", "subject"],
            ),
        ],
        "Case" => &[
            ("nodes of a list", "{ cases(first: 1) { nodes { FIELD } } }", &["cases", "nodes", "0"]),
            ("edges of a list", "{ cases(first: 1) { edges { node { FIELD } } } }", &["cases", "edges", "0", "node"]),
            ("another type", "{ reveals(first: 1) { nodes { case { FIELD } } } }", &["reveals", "nodes", "0", "case"]),
            ("a share", "{ viewer { share { case { FIELD } } } }", &["viewer", "share", "case"]),
            (
                "payload",
                "mutation($case: ID!) { addCaseNote(input: {caseId: $case, body: \"b\"}) { case { FIELD } } }",
                &["addCaseNote", "case"],
            ),
        ],
        "Activity" => &[
            (
                "nodes of a list",
                "{ alerts(first: 1) { nodes { insights(first: 1) { nodes { activities(first: 1) { nodes { FIELD } } } } } } }",
                &["alerts", "nodes", "0", "insights", "nodes", "0", "activities", "nodes", "0"],
            ),
            (
                "edges of a list",
                "{ alerts(first: 1) { edges { node { insights(first: 1) { edges { node { activities(first: 1) { edges { node { FIELD } } } } } } } } } }",
                &["alerts", "edges", "0", "node", "insights", "edges", "0", "node", "activities", "edges", "0", "node"],
            ),
            (
                "a share",
                "{ viewer { share { case { timeline(first: 1) { nodes { activities(first: 1) { nodes { FIELD } } } } } } } }",
                &["viewer", "share", "case", "timeline", "nodes", "0", "activities", "nodes", "0"],
            ),
            (
                "a report",
                "{ activityReports(first: 1) { nodes { activities(first: 1) { nodes { FIELD } } } } }",
                &["activityReports", "nodes", "0", "activities", "nodes", "0"],
            ),
            (
                "payload",
                "mutation($case: ID!) { addCaseNote(input: {caseId: $case, body: \"b\"}) { case { timeline(first: 1) { nodes { activities(first: 1) { nodes { FIELD } } } } } } }",
                &["addCaseNote", "case", "timeline", "nodes", "0", "activities", "nodes", "0"],
            ),
        ],
        "Policy" => &[
            ("nodes of a list", "{ policies(first: 1) { nodes { FIELD } } }", &["policies", "nodes", "0"]),
            (
                "edges of a list",
                "{ policies(first: 1) { edges { node { FIELD } } } }",
                &["policies", "edges", "0", "node"],
            ),
            (
                "another type",
                "{ alerts(first: 1) { nodes { policy { FIELD } } } }",
                &["alerts", "nodes", "0", "policy"],
            ),
            (
                "a share",
                "{ viewer { share { case { alerts(first: 1) { nodes { policy { FIELD } } } } } } }",
                &["viewer", "share", "case", "alerts", "nodes", "0", "policy"],
            ),
            (
                "payload",
                "mutation($policy: ID!) { updatePolicy(input: {policyId: $policy}) { policy { FIELD } } }",
                &["updatePolicy", "policy"],
            ),
        ],
        "PriorityUserGroup" => &[
            ("list", "{ priorityUserGroups { FIELD } }", &["priorityUserGroups", "0"]),
            (
                "payload",
                "mutation($group: ID!) { savePriorityUserGroup(input: {id: $group, name: \"Board\"}) { group { FIELD } } }",
                &["savePriorityUserGroup", "group"],
            ),
        ],
        "Connector" => &[
            ("nodes of a list", "{ connectors(first: 1) { nodes { FIELD } } }", &["connectors", "nodes", "0"]),
            (
                "edges of a list",
                "{ connectors(first: 1) { edges { node { FIELD } } } }",
                &["connectors", "edges", "0", "node"],
            ),
            (
                "payload",
                "mutation($connector: ID!) { setConnectorState(input: {connectorId: $connector, state: ENABLED}) { connector { FIELD } } }",
                &["setConnectorState", "connector"],
            ),
            (
                "payload of a change",
                "mutation($connector: ID!) { updateConnector(input: {connectorId: $connector}) { connector { FIELD } } }",
                &["updateConnector", "connector"],
            ),
        ],
        "ConnectorRun" => &[
            (
                "nodes of a list",
                "{ connectors(first: 1) { nodes { runs(first: 1) { nodes { FIELD } } } } }",
                &["connectors", "nodes", "0", "runs", "nodes", "0"],
            ),
            (
                "edges of a list",
                "{ connectors(first: 1) { edges { node { runs(first: 1) { edges { node { FIELD } } } } } } }",
                &["connectors", "edges", "0", "node", "runs", "edges", "0", "node"],
            ),
            (
                "another type",
                "{ connectors(first: 1) { nodes { lastRun { FIELD } } } }",
                &["connectors", "nodes", "0", "lastRun"],
            ),
            (
                "payload",
                "mutation($connector: ID!) { setConnectorState(input: {connectorId: $connector, state: ENABLED}) { connector { lastRun { FIELD } } } }",
                &["setConnectorState", "connector", "lastRun"],
            ),
        ],
        other => panic!("{other} has a guarded field and this test does not know the ways to it: add them"),
    }
}

fn steps(path: &[&str]) -> Vec<Value> {
    path.iter().map(|step| step.parse::<usize>().map_or_else(|_| json!(step), |at| json!(at))).collect()
}

/// The variables that a document declares.
fn used(document: &str, variables: &Map<String, Value>) -> Value {
    let declared = variables.iter().filter(|(name, _)| document.contains(&format!("${name}:")));
    declared.map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>().into()
}

/// Every way to a guarded field. `states` are ids of cases in each state that a case can be in.
fn forms(of: &str, field: &str, variables: &Map<String, Value>, states: &BTreeMap<&'static str, Value>) -> Vec<Form> {
    let is_root = matches!(of, "Query" | "Mutation" | "Subscription");
    let (document, path) = privacy::reach(of, field);
    let Parts { before, field: text, after } = cut(document, field, is_root);
    let parent = steps(&path[..path.len() - 1]);
    let at = |last: &str| [parent.clone(), vec![json!(last)]].concat();
    let mut all: Vec<(&'static str, String, Vec<Value>)> = vec![
        ("direct", format!("{before}{text}{after}"), at(field)),
        ("alias", format!("{before}other: {text}{after}"), at("other")),
        ("fragment", format!("{before}...F{after} fragment F on {of} {{ {text} }}"), at(field)),
        (
            "fragment in a fragment",
            format!("{before}...F{after} fragment F on {of} {{ ...G }} fragment G on {of} {{ g: {text} }}"),
            at("g"),
        ),
        ("inline fragment", format!("{before}... on {of} {{ {text} }}{after}"), at(field)),
        (
            "inline fragment with a directive",
            format!("{before}... @include(if: true) {{ {text} @skip(if: false) }}{after}"),
            at(field),
        ),
    ];
    // A directive stands before the selection.
    let with_skip = text.find(" {").map_or_else(
        || format!("{text} @skip(if: false)"),
        |cut| format!("{} @skip(if: false){}", &text[..cut], &text[cut..]),
    );
    if let Some(last) = all.last_mut() {
        last.1 = format!(
            "{before}... @include(if: true) {{ {} }}{after}",
            if text.contains('(') { text.clone() } else { with_skip }
        );
    }
    for (way, around, to) in ways(of) {
        all.push((way, around.replace("FIELD", &text), [steps(to), vec![json!(field)]].concat()));
    }
    let mut forms: Vec<Form> = all
        .into_iter()
        .map(|(way, document, path)| Form { way, variables: used(&document, variables), document, path })
        .collect();
    if !is_root {
        let id = match of {
            "ConnectorRun" => "run",
            "PriorityUserGroup" => "group",
            other => &other.to_lowercase(),
        };
        let mut of_states: Vec<(&'static str, &'static str, Value)> = vec![("node", "nodes", variables[id].clone())];
        if of == "Case" {
            of_states = states.iter().map(|(state, id)| (*state, *state, id.clone())).collect();
        }
        for (one, many, id) in of_states {
            let node = format!("query($id: ID!) {{ node(id: $id) {{ ... on {of} {{ {text} }} }} }}");
            forms.push(Form {
                way: one,
                document: node,
                path: vec![json!("node"), json!(field)],
                variables: json!({"id": id}),
            });
            let nodes = format!("query($id: ID!) {{ nodes(ids: [$id]) {{ ... on {of} {{ {text} }} }} }}");
            forms.push(Form {
                way: many,
                document: nodes,
                path: vec![json!("nodes"), json!(0), json!(field)],
                variables: json!({"id": id}),
            });
        }
    }
    forms
}

fn reached<'a>(answer: &'a Value, path: &[Value]) -> &'a Value {
    path.iter().fold(&answer["data"], |at, step| match step {
        Value::String(key) => &at[key],
        other => &at[usize::try_from(other.as_u64().unwrap()).unwrap()],
    })
}

enum Who {
    Role(Role),
    Stranger,
    /// Everything but the identity.
    Holder,
    Revoked,
    /// An INVESTIGATOR whom this case is about: for them it does not exist.
    Person(Value),
}

impl Who {
    fn may(&self, resource: access::Resource, action: access::Action) -> bool {
        match self {
            Self::Role(role) => matrix::allows(*role, resource, action),
            Self::Person(_) => matrix::allows(Role::Investigator, resource, action),
            Self::Holder => access::share::allows(ShareSection::ALL, false, resource, action),
            Self::Stranger | Self::Revoked => false,
        }
    }

    /// Whether the document leads to the case that they are the subject of, by its id or from its reveal.
    fn is_own(&self, form: &Form) -> bool {
        let Self::Person(case) = self else { return false };
        form.variables.as_object().is_some_and(|all| all.contains_key("reveal") || all.values().any(|id| id == case))
    }
}

/// One cell of a subscription: it opens, or says at its path why not.
async fn heard(world: &World, (name, who, caller): &(String, Who, Caller), rule: (&str, &str), form: &Form) -> bool {
    let mut stream = caller.events(&form.document, form.variables.clone()).await;
    if stream.status == 429 {
        world.clock.advance(60 * SECOND);
        stream = caller.events(&form.document, form.variables.clone()).await;
    }
    let told = format!("{}.{} by {} as {name}: {}", rule.0, rule.1, form.way, form.document);
    if matches!(who, Who::Revoked) {
        assert_eq!(stream.status, 401, "{told}");
        return false;
    }
    assert_eq!(stream.status, 200, "{told}");
    let (resource, action) = rules::of(rule.0, rule.1).unwrap();
    // A share is read by queries, whatever its sections are.
    let own = who.is_own(form);
    let may = who.may(resource, action) && !matches!(who, Who::Holder) && !own;
    match stream.opened().await {
        Ok(()) => assert!(may, "{told}"),
        Err(errors) if own => assert_eq!(errors[0]["extensions"]["code"], "NOT_FOUND", "{told}: {errors}"),
        Err(errors) => {
            assert!(!may && errors.as_array().is_some_and(|errors| errors.len() == 1), "{told}: {errors}");
            let code = if matches!(who, Who::Stranger) { "UNAUTHENTICATED" } else { "FORBIDDEN" };
            assert_eq!(errors[0]["extensions"]["code"], code, "{told}: {errors}");
            if matches!(who, Who::Role(_)) {
                let requires: Vec<&str> = matrix::roles(resource, action).iter().map(|role| role.as_str()).collect();
                assert_eq!(
                    (&errors[0]["path"], &errors[0]["extensions"]["requires"]),
                    (&json!(form.path), &json!(requires)),
                    "{told}"
                );
            }
        }
    }
    may
}

/// One cell; whether the field opened.
async fn cell(world: &World, who: &(String, Who, Caller), rule: (&str, &str), form: &Form) -> bool {
    if rule.0 == "Subscription" {
        return heard(world, who, rule, form).await;
    }
    let (name, who, caller) = who;
    let mut answer = caller.ask(&form.document, form.variables.clone()).await;
    if answer.status == 429 {
        world.clock.advance(60 * SECOND);
        answer = caller.ask(&form.document, form.variables.clone()).await;
    }
    let told = format!("{}.{} by {} as {name}: {}\n{}", rule.0, rule.1, form.way, form.document, answer.body);
    if matches!(who, Who::Revoked) {
        assert_eq!((answer.status, &answer.body["data"]), (401, &Value::Null), "{told}");
        return false;
    }
    assert_eq!(answer.status, 200, "{told}");
    let errors = answer.body["errors"].as_array().cloned().unwrap_or_default();
    for error in &errors {
        assert!(matches!(error["extensions"]["code"].as_str(), Some("FORBIDDEN" | "UNAUTHENTICATED")), "{told}");
    }
    let here: Vec<&Value> = errors.iter().filter(|error| error["path"] == json!(form.path)).collect();
    let parent = reached(&answer.body, &form.path[..form.path.len() - 1]);
    let (resource, action) = rules::of(rule.0, rule.1).unwrap();
    // A request of roots alone that are denied has null for its data.
    let stands = !parent.is_null() || form.path.len() == 1;
    if who.is_own(form) && form.path.len() > 1 {
        assert!(!stands && errors.is_empty(), "{told}");
        return false;
    }
    if who.may(resource, action) {
        assert!(here.is_empty(), "{told}");
        return stands;
    }
    assert!(reached(&answer.body, &form.path).is_null(), "{told}");
    if stands {
        let requires: Vec<&str> = matrix::roles(resource, action).iter().map(|role| role.as_str()).collect();
        assert_eq!(here.len(), 1, "{told}");
        assert_eq!(here[0]["extensions"]["requires"], json!(requires), "{told}");
    }
    false
}

/// Four people who leave with files: an alert left open, a case that is worked on, one that is closed, and one whose person
/// was erased.
async fn prepared(world: &World) -> (Map<String, Value>, BTreeMap<&'static str, Value>, Vec<(String, Who, Caller)>) {
    let left = triage::alerted(world, 4).await;
    let (ida, admin) =
        (world.person("Ida Investigator", &[Role::Investigator]), world.person("Adam Admin", &[Role::Admin]));
    let found = "query($id: ID!) { alert(id: $id) { subject { id } insights(first: 1) { nodes { activities(first: 1) { nodes { id } } } } } \
        policies { nodes { id } } connectors { nodes { id name lastRun { id } } } }";
    let found = ida.ask(found, json!({"id": left[3]})).await.data().clone();
    let confirm =
        "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }";
    let mut cases = Vec::new();
    for alert in &left[..3] {
        let input = json!({"input": {"alertId": alert, "caseName": "A case"}});
        cases.push(ida.ask(confirm, input).await.data()["confirmAlert"]["case"]["id"].clone());
    }
    let [open, closed, erased] = [0, 1, 2].map(|at: usize| cases[at].clone());
    let erase = "mutation($input: EraseSubjectInput!) { eraseSubject(input: $input) { userErrors { message } } }";
    let input = json!({"input": {"account": triage::leaver(2), "reason": "They asked for it."}});
    assert_eq!(admin.ask(erase, input).await.data()["eraseSubject"]["userErrors"], json!([]));
    let asked = reveal::requested(&ida, open.as_str().unwrap()).await;
    let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { message } } }";
    let input = json!({"input": {"caseId": closed, "resolution": "BENIGN", "actionTaken": "None."}});
    assert_eq!(ida.ask(resolve, input).await.data()["resolveCase"]["userErrors"], json!([]));
    let report = "mutation($input: CreateActivityReportInput!) { createActivityReport(input: $input) { userErrors { message } } }";
    let input = json!({"input": {"subjectId": found["alert"]["subject"]["id"], "from": "2026-06-01", "to": "2026-06-30", "reason": "r"}});
    assert_eq!(ida.ask(report, input).await.data()["createActivityReport"]["userErrors"], json!([]));
    let save = "mutation { savePriorityUserGroup(input: {name: \"Board\"}) { group { id } } }";
    let group = admin.query(save).await["savePriorityUserGroup"]["group"]["id"].clone();
    let connector = &found["connectors"]["nodes"][0];
    let variables = json!({
        "case": open, "reveal": asked["reveal"]["id"], "policy": found["policies"]["nodes"][0]["id"], "group": group,
        "subject": found["alert"]["subject"]["id"],
        "activity": found["alert"]["insights"]["nodes"][0]["activities"]["nodes"][0]["id"],
        "connector": connector["id"], "run": connector["lastRun"]["id"],
    });
    let everything = json!({"sections": ["SUMMARY", "TIMELINE", "NOTES", "ALERTS", "EVIDENCE"]});
    let (kept, lost) = (
        consultation::asked(&ida, open.as_str().unwrap(), everything).await,
        share::shared(&ida, open.as_str().unwrap(), json!({})).await,
    );
    let revoke = "mutation($input: RevokeCaseShareInput!) { revokeCaseShare(input: $input) { userErrors { code } } }";
    let input = json!({"input": {"shareId": lost["share"]["id"], "reason": "r"}});
    assert_eq!(ida.ask(revoke, input).await.data()["revokeCaseShare"]["userErrors"], json!([]));
    let mut who: Vec<(String, Who, Caller)> = Role::ALL
        .iter()
        .map(|role| (role.to_string(), Who::Role(*role), world.person("Sven Staff", &[*role])))
        .collect();
    who.push(("a stranger".to_owned(), Who::Stranger, world.stranger()));
    who.push(("the holder of a share".to_owned(), Who::Holder, share::holder(world, &kept)));
    who.push(("the holder of a revoked share".to_owned(), Who::Revoked, share::holder(world, &lost)));
    let person = world.caller_with_account("Per Son", &triage::leaver(0), &[Role::Investigator]);
    who.push(("whom the case is about".to_owned(), Who::Person(open.clone()), person));
    let states = BTreeMap::from([
        ("an active, shared case by its id", open),
        ("a closed case by its id", closed),
        ("the case of somebody erased by its id", erased),
    ]);
    (variables.as_object().unwrap().clone(), states, who)
}

/// Ways to the identity of whoever a case is about, or of everybody: the document, and whether it takes the case.
const IDENTITIES: &[(&str, &str)] = &[
    ("case", "query($case: ID!) { case(id: $case) { subject { identity { displayName } } } }"),
    ("alias", "query($case: ID!) { c: case(id: $case) { s: subject { i: identity { n: displayName } } } }"),
    (
        "fragment",
        "query($case: ID!) { case(id: $case) { subject { ...F } } } fragment F on Subject { identity { displayName } }",
    ),
    ("node", "query($case: ID!) { node(id: $case) { ... on Case { subject { identity { displayName } } } } }"),
    ("nodes", "query($case: ID!) { nodes(ids: [$case]) { ... on Case { subject { identity { displayName } } } } }"),
    (
        "alerts of the case",
        "query($case: ID!) { case(id: $case) { alerts { nodes { subject { identity { displayName } } } } } }",
    ),
    (
        "reveals of the case",
        "query($case: ID!) { case(id: $case) { reveals { case { subject { identity { displayName } } } } } }",
    ),
    (
        "payload",
        "mutation($case: ID!) { addCaseContributor(input: {caseId: $case, viewer: \"dev:zoe\"}) { case { subject { identity { displayName } } } } }",
    ),
];
/// The same without a case: lists, and what a share's holder starts from.
const LISTS: &[&str] = &[
    "{ cases(first: 100) { edges { node { subject { identity { displayName } } } } } }",
    "{ alerts(first: 100) { nodes { subject { identity { displayName } } case { subject { identity { displayName } } } } } }",
    "{ subjects(first: 100) { nodes { identity { displayName } alerts { nodes { subject { identity { displayName } } } } } } }",
    "{ reveals(first: 100) { nodes { case { subject { identity { displayName } } } } } }",
    "{ viewer { share { case { subject { identity { displayName } } alerts { nodes { subject { identity { displayName } } } } } } } }",
];

on_both! {
    async fn every_guarded_field_opens_on_every_way_to_whom_the_matrix_says_and_to_nobody_else(world) {
        let (variables, states, everybody) = prepared(&world).await;
        let (mut cells, mut expected, mut opened) = (0, 0, BTreeSet::new());
        let mut ways_of: BTreeSet<(&str, &str, &str)> = BTreeSet::new();
        for (of, field) in rules::RULES {
            let forms = forms(of, field, &variables, &states);
            expected += forms.len() * (Role::ALL.len() + 4);
            for form in &forms {
                ways_of.insert((of, field, form.way));
                for who in &everybody {
                    cells += 1;
                    if cell(&world, who, (of, field), form).await {
                        opened.insert((*of, *field, form.way));
                    }
                }
            }
        }
        assert_eq!(cells, expected, "every rule, to everybody, on every way");
        // A way on which nobody arrives proves nothing; a masked share is the one that is there to be denied.
        let dead: Vec<_> = ways_of.difference(&opened).filter(|(_, _, way)| *way != "a share").collect();
        assert!(dead.is_empty(), "{dead:?}");
    }

    async fn an_identity_opens_in_the_case_in_which_it_was_revealed_to_whom_it_was_and_in_no_other_cell(world) {
        world.connect().await;
        world.policy().await;
        let people = ["mara.lindt", "edda.sund", "olaf.ness", "rune.falk"].map(|name| format!("{name}@halden-optics.example"));
        let mut rows = "HRScenario,EmailAddress,ResignationDate,LastWorkingDate\n".to_owned();
        for (at, who) in (0..).zip(&people) {
            rows.push_str(&format!("Resignation,{who},2026-06-20T09:00:00Z,2026-07-31T00:00:00Z\n"));
            world.import_text("m365", &downloads(at * 200..at * 200 + 120, who, "2026-06-29")).await;
        }
        world.import_text("hr", rows.as_bytes()).await;
        world.settle().await;
        let ida = world.person("Ida Investigator", &[Role::Investigator]);
        let april = world.person("April Approver", &[Role::Approver]);
        let alerts = ida.query("{ alerts(first: 4) { nodes { id } } }").await["alerts"]["nodes"].clone();
        let confirm = "mutation($input: ConfirmAlertInput!) { confirmAlert(input: $input) { case { id } userErrors { message } } }";
        let mut cases = Vec::new();
        for at in 0..4 {
            let input = json!({"input": {"alertId": alerts[at]["id"], "caseName": "A case"}});
            cases.push(ida.ask(confirm, input).await.data()["confirmAlert"]["case"]["id"].clone());
        }
        // Revealed to Ida in three of the cases; then one is closed, and of another the person is erased.
        for case in &cases[..3] {
            let asked = reveal::requested(&ida, case.as_str().unwrap()).await;
            reveal::decided(&april, &asked["reveal"], true).await;
        }
        let mut who_is = Vec::new();
        for case in &cases[..3] {
            let asked = "query($case: ID!) { case(id: $case) { subject { identity { email accounts } } } }";
            let seen = ida.ask(asked, json!({"case": case})).await.data()["case"]["subject"]["identity"].to_string();
            who_is.push(people.iter().find(|who| seen.contains(*who)).unwrap_or_else(|| panic!("{seen}")).clone());
        }
        let resolve = "mutation($input: ResolveCaseInput!) { resolveCase(input: $input) { userErrors { message } } }";
        let input = json!({"input": {"caseId": cases[1], "resolution": "BENIGN", "actionTaken": "None."}});
        assert_eq!(ida.ask(resolve, input).await.data()["resolveCase"]["userErrors"], json!([]));
        let erase = "mutation($input: EraseSubjectInput!) { eraseSubject(input: $input) { userErrors { message } } }";
        let input = json!({"input": {"account": who_is[2], "reason": "They asked for it."}});
        let erased = world.person("Adam Admin", &[Role::Admin]).ask(erase, input).await;
        assert_eq!(erased.data()["eraseSubject"]["userErrors"], json!([]));

        let shared = share::shared(&ida, cases[0].as_str().unwrap(), json!({"includeIdentity": true})).await;
        let masked = share::shared(&ida, cases[0].as_str().unwrap(), json!({})).await;
        let mut everybody: Vec<(String, Caller)> =
            Role::ALL.iter().map(|role| (role.to_string(), world.person("Sven Staff", &[*role]))).collect();
        everybody.extend([
            ("who asked".to_owned(), ida.clone()),
            ("who asked, without the role".to_owned(), world.person("Ida Investigator", &[Role::Analyst, Role::Auditor])),
            ("who consented".to_owned(), april),
            ("the person".to_owned(), world.caller_with_account("Per Son", &who_is[0], &[Role::Investigator])),
            ("a stranger".to_owned(), world.stranger()),
            ("the holder of a share with identity".to_owned(), share::holder(&world, &shared)),
            ("the holder of a masked share".to_owned(), share::holder(&world, &masked)),
        ]);
        let states = ["revealed", "closed after a reveal", "erased after a reveal", "never revealed"];
        let mut open = BTreeSet::new();
        for (name, caller) in &everybody {
            let mut look = async |state: &'static str, way: &'static str, variables: Value| {
                let mut answer = caller.ask(way, variables.clone()).await;
                if answer.status == 429 {
                    world.clock.advance(60 * SECOND);
                    answer = caller.ask(way, variables).await;
                }
                if answer.body["data"].to_string().contains("isplayName\":\"") || answer.body["data"].to_string().contains("\"n\":\"") {
                    open.insert((name.clone(), state, way));
                }
            };
            for (state, case) in states.into_iter().zip(&cases) {
                for (_, document) in IDENTITIES {
                    look(state, document, json!({"case": case})).await;
                }
            }
            for document in LISTS {
                look("any", document, json!({})).await;
            }
        }
        let asked = |way: &'static str| ("who asked".to_owned(), "revealed", way);
        let mut expected: BTreeSet<_> = IDENTITIES.iter().map(|(_, document)| asked(document)).collect();
        expected.extend([LISTS[0], LISTS[1], LISTS[3]].map(|document| ("who asked".to_owned(), "any", document)));
        // The holder of a share has that one case for the queue.
        expected.extend([LISTS[1], LISTS[4]].map(|document| ("the holder of a share with identity".to_owned(), "any", document)));
        assert_eq!(open, expected);
    }
}
