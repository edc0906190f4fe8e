//! One connection to a server on this machine that stays open: a request, the whole answer, and how long both took.
//! Never: a request before the answer to the one before it.

use anyhow::{Context as _, ensure};
use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

/// A head of an answer that is longer is none of ours.
const HEAD_LINES: usize = 100;

/// Somebody with a token on a connection of their own.
pub(super) struct Client {
    stream: BufReader<TcpStream>,
    /// What every request says of its sender.
    head: String,
}

impl Client {
    pub(super) async fn connect(address: SocketAddr, token: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let head = format!("Host: {address}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n");
        Ok(Self { stream: BufReader::new(stream), head })
    }

    /// The body of the answer, and the time from the first byte that was sent to the last that came.
    pub(super) async fn get(&mut self, path: &str) -> anyhow::Result<(Vec<u8>, Duration)> {
        self.send(format!("GET {path} HTTP/1.1\r\n{}\r\n", self.head).as_bytes()).await
    }

    /// The same, of a JSON body.
    pub(super) async fn post(&mut self, path: &str, body: &[u8]) -> anyhow::Result<(Vec<u8>, Duration)> {
        let head = format!(
            "POST {path} HTTP/1.1\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            self.head,
            body.len()
        );
        self.send(&[head.as_bytes(), body].concat()).await
    }

    async fn send(&mut self, request: &[u8]) -> anyhow::Result<(Vec<u8>, Duration)> {
        let began = Instant::now();
        self.stream.get_mut().write_all(request).await?;
        let length = head(&mut self.stream).await?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        Ok((body, began.elapsed()))
    }
}

/// Reads the head of an answer; tells how long its body is.
async fn head(stream: &mut (impl AsyncBufRead + Unpin)) -> anyhow::Result<usize> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    ensure!(line.starts_with("HTTP/1.1 200 "), "the server answers {:?}", line.trim());
    let mut length = None;
    for _ in 0..HEAD_LINES {
        line.clear();
        ensure!(stream.read_line(&mut line).await? > 0, "the answer broke off");
        let Some((name, value)) = line.trim().split_once(':') else {
            return length.context("the answer does not say how long it is");
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.trim().parse()?);
        }
    }
    anyhow::bail!("the head of the answer has no end")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn length(text: &str) -> Result<usize, String> {
        head(&mut text.as_bytes()).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_head_tells_how_long_the_body_is() {
        assert_eq!(length("HTTP/1.1 200 OK\r\nX: y\r\ncontent-length: 42\r\n\r\n{").await, Ok(42));
    }

    #[tokio::test]
    async fn what_is_no_good_answer_is_no_measurement() {
        for text in [
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n",
            "",
        ] {
            assert!(length(text).await.is_err(), "{text}");
        }
    }
}
