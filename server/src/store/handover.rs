//! Alerts that are given to somebody, or sent for review.
//! Never: a decision about an alert; its status stays.

use super::{
    Store,
    alerts::{NOT_IN_REVIEW, NewNote, Triage},
    audit::{Entry, insert_entries},
    db::{Sql as _, marks},
};
use crate::permit::{Sight, Viewer};
use anyhow::Context as _;
use sea_orm::Value;
use vizard_core::time::Micros;

/// What becomes of an alert that nobody has decided about.
pub(crate) enum Handover<'a> {
    /// The viewer looks into it, or nobody.
    Assign(Option<&'a str>),
    /// It is sent to a viewer or a role, by whom, with which words.
    Send { to: &'a str, by: &'a Viewer, note: &'a str },
    /// Its review is over.
    EndReview,
}

impl Store {
    /// Whether all alerts of the triage are in sight of somebody else, under its lock.
    pub(crate) async fn all_in_sight(&self, triage: &Triage, theirs: &Sight) -> anyhow::Result<bool> {
        let mut values: Vec<Value> = triage.alerts.iter().map(|alert| alert.id.uuid().into()).collect();
        let among = marks(0, values.len());
        let seen = theirs.and("subject_id", Some("case_id"), &mut values);
        let sql = format!("SELECT count(*) AS seen FROM alerts WHERE id IN ({among}){seen}");
        let row = triage.tx.row(&sql, values).await?.context("no count")?;
        Ok(usize::try_from(row.get::<i64>("seen")?)? == triage.alerts.len())
    }

    /// Hands the alerts of the triage over.
    pub(crate) async fn hand_over(
        &self,
        triage: Triage,
        what: &Handover<'_>,
        notes: &[NewNote<'_>],
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<()> {
        let tx = &triage.tx;
        for alert in &triage.alerts {
            let (id, at) = (alert.id.uuid().into(), now.0.into());
            match what {
                Handover::Assign(to) => {
                    let sql = "UPDATE alerts SET assignee = $1, updated_at = $2 WHERE id = $3";
                    tx.run(sql, vec![to.map(str::to_owned).into(), at, id]).await?;
                }
                Handover::Send { to, by, note } => {
                    let sql = "UPDATE alerts SET review_to = $1, review_by = $2, review_sender = $3, review_note = $4, \
                               review_at = $5, updated_at = $5 WHERE id = $6";
                    let (name, sender) = (by.name.as_str().into(), by.id.as_str().into());
                    tx.run(sql, vec![(*to).into(), name, sender, (*note).into(), at, id]).await?;
                }
                Handover::EndReview => {
                    let sql = format!("UPDATE alerts SET {NOT_IN_REVIEW}, updated_at = $1 WHERE id = $2");
                    tx.run(&sql, vec![at, id]).await?;
                }
            }
            for note in notes {
                self.write_note(tx, Some(alert.id), None, note, now).await?;
            }
        }
        insert_entries(tx, &self.ids, &[entry], now).await?;
        triage.tx.commit().await
    }
}
