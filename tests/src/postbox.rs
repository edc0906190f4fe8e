//! A mail server on this machine that keeps what it gets, or refuses it.
//! Never: more of SMTP (RFC 5321) than a client that behaves needs.

use std::sync::{Arc, Mutex};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

/// A message that arrived.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The addresses of the envelope.
    pub to: Vec<String>,
    /// Headers and body, as they came.
    pub text: String,
}

/// A running mail server.
pub struct Postbox {
    address: String,
    refusals: Arc<Mutex<Vec<&'static str>>>,
    arrived: mpsc::UnboundedReceiver<Mail>,
    task: JoinHandle<()>,
}

impl Postbox {
    /// Listens.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address").to_string();
        let refusals = Arc::<Mutex<Vec<&'static str>>>::default();
        let (sender, arrived) = mpsc::unbounded_channel();
        let next = Arc::clone(&refusals);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, Arc::clone(&next), sender.clone()));
            }
        });
        Self { address, refusals, arrived, task }
    }

    /// Lines of configuration that send mail here.
    pub fn settings(&self) -> String {
        format!("smtp_url = \"smtp://{}\"\nmail_from = \"Vizard <vizard@example.org>\"\n", self.address)
    }

    /// Answers the next message with this line instead of taking it.
    pub fn refuse(&self, line: &'static str) {
        self.refusals.lock().expect("the list").push(line);
    }

    /// The next message; waits for it.
    pub async fn next(&mut self) -> Mail {
        let next = tokio::time::timeout(std::time::Duration::from_secs(60), self.arrived.recv());
        next.await.expect("a message within a minute").expect("the server runs")
    }

    /// Whether a message is there that nobody has taken out.
    pub fn is_empty(&mut self) -> bool {
        self.arrived.is_empty()
    }
}

impl Drop for Postbox {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn talk(stream: TcpStream, refusals: Arc<Mutex<Vec<&'static str>>>, sender: mpsc::UnboundedSender<Mail>) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut to = Vec::new();
    let mut answer = "220 here".to_owned();
    loop {
        if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
            return;
        }
        let Ok(Some(line)) = lines.next_line().await else { return };
        let command = line.to_ascii_uppercase();
        answer = "250 fine".to_owned();
        if let Some(address) = command.strip_prefix("RCPT TO:") {
            to.push(address.trim_matches(['<', '>']).to_lowercase());
        } else if command == "DATA" {
            write.write_all(b"354 go on\r\n").await.expect("written");
            let mut text = String::new();
            while let Ok(Some(line)) = lines.next_line().await {
                if line == "." {
                    break;
                }
                text.push_str(&line);
                text.push('\n');
            }
            let refused = refusals.lock().expect("the list").pop();
            match refused {
                Some(line) => answer = line.to_owned(),
                None => {
                    let _ = sender.send(Mail { to: std::mem::take(&mut to), text });
                }
            }
        } else if command == "QUIT" {
            answer = "221 bye".to_owned();
        }
    }
}
