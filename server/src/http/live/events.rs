//! A subscription as a stream of server-sent events: one request, one subscription (the GraphQL-over-SSE protocol's mode of
//! distinct connections).
//! Never: more than one event ahead of the client.

use super::{Ear, Ending, Told};
use crate::{
    graphql::errors::{self, UNAUTHENTICATED},
    http::{Shared, answer::Refusal, graphql::Checked, request::Signed},
};
use async_graphql::{Executor, Response as Answer, ServerError};
use axum::{
    body::{Body, Bytes},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use futures_util::{StreamExt as _, stream};
use serde::Serialize;
use serde_json::json;
use std::{convert::Infallible, pin::pin, sync::Arc, time::Duration};
use tokio::sync::mpsc;
use tracing::Instrument as _;
use vizard_core::limits;

/// Opens the subscription, and answers when it is open: what happens from then on is told. What is wrong with it is told
/// in the stream, as the protocol has it.
pub(in crate::http) async fn answer<E: Executor>(
    shared: &Arc<Shared<E>>,
    signed: Option<Signed>,
    asked: Result<Checked, ServerError>,
) -> Response {
    let live = &shared.app.live;
    let seat = live.seat().and_then(|mut seat| {
        let free = signed.as_ref().is_none_or(|signed| seat.belongs_to(&signed.viewer.id));
        free.then_some(seat)
    });
    let Some(seat) = seat else {
        let message = "too many connections are open: close some, or use one WebSocket for several subscriptions";
        let refusal = Refusal::new(StatusCode::TOO_MANY_REQUESTS, "TOO_BUSY", message);
        return refusal.with(header::RETRY_AFTER, &limits::RETRY_AFTER_SECONDS.to_string()).into_response();
    };
    let opened = match (asked, signed) {
        (Err(error), _) => Err(vec![error]),
        (Ok(_), None) => Err(vec![errors::refused("sign in first", UNAUTHENTICATED)]),
        (Ok(asked), Some(signed)) => Ear::open(shared, signed, asked).await,
    };
    let (send, receive) = mpsc::channel(1);
    let pump = async move {
        pump(opened, &send).await;
        drop(seat);
    };
    live.tasks.spawn(pump.in_current_span());
    let events = stream::unfold(receive, |mut receive| async {
        receive.recv().await.map(|event| (Ok::<Bytes, Infallible>(event), receive))
    });
    // Proxies that gather answers before they pass them on would hold events back.
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (HeaderName::from_static("x-accel-buffering"), "no")];
    (headers, Body::from_stream(events)).into_response()
}

/// Sends what the subscription says until it ends, or the client is gone or takes nothing.
async fn pump<E: Executor>(opened: Result<Ear<E>, Vec<ServerError>>, send: &mpsc::Sender<Bytes>) {
    let ear = match opened {
        Ok(ear) => ear,
        Err(errors) => return end(send, errors).await,
    };
    if !sent(send, Bytes::from_static(b": open\n\n")).await {
        return;
    }
    let mut told = pin!(ear.tell());
    loop {
        let told = tokio::select! {
            () = send.closed() => return,
            told = told.next() => told,
            () = tokio::time::sleep(Duration::from_secs(limits::LIVE_PING_SECONDS)) => {
                if sent(send, Bytes::from_static(b":\n\n")).await { continue } else { return }
            }
        };
        let event: Answer = match told {
            Some(Told::Next(event)) => event,
            Some(Told::End(Ending::Errors(errors))) => return end(send, errors).await,
            Some(Told::End(Ending::SignedOut(why))) => {
                return end(send, vec![errors::refused(why, UNAUTHENTICATED)]).await;
            }
            Some(Told::End(Ending::Closing)) | None => return complete(send).await,
        };
        if !sent(send, next(&event)).await {
            return;
        }
    }
}

fn next(payload: &impl Serialize) -> Bytes {
    // A tree of JSON has no key that is not a text, and JSON is one line.
    format!("event: next\ndata: {}\n\n", serde_json::to_string(payload).unwrap_or_default()).into()
}

async fn end(send: &mpsc::Sender<Bytes>, mut errors: Vec<ServerError>) {
    errors.iter_mut().for_each(errors::ensure_code);
    if sent(send, next(&json!({"errors": errors}))).await {
        complete(send).await;
    }
}

/// With an empty line of data: browsers do not hand over an event without one.
async fn complete(send: &mpsc::Sender<Bytes>) {
    sent(send, Bytes::from_static(b"event: complete\ndata:\n\n")).await;
}

async fn sent(send: &mpsc::Sender<Bytes>, event: Bytes) -> bool {
    let patience = Duration::from_secs(limits::LIVE_SEND_SECONDS);
    tokio::time::timeout(patience, send.send(event)).await.is_ok_and(|sent| sent.is_ok())
}
