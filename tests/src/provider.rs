//! A provider of sign-ins on this machine: discovery, keys, tokens, and every lie that a test tells it to tell.
//! Never: more of HTTP than a client that behaves needs.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    task::JoinHandle,
};
use vizard_core::time::{Micros, SECOND};

/// Where the discovery document is.
pub const DISCOVERY: &str = "/.well-known/openid-configuration";
/// Where the keys are.
pub const KEYS: &str = "/keys";

/// What a path answers with: status, one more header line (or nothing), body. A path without an answer closes the
/// connection, as a provider that is away does.
type Answers = HashMap<String, (u16, String, Vec<u8>)>;

/// A running provider. Its keys are made from one byte each.
pub struct Provider {
    /// Its issuer.
    pub url: String,
    answers: Arc<Mutex<Answers>>,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Provider {
    /// Listens; nothing is published yet.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let (answers, asked) = (Arc::<Mutex<Answers>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let (known, heard) = (Arc::clone(&answers), Arc::clone(&asked));
        let task = tokio::spawn(async move {
            loop {
                let Ok((mut stream, _)) = listener.accept().await else { continue };
                let mut text = Vec::new();
                while !text.ends_with(b"\r\n\r\n") {
                    let Ok(byte) = stream.read_u8().await else { break };
                    text.push(byte);
                }
                let text = String::from_utf8_lossy(&text).into_owned();
                let path = text.split(' ').nth(1).unwrap_or_default().to_owned();
                heard.lock().expect("the list").push(path.clone());
                let answer = known.lock().expect("the answers").get(&path).cloned();
                if let Some((status, header, body)) = answer {
                    let head = format!(
                        "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n{header}\r\n",
                        body.len()
                    );
                    // The client may hang up on an answer that is too long.
                    let _ = stream.write_all(head.as_bytes()).await;
                    let _ = stream.write_all(&body).await;
                }
                let _ = stream.shutdown().await;
            }
        });
        Self { url, answers, asked, task }
    }

    /// What `path` answers from now on. `header` is a whole line with its end, or empty.
    pub fn answer(&self, path: &str, status: u16, header: &str, body: impl Into<Vec<u8>>) {
        self.answers.lock().expect("the answers").insert(path.to_owned(), (status, header.to_owned(), body.into()));
    }

    /// Publishes a discovery document and these keys, each a name and the byte that it is made from.
    pub fn publish(&self, keys: &[(&str, u8)]) {
        let keys: Vec<Value> = keys.iter().map(|(kid, seed)| jwk(kid, *seed)).collect();
        self.answer(KEYS, 200, "", json!({"keys": keys}).to_string());
        let document = json!({"issuer": self.url, "jwks_uri": format!("{}{KEYS}", self.url)});
        self.answer(DISCOVERY, 200, "", document.to_string());
    }

    /// Hangs up on everybody from now on.
    pub fn go_away(&self) {
        self.answers.lock().expect("the answers").clear();
    }

    /// How often `path` was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.asked.lock().expect("the list").iter().filter(|asked| *asked == path).count()
    }

    /// The `[[issuer]]` table that trusts it, under the name `company`; `more` are further lines.
    pub fn table(&self, more: &str) -> String {
        format!(
            "[[issuer]]\nname = \"company\"\nissuer = \"{}\"\naudience = \"vizard\"\nalgorithms = [\"EdDSA\"]\n{more}\n",
            self.url
        )
    }

    /// Claims of a good token for `subject`, valid for an hour.
    pub fn claims(&self, subject: &str, now: Micros) -> Value {
        let now = now.0.div_euclid(SECOND);
        json!({"iss": self.url, "aud": "vizard", "sub": subject, "name": "Somebody", "iat": now, "exp": now + 3_600})
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The public key made from `seed`.
pub fn jwk(kid: &str, seed: u8) -> Value {
    let point = SigningKey::from_bytes(&[seed; 32]).verifying_key().to_bytes();
    json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "use": "sig", "x": URL_SAFE_NO_PAD.encode(point)})
}

/// A token with a genuine signature of the key made from `seed` over any header and claims.
pub fn signed(header: &Value, claims: &Value, seed: u8) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = SigningKey::from_bytes(&[seed; 32]).sign(message.as_bytes());
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
}

/// The header of a good token.
pub fn header(kid: &str) -> Value {
    json!({"alg": "EdDSA", "typ": "JWT", "kid": kid})
}
