//! The one place where an identity is opened: for the requester of a live reveal in its case, through a share that the
//! reveal covers, or for everybody where the installation does without pseudonyms.
//! And, shown to nobody, where facts are freed of names and mail is addressed.
//! Never: an identity without its audit entry, committed before anything is shown; one that outlives the answer.

use super::{
    Store,
    audit::{Entry, insert_entries},
    cases::SeenFrom,
    db::{Row, Sql, marks},
    reveals::{common_time, open_reveals},
    settings,
    vault::{SubjectKey, Vault},
};
use crate::{clock::Clock, permit::Viewer};
use anyhow::Context as _;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource, matrix},
    audit::{AuditActivity, AuditCategory},
    event::Profile,
    ids::{CaseId, SubjectId},
    limits,
    subject::{ADDRESS, IdentityState},
    time::Micros,
};

/// Who somebody is. No `Debug`, no `Serialize`: it is taken apart by the one resolver that shows it.
pub(crate) struct OpenIdentity {
    pub(crate) profile: Option<Profile>,
    /// Namespace and value of each identifier.
    pub(crate) identifiers: Vec<(String, String)>,
    /// The last working day, of somebody who leaves.
    pub(crate) last_working_at: Option<Micros>,
}

impl OpenIdentity {
    /// The first mail address.
    pub(crate) fn address(&self) -> Option<&str> {
        self.identifiers.iter().find(|(namespace, _)| namespace == ADDRESS).map(|(_, value)| value.as_str())
    }
}

impl Store {
    /// Whether this viewer sees who these subjects are, from where they look.
    pub(crate) async fn identity_states(
        &self,
        viewer: &Viewer,
        keys: &[SeenFrom],
        clock: &Clock,
    ) -> anyhow::Result<BTreeMap<SeenFrom, IdentityState>> {
        let (_, privacy) = settings::current(&self.db).await?;
        let revealed = self.revealed(viewer, keys, clock).await?;
        let state = |(subject, case): SeenFrom| match &viewer.share {
            Some(share) if share.identity && (share.subject, Some(share.case)) == (subject, case) => {
                IdentityState::Revealed
            }
            Some(_) => IdentityState::Masked,
            None if !privacy.privacy.pseudonymise => IdentityState::PseudonymisationOff,
            None if revealed.contains(&(subject, case)) => IdentityState::Revealed,
            None => IdentityState::Masked,
        };
        Ok(keys.iter().map(|key| (*key, state(*key))).collect())
    }

    /// Those of the keys that a live reveal of this viewer opens. The queue is no case: nothing is asked about it.
    async fn revealed(&self, viewer: &Viewer, keys: &[SeenFrom], clock: &Clock) -> anyhow::Result<BTreeSet<SeenFrom>> {
        let cases: Vec<CaseId> = keys.iter().filter_map(|key| key.1).collect();
        // Whoever lost the role since sees nothing more.
        let may = viewer.roles.iter().any(|role| matrix::allows(*role, Resource::RevealRequests, Action::Change));
        if cases.is_empty() || !may {
            return Ok(BTreeSet::new());
        }
        let now = common_time(&self.db, clock).await?;
        let open = open_reveals(&self.db, &cases, now).await?;
        let opens = |subject, case| open.iter().any(|reveal| reveal.opens(&viewer.id, case, subject, now));
        Ok(keys.iter().filter(|(subject, case)| case.is_some_and(|case| opens(*subject, case))).copied().collect())
    }

    /// The identities that this viewer may see at this moment; the look at each is in the audit log before it is answered,
    /// or already is: those that the request has `looked` at.
    pub(crate) async fn identities(
        &self,
        viewer: &Viewer,
        keys: &[SeenFrom],
        looked: &BTreeSet<SeenFrom>,
        clock: &Clock,
    ) -> anyhow::Result<BTreeMap<SeenFrom, OpenIdentity>> {
        let states = self.identity_states(viewer, keys, clock).await?;
        let open: BTreeMap<SeenFrom, IdentityState> = states
            .into_iter()
            .filter(|(_, state)| matches!(state, IdentityState::Revealed | IdentityState::PseudonymisationOff))
            .collect();
        if open.is_empty() {
            return Ok(BTreeMap::new());
        }
        let now = clock.now();
        let subjects: BTreeSet<SubjectId> = open.keys().map(|key| key.0).collect();
        let subjects: Vec<SubjectId> = subjects.into_iter().collect();
        let pseudonyms = self.pseudonyms(&subjects).await?;
        let subjects: Vec<Uuid> = subjects.into_iter().map(SubjectId::uuid).collect();
        let tx = self.db.begin().await?;
        let look = |(key, state): (&SeenFrom, &IdentityState)| {
            let detail = serde_json::json!({"why": state, "share": viewer.share.as_ref().map(|share| share.id)});
            match (key.1, pseudonyms.get(&key.0)) {
                (Some(case), _) => {
                    Entry::by(viewer, AuditActivity::IdentityViewed, AuditCategory::Cases, case, &detail)
                }
                (None, label) => Entry::by(
                    viewer,
                    AuditActivity::IdentityViewed,
                    AuditCategory::Subjects,
                    label.map_or("", |label| label),
                    &detail,
                ),
            }
        };
        let entries: Vec<Entry> = open.iter().filter(|(key, _)| !looked.contains(key)).map(look).collect();
        insert_entries(&tx, &self.ids, &entries, now).await?;
        let found = self.open_identities(&tx, &subjects).await?;
        let sql = format!(
            "SELECT subject_id, max(lasts_until) AS until FROM triggers WHERE lasts_until IS NOT NULL AND subject_id IN ({}) \
             GROUP BY subject_id",
            marks(0, subjects.len())
        );
        let mut leaving: BTreeMap<SubjectId, Micros> = BTreeMap::new();
        for row in tx.rows(&sql, subjects.iter().map(|id| (*id).into()).collect()).await? {
            leaving.insert(SubjectId::new(row.get("subject_id")?), Micros(row.get("until")?));
        }
        tx.commit().await?;
        let identity = |key: SeenFrom| {
            found.get(&key.0).map(|(profile, identifiers)| {
                (
                    key,
                    OpenIdentity {
                        profile: profile.clone(),
                        identifiers: identifiers.clone(),
                        last_working_at: leaving.get(&key.0).copied(),
                    },
                )
            })
        };
        Ok(open.into_keys().filter_map(identity).collect())
    }

