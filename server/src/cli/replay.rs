//! `vizard replay`: every stored score, computed again from the log and compared.
//! Never: changes anything.

use super::{Context, Failure, tell};

pub(super) async fn run(context: &Context) -> Result<(), Failure> {
    let services = context.services().await?;
    let mut told = 0;
    let progress = |done: u64| {
        if done >= told + 10_000 {
            told = done;
            tell(&format!("{done} subjects"));
        }
    };
    let found = services.replay(progress).await?;
    let mut text = format!(
        "{} subjects, {} scores, {} insights computed again: {} differences",
        found.subjects,
        found.scores,
        found.insights,
        found.differences.len() as u64 + found.more,
    );
    if found.waiting > 0 {
        text.push_str(&format!("\n{} subjects have news that are not scored yet and were not compared", found.waiting));
    }
    for difference in &found.differences {
        text.push_str(&format!("\n  {difference}"));
    }
    if found.more > 0 {
        text.push_str(&format!("\n  and {} more", found.more));
    }
    context.answer(&found, &text)?;
    if found.differences.is_empty() {
        return Ok(());
    }
    Err(anyhow::anyhow!("what is stored is not what the log gives").into())
}
