//! What each kind of viewer gets from a guarded field, on every path to it.
//! Never: a check that would pass if the guard were gone.

use super::*;
use crate::graphql::{directive, spec::Spec};
use async_graphql::{EmptySubscription, Interface, Object, Request, Schema, SimpleObject};
use serde_json::{Value as Json, json};
use std::sync::atomic::{AtomicUsize, Ordering};
use vizard_core::access::Role;

#[allow(unreachable_pub, dead_code, reason = "a table of its own, with a rule that nothing uses")]
mod rule {
    crate::rules! {
        QueryAlerts = "Query"."alerts": Alerts, Read;
        QueryBroken = "Query"."broken": Policies, Read;
        QueryNothing = "Query"."nothing": Policies, Read;
        AlertContent = "Alert"."content": EvidenceContent, Read;
        Swapped = "Alert"."other": Alerts, Read;
        DismissAlerts = "Mutation"."dismissAlerts": Alerts, Change;
        Unused = "Query"."unused": Alerts, Read;
    }
}

struct Alert;

#[Object]
impl Alert {
    async fn id(&self) -> i32 {
        1
    }
    async fn content(&self, ctx: &Context<'_>) -> Guarded<String, rule::AlertContent> {
        guarded(ctx, async |_| Ok("secret".to_owned())).await
    }
    async fn swapped(&self, ctx: &Context<'_>) -> Guarded<String, rule::Swapped> {
        guarded(ctx, async |_| Ok("secret".to_owned())).await
    }
}

#[derive(Interface)]
#[graphql(field(name = "content", ty = "Guarded<String, rule::AlertContent>"))]
enum Thing {
    Alert(Alert),
}

#[derive(SimpleObject)]
struct Page {
    nodes: Vec<Alert>,
}

struct Query;

#[Object]
impl Query {
    async fn alert(&self) -> Alert {
        Alert
    }
    async fn thing(&self) -> Thing {
        Thing::Alert(Alert)
    }
    async fn page(&self) -> Page {
        Page { nodes: vec![Alert, Alert] }
    }
    async fn alerts(&self, ctx: &Context<'_>) -> Guarded<Vec<Alert>, rule::QueryAlerts> {
        guarded(ctx, async |permit| {
            permit.require(Resource::Alerts, Action::Read)?;
            Ok(vec![Alert])
        })
        .await
    }
    async fn broken(&self, ctx: &Context<'_>) -> Guarded<i32, rule::QueryBroken> {
        guarded(ctx, async |_| Err::<i32, _>(ServiceError::Internal(anyhow::anyhow!("the disk of Ada")))).await
    }
    async fn nothing(&self, ctx: &Context<'_>) -> Guarded<i32, rule::QueryNothing> {
        guarded(ctx, async |_| Ok(None)).await
    }
    async fn open(&self) -> Answer<i32> {
        Answer::from(Err::<i32, _>(ServiceError::NotFound))
    }
}

struct Mutation;

#[Object]
impl Mutation {
    async fn dismiss_alerts(&self, ctx: &Context<'_>) -> Guarded<i32, rule::DismissAlerts> {
        let ran = ctx.data_opt::<std::sync::Arc<AtomicUsize>>();
        guarded(ctx, async |_| {
            ran.inspect(|count| {
                count.fetch_add(1, Ordering::SeqCst);
            });
            Ok(7)
        })
        .await
    }
}

fn schema() -> Schema<Query, Mutation, EmptySubscription> {
    directive::print_requires(Schema::build(Query, Mutation, EmptySubscription)).extension(Spec).finish()
}

fn viewer(roles: &[Role]) -> Viewer {
    Viewer::new("dev:ada", "Ada", roles)
}

async fn ask(query: &str, roles: Option<&[Role]>) -> Json {
    let mut request = Request::new(query);
    if let Some(roles) = roles {
        request = request.data(viewer(roles));
    }
    serde_json::to_value(schema().execute(request).await).unwrap()
}

#[tokio::test]
async fn a_denied_field_is_null_with_one_error_at_its_path_and_the_rest_stays() {
    let answer = ask("{ before: alert { id } alerts { id } after: alert { id } }", Some(&[Role::Admin])).await;
    assert_eq!(answer["data"], json!({"before": {"id": 1}, "alerts": null, "after": {"id": 1}}));
    assert_eq!(
        answer["errors"],
        json!([{
            "message": "this needs one of the roles ANALYST, INVESTIGATOR",
            "locations": [{"line": 1, "column": 24}],
            "path": ["alerts"],
            "extensions": {"code": "FORBIDDEN", "requires": ["ANALYST", "INVESTIGATOR"]},
        }])
    );
}

