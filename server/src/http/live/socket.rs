//! Subscriptions over a WebSocket: the sub-protocol `graphql-transport-ws`, several subscriptions on one socket.
//! Never: a query or a mutation, a page of another site, or a message of a kind that the protocol does not have.

use super::{Ear, Ending, OVER, Seat, Told, is_over};
use crate::{
    graphql::errors::{self, INVALID, LIMIT_EXCEEDED},
    http::{
        Shared,
        answer::Refusal,
        graphql::{Checked, from_object},
        request::{self, Signed},
    },
};
use async_graphql::{Executor, ServerError};
use axum::{
    extract::{
        FromRequestParts as _,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use futures_util::{
    StreamExt as _,
    stream::{self, AbortHandle, BoxStream, SelectAll},
};
use serde_json::{Map, Value as Json, json};
use std::{collections::HashMap, net::IpAddr, sync::Arc, time::Duration};
use tokio::time::Instant;
use tracing::Instrument as _;
use vizard_core::limits;

const PROTOCOL: &str = "graphql-transport-ws";
/// What a client may say in frames that are small: read in pieces of this size.
const READ_BYTES: usize = 4 * 1024;
/// Time for a client to answer a close.
const FAREWELL: Duration = Duration::from_secs(1);

/// Why a socket is closed: the protocol's codes, and those of WebSocket itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Close(u16, &'static str);

const GOING_AWAY: Close = Close(1001, "Going away");
const TRY_AGAIN: Close = Close(1013, "Too many connections: close some, or try again later");
const BAD_REQUEST: Close = Close(4400, "Invalid message");
const UNAUTHORIZED: Close = Close(4401, "Unauthorized");
const FORBIDDEN: Close = Close(4403, "Forbidden");
const INIT_TIMEOUT: Close = Close(4408, "Connection initialisation timeout");
const SUBSCRIBER_EXISTS: Close = Close(4409, "Subscriber for this id already exists");
const TOO_MANY_INITS: Close = Close(4429, "Too many initialisation requests");

/// Whether the request asks for a WebSocket.
pub(in crate::http) fn wanted(headers: &HeaderMap) -> bool {
    headers.get(header::UPGRADE).is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// A browser says which site a page is of. A page of another site is refused, unless the configuration names it.
fn is_of_our_site(headers: &HeaderMap, allowed: &[String]) -> bool {
    let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or("").to_ascii_lowercase();
    let mut origins = headers.get_all(header::ORIGIN).iter().map(text);
    let (Some(origin), None) = (origins.next(), origins.next()) else { return !headers.contains_key(header::ORIGIN) };
    let host = headers.get(header::HOST).map(text);
    allowed.contains(&origin) || origin.split_once("://").is_some_and(|(_, site)| host.as_deref() == Some(site))
}

pub(in crate::http) async fn upgrade<E: Executor>(shared: &Arc<Shared<E>>, mut parts: Parts) -> Response {
    match accept(shared, &mut parts).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(),
    }
}

async fn accept<E: Executor>(shared: &Arc<Shared<E>>, parts: &mut Parts) -> Result<Response, Refusal> {
    let live = &shared.app.live;
    if !is_of_our_site(&parts.headers, &live.origins) {
        let message = "pages of this site may not connect: its origin is not this server's and is not configured";
        return Err(Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", message));
    }
    let peer = request::peer(&parts.extensions);
    // By the header or by `connection_init`: browsers cannot set headers here.
    let signed = request::signed(&parts.headers, peer, &*shared.app.sign_in).await?;
    let socket = WebSocketUpgrade::from_request_parts(parts, &()).await;
    let socket = socket.map_err(|_| Refusal::invalid("this is no WebSocket handshake of version 13"))?;
    let socket = socket
        .protocols([PROTOCOL])
        .read_buffer_size(READ_BYTES)
        .write_buffer_size(0)
        .max_message_size(limits::GRAPHQL_BODY_BYTES)
        .max_frame_size(limits::GRAPHQL_BODY_BYTES);
    if socket.selected_protocol().is_none() {
        return Err(Refusal::invalid("the sub-protocol is graphql-transport-ws"));
    }
    let Some(seat) = live.seat() else {
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "TOO_BUSY", TRY_AGAIN.1);
        return Err(refusal.with(header::RETRY_AFTER, &limits::RETRY_AFTER_SECONDS.to_string()));
    };
    let (shared, tasks) = (Arc::clone(shared), live.tasks.clone());
    Ok(socket.on_upgrade(move |socket| {
        let connection = Connection {
            shared,
            socket,
            peer,
            at_the_door: signed,
            seat,
            signed: None,
            open: HashMap::new(),
            said: SelectAll::new(),
            heard_at: Instant::now(),
            pinged_at: Instant::now(),
        };
        tasks.track_future(Box::pin(connection.run()).in_current_span())
    }))
}

/// What a subscription says, with the id that the client gave it.
type Said = BoxStream<'static, (String, Told)>;

struct Connection<E> {
    shared: Arc<Shared<E>>,
    socket: WebSocket,
    peer: Option<IpAddr>,
    /// Who signed in by the header of the handshake.
    at_the_door: Option<Signed>,
    seat: Seat,
    /// Set by `connection_init`.
    signed: Option<Signed>,
    open: HashMap<String, AbortHandle>,
    said: SelectAll<Said>,
    heard_at: Instant,
    pinged_at: Instant,
}

/// The connection ends: with a close, or because the client is gone.
type Ended = Option<Close>;

impl<E: Executor> Connection<E> {
    async fn run(mut self) {
        let Err(ended) = self.serve().await;
        let Some(Close(code, reason)) = ended else { return };
        let frame = CloseFrame { code, reason: reason.into() };
        if self.send(Message::Close(Some(frame))).await.is_ok() {
            // What the client has sent meanwhile is read, or the system would cut the connection before the close arrives.
            let answered = async { while let Some(Ok(_)) = self.socket.recv().await {} };
            let _ = tokio::time::timeout(FAREWELL, answered).await;
        }
    }

    async fn serve(&mut self) -> Result<std::convert::Infallible, Ended> {
        let started = Instant::now();
        let mut ticks = tokio::time::interval(super::TICK);
        let closing = self.shared.app.live.closing.clone();
        loop {
            tokio::select! {
                () = closing.cancelled() => return Err(Some(GOING_AWAY)),
                message = self.socket.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await?,
                    // A message that is too long, a frame that is none, a line that broke.
                    Some(Err(_)) => return Err(Some(BAD_REQUEST)),
                    None => return Err(None),
                },
                Some((id, told)) = self.said.next(), if !self.said.is_empty() => self.pass_on(id, told).await?,
                _ = ticks.tick() => self.tick(started).await?,
            }
        }
    }

    async fn tick(&mut self, started: Instant) -> Result<(), Ended> {
        match &self.signed {
            None if started.elapsed().as_secs() >= limits::LIVE_INIT_SECONDS => return Err(Some(INIT_TIMEOUT)),
            Some(signed) if is_over(signed, &self.shared.app.live.clock) => return Err(Some(Close(FORBIDDEN.0, OVER))),
            _ => {}
        }
        if self.heard_at.elapsed().as_secs() >= 2 * limits::LIVE_PING_SECONDS {
            return Err(None);
        }
        if self.pinged_at.elapsed().as_secs() >= limits::LIVE_PING_SECONDS {
            self.pinged_at = Instant::now();
            self.send(Message::Ping(axum::body::Bytes::new())).await?;
        }
        Ok(())
    }

    async fn hear(&mut self, message: Message) -> Result<(), Ended> {
        self.heard_at = Instant::now();
        let text = match message {
            Message::Text(text) => text,
            Message::Binary(_) => return Err(Some(BAD_REQUEST)),
            Message::Ping(_) | Message::Pong(_) => return Ok(()),
            Message::Close(_) => return Err(None),
        };
        let bad = || Some(BAD_REQUEST);
        let mut message: Map<String, Json> = serde_json::from_str(&text).map_err(|_| bad())?;
        let payload = match message.remove("payload") {
            None | Some(Json::Null) => None,
            Some(Json::Object(payload)) => Some(payload),
            Some(_) => return Err(bad()),
        };
        let id = match message.remove("id") {
            Some(Json::String(id)) if (1..=limits::LIVE_OPERATION_ID_BYTES).contains(&id.len()) => Some(id),
            None => None,
            Some(_) => return Err(bad()),
        };
        match (message.get("type").and_then(Json::as_str), id, payload) {
            (Some("connection_init"), None, payload) => self.init(&payload.unwrap_or_default()).await,
            (Some("ping"), None, _) => self.say(&json!({"type": "pong"})).await,
            (Some("pong"), None, _) => Ok(()),
            (Some("subscribe"), Some(id), Some(payload)) => self.subscribe(id, payload).await,
            (Some("complete"), Some(id), None) => {
                self.forget(&id);
                Ok(())
            }
            _ => Err(bad()),
        }
    }

    /// The token is the payload's `Authorization`, in either spelling, or else the handshake's.
    async fn init(&mut self, payload: &Map<String, Json>) -> Result<(), Ended> {
        if self.signed.is_some() {
            return Err(Some(TOO_MANY_INITS));
        }
        let signed = match payload.get("Authorization").or_else(|| payload.get("authorization")) {
            None | Some(Json::Null) => self.at_the_door.take().ok_or(Some(UNAUTHORIZED))?,
            Some(text) => {
                let signed = request::sign_in(text.as_str(), self.peer, &*self.shared.app.sign_in).await;
                signed.map_err(|refusal| match refusal.status {
                    StatusCode::UNAUTHORIZED => Some(FORBIDDEN),
                    _ => Some(TRY_AGAIN),
                })?
            }
        };
        if !self.seat.belongs_to(&signed.viewer.id) {
            return Err(Some(TRY_AGAIN));
        }
        self.signed = Some(signed);
        self.say(&json!({"type": "connection_ack"})).await
    }

    /// Opens a subscription before the next message is read: a `pong` to a later `ping` says that it is open.
    async fn subscribe(&mut self, id: String, payload: Map<String, Json>) -> Result<(), Ended> {
        let Some(signed) = self.signed.clone() else { return Err(Some(UNAUTHORIZED)) };
        if self.open.contains_key(&id) {
            return Err(Some(SUBSCRIBER_EXISTS));
        }
        if self.open.len() >= limits::LIVE_OPERATIONS {
            let message = format!("at most {} subscriptions on one socket: complete some", limits::LIVE_OPERATIONS);
            return self.fail(&id, vec![errors::refused(message, LIMIT_EXCEEDED)]).await;
        }
        let asked = from_object(payload).map_err(|refusal| errors::refused(refusal.message, INVALID));
        let opened = match asked.and_then(|asked| Checked::of(asked, self.shared.app.documents.as_ref())) {
            Ok(asked) => Ear::open(&self.shared, signed, asked).await,
            Err(error) => Err(vec![error]),
        };
        match opened {
            Ok(ear) => {
                let of = id.clone();
                let (said, handle) = stream::abortable(ear.tell().map(move |told| (of.clone(), told)));
                self.said.push(said.boxed());
                self.open.insert(id, handle);
                Ok(())
            }
            Err(errors) => self.fail(&id, errors).await,
        }
    }

    fn forget(&mut self, id: &str) {
        if let Some(handle) = self.open.remove(id) {
            handle.abort();
        }
    }

    async fn pass_on(&mut self, id: String, told: Told) -> Result<(), Ended> {
        match told {
            Told::Next(event) => self.say(&json!({"id": id, "type": "next", "payload": event})).await,
            Told::End(ending) => {
                self.forget(&id);
                match ending {
                    Ending::Errors(errors) => self.fail(&id, errors).await,
                    // Of the whole socket: it is one token.
                    Ending::SignedOut(_) => Err(Some(FORBIDDEN)),
                    Ending::Closing => Err(Some(GOING_AWAY)),
                }
            }
        }
    }

    async fn fail(&mut self, id: &str, mut errors: Vec<ServerError>) -> Result<(), Ended> {
        errors.iter_mut().for_each(errors::ensure_code);
        self.say(&json!({"id": id, "type": "error", "payload": errors})).await
    }

    async fn say(&mut self, message: &Json) -> Result<(), Ended> {
        self.send(Message::Text(message.to_string().into())).await
    }

    /// A client that takes nothing is let go.
    async fn send(&mut self, message: Message) -> Result<(), Ended> {
        let patience = Duration::from_secs(limits::LIVE_SEND_SECONDS);
        match tokio::time::timeout(patience, self.socket.send(message)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(origin: Option<&'static str>, host: &'static str) -> HeaderMap {
        let origin = origin.map(|origin| (header::ORIGIN, HeaderValue::from_static(origin)));
        origin.into_iter().chain([(header::HOST, HeaderValue::from_static(host))]).collect()
    }

    #[test]
    fn a_page_of_our_own_site_or_a_configured_one_may_connect_and_no_other() {
        let allowed = ["https://triage.example".to_owned()];
        for (origin, host, may) in [
            (None, "vizard.example", true),
            (Some("https://vizard.example"), "vizard.example", true),
            (Some("http://127.0.0.1:8080"), "127.0.0.1:8080", true),
            (Some("https://Vizard.Example"), "vizard.example", true),
            (Some("https://triage.example"), "vizard.example", true),
            (Some("https://triage.example.evil.example"), "vizard.example", false),
            (Some("https://vizard.example.evil.example"), "vizard.example", false),
            (Some("https://vizard.example:444"), "vizard.example", false),
            (Some("http://triage.example"), "vizard.example", false),
            (Some("null"), "vizard.example", false),
            (Some(""), "vizard.example", false),
        ] {
            assert_eq!(is_of_our_site(&of(origin, host), &allowed), may, "{origin:?}");
        }
        let mut two = of(Some("https://vizard.example"), "vizard.example");
        two.append(header::ORIGIN, HeaderValue::from_static("https://vizard.example"));
        assert!(!is_of_our_site(&two, &allowed));
    }
}
