//! Priority user groups and who is in them.
//! Never: a member by name; a group knows subjects.

use super::{
    Store,
    audit::{Entry, insert_entries},
    changes::{self, Change},
    db::{Row, Sql, marks, tuples},
    policies::rescore,
};
use std::collections::BTreeMap;
use vizard_core::{
    ids::{PriorityGroupId, SubjectId},
    limits,
    time::Micros,
};

/// A priority user group.
#[derive(Clone, Debug)]
pub struct StoredGroup {
    /// Stable.
    pub id: PriorityGroupId,
    /// Unique.
    pub name: String,
    /// How many members it has.
    pub size: u64,
    /// Ids of the viewers who may see its members; `None` where everybody with the role may.
    pub viewers: Option<Vec<String>>,
}

/// A group as it shall be.
pub(crate) struct GroupWrite<'a> {
    pub(crate) id: PriorityGroupId,
    pub(crate) name: &'a str,
    pub(crate) add: &'a [SubjectId],
    pub(crate) remove: &'a [SubjectId],
    /// Who may see the members: `None` leaves it, the inner `None` lets everybody with the role.
    pub(crate) viewers: Option<Option<&'a [String]>>,
}

/// What became of a change.
pub(crate) enum GroupSaved {
    Done,
    /// Another group has the name.
    NameTaken,
    /// There would be too many groups, or members of this one.
    TooMany,
}

const GROUPS: &str = "SELECT g.id, g.name, g.restricted, (SELECT count(*) FROM priority_group_members m WHERE m.group_id = g.id) AS size \
                      FROM priority_groups g";

fn group(row: &Row) -> anyhow::Result<StoredGroup> {
    Ok(StoredGroup {
        id: PriorityGroupId::new(row.get("id")?),
        name: row.get("name")?,
        size: u64::try_from(row.get::<i64>("size")?)?,
        viewers: (row.get::<i64>("restricted")? != 0).then(Vec::new),
    })
}

impl Store {
    /// All groups in the order of their names.
    pub(crate) async fn groups(&self) -> anyhow::Result<Vec<StoredGroup>> {
        let rows = self.db.rows(&format!("{GROUPS} ORDER BY g.name, g.id"), vec![]).await?;
        let mut groups: Vec<StoredGroup> = rows.iter().map(group).collect::<anyhow::Result<_>>()?;
        let sql = "SELECT group_id, viewer FROM priority_group_viewers ORDER BY group_id, viewer";
        for row in self.db.rows(sql, vec![]).await? {
            let of = PriorityGroupId::new(row.get("group_id")?);
            let group = groups.iter_mut().find(|group| group.id == of);
            if let Some(viewers) = group.and_then(|group| group.viewers.as_mut()) {
                viewers.push(row.get("viewer")?);
            }
        }
        Ok(groups)
    }

