//! Mail: one message to some addresses, by the configured server.
//! Never: an address, or words of the server, in an error: they may name somebody.

use crate::config::Config;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor,
    message::{Mailbox, MultiPart, header::ContentType},
    transport::smtp,
};
use std::time::Duration;
use uuid::Uuid;
use vizard_core::limits;

/// Sends mail.
pub(crate) struct Mailer {
    from: Mailbox,
    server: AsyncSmtpTransport<Tokio1Executor>,
}

/// A message.
pub(crate) struct Letter {
    /// The same at each attempt, so that a receiver can tell a repetition.
    pub(crate) id: Uuid,
    /// Who it says it is from; where it does not, the installation.
    pub(crate) from: Option<Mailbox>,
    pub(crate) to: Vec<Mailbox>,
    /// Seen by nobody else.
    pub(crate) bcc: Vec<Mailbox>,
    pub(crate) subject: String,
    /// Plain text.
    pub(crate) body: String,
    /// The same, for programs that show it.
    pub(crate) html: Option<String>,
}

/// A message that can never be sent: it has nobody to go to, or something that no mail can hold.
pub(crate) struct Unsendable;

/// Whether a text is an address that mail can go to or come from.
pub(crate) fn is_address(text: &str) -> bool {
    text.parse::<Mailbox>().is_ok()
}

impl Mailer {
    /// The configured one; nothing where mail is not configured.
    pub(crate) fn of(config: &Config) -> anyhow::Result<Option<Self>> {
        let (url, from) = match (&config.smtp_url, &config.mail_from) {
            (Some(url), Some(from)) => (url, from.clone()),
            _ if !config.break_glass_notice.is_empty() => {
                anyhow::bail!("break_glass_notice needs smtp_url and mail_from: nobody could be told otherwise")
            }
            _ => return Ok(None),
        };
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|_| anyhow::anyhow!("smtp_url is no address of a mail server"))?;
        let time = Duration::from_secs(limits::MAIL_SECONDS);
        Ok(Some(Self { from, server: server.timeout(Some(time)).build() }))
    }

    /// Sends a message; tells why it could not, in words of ours.
    pub(crate) async fn send(&self, letter: Letter) -> Result<Result<(), &'static str>, Unsendable> {
        let id = format!("<{}@{}>", letter.id.simple(), self.from.email.domain());
        let mut message = Message::builder()
            .from(letter.from.clone().unwrap_or_else(|| self.from.clone()))
            .message_id(Some(id))
            .subject(letter.subject);
        if letter.from.is_some() {
            // What cannot be delivered comes back to the installation.
            message = message.sender(self.from.clone());
        }
        for to in letter.to {
            message = message.to(to);
        }
        for to in letter.bcc {
            message = message.bcc(to);
        }
        let written = match letter.html {
            None => message.header(ContentType::TEXT_PLAIN).body(letter.body),
            Some(html) => message.multipart(MultiPart::alternative_plain_html(letter.body, html)),
        };
        let message = written.map_err(|_| Unsendable)?;
        let time = Duration::from_secs(limits::MAIL_SECONDS);
        let Ok(sent) = tokio::time::timeout(time, self.server.send(message)).await else {
            return Ok(Err("the mail server takes too long"));
        };
        Ok(sent.map(drop).map_err(|error| why(&error)))
    }
}

fn why(error: &smtp::Error) -> &'static str {
    match error {
        error if error.is_permanent() => "the mail server refuses the message",
        error if error.is_transient() => "the mail server refuses the message for now",
        error if error.is_tls() => "the mail server cannot be trusted: TLS failed",
        error if error.is_timeout() => "the mail server takes too long",
        error if error.is_client() => "the mail server does not offer what smtp_url asks for",
        _ => "the mail server does not answer",
    }
}
