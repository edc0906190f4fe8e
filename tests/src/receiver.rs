//! Servers of others on this machine: a receiver of webhooks that keeps what it gets, or refuses it; a vendor's API that
//! answers as a test wants.
//! Never: more of HTTP/1.1 than a client that behaves needs.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

/// A message that arrived.
#[derive(Clone, Debug)]
pub struct Posted {
    /// Method, path and version.
    pub line: String,
    /// Headers, in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as it came.
    pub body: String,
    /// What was answered.
    pub status: u16,
}

/// A running receiver.
pub struct Receiver {
    address: String,
    status: Arc<AtomicU16>,
    arrived: mpsc::UnboundedReceiver<Posted>,
    task: JoinHandle<()>,
}

impl Receiver {
    /// Listens, and takes what comes.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let status = Arc::new(AtomicU16::new(204));
        let (sender, arrived) = mpsc::unbounded_channel();
        let now = Arc::clone(&status);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, Arc::clone(&now), sender.clone()));
            }
        });
        Self { address, status, arrived, task }
    }

    /// Lines of configuration that let webhooks come here.
    pub fn settings(&self) -> String {
        format!("webhook_origins = \"http://{}\"\n", self.address)
    }

    /// An address here.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers with this status from now on.
    pub fn answer(&self, status: u16) {
        self.status.store(status, Ordering::SeqCst);
    }

    /// The next message; waits for it.
    pub async fn next(&mut self) -> Posted {
        let next = tokio::time::timeout(std::time::Duration::from_secs(60), self.arrived.recv());
        next.await.expect("a message within a minute").expect("the receiver runs")
    }

    /// Whether no message is there that nobody has taken out.
    pub fn is_empty(&self) -> bool {
        self.arrived.is_empty()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take(mut stream: TcpStream, status: Arc<AtomicU16>, sender: mpsc::UnboundedSender<Posted>) {
    let Some(posted) = read(&mut stream).await else { return };
    let status = status.load(Ordering::SeqCst);
    let answer = format!("HTTP/1.1 {status} Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = sender.send(Posted { status, ..posted });
}

/// One request, not answered yet.
async fn read(stream: &mut TcpStream) -> Option<Posted> {
    let mut bytes = Vec::new();
    loop {
        let mut some = [0; 4_096];
        match stream.read(&mut some).await {
            Ok(number @ 1..) => bytes.extend_from_slice(&some[..number]),
            _ => return None,
        }
        // Who speaks TLS is hung up on.
        if bytes[0] == 0x16 {
            return None;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default().to_owned();
        let named = lines.filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<String, String> =
            named.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let length = headers.get("content-length").and_then(|text| text.parse().ok()).unwrap_or(0usize);
        if body.len() >= length {
            return Some(Posted { line, headers, body: body.to_owned(), status: 0 });
        }
    }
}

/// What a vendor answers.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Status.
    pub status: u16,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Said {
    /// 200 and a body.
    pub fn good(body: impl Into<String>) -> Self {
        Self { status: 200, headers: vec![], body: body.into() }
    }

    /// Another status.
    pub fn bad(status: u16) -> Self {
        Self { status, headers: vec![], body: "no".to_owned() }
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// A vendor's API on this machine: a closure says what it answers.
pub struct Vendor {
    address: String,
    task: JoinHandle<()>,
}

impl Vendor {
    /// Listens, and answers what `answer` says.
    pub async fn start(answer: impl Fn(&Posted) -> Said + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let answer = Arc::new(answer);
        let task = tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let answer = Arc::clone(&answer);
                tokio::spawn(async move {
                    let Some(asked) = read(&mut stream).await else { return };
                    let Said { status, headers, body } = answer(&asked);
                    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
                    let length = body.len();
                    let said = format!(
                        "HTTP/1.1 {status} Said\r\n{headers}content-length: {length}\r\nconnection: close\r\n\r\n{body}"
                    );
                    let _ = stream.write_all(said.as_bytes()).await;
                });
            }
        });
        Self { address, task }
    }

    /// Its origin.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The grant that reaches it.
    pub fn grant(&self) -> String {
        format!("{} private", self.url())
    }
}

impl Drop for Vendor {
    fn drop(&mut self) {
        self.task.abort();
    }
}