#[tokio::test]
async fn who_has_a_role_of_the_row_reads_the_field() {
    for role in [Role::Analyst, Role::Investigator] {
        assert_eq!(ask("{ alerts { id } }", Some(&[role])).await, json!({"data": {"alerts": [{"id": 1}]}}));
    }
    assert_eq!(ask("{ nothing }", Some(&[Role::Admin])).await, json!({"data": {"nothing": null}}));
}

#[tokio::test]
async fn nobody_is_asked_to_sign_in() {
    let answer = ask("{ alerts { id } }", None).await;
    assert_eq!(answer["data"], json!({"alerts": null}));
    let extensions = json!({"code": "UNAUTHENTICATED", "requires": ["ANALYST", "INVESTIGATOR"]});
    assert_eq!(answer["errors"][0]["extensions"], extensions);
}

#[tokio::test]
async fn no_path_goes_past_the_guard() {
    let paths = [
        "{ alert { content } }",
        "{ alert { x: content } }",
        "{ thing { content } }",
        "{ thing { ... on Alert { content } } }",
        "{ alert { ...F } } fragment F on Alert { content }",
        "{ page { nodes { content } } }",
        "{ alert { content @include(if: true) } }",
    ];
    for query in paths {
        let roles: [Option<&[Role]>; 3] = [None, Some(&[Role::Analyst]), Some(&[Role::Admin])];
        for roles in roles {
            let answer = ask(query, roles).await.to_string();
            assert!(!answer.contains("secret") && answer.contains(":null"), "{query} {roles:?}: {answer}");
        }
        let answer = ask(query, Some(&[Role::Investigator])).await.to_string();
        assert!(answer.contains("secret") && !answer.contains("errors"), "{query}: {answer}");
    }
}

#[tokio::test]
async fn the_body_of_a_denied_mutation_does_not_run() {
    let ran = std::sync::Arc::new(AtomicUsize::new(0));
    for (roles, runs) in [(&[Role::Admin], 0), (&[Role::Analyst], 1)] {
        let request = Request::new("mutation { dismissAlerts }").data(viewer(roles)).data(ran.clone());
        schema().execute(request).await;
        assert_eq!(ran.load(Ordering::SeqCst), runs, "{roles:?}");
    }
}

#[tokio::test]
async fn an_error_of_a_service_is_null_at_the_path_and_hides_an_internal_cause() {
    let answer = ask("{ broken open }", Some(&[Role::Admin])).await;
    assert_eq!(answer["data"], json!({"broken": null, "open": null}));
    let codes = [&answer["errors"][0]["extensions"]["code"], &answer["errors"][1]["extensions"]["code"]];
    assert_eq!(codes, ["INTERNAL", "NOT_FOUND"]);
    assert!(!answer.to_string().contains("Ada"));
}

#[tokio::test]
async fn a_rule_on_another_field_than_its_own_answers_nothing() {
    let answer = ask("{ alert { swapped } }", Some(&[Role::Analyst])).await;
    assert_eq!(answer["data"], json!({"alert": {"swapped": null}}));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL");
}

#[test]
fn the_printed_schema_shows_the_roles_of_the_matrix_on_guarded_fields_only() {
    let sdl = schema().sdl();
    for line in [
        "alerts: [Alert!] @requires(anyOf: [ANALYST, INVESTIGATOR])",
        "content: String @requires(anyOf: [INVESTIGATOR])",
        "dismissAlerts: Int @requires(anyOf: [ANALYST, INVESTIGATOR])",
        "directive @requires(anyOf: [Role!]!) on FIELD_DEFINITION | OBJECT",
    ] {
        assert!(sdl.contains(line), "{line}\nin\n{sdl}");
    }
    assert_eq!(sdl.matches("@requires(anyOf: [").count(), 5 + 1, "five guarded fields and the definition\n{sdl}");
}

#[test]
fn a_rule_that_guards_no_field_is_found() {
    let unprinted = directive::unprinted(&schema().sdl(), rule::RULES);
    assert_eq!(unprinted, [("Alert", "other"), ("Query", "unused")]);
}
