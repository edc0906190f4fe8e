//! GraphQL over HTTP, after the GraphQL-over-HTTP draft: one operation a request, as JSON; subscriptions go on to
//! [`super::live`].
//! Never: a mutation by GET, a batch, a form or plain text: a browser sends those from any page without asking first.

mod media;

use super::{
    Documents, Shared, answer,
    answer::Refusal,
    documents::Named,
    live::{events, socket},
    request::{self, Signed},
    veil::Veil,
};
use crate::{
    config::Mode,
    graphql::{
        errors::{self, INVALID},
        live, precheck,
    },
    permit::Viewer,
};
use async_graphql::{
    Executor, Request, Response as Answer, ServerError, Value, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, OperationDefinition, OperationType},
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
pub(super) struct Asked {
    document: Named,
    operation_name: Option<String>,
    variables: Map<String, Json>,
}

/// A document that was measured, and the operation of it that is to run.
#[derive(Clone)]
pub(super) struct Checked {
    query: String,
    operation_name: Option<String>,
    variables: Variables,
    document: ExecutableDocument,
    pub(super) kind: OperationType,
}

impl Checked {
    pub(super) fn of(asked: Asked, trusted: Option<&Documents>) -> Result<Self, ServerError> {
        let query = asked.document.text(trusted)?;
        let mut variables = Variables::from_json(Json::Object(asked.variables));
        let mut document = precheck::check(&query, &variables)?;
        live::unfold(&mut document);
        let operation = pick(&document, asked.operation_name.as_deref())?;
        // The library looks at defaults for arguments alone, and directives take variables too.
        for variable in &operation.variable_definitions {
            if let Some(default) = &variable.node.default_value {
                variables.entry(variable.node.name.node.clone()).or_insert_with(|| default.node.clone());
            }
        }
        let kind = operation.ty;
        Ok(Self { query, operation_name: asked.operation_name, variables, document, kind })
    }

    /// The request that runs it. A subscription runs clones of itself.
    pub(super) fn request(self) -> Request {
        let mut request = Request::new(self.query).variables(self.variables);
        request.operation_name = self.operation_name;
        request.set_parsed_query(self.document);
        request
    }
}

/// The forms that the client takes.
struct Accepted {
    /// Of one answer.
    media: Option<Media>,
    /// A stream of events.
    events: bool,
}

impl Accepted {
    fn of(headers: &HeaderMap) -> Self {
        Self { media: Media::wanted(headers), events: media::takes_events(headers) }
    }
}

pub(super) async fn get<E: Executor>(State(shared): State<Arc<Shared<E>>>, http: HttpRequest) -> Response {
    let (parts, _) = http.into_parts();
    if socket::wanted(&parts.headers) {
        return Box::pin(socket::upgrade(&shared, parts)).await;
    }
    let accepted = Accepted::of(&parts.headers);
    let read = async {
        let peer = request::peer(&parts.extensions);
        let signed = request::signed(&parts.headers, peer, &*shared.app.sign_in).await?;
        Ok((signed, from_query(&parts)?))
    };
    respond(&shared, accepted, Box::pin(read), &parts.method).await
}

pub(super) async fn post<E: Executor>(State(shared): State<Arc<Shared<E>>>, http: HttpRequest) -> Response {
    let accepted = Accepted::of(http.headers());
    let read = async {
        let peer = request::peer(http.extensions());
        let signed = request::signed(http.headers(), peer, &*shared.app.sign_in).await?;
        json_only(http.headers())?;
        let body = request::body(http, limits::GRAPHQL_BODY_BYTES).await?;
        Ok((signed, from_body(&body)?))
    };
    respond(&shared, accepted, Box::pin(read), &Method::POST).await
}

/// Reads the request and runs it, where the answer has a form that the client takes.
async fn respond<E: Executor>(
    shared: &Arc<Shared<E>>,
    Accepted { media, events }: Accepted,
    read: impl Future<Output = Result<(Option<Signed>, Asked), Refusal>>,
    method: &Method,
) -> Response {
    if media.is_none() && !events {
        let message =
            "the answer is application/graphql-response+json or application/json, of a subscription text/event-stream";
        return refuse(Media::Json, Refusal::new(StatusCode::NOT_ACCEPTABLE, INVALID, message));
    }
    let (signed, asked) = match read.await {
        Ok(read) => read,
        Err(refusal) => return refuse(media.unwrap_or(Media::Json), refusal),
    };
    // The page of a share is the server's own, and asks for what its holder may see of one case.
    let holds_share = signed.as_ref().is_some_and(|signed| signed.viewer.share.is_some());
    let checked = Checked::of(asked, shared.app.documents.as_ref().filter(|_| !holds_share));
    let is_subscription = checked.as_ref().map_or(true, |checked| checked.kind == OperationType::Subscription);
    let Some(media) = media.filter(|_| !(events && checked.is_ok() && is_subscription)) else {
        if is_subscription {
            return Box::pin(events::answer(shared, signed, checked)).await;
        }
        let message = "only a subscription is answered as text/event-stream";
        return refuse(Media::Json, Refusal::new(StatusCode::NOT_ACCEPTABLE, INVALID, message));
    };
    let viewer = signed.map(|signed| signed.viewer);
    let result = async {
        match checked {
            Ok(checked) => execute(shared, viewer, checked, method).await,
            Err(error) => Ok(Answer::from_errors(vec![error])),
        }
    };
    match Box::pin(result).await {
        Ok(answer) => render(media, answer),
        Err(refusal) => refuse(media, refusal),
    }
}

