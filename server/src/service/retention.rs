//! Retention: once a day, what is older than its period goes.
//! Never: a rule of its own; what goes is the core's to say, and one replica at a time removes it.

use super::Services;
pub use crate::store::Gone;
use uuid::Uuid;

impl Services {
    /// Removes what is older than the settings' periods; tells what has gone, nothing where another replica is at it or
    /// the day's run is done.
    pub async fn retain(&self) -> anyhow::Result<Option<Gone>> {
        let now = self.clock.now();
        let Some(mut run) = self.store.begin_retention(now).await? else { return Ok(None) };
        let periods = self.store.settings().await?.1.retention;
        while self.goes_on() && self.store.remove_alerts(&mut run, periods, now).await? {}
        while self.goes_on() && self.store.remove_cases(&mut run, periods, now).await? {}
        while self.goes_on() && self.store.remove_reports(&mut run, periods, now).await? {}
        let mut after = Uuid::nil();
        while self.goes_on() {
            match self.store.remove_activity(&mut run, periods, after, now).await? {
                Some(done) => after = done,
                None => break,
            }
        }
        while self.goes_on() && self.store.remove_runs(&mut run, periods, now).await? {}
        if !self.goes_on() {
            // Whoever comes next goes on with this run.
            return Ok(None);
        }
        self.store.forget_deliveries(now).await?;
        let gone = run.gone;
        self.store.end_retention(run, periods, now).await?;
        self.bell.scoring.notify_one();
        Ok(Some(gone))
    }

    fn goes_on(&self) -> bool {
        !self.stop.is_cancelled()
    }
}
