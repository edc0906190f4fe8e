//! Inputs that hold a name where it does not belong: what the server answers and logs does not repeat it.

use super::{
    canary::{PEOPLE, SPELLINGS, Search},
    crawl::{Api, each_text},
};
use serde_json::{Value, json};
use vizard_core::access::{Role, matrix};
use vizard_server::graphql::rules;
use vizard_tests::{Answer, on_both};

/// What of an answer names somebody.
#[track_caller]
fn silent(search: &mut Search, what: &str, answer: &Answer) {
    each_text(&answer.body, &mut |text| {
        assert!(search.in_text(text).is_empty(), "{what}, status {}: {text}", answer.status);
    });
}

on_both! {
    async fn what_is_wrong_with_an_input_is_told_without_repeating_it(world, lines) {
        world.connect().await;
        let api = Api::read();
        let mut search = Search::new();
        let texts: Vec<String> = PEOPLE.iter().flat_map(|person| SPELLINGS.iter().map(|(_, spelled)| spelled(person))).collect();
        let mut next = texts.iter().cycle();
        // Every mutation with a name in every text and every id, and then in everything, whatever its type.
        for field in &api.objects["Mutation"] {
            let input = field.input().unwrap();
            let (resource, action) = rules::of("Mutation", &field.name).unwrap();
            // What no role may do is refused to this one, which has to be silent as well.
            let allowed = matrix::roles(resource, action).first().copied().unwrap_or(Role::Investigator);
            let document = format!("mutation($input: {input}!) {{ {}(input: $input) {{ userErrors {{ code message field }} }} }}", field.name);
            for text in next.by_ref().take(6) {
                for only_texts in [true, false] {
                    let given = api.filled_with(&input, text, only_texts);
                    for who in [world.caller(&[allowed]), world.stranger()] {
                        let answer = who.ask(&document, json!({"input": given})).await;
                        silent(&mut search, &field.name, &answer);
                    }
                }
            }
        }
        let (investigator, admin) = (world.caller(&[Role::Investigator]), world.caller(&[Role::Admin]));
        for text in &texts {
            let quoted = json!(text);
            for document in [
                format!("{{ alert(id: {quoted}) {{ id }} case(id: {quoted}) {{ id }} subject(id: {quoted}) {{ id }} node(id: {quoted}) {{ id }} policy(id: {quoted}) {{ id }} }}"),
                format!("{{ alerts(after: {quoted}) {{ totalCount }} }}"),
                format!("{{ alerts(filter: {{policyIds: [{quoted}], assignee: {quoted}}}) {{ totalCount }} }}"),
                format!("{{ alerts(first: {quoted}) {{ totalCount }} }}"),
                format!("{{ alerts(filter: {{raisedAfter: {quoted}}}) {{ totalCount }} }}"),
                format!("{{ alerts(orderBy: {quoted}) {{ totalCount }} }}"),
                format!("{{ indicators(category: {quoted}) {{ totalCount }} }}"),
                format!("{{ # {quoted}\n alerts(first: 1 {{ }}"),
            ] {
                silent(&mut search, &document, &investigator.ask(&document, json!({})).await);
            }
            for ty in ["ID!", "Int", "AlertOrder", "AlertFilter", "DateTime"] {
                let document = format!("query($value: {ty}) {{ __typename alerts(first: 1) {{ totalCount }} }}");
                silent(&mut search, ty, &investigator.ask(&document, json!({"value": text})).await);
                silent(&mut search, ty, &investigator.ask(&document, json!({"value": {"x": text}})).await);
            }
            let document = "query($first: Int, $order: AlertOrder, $filter: AlertFilter) { alerts(first: $first, orderBy: $order, filter: $filter) { totalCount } }";
            for variables in [json!({"first": text}), json!({"order": text}), json!({"filter": {"raisedAfter": text}}), json!({"filter": {"severity": [text]}})] {
                silent(&mut search, document, &investigator.ask(document, variables).await);
            }
            // The doors beside GraphQL.
            let path: String = text.bytes().map(|byte| format!("%{byte:02X}")).collect();
            for path in [format!("/ingest/{path}"), format!("/{path}"), format!("/ingest/hr?feed={path}"), format!("/ingest/hr?{path}={path}")] {
                for who in [&world.caller(&[Role::Connector]), &admin, &world.stranger()] {
                    silent(&mut search, "a delivery", &who.deliver(&path, &[], text.clone().into_bytes()).await);
                    silent(&mut search, "a page", &who.get(&path).await);
                }
            }
            silent(&mut search, "GET", &admin.get(&format!("/graphql?query={path}&operationName={path}&variables={path}")).await);
            if text.is_ascii() {
                silent(&mut search, "a token", &world.with_token(text).ask("{ viewer { id } }", Value::Null).await);
                let headers = [("idempotency-key", text.as_str()), ("content-encoding", text.as_str())];
                silent(&mut search, "headers", &world.caller(&[Role::Connector]).deliver("/ingest/hr", &headers, vec![]).await);
                silent(&mut search, "a share's token", &world.with_token(&format!("vzs_{text}")).ask("{ viewer { id } }", Value::Null).await);
            }
        }
        let metrics = world.stranger().get("/metrics").await;
        silent(&mut search, "metrics", &metrics);
        assert_eq!(search.in_lines(&lines.text()), Vec::<String>::new());
        assert!(lines.text().lines().count() > 100, "the log was not kept");
    }
}
