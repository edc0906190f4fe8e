//! The feed of audit entries to a SIEM: in order, by HTTP or syslog, as far as the log is signed.
//! Never: a text beside a leaf; a place that is passed before the receiver took it. What is repeated has the same place.

use super::Services;
use crate::{
    config::{Config, Syslog},
    post,
};
use anyhow::{Context as _, bail, ensure};
use std::{path::PathBuf, time::Duration};
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpStream, UdpSocket},
    time::timeout,
};
use vizard_core::{audit::feed, limits};

/// Where a feed goes.
#[derive(Clone)]
pub(crate) enum Feed {
    /// NDJSON, by POST.
    Http {
        /// It may hold a password.
        url: String,
        /// The file with the bearer token.
        token: Option<PathBuf>,
    },
    /// RFC 5424.
    Syslog(Syslog),
}

impl Feed {
    /// Those that are configured.
    pub(super) fn of(config: &Config) -> Vec<Self> {
        let http =
            config.siem_http_url.clone().map(|url| Self::Http { url, token: config.siem_http_token_file.clone() });
        http.into_iter().chain(config.siem_syslog.clone().map(Self::Syslog)).collect()
    }

    /// The name under which it is kept how far it is.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Http { .. } => "siem_http",
            Self::Syslog(_) => "siem_syslog",
        }
    }
}

impl Services {
    /// The feeds that are configured.
    pub(crate) fn feeds(&self) -> &[Feed] {
        &self.settings.feeds
    }

    /// Sends some entries; false where all that are signed were sent.
    pub(crate) async fn feed(&self, feed: &Feed) -> anyhow::Result<bool> {
        let from = self.store.audit_cursor(feed.name()).await?;
        let signed = self.store.newest_checkpoint().await?.map_or(0, |newest| newest.size);
        if from >= signed {
            return Ok(false);
        }
        let entries = self.store.audit_entries_from(from, signed, limits::SIEM_BATCH).await?;
        let last = entries.last().context("the audit log has a gap")?.sequence;
        let log = self.log.key.public().origin();
        let mut lines = Vec::with_capacity(entries.len());
        for entry in &entries {
            let sequence = u64::try_from(entry.sequence)?;
            lines.push(match feed {
                Feed::Http { .. } => feed::json(log, sequence, &entry.text, &entry.leaf)?,
                Feed::Syslog(_) => feed::syslog(log, sequence, &entry.text, &entry.leaf)?,
            });
        }
        let time = Duration::from_secs(limits::SIEM_SECONDS);
        match feed {
            Feed::Http { url, token } => post(url.clone(), token.clone(), lines, time).await?,
            Feed::Syslog(to) => {
                timeout(time, log_to(to, &lines)).await.context("the syslog receiver takes too long")??;
            }
        }
        self.store.move_audit_cursor(feed.name(), last + 1).await?;
        Ok(true)
    }
}

async fn post(url: String, token: Option<PathBuf>, lines: Vec<String>, time: Duration) -> anyhow::Result<()> {
    let token = match token {
        Some(path) => Some(tokio::fs::read_to_string(&path).await.context("cannot read siem_http_token_file")?),
        None => None,
    };
    let mut body = lines.join("\n");
    body.push('\n');
    let mut headers = vec![("content-type", "application/x-ndjson".to_owned())];
    headers.extend(token.map(|token| ("authorization", format!("Bearer {}", token.trim()))));
    let Ok(status) = post::post(url, headers, body, time).await? else { bail!("the SIEM does not answer") };
    ensure!((200..300).contains(&status), "the SIEM answers with status {status}");
    Ok(())
}

async fn log_to(to: &Syslog, lines: &[String]) -> anyhow::Result<()> {
    if to.datagrams {
        let socket = UdpSocket::bind("0.0.0.0:0").await?;
        socket.connect(&to.address).await.context("cannot reach the syslog receiver")?;
        for line in lines {
            socket.send(line.as_bytes()).await.context("the syslog receiver takes nothing")?;
        }
        return Ok(());
    }
    let mut stream = TcpStream::connect(&to.address).await.context("cannot reach the syslog receiver")?;
    let mut bytes = Vec::new();
    for line in lines {
        // Counted octets (RFC 6587, section 3.4.1).
        bytes.extend(format!("{} {line}", line.len()).into_bytes());
    }
    stream.write_all(&bytes).await.context("the syslog receiver takes nothing")?;
    stream.shutdown().await.context("the syslog receiver broke off")
}
