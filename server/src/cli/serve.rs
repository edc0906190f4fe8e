//! `vizard serve`.
//! Never: exits with a batch half in hand, unless told twice.

use super::{Context, Failure, tell};
use crate::{
    app::{self, Running},
    service::Services,
};
use tokio::signal::unix::{SignalKind, signal};

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    let listener = app::listen(&context.config).await?;
    let services = context.services().await?;
    let running = app::start(&context.config, listener, services).await?;
    let url = format!("http://{}", running.address);
    context.answer(&serde_json::json!({"address": url}), &format!("Vizard serves {url}/graphql"))?;
    until_told(running).await
}

/// For work that ends by itself: Ctrl-C or SIGTERM ends it after the batch in hand.
pub(super) fn stop_when_told(services: &Services) {
    let stop = services.stop().clone();
    tokio::spawn(async move {
        let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        }
        tell("stopping after the batch in hand; import the file again to go on, nothing is counted twice");
        stop.cancel();
    });
}

/// Serves until Ctrl-C or SIGTERM, then stops in order; told again, at once.
pub(super) async fn until_told(running: Running) -> Result<(), Failure> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        pressed = tokio::signal::ctrl_c() => pressed?,
        _ = terminate.recv() => {}
    }
    tell("stopping: requests and the batch in hand are finished first (Ctrl-C again: at once)");
    tokio::select! {
        stopped = running.stop() => stopped?,
        _ = tokio::signal::ctrl_c() => return Err(Failure::Failed(anyhow::anyhow!("stopped at once; a batch in hand was rolled back"))),
        _ = terminate.recv() => return Err(Failure::Failed(anyhow::anyhow!("stopped at once; a batch in hand was rolled back"))),
    }
    tell("stopped");
    Ok(())
}
