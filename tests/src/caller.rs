//! Somebody at the door, over real HTTP.
//! Never: inside the server.

use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Whoever holds a token, or nobody.
#[derive(Clone)]
pub struct Caller {
    pub(crate) url: String,
    pub(crate) token: Option<String>,
}

/// A file, or a part of it, as it came.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub bytes: Vec<u8>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// The body as JSON; a text where it is none.
    pub body: Value,
    /// `Retry-After`.
    pub retry_after: Option<String>,
}

impl Answer {
    /// `data` of a GraphQL answer that has no errors.
    #[track_caller]
    pub fn data(&self) -> &Value {
        assert!(self.body["errors"].is_null(), "{:#}", self.body);
        &self.body["data"]
    }
}

impl Caller {
    /// Somebody with a token at the server of that URL.
    pub fn new(url: String, token: String) -> Self {
        Self { url, token: Some(token) }
    }

    /// Configures a connector that is called like its plugin.
    pub async fn connect(&self, name: &str, config: Value) {
        let create =
            "mutation($input: CreateConnectorInput!) { createConnector(input: $input) { userErrors { message } } }";
        let answer = self.ask(create, json!({"input": {"name": name, "plugin": name, "config": config}})).await;
        assert_eq!(answer.data()["createConnector"]["userErrors"], json!([]), "{answer:?}");
    }

    /// A GraphQL operation.
    pub async fn ask(&self, document: &str, variables: Value) -> Answer {
        let body = json!({"query": document, "variables": variables}).to_string().into_bytes();
        self.send("POST", "/graphql", &[("content-type", "application/json")], body).await
    }

    /// The payload of a mutation that takes `input`, whatever is wrong with it.
    pub async fn act(&self, mutation: &str, input: Value) -> Value {
        let answer = self.ask(mutation, json!({"input": input})).await;
        answer.data().as_object().and_then(|data| data.values().next().cloned()).unwrap_or_else(|| panic!("{answer:?}"))
    }

    /// A GraphQL operation without variables, which must work.
    pub async fn query(&self, document: &str) -> Value {
        self.ask(document, json!({})).await.data().clone()
    }

    /// A delivery of records.
    pub async fn deliver(&self, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        self.send("POST", path, headers, body).await
    }

    /// A page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], vec![]).await
    }

    /// A file.
    pub async fn fetch(&self, path: &str, headers: &[(&str, &str)]) -> Fetched {
        let request = self.request("GET", path, headers, vec![]);
        let sent = move || {
            let mut response = agent().run(request).expect("the server answers");
            let text = |value: &ureq::http::HeaderValue| value.to_str().expect("text").to_owned();
            let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            let status = response.status().as_u16();
            let bytes = response.body_mut().with_config().limit(1 << 30).read_to_vec().expect("all of it");
            Fetched { status, headers, bytes }
        };
        tokio::task::spawn_blocking(sent).await.expect("the request ends")
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let request = self.request(method, path, headers, body);
        let sent = move || {
            let mut response = agent().run(request).expect("the server answers");
            let retry_after =
                response.headers().get("retry-after").map(|value| value.to_str().expect("text").to_owned());
            let status = response.status().as_u16();
            let text = response.body_mut().read_to_string().expect("a text");
            Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)), retry_after }
        };
        tokio::task::spawn_blocking(sent).await.expect("the request ends")
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> ureq::http::Request<Vec<u8>> {
        let mut request = ureq::http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.body(body).expect("a request")
    }
}

fn agent() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).build().into()
}
