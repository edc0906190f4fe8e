//! Pairs of subjects that may be one person: what sources put on one record, and what `core::subject::likeness` finds when all
//! accounts are compared, every so often, shown to nobody while they are.
//! Never: a name or an account in a row; a pair again that somebody has dismissed.

use super::{
    Store,
    audit::{Entry, insert_entries},
    db::{Row, Sql as _, Tx, tuples},
};
use crate::permit::Sight;
use sea_orm::Value;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    ids::SubjectId,
    limits,
    subject::likeness::{self, Likeness, MergeReason},
    time::{MINUTE, Micros},
};

/// A pair that somebody should look at.
#[derive(Clone)]
pub(crate) struct MergeSuggestion {
    pub(crate) subjects: [SubjectId; 2],
    pub(crate) because: MergeReason,
    pub(crate) found_at: Micros,
}

const ROW: &str = "accounts_compared";
/// Both are somebody of their own.
const BOTH_LIVE: &str = "NOT EXISTS (SELECT 1 FROM subjects s WHERE s.id IN (g.first_id, g.second_id) \
                         AND (s.erased_at IS NOT NULL OR s.merged_into IS NOT NULL))";

impl Store {
    /// Compares all accounts, unless it was done within `limits::SUGGESTION_MINUTES`: what was suggested for likeness before
    /// gives way to what is alike now. Tells how many pairs are, nothing where it was not done.
    pub(crate) async fn compare_accounts(&self, now: Micros) -> anyhow::Result<Option<usize>> {
        let row = self.db.row("SELECT value FROM meta WHERE name = $1", vec![ROW.into()]).await?;
        let last: Option<i64> =
            row.map(|row| row.get::<String>("value")).transpose()?.map(|at| at.parse()).transpose()?;
        if last.is_some_and(|last| now.0 < last + limits::SUGGESTION_MINUTES * MINUTE) {
            return Ok(None);
        }
        let pairs = likeness::pairs(&self.likenesses().await?);
        let found = pairs.len();
        let tx = self.db.begin().await?;
        let old = "DELETE FROM merge_suggestions WHERE dismissed_at IS NULL AND because <> $1";
        tx.run(old, vec![MergeReason::NamedTogether.as_str().into()]).await?;
        suggest(&tx, &pairs, now).await?;
        let done =
            "INSERT INTO meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        tx.run(done, vec![ROW.into(), now.0.to_string().into()]).await?;
        tx.commit().await?;
        Ok(Some(found))
    }

    /// How every subject is spelt, a few hundred opened at a time.
    async fn likenesses(&self) -> anyhow::Result<Vec<(SubjectId, Likeness)>> {
        let sql = format!(
            "SELECT id FROM subjects WHERE id > $1 AND erased_at IS NULL AND merged_into IS NULL ORDER BY id LIMIT {}",
            limits::INSERT_ROWS
        );
        let (mut found, mut after) = (Vec::new(), Uuid::nil());
        while found.len() < limits::COMPARED_SUBJECTS {
            let rows = self.db.rows(&sql, vec![after.into()]).await?;
            let ids: Vec<Uuid> = rows.iter().map(|row| row.get("id")).collect::<anyhow::Result<_>>()?;
            let Some(last) = ids.last() else { break };
            after = *last;
            for (subject, (profile, identifiers)) in self.open_identities(&self.db, &ids).await? {
                let name = profile.as_ref().and_then(|profile| profile.display_name.as_deref());
                found.push((subject, Likeness::of(&identifiers, name)));
            }
        }
        Ok(found)
    }

    /// Writes down that a source put accounts of several subjects on one record.
    pub(super) async fn suggest_named_together(
        &self,
        pairs: BTreeSet<(SubjectId, SubjectId)>,
        now: Micros,
    ) -> anyhow::Result<()> {
        let pairs = pairs.into_iter().map(|pair| (pair, MergeReason::NamedTogether)).collect();
        let tx = self.db.begin().await?;
        suggest(&tx, &pairs, now).await?;
        tx.commit().await
    }

    /// The pairs that are in sight and not settled, the strongest reason first, at most `first`.
    pub(crate) async fn merge_suggestions(&self, sight: &Sight, first: usize) -> anyhow::Result<Vec<MergeSuggestion>> {
        let mut values: Vec<Value> = vec![];
        let seen = ["g.first_id", "g.second_id"].map(|column| sight.and(column, None, &mut values)).concat();
        let rank: String =
            MergeReason::ALL.iter().enumerate().map(|(at, reason)| format!(" WHEN '{reason}' THEN {at}")).collect();
        let sql = format!(
            "SELECT g.first_id, g.second_id, g.because, g.found_at FROM merge_suggestions g WHERE g.dismissed_at IS NULL \
             AND {BOTH_LIVE}{seen} ORDER BY CASE g.because{rank} END, g.found_at, g.first_id, g.second_id LIMIT {first}"
        );
        self.db.rows(&sql, values).await?.iter().map(suggestion).collect()
    }

    /// Settles a pair that is suggested and in sight: it is not suggested again. False where there is none.
    pub(crate) async fn dismiss_suggestion(
        &self,
        sight: &Sight,
        pair: (SubjectId, SubjectId),
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<bool> {
        let (first, second) = (pair.0.min(pair.1), pair.0.max(pair.1));
        let mut values: Vec<Value> = vec![now.0.into(), first.uuid().into(), second.uuid().into()];
        let seen = ["first_id", "second_id"].map(|column| sight.and(column, None, &mut values)).concat();
        let sql = format!(
            "UPDATE merge_suggestions SET dismissed_at = $1 WHERE first_id = $2 AND second_id = $3 AND dismissed_at IS NULL{seen}"
        );
        let tx = self.db.begin().await?;
        if tx.run(&sql, values).await? == 0 {
            return Ok(false);
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn suggestion(row: &Row) -> anyhow::Result<MergeSuggestion> {
    Ok(MergeSuggestion {
        subjects: [SubjectId::new(row.get("first_id")?), SubjectId::new(row.get("second_id")?)],
        because: row.word("because")?,
        found_at: Micros(row.get("found_at")?),
    })
}

/// Adds pairs as far as there is room; one that is there takes the stronger reason, one that was dismissed stays so.
async fn suggest(tx: &Tx, pairs: &BTreeMap<(SubjectId, SubjectId), MergeReason>, now: Micros) -> anyhow::Result<()> {
    let there = tx.count("SELECT count(*) AS number FROM merge_suggestions WHERE dismissed_at IS NULL", vec![]).await?;
    let room = limits::MERGE_SUGGESTIONS.saturating_sub(usize::try_from(there)?);
    let mut strongest: Vec<_> = pairs.iter().collect();
    strongest.sort_by_key(|(pair, because)| (**because, **pair));
    strongest.truncate(room);
    strongest.sort_unstable();
    for rows in strongest.chunks(limits::INSERT_ROWS) {
        let mut values: Vec<Value> = Vec::with_capacity(rows.len() * 4);
        for ((first, second), because) in rows {
            values.extend([first.uuid().into(), second.uuid().into(), because.as_str().into(), now.0.into()]);
        }
        let sql = format!(
            "INSERT INTO merge_suggestions (first_id, second_id, because, found_at) VALUES {} ON CONFLICT (first_id, second_id) \
             DO UPDATE SET because = excluded.because WHERE merge_suggestions.dismissed_at IS NULL AND excluded.because = '{}'",
            tuples(tx, 4, rows.len()),
            MergeReason::NamedTogether
        );
        tx.run(&sql, values).await?;
    }
    Ok(())
}
