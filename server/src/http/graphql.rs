//! GraphQL over HTTP, after the GraphQL-over-HTTP draft: one operation a request, as JSON.
//! Never: a mutation by GET, a batch, a form or plain text: a browser sends those from any page without asking first.

mod media;

use super::{Shared, answer, answer::Refusal, request, veil::Veil};
use crate::{
    config::Mode,
    graphql::{
        errors::{self, INVALID},
        precheck,
    },
    permit::Viewer,
};
use async_graphql::{
    Executor, Request, Response as Answer, ServerError, Value, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationType},
};
use axum::{
    extract::{Query, Request as HttpRequest, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    response::Response,
};
use media::Media;
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;
use vizard_core::limits;

/// The parameters of a request.
struct Asked {
    query: String,
    operation_name: Option<String>,
    variables: Map<String, Json>,
}

pub(super) async fn get<E: Executor>(State(shared): State<Arc<Shared<E>>>, http: HttpRequest) -> Response {
    let (parts, _) = http.into_parts();
    let result = async {
        let peer = request::peer(&parts.extensions);
        let viewer = request::viewer(&parts.headers, peer, &*shared.app.sign_in).await?;
        execute(&shared, viewer, from_query(&parts)?, &parts.method).await
    };
    render(Media::wanted(&parts.headers), Box::pin(result)).await
}

pub(super) async fn post<E: Executor>(State(shared): State<Arc<Shared<E>>>, http: HttpRequest) -> Response {
    let media = Media::wanted(http.headers());
    let result = async {
        let peer = request::peer(http.extensions());
        let viewer = request::viewer(http.headers(), peer, &*shared.app.sign_in).await?;
        json_only(http.headers())?;
        let body = request::body(http, limits::GRAPHQL_BODY_BYTES).await?;
        execute(&shared, viewer, from_body(&body)?, &Method::POST).await
    };
    render(media, Box::pin(result)).await
}

/// Runs the request where the answer has a form the client takes.
async fn render(media: Option<Media>, result: impl Future<Output = Result<Answer, Refusal>>) -> Response {
    let Some(media) = media else {
        let message = "the answer is application/graphql-response+json or application/json";
        return refuse(Media::Json, Refusal::new(StatusCode::NOT_ACCEPTABLE, INVALID, message));
    };
    match result.await {
        Ok(mut answer) => {
            answer.errors.iter_mut().for_each(errors::ensure_code);
            // The library has no mark for a request that was not executed: it answers null and errors without a path.
            let executed = answer.data != Value::Null || answer.errors.iter().any(|error| !error.path.is_empty());
            if executed {
                answer::json(StatusCode::OK, media.content_type(), &answer)
            } else {
                answer::json(media.status_not_executed(), media.content_type(), &json!({"errors": answer.errors}))
            }
        }
        Err(refusal) => refuse(media, refusal),
    }
}

fn refuse(media: Media, refusal: Refusal) -> Response {
    let body = json!({"errors": [{"message": refusal.message, "extensions": {"code": refusal.code}}]});
    refusal.into_response_with(media.content_type(), &body)
}

async fn execute<E: Executor>(
    shared: &Shared<E>,
    viewer: Option<Viewer>,
    asked: Asked,
    method: &Method,
) -> Result<Answer, Refusal> {
    let mut variables = Variables::from_json(Json::Object(asked.variables));
    let mut document = match precheck::check(&asked.query, &variables) {
        Ok(document) => document,
        Err(error) => return Ok(Answer::from_errors(vec![error])),
    };
    let operation = match operation(&document, asked.operation_name.as_deref()) {
        Ok(operation) => operation,
        Err(error) => return Ok(Answer::from_errors(vec![error])),
    };
    if operation == OperationType::Mutation && method != Method::POST {
        let message = "GET is for queries: send a mutation by POST";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, INVALID, message).with(header::ALLOW, "POST"));
    }
    let veil = viewer.as_ref().and_then(|viewer| viewer.share.as_deref()).map(|share| Veil::new(&share.veil));
    if let Some(veil) = &veil {
        veil.lift(&mut document, &mut variables);
    }
    let mut request = Request::new(asked.query).variables(variables);
    request.operation_name = asked.operation_name;
    request.set_parsed_query(document);
    if shared.app.mode == Mode::Production && viewer.is_none() {
        request = request.disable_introspection();
    }
    if let Some(viewer) = viewer {
        request = request.data(viewer);
    }
    let answer = Box::pin(shared.app.schema.execute(request));
    let answer = tokio::time::timeout(shared.graphql_deadline, answer).await.map_err(|_| {
        let message = format!("the answer took longer than {} s: ask for less at once", limits::GRAPHQL_SECONDS);
        Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message)
    })?;
    Ok(match veil {
        Some(veil) => veil.over(answer),
        None => answer,
    })
}