fn render(media: Media, mut answer: Answer) -> Response {
    answer.errors.iter_mut().for_each(errors::ensure_code);
    // The library has no mark for a request that was not executed: it answers null and errors without a path.
    let executed = answer.data != Value::Null || answer.errors.iter().any(|error| !error.path.is_empty());
    if executed {
        answer::json(StatusCode::OK, media.content_type(), &answer)
    } else {
        answer::json(media.status_not_executed(), media.content_type(), &json!({"errors": answer.errors}))
    }
}

fn refuse(media: Media, refusal: Refusal) -> Response {
    let mut extensions = json!({"code": refusal.code});
    if let Some(reason) = refusal.reason {
        extensions["reason"] = reason.into();
    }
    let body = json!({"errors": [{"message": refusal.message, "extensions": extensions}]});
    refusal.into_response_with(media.content_type(), &body)
}

async fn execute<E: Executor>(
    shared: &Shared<E>,
    viewer: Option<Viewer>,
    mut checked: Checked,
    method: &Method,
) -> Result<Answer, Refusal> {
    if checked.kind == OperationType::Subscription {
        let message = "a subscription is answered as text/event-stream, or over a WebSocket";
        return Ok(Answer::from_errors(vec![errors::refused(message, INVALID)]));
    }
    if checked.kind == OperationType::Mutation && method != Method::POST {
        let message = "GET is for queries: send a mutation by POST";
        return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, INVALID, message).with(header::ALLOW, "POST"));
    }
    let veil = viewer.as_ref().and_then(|viewer| viewer.share.as_deref()).map(|share| Veil::new(&share.veil));
    if let Some(veil) = &veil {
        veil.lift(&mut checked.document, &mut checked.variables);
    }
    let mut request = checked.request();
    if shared.app.mode == Mode::Production {
        request = request.disable_introspection();
    }
    if let Some(viewer) = viewer {
        request = request.data(viewer);
    }
    let answer = Box::pin(shared.app.schema.execute(request));
    let answer = tokio::time::timeout(shared.graphql_deadline, answer)
        .await
        .map_err(|_| Refusal::new(StatusCode::SERVICE_UNAVAILABLE, TIMEOUT, took_too_long()))?;
    Ok(match veil {
        Some(veil) => veil.over(answer),
        None => answer,
    })
}

/// The code of an answer that did not come in time.
pub(super) const TIMEOUT: &str = "TIMEOUT";

pub(super) fn took_too_long() -> String {
    format!("the answer took longer than {} s: ask for less at once", limits::GRAPHQL_SECONDS)
}

/// The operation to run. The library repeats unknown names in its errors, so the name is settled here.
fn pick<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Result<&'a OperationDefinition, ServerError> {
    let found = match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => operations.values().next(),
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        _ => None,
    };
    match found {
        Some(operation) => Ok(&operation.node),
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
    let body: Map<String, Json> = serde_json::from_slice(body)
        .map_err(|_| Refusal::invalid("the body is one JSON object with query, operationName and variables"))?;
    from_object(body)
}

pub(super) fn from_object(mut body: Map<String, Json>) -> Result<Asked, Refusal> {
    let mut text = |name: &str| match body.remove(name) {
        None | Some(Json::Null) => Ok(None),
        Some(Json::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::invalid(format!("`{name}` is a text"))),
    };
    let (query, id, operation_name) = (text("query")?, text("documentId")?, text("operationName")?);
    let document = named(query, id, &object(body.remove("extensions"), "extensions")?)?;
    Ok(Asked { document, operation_name, variables: object(body.remove("variables"), "variables")? })
}

fn from_query(parts: &Parts) -> Result<Asked, Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Parameters {
        query: Option<String>,
        document_id: Option<String>,
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
    let document = named(asked.query, asked.document_id, &parsed(asked.extensions, "extensions")?)?;
    Ok(Asked { document, operation_name: asked.operation_name, variables: parsed(asked.variables, "variables")? })
}

/// The document of a request: its text, its id as the GraphQL-over-HTTP draft sends it, or as Apollo's clients do.
fn named(text: Option<String>, id: Option<String>, extensions: &Map<String, Json>) -> Result<Named, Refusal> {
    let persisted = extensions.get("persistedQuery").and_then(|of| of.get("sha256Hash")).and_then(Json::as_str);
    let named = Named { text, id: id.or_else(|| persisted.map(str::to_owned)) };
    match &named {
        Named { text: None, id: None } => Err(Refusal::invalid("`query` is a text and required")),
        _ => Ok(named),
    }
}

fn object(value: Option<Json>, name: &str) -> Result<Map<String, Json>, Refusal> {
    match value {
        None | Some(Json::Null) => Ok(Map::new()),
        Some(Json::Object(map)) => Ok(map),
        Some(_) => Err(Refusal::invalid(format!("`{name}` is a JSON object"))),
    }
}
