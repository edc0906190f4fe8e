//! Roles that viewers were given, until when, by whom and why.
//! Never: a grant removed or changed after it was made, but for its being taken back.

use super::{
    Page, Slice, Store,
    audit::{Entry, insert_entries},
    changes::{self, Change},
    db::{Row, Sql, Tx},
    page::List,
};
use sea_orm::Value;
use uuid::Uuid;
use vizard_core::{
    access::{
        Role,
        duties::{self, Grant, Refusal},
    },
    ids::RoleGrantId,
    limits,
    time::Micros,
};

/// A role that somebody was given, with its history.
#[derive(Clone, Debug)]
pub struct StoredGrant {
    /// Stable.
    pub id: RoleGrantId,
    /// To whom, what, until when, and whether it was taken back.
    pub grant: Grant,
    /// Why.
    pub reason: String,
    /// The id of whoever gave it.
    pub granted_by: String,
    /// When.
    pub granted_at: Micros,
    /// Who took it back, when and why.
    pub revocation: Option<(String, Micros, String)>,
}

/// Which grants are wanted.
#[derive(Clone, Debug, Default)]
pub struct GrantFilter {
    /// Those of this viewer.
    pub viewer: Option<String>,
    /// Those that hold at this instant.
    pub holding_at: Option<Micros>,
}

/// What became of a change.
pub(crate) enum GrantSaved {
    Done,
    /// The rules of `duties` forbid it.
    Refused(Refusal),
    /// See `limits::ROLE_GRANTS`.
    TooMany,
}

const COLUMNS: &str =
    "id, viewer, role, reason, granted_by, granted_at, expires_at, revoked_by, revoked_at, revoke_reason";

fn grant(row: &Row) -> anyhow::Result<Grant> {
    Ok(Grant {
        viewer: row.get("viewer")?,
        role: row.word("role")?,
        expires_at: row.get::<Option<i64>>("expires_at")?.map(Micros),
        revoked: row.get::<Option<i64>>("revoked_at")?.is_some(),
    })
}

fn stored(row: &Row) -> anyhow::Result<StoredGrant> {
    let revoked_at: Option<i64> = row.get("revoked_at")?;
    let revocation = match revoked_at {
        Some(at) => Some((row.get("revoked_by")?, Micros(at), row.get("revoke_reason")?)),
        None => None,
    };
    Ok(StoredGrant {
        id: RoleGrantId::new(row.get("id")?),
        grant: grant(row)?,
        reason: row.get("reason")?,
        granted_by: row.get("granted_by")?,
        granted_at: Micros(row.get("granted_at")?),
        revocation,
    })
}

impl Store {
    /// The roles that a viewer holds by grants at `now`, without repeats. Asked for every request.
    pub(crate) async fn roles_granted(&self, viewer: &str, now: Micros) -> anyhow::Result<Vec<Role>> {
        let sql = "SELECT DISTINCT role FROM role_grants \
                   WHERE viewer = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2) ORDER BY role";
        self.db.rows(sql, vec![viewer.into(), now.0.into()]).await?.iter().map(|row| row.word("role")).collect()
    }

    /// Grants, the newest first.
    pub(crate) async fn role_grants(
        &self,
        filter: &GrantFilter,
        slice: &Slice<(Micros, Uuid)>,
    ) -> anyhow::Result<Page<StoredGrant>> {
        let (mut conditions, mut values) = (Vec::new(), Vec::<Value>::new());
        if let Some(viewer) = &filter.viewer {
            values.push(viewer.as_str().into());
            conditions.push(format!("viewer = ${}", values.len()));
        }
        if let Some(at) = filter.holding_at {
            values.push(at.0.into());
            conditions.push("revoked_at IS NULL".to_owned());
            conditions.push(format!("(expires_at IS NULL OR expires_at > ${})", values.len()));
        }
        let order = ("granted_at", "id");
        let list = List { columns: COLUMNS, from: "role_grants", conditions, values, order, descending: true };
        list.page(&self.db, slice, |(at, id)| [at.0.into(), (*id).into()], stored).await
    }