    /// Name and mail address of a subject, for a message to them: shown to nobody. Nothing where no address is known.
    pub(super) async fn addressee(
        &self,
        sql: &impl Sql,
        subject: SubjectId,
    ) -> anyhow::Result<Option<(String, String)>> {
        let found = self.open_identities(sql, &[subject.uuid()]).await?.remove(&subject);
        let Some((profile, identifiers)) = found else { return Ok(None) };
        let address = identifiers.into_iter().find(|(namespace, value)| namespace == ADDRESS && value.contains('@'));
        let Some((_, address)) = address else { return Ok(None) };
        let name = profile.and_then(|profile| profile.display_name).unwrap_or_else(|| address.clone());
        Ok(Some((name, address)))
    }

    /// Name and mail address of whom a message is to.
    pub(crate) async fn addressee_of_message(&self, subject: SubjectId) -> anyhow::Result<Option<(String, String)>> {
        self.addressee(&self.db, subject).await
    }

    /// Opens what is sealed about these subjects. Subjects without a key were erased: there is nothing to open.
    pub(super) async fn open_identities(
        &self,
        tx: &impl Sql,
        subjects: &[Uuid],
    ) -> anyhow::Result<BTreeMap<SubjectId, Opened>> {
        let values = || subjects.iter().map(|id| (*id).into()).collect::<Vec<_>>();
        let list = marks(0, subjects.len());
        let keys = keys_of(tx, &self.vault, subjects).await?;
        let mut found: BTreeMap<SubjectId, Opened> = subjects
            .iter()
            .copied()
            .map(SubjectId::new)
            .filter(|id| keys.contains_key(id))
            .map(|id| (id, Opened::default()))
            .collect();
        let of = |row: &Row| {
            let subject = SubjectId::new(row.get("subject_id")?);
            let part = row.get::<Option<Uuid>>("part")?.map_or(subject, SubjectId::new);
            anyhow::Ok((subject, part))
        };
        let sql = format!("SELECT subject_id, part, sealed FROM profiles WHERE subject_id IN ({list})");
        for row in tx.rows(&sql, values()).await? {
            let (subject, part) = of(&row)?;
            let (Some(key), Some(opened)) = (keys.get(&part), found.get_mut(&subject)) else { continue };
            opened.0 = Some(profile(&row, part, key)?);
        }
        let sql = format!(
            "SELECT subject_id, part, blind, sealed FROM identifiers WHERE subject_id IN ({list}) ORDER BY blind"
        );
        for row in tx.rows(&sql, values()).await? {
            let (subject, part) = of(&row)?;
            let (Some(key), Some(opened)) = (keys.get(&part), found.get_mut(&subject)) else { continue };
            opened.1.push(identifier(&row, key)?);
        }
        Ok(found)
    }
}

/// The keys of these subjects and of what was merged into them, by whose they are. Whoever was erased has none.
pub(super) async fn keys_of(
    sql: &impl Sql,
    vault: &Vault,
    subjects: &[Uuid],
) -> anyhow::Result<BTreeMap<SubjectId, SubjectKey>> {
    let mut keys = BTreeMap::new();
    for subjects in subjects.chunks(limits::INSERT_ROWS) {
        let within = marks(0, subjects.len());
        let text = format!(
            "SELECT id, key FROM subjects WHERE length(key) > 0 AND id IN ({within}) UNION ALL \
             SELECT id, key FROM subjects WHERE length(key) > 0 AND merged_into IN ({within})"
        );
        for row in sql.rows(&text, subjects.iter().map(|id| (*id).into()).collect()).await? {
            let subject = SubjectId::new(row.get("id")?);
            keys.insert(subject, vault.unwrap(subject, &row.get::<Vec<u8>>("key")?)?);
        }
    }
    Ok(keys)
}

/// A profile, and namespace and value of each identifier.
pub(super) type Opened = (Option<Profile>, Vec<(String, String)>);

/// Namespace and value of an identifier, opened: the columns `blind` and `sealed` of a row.
pub(super) fn identifier(row: &Row, key: &SubjectKey) -> anyhow::Result<(String, String)> {
    let plain = key.open(&row.get::<Vec<u8>>("blind")?, &row.get::<Vec<u8>>("sealed")?)?;
    serde_json::from_slice(&plain).context("a sealed identifier of another shape")
}

/// A profile, opened: the column `sealed` of a row.
pub(super) fn profile(row: &Row, of: SubjectId, key: &SubjectKey) -> anyhow::Result<Profile> {
    let plain = key.open(of.uuid().as_bytes(), &row.get::<Vec<u8>>("sealed")?)?;
    serde_json::from_slice(&plain).context("a sealed profile of another shape")
}
