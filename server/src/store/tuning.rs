//! Tuning: the next version of a policy and what is decided about the alert that it was made from, in one transaction.
//! Never: the one without the other.

use super::{
    Store,
    alerts::{ALERT, NewNote, Triage, alert},
    audit::{Entry, insert_entries},
    db::Sql as _,
    policies::rescore,
    policy_edits::{PolicyWrite, Saved, update},
    sight::limited,
};
use crate::permit::Sight;
use vizard_core::{ids::AlertId, time::Micros};

impl Store {
    /// Makes the policy's next version and locks the alert, where it is in sight, for a decision; nothing where somebody has
    /// changed the policy since it was read. It holds with what is done with the triage, or not at all.
    pub(crate) async fn tune(
        &self,
        sight: &Sight,
        id: AlertId,
        (write, from): (&PolicyWrite, i32),
        by: &str,
        now: Micros,
    ) -> anyhow::Result<Option<Triage>> {
        let tx = self.db.begin().await?;
        // The policy, then all subjects, as every edit does; the alert after its subject, as every triage does.
        if !matches!(update(&tx, &write.policy, from, by, now).await?, Saved::Done) {
            return Ok(None);
        }
        rescore(&tx).await?;
        let mut values = vec![id.uuid().into()];
        let seen = sight.and("subject_id", Some("case_id"), &mut values);
        let sql = format!("SELECT {ALERT} FROM alerts WHERE id = $1{seen} {}", tx.for_update());
        let alerts = tx.rows(&sql, values).await?.iter().map(alert).collect::<anyhow::Result<Vec<_>>>()?;
        let limited = limited(&tx, sight, &alerts.iter().map(|alert| alert.subject).collect()).await?;
        Ok(Some(Triage { tx, alerts, limited }))
    }

    /// Leaves the one alert of the triage as it is, with these notes.
    pub(crate) async fn annotate(
        &self,
        triage: Triage,
        notes: &[NewNote<'_>],
        entries: &[Entry],
        now: Micros,
    ) -> anyhow::Result<()> {
        let tx = &triage.tx;
        for alert in &triage.alerts {
            for note in notes {
                self.write_note(tx, Some(alert.id), None, note, now).await?;
            }
        }
        insert_entries(tx, &self.ids, entries, now).await?;
        triage.tx.commit().await
    }
}