    /// One grant.
    pub(crate) async fn role_grant(&self, id: RoleGrantId) -> anyhow::Result<Option<StoredGrant>> {
        let sql = format!("SELECT {COLUMNS} FROM role_grants WHERE id = $1");
        self.db.row(&sql, vec![id.uuid().into()]).await?.as_ref().map(stored).transpose()
    }

    /// Adds a grant, where the duties of its viewer stay apart.
    pub(crate) async fn add_role_grant(&self, new: &StoredGrant, entry: Entry) -> anyhow::Result<GrantSaved> {
        let tx = self.db.begin().await?;
        lock(&tx).await?;
        let now = new.granted_at;
        let sql = format!("SELECT {COLUMNS} FROM role_grants WHERE viewer = $1 AND revoked_at IS NULL");
        let held: Vec<Grant> =
            tx.rows(&sql, vec![new.grant.viewer.as_str().into()]).await?.iter().map(grant).collect::<Result<_, _>>()?;
        if let Err(refusal) = duties::may_grant(&new.granted_by, &new.grant, &held, now) {
            return Ok(GrantSaved::Refused(refusal));
        }
        let sql = "SELECT count(*) AS count FROM role_grants \
                   WHERE revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $1)";
        let count = tx.row(sql, vec![now.0.into()]).await?.map_or(Ok(0), |row| row.get::<i64>("count"))?;
        if usize::try_from(count)? >= limits::ROLE_GRANTS {
            return Ok(GrantSaved::TooMany);
        }
        tx.run(
            "INSERT INTO role_grants (id, viewer, role, reason, granted_by, granted_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7)",
            vec![
                new.id.uuid().into(),
                new.grant.viewer.as_str().into(),
                new.grant.role.as_str().into(),
                new.reason.as_str().into(),
                new.granted_by.as_str().into(),
                now.0.into(),
                new.grant.expires_at.map(|at| at.0).into(),
            ],
        )
        .await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        changes::note(&tx, &[Change::Access], now).await?;
        tx.commit().await?;
        Ok(GrantSaved::Done)
    }

    /// Takes a grant back, where somebody else stays ADMIN or `by` is one by their token.
    pub(crate) async fn revoke_role_grant(
        &self,
        id: RoleGrantId,
        (by, admin_by_token): (&str, bool),
        reason: &str,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<GrantSaved> {
        let tx = self.db.begin().await?;
        lock(&tx).await?;
        let sql = format!("SELECT {COLUMNS} FROM role_grants WHERE id = $1 OR (role = 'ADMIN' AND revoked_at IS NULL)");
        let (mut this, mut others) = (None, Vec::new());
        for row in tx.rows(&sql, vec![id.uuid().into()]).await? {
            match RoleGrantId::new(row.get("id")?) == id {
                true => this = Some(grant(&row)?),
                false => others.push(grant(&row)?),
            }
        }
        let Some(this) = this else { return Ok(GrantSaved::Refused(Refusal::Over)) };
        if let Err(refusal) = duties::may_revoke(by, admin_by_token, &this, &others, now) {
            return Ok(GrantSaved::Refused(refusal));
        }
        tx.run(
            "UPDATE role_grants SET revoked_by = $1, revoked_at = $2, revoke_reason = $3 WHERE id = $4",
            vec![by.into(), now.0.into(), reason.into(), id.uuid().into()],
        )
        .await?;
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        changes::note(&tx, &[Change::Access], now).await?;
        tx.commit().await?;
        Ok(GrantSaved::Done)
    }
}

/// One change of grants after another: each decides by what the others left. SQLite has one writer anyway.
async fn lock(tx: &Tx) -> anyhow::Result<()> {
    if tx.is_postgres() {
        tx.run("LOCK TABLE role_grants IN SHARE ROW EXCLUSIVE MODE", vec![]).await?;
    }
    Ok(())
}
