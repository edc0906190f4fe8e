//! One request to a server of somebody else's: a POST that follows no redirect, and the status of the answer.
//! Never: the client's own words; they may repeat the address, which may hold a secret.

use std::time::Duration;

/// Sends a body; tells the status of the answer, or why there is none.
pub(crate) async fn post(
    url: String,
    headers: Vec<(&'static str, String)>,
    body: String,
    time: Duration,
) -> anyhow::Result<Result<u16, &'static str>> {
    let sent = tokio::task::spawn_blocking(move || {
        let config =
            ureq::Agent::config_builder().timeout_global(Some(time)).http_status_as_error(false).max_redirects(0);
        let agent: ureq::Agent = config.build().into();
        let mut request = agent.post(&url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.send(body.as_bytes()).map(|answer| answer.status().as_u16()).map_err(|error| match error {
            ureq::Error::Timeout(_) => "the receiver takes too long",
            ureq::Error::HostNotFound => "the receiver's name is not known",
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "the receiver cannot be trusted: TLS failed",
            _ => "the receiver does not answer",
        })
    });
    Ok(sent.await?)
}
