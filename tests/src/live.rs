//! Somebody who waits: a WebSocket and an event stream, as a front end has them.
//! Never: waits for ever; what does not come within `PATIENCE` ends the test.

use crate::caller::Caller;
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest as _, http::HeaderValue},
};

/// Far more than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A WebSocket.
pub struct Socket(WebSocketStream<TcpStream>);

/// What comes on a WebSocket.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// A message of the protocol.
    Message(Value),
    /// The end, with its code.
    Closed(u16),
}

impl Heard {
    /// The message.
    #[track_caller]
    pub fn message(self) -> Value {
        match self {
            Self::Message(message) => message,
            Self::Closed(code) => panic!("the socket was closed with {code}"),
        }
    }
}

/// An event stream.
pub struct Events {
    lines: BufReader<TcpStream>,
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: String,
}

/// What comes on an event stream.
#[derive(Debug, Clone, PartialEq)]
pub enum Sent {
    /// A line that is for nobody.
    Comment,
    /// An event of the subscription.
    Next(Value),
    /// The subscription is over.
    Complete,
    /// The connection is.
    Gone,
}

async fn patiently<T>(what: &str, waiting: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

impl Caller {
    fn address(&self) -> &str {
        self.url.strip_prefix("http://").expect("a URL")
    }

    async fn connection(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.expect("the server listens")
    }

    /// What `connection_init` says of who this is.
    pub fn payload(&self) -> Value {
        self.token.as_ref().map_or_else(|| json!({}), |token| json!({"Authorization": format!("Bearer {token}")}))
    }

    /// A WebSocket, before `connection_init`; or the status with which it was refused.
    pub async fn handshake(&self, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
        let mut request = format!("ws://{}/graphql", self.address()).into_client_request().expect("a request");
        let set = request.headers_mut();
        set.insert("sec-websocket-protocol", HeaderValue::from_static("graphql-transport-ws"));
        for (name, value) in headers {
            set.insert(*name, HeaderValue::from_str(value).expect("a header"));
        }
        match patiently("the handshake", client_async(request, self.connection().await)).await {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    /// A WebSocket that is ready for subscriptions.
    pub async fn socket(&self) -> Socket {
        let mut socket = self.handshake(&[]).await.expect("a socket");
        socket.say(&json!({"type": "connection_init", "payload": self.payload()})).await;
        assert_eq!(socket.hear().await, Heard::Message(json!({"type": "connection_ack"})));
        socket
    }

    /// A subscription as an event stream; it is open when this returns.
    pub async fn events(&self, document: &str, variables: Value) -> Events {
        let body = json!({"query": document, "variables": variables}).to_string();
        let token = self.token.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!(
            "POST /graphql HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nAccept: text/event-stream\r\n\
             Connection: close\r\n{token}Content-Length: {}\r\n\r\n{body}",
            self.address(),
            body.len()
        );
        let mut connection = self.connection().await;
        connection.write_all(head.as_bytes()).await.expect("sent");
        let mut events = Events { lines: BufReader::new(connection), status: 0, content_type: String::new() };
        let first = events.line().await;
        events.status = first.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        loop {
            let line = events.line().await;
            if let Some((name, value)) = line.split_once(": ")
                && name.eq_ignore_ascii_case("content-type")
            {
                value.clone_into(&mut events.content_type);
            }
            if line.is_empty() {
                return events;
            }
        }
    }
}

impl Socket {
    /// Sends a message.
    pub async fn say(&mut self, message: &Value) {
        self.send(Message::Text(message.to_string().into())).await;
    }

    /// Sends any frame.
    pub async fn send(&mut self, message: Message) {
        patiently("room to send", self.0.send(message)).await.expect("sent");
    }

    /// What comes next; pings of the line below the protocol are not told.
    pub async fn hear(&mut self) -> Heard {
        loop {
            match patiently("a message", self.0.next()).await {
                Some(Ok(Message::Text(text))) => return Heard::Message(serde_json::from_str(&text).expect("JSON")),
                Some(Ok(Message::Close(frame))) => return Heard::Closed(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Closed(1006),
            }
        }
    }

    /// Begins a subscription and waits until it is open; its errors where it is refused.
    pub async fn subscribe(&mut self, id: &str, document: &str, variables: Value) -> Result<(), Value> {
        let payload = json!({"query": document, "variables": variables});
        self.say(&json!({"id": id, "type": "subscribe", "payload": payload})).await;
        self.say(&json!({"type": "ping"})).await;
        let mut refused = Ok(());
        loop {
            let message = self.hear().await.message();
            match message["type"].as_str() {
                Some("pong") => return refused,
                Some("error") if message["id"] == id => refused = Err(message["payload"].clone()),
                _ => panic!("{message}"),
            }
        }
    }

    /// The next event of a subscription, which must be what comes next.
    pub async fn next(&mut self, id: &str) -> Value {
        let message = self.hear().await.message();
        assert_eq!((&message["type"], &message["id"]), (&json!("next"), &json!(id)), "{message}");
        message["payload"].clone()
    }

    /// The errors that end a subscription; events before them are passed over.
    pub async fn errors(&mut self, id: &str) -> Value {
        loop {
            let message = self.hear().await.message();
            if message["type"] == "error" && message["id"] == id {
                return message["payload"].clone();
            }
            assert_eq!(message["type"], "next", "{message}");
        }
    }

    /// The code with which the socket is closed; what comes before is passed over.
    pub async fn closed(&mut self) -> u16 {
        loop {
            if let Heard::Closed(code) = self.hear().await {
                return code;
            }
        }
    }
}

impl Events {
    /// A line, without its end. Sizes of chunks are lines too; nothing here looks like one.
    async fn line(&mut self) -> String {
        let mut line = String::new();
        patiently("a line", self.lines.read_line(&mut line)).await.unwrap_or(0);
        if line.is_empty() { "\0".to_owned() } else { line.trim_end_matches(['\r', '\n']).to_owned() }
    }

    /// What comes next.
    pub async fn hear(&mut self) -> Sent {
        let mut name = String::new();
        loop {
            let line = self.line().await;
            if line == "\0" {
                return Sent::Gone;
            }
            if line.starts_with(':') {
                return Sent::Comment;
            }
            if let Some(event) = line.strip_prefix("event: ") {
                event.clone_into(&mut name);
            }
            if let Some(data) = line.strip_prefix("data:") {
                match name.as_str() {
                    "next" => return Sent::Next(serde_json::from_str(data).expect("JSON")),
                    "complete" => return Sent::Complete,
                    other => panic!("an event of the kind {other:?}"),
                }
            }
        }
    }

    /// Whether the subscription is open; its errors where it was refused, after which it must be complete.
    pub async fn opened(&mut self) -> Result<(), Value> {
        match self.hear().await {
            Sent::Comment => Ok(()),
            Sent::Next(refused) => {
                assert_eq!(self.hear().await, Sent::Complete);
                Err(refused["errors"].clone())
            }
            other => panic!("{other:?}"),
        }
    }

    /// The next event.
    pub async fn next(&mut self) -> Value {
        loop {
            match self.hear().await {
                Sent::Comment => {}
                Sent::Next(event) => return event,
                other => panic!("{other:?}"),
            }
        }
    }
}