    /// Adds or changes a group, its members in the same transaction.
    pub(crate) async fn save_group(
        &self,
        write: &GroupWrite<'_>,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<GroupSaved> {
        let tx = self.db.begin().await?;
        let id = write.id.uuid();
        let taken = tx.row(
            "SELECT 1 AS one FROM priority_groups WHERE name = $1 AND id <> $2",
            vec![write.name.into(), id.into()],
        );
        if taken.await?.is_some() {
            return Ok(GroupSaved::NameTaken);
        }
        tx.run(
            "INSERT INTO priority_groups (id, name, created_at) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET name = excluded.name",
            vec![id.into(), write.name.into(), now.0.into()],
        )
        .await?;
        for subjects in write.remove.chunks(limits::INSERT_ROWS) {
            let sql = format!(
                "DELETE FROM priority_group_members WHERE group_id = $1 AND subject_id IN ({})",
                marks(1, subjects.len())
            );
            let subjects = subjects.iter().map(|subject| subject.uuid().into());
            tx.run(&sql, [id.into()].into_iter().chain(subjects).collect()).await?;
        }
        for subjects in write.add.chunks(limits::INSERT_ROWS) {
            let values = subjects.iter().flat_map(|subject| [subject.uuid().into(), id.into()]).collect();
            let sql = format!(
                "INSERT INTO priority_group_members (subject_id, group_id) VALUES {} ON CONFLICT (subject_id, group_id) DO NOTHING",
                tuples(&tx, 2, subjects.len())
            );
            tx.run(&sql, values).await?;
        }
        if let Some(viewers) = write.viewers {
            let restricted = i64::from(viewers.is_some());
            tx.run("UPDATE priority_groups SET restricted = $1 WHERE id = $2", vec![restricted.into(), id.into()])
                .await?;
            tx.run("DELETE FROM priority_group_viewers WHERE group_id = $1", vec![id.into()]).await?;
            for viewer in viewers.unwrap_or_default() {
                tx.run(
                    "INSERT INTO priority_group_viewers (group_id, viewer) VALUES ($1, $2)",
                    vec![id.into(), viewer.as_str().into()],
                )
                .await?;
            }
        }
        let sql = "SELECT (SELECT count(*) FROM priority_groups) AS groups_, \
                   (SELECT count(*) FROM priority_group_members WHERE group_id = $1) AS members";
        let counts = tx.row(sql, vec![id.into()]).await?;
        let count = |name: &str| counts.as_ref().map_or(Ok(0), |row| row.get::<i64>(name));
        if usize::try_from(count("groups_")?)? > limits::PRIORITY_GROUPS
            || usize::try_from(count("members")?)? > limits::POLICY_SCOPE_ITEMS
        {
            return Ok(GroupSaved::TooMany);
        }
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        rescore(&tx).await?;
        // Everybody is locked now: whoever was erased a moment ago stays out.
        let erased = "DELETE FROM priority_group_members WHERE group_id = $1 AND subject_id IN \
                      (SELECT id FROM subjects WHERE erased_at IS NOT NULL)";
        tx.run(erased, vec![id.into()]).await?;
        changes::note(&tx, &[Change::Access], now).await?;
        tx.commit().await?;
        Ok(GroupSaved::Done)
    }

    /// The groups that subjects are in; those in none are left out.
    pub(crate) async fn groups_of(
        &self,
        ids: &[SubjectId],
    ) -> anyhow::Result<BTreeMap<SubjectId, Vec<PriorityGroupId>>> {
        groups_of(&self.db, ids).await
    }

    /// The members of groups, with the group of each.
    pub(crate) async fn members(
        &self,
        groups: &[PriorityGroupId],
    ) -> anyhow::Result<Vec<(PriorityGroupId, SubjectId)>> {
        let mut found = Vec::new();
        for groups in groups.chunks(limits::INSERT_ROWS) {
            let sql = format!(
                "SELECT group_id, subject_id FROM priority_group_members WHERE group_id IN ({})",
                marks(0, groups.len())
            );
            for row in self.db.rows(&sql, groups.iter().map(|group| group.uuid().into()).collect()).await? {
                found.push((PriorityGroupId::new(row.get("group_id")?), SubjectId::new(row.get("subject_id")?)));
            }
        }
        Ok(found)
    }
}

pub(super) async fn groups_of(
    sql: &impl Sql,
    ids: &[SubjectId],
) -> anyhow::Result<BTreeMap<SubjectId, Vec<PriorityGroupId>>> {
    let mut found: BTreeMap<SubjectId, Vec<PriorityGroupId>> = BTreeMap::new();
    for ids in ids.chunks(limits::INSERT_ROWS) {
        let query = format!(
            "SELECT subject_id, group_id FROM priority_group_members WHERE subject_id IN ({}) ORDER BY subject_id, group_id",
            marks(0, ids.len())
        );
        for row in sql.rows(&query, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            let group = PriorityGroupId::new(row.get("group_id")?);
            found.entry(SubjectId::new(row.get("subject_id")?)).or_default().push(group);
        }
    }
    Ok(found)
}