/// The kind of the operation to run. The library repeats unknown names in its errors, so the name is settled here.
fn operation(document: &ExecutableDocument, name: Option<&str>) -> Result<OperationType, ServerError> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        _ => None,
    };
    match found.map(|operation| operation.node.ty) {
        Some(OperationType::Subscription) => Err(errors::refused("subscriptions are not served over HTTP", INVALID)),
        Some(ty) => Ok(ty),
        None if name.is_some() => Err(errors::refused("the document has no operation of that name", INVALID)),
        None => Err(errors::refused("the document has several operations: name one in operationName", INVALID)),
    }
}

fn json_only(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or("");
    let (media, parameters) = text.split_once(';').unwrap_or((text, ""));
    let parameter = parameters.trim().to_ascii_lowercase().replace('"', "");
    if media.trim().eq_ignore_ascii_case("application/json") && matches!(parameter.as_str(), "" | "charset=utf-8") {
        return Ok(());
    }
    let message = "send the operation as application/json";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID, message))
}

fn from_body(body: &[u8]) -> Result<Asked, Refusal> {
    // Not derived: a derived reader takes an array for a structure, and an array is a batch.
    let mut body: Map<String, Json> = serde_json::from_slice(body)
        .map_err(|_| Refusal::invalid("the body is one JSON object with query, operationName and variables"))?;
    let query = match body.remove("query") {
        Some(Json::String(query)) => query,
        _ => return Err(Refusal::invalid("`query` is a text and required")),
    };
    let operation_name = match body.remove("operationName") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) => Some(name),
        Some(_) => return Err(Refusal::invalid("`operationName` is a text")),
    };
    object(body.remove("extensions"), "extensions")?;
    Ok(Asked { query, operation_name, variables: object(body.remove("variables"), "variables")? })
}

fn from_query(parts: &Parts) -> Result<Asked, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Parameters {
        query: String,
        operation_name: Option<String>,
        variables: Option<String>,
        extensions: Option<String>,
    }
    let Query(asked) = Query::<Parameters>::try_from_uri(&parts.uri)
        .map_err(|_| Refusal::invalid("the parameters are query, operationName and variables, each once"))?;
    let parsed =
        |text: Option<String>, name| match text.filter(|text| !text.is_empty()).map(|text| serde_json::from_str(&text))
        {
            None => Ok(Map::new()),
            Some(Ok(value)) => object(Some(value), name),
            Some(Err(_)) => Err(Refusal::invalid(format!("`{name}` is a JSON object"))),
        };
    parsed(asked.extensions, "extensions")?;
    Ok(Asked {
        query: asked.query,
        operation_name: asked.operation_name,
        variables: parsed(asked.variables, "variables")?,
    })
}

fn object(value: Option<Json>, name: &str) -> Result<Map<String, Json>, Refusal> {
    match value {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(map)) => Ok(map),
        Some(_) => Err(Refusal::invalid(format!("`{name}` is a JSON object"))),
    }
}
