//! Packages that cases were exported as. Their bytes lie in the database, in pieces that are sealed with the subject's key:
//! every replica serves them, they go with the case, and with the key of who was erased nobody opens them in any backup.
//! Never: a package that the check of `vizard case verify` has not accepted; more than a page of a case in memory.

mod evidence;

use super::{
    Store,
    alerts::{NewNote, read_case},
    audit::{Entry, insert_entries},
    db::{Db, Row, Sql as _, Tx, came_late, marks},
    retention::lock_events,
    sight::is_limited,
    vault::SubjectKey,
};
use crate::permit::{Sight, Viewer};
use anyhow::{Context as _, ensure};
use evidence::Evidence;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    audit::note::LogKey,
    export::{About, ManifestCase, ManifestStaff, Packer, Piece, check::Check},
    ids::{CaseId, ExportId, SubjectId},
    limits,
    time::Micros,
};

/// A package, without its bytes.
#[derive(Clone)]
pub(crate) struct StoredExport {
    pub(crate) id: ExportId,
    pub(crate) case: CaseId,
    pub(crate) subject: SubjectId,
    pub(crate) creator: String,
    pub(crate) created_at: Micros,
    /// In hexadecimal.
    pub(crate) sha256: String,
    pub(crate) bytes: u64,
}

/// A package to be made.
pub(crate) struct NewExport<'a> {
    pub(crate) id: ExportId,
    pub(crate) case: CaseId,
    pub(crate) viewer: &'a Viewer,
    /// Seals it.
    pub(crate) key: &'a LogKey,
    pub(crate) now: Micros,
}

/// What became of it.
pub(crate) enum Exported {
    Done(StoredExport),
    /// There is no such case in sight.
    NoCase,
    /// The viewer contributes to a case about the subject.
    Limited,
    /// The person was erased: there is nothing left to export.
    Erased,
    /// The case has as many as it can have.
    TooMany,
    /// It would be larger than a package may be.
    TooLarge,
}

/// A package that can be read.
pub(crate) struct OpenPackage {
    db: Db,
    id: ExportId,
    key: SubjectKey,
}

const EXPORT: &str = "id, case_id, subject_id, creator, created_at, sha256, bytes";

fn export(row: &Row) -> anyhow::Result<StoredExport> {
    Ok(StoredExport {
        id: ExportId::new(row.get("id")?),
        case: CaseId::new(row.get("case_id")?),
        subject: SubjectId::new(row.get("subject_id")?),
        creator: row.get("creator")?,
        created_at: Micros(row.get("created_at")?),
        sha256: row.get("sha256")?,
        bytes: u64::try_from(row.get::<i64>("bytes")?)?,
    })
}

/// Where a piece belongs: it opens nowhere else.
fn place(id: ExportId, start: u64) -> [u8; 24] {
    let mut place = [0; 24];
    place[..16].copy_from_slice(id.uuid().as_bytes());
    place[16..].copy_from_slice(&start.to_be_bytes());
    place
}

/// Removes the packages of which `condition` holds; tells which.
pub(super) async fn remove_exports(tx: &Tx, condition: &str, values: &[Uuid]) -> anyhow::Result<Vec<ExportId>> {
    let list = || values.iter().map(|id| (*id).into()).collect();
    let rows = tx.rows(&format!("SELECT id FROM exports WHERE {condition} ORDER BY id"), list()).await?;
    let gone: Vec<ExportId> = rows.iter().map(|row| row.get("id").map(ExportId::new)).collect::<anyhow::Result<_>>()?;
    for ids in gone.chunks(limits::INSERT_ROWS) {
        let within = marks(0, ids.len());
        let list = || ids.iter().map(|id| id.uuid().into()).collect();
        tx.run(&format!("DELETE FROM export_pieces WHERE export_id IN ({within})"), list()).await?;
        tx.run(&format!("DELETE FROM exports WHERE id IN ({within})"), list()).await?;
    }
    Ok(gone)
}

impl Store {
    /// Exports a case that is in sight: the package, its row, its entry and the note in the case in one transaction, over one
    /// state of the database. `entry` tells of the package that was made.
    ///
    /// An erasure waits for it, or it for an erasure: both take their lock on the events first. Where somebody wrote to what
    /// it refers to after its state was taken, it begins again.
    pub(crate) async fn export_case(
        &self,
        sight: &Sight,
        new: NewExport<'_>,
        entry: impl Fn(&StoredExport) -> Entry,
        note: &NewNote<'_>,
    ) -> anyhow::Result<Exported> {
        for _ in 1..limits::EXPORT_ATTEMPTS {
            match self.try_to_export(sight, &new, &entry, note).await {
                Err(error) if came_late(&error) => {}
                done => return done,
            }
        }
        self.try_to_export(sight, &new, &entry, note).await
    }

    async fn try_to_export(
        &self,
        sight: &Sight,
        new: &NewExport<'_>,
        entry: &impl Fn(&StoredExport) -> Entry,
        note: &NewNote<'_>,
    ) -> anyhow::Result<Exported> {
        let tx = self.db.begin_snapshot().await?;
        lock_events(&tx, "ROW EXCLUSIVE").await?;
        let Some(case) = read_case(&tx, sight, new.case).await? else { return Ok(Exported::NoCase) };
        if is_limited(&tx, sight, case.subject).await? {
            return Ok(Exported::Limited);
        }
        let sql = "SELECT count(*) AS number FROM exports WHERE case_id = $1";
        let number = tx.count(sql, vec![case.id.uuid().into()]).await?;
        if u64::try_from(number)? >= limits::CASE_EXPORTS {
            return Ok(Exported::TooMany);
        }
        let Some(evidence) = Evidence::of(self, &tx, &case).await? else { return Ok(Exported::Erased) };
        let mut stored = StoredExport {
            id: new.id,
            case: case.id,
            subject: case.subject,
            creator: new.viewer.name.clone(),
            created_at: new.now,
            sha256: String::new(),
            bytes: 0,
        };
        tx.run(
            &format!("INSERT INTO exports ({EXPORT}, created_by) VALUES ({})", marks(0, 8)),
            vec![
                stored.id.uuid().into(),
                stored.case.uuid().into(),
                stored.subject.uuid().into(),
                stored.creator.as_str().into(),
                stored.created_at.0.into(),
                stored.sha256.as_str().into(),
                0i64.into(),
                new.viewer.id.as_str().into(),
            ],
        )
        .await?;
        let mut sink = Sink { tx: &tx, id: new.id, key: &evidence.key, packer: Packer::new(new.now), full: false };
        let log = evidence.pack(&tx, &mut sink, new).await?;
        if sink.full {
            return Ok(Exported::TooLarge);
        }
        let about = About {
            id: new.id,
            case: ManifestCase { id: case.id, pseudonym: evidence.pseudonym.clone() },
            by: ManifestStaff { id: new.viewer.id.clone(), name: new.viewer.name.clone() },
        };
        let (pieces, bytes) = sink.packer.seal(new.key, about, &log)?;
        write(&tx, new.id, &evidence.key, pieces).await?;
        if bytes > limits::EXPORT_BYTES {
            return Ok(Exported::TooLarge);
        }
        (stored.bytes, stored.sha256) = (bytes, checked(&tx, new.id, &evidence.key, new.key).await?);
        tx.run(
            "UPDATE exports SET sha256 = $1, bytes = $2 WHERE id = $3",
            vec![stored.sha256.as_str().into(), i64::try_from(bytes)?.into(), stored.id.uuid().into()],
        )
        .await?;
        self.write_note(&tx, None, Some(case.id), note, new.now).await?;
        insert_entries(&tx, &self.ids, &[entry(&stored)], new.now).await?;
        tx.commit().await?;
        Ok(Exported::Done(stored))
    }

    /// The packages of cases, the newest first.
    pub(crate) async fn case_exports(&self, ids: &[CaseId]) -> anyhow::Result<BTreeMap<CaseId, Vec<StoredExport>>> {
        let mut found: BTreeMap<CaseId, Vec<StoredExport>> = BTreeMap::new();
        if ids.is_empty() {
            return Ok(found);
        }
        let sql = format!(
            "SELECT {EXPORT} FROM exports WHERE case_id IN ({}) ORDER BY created_at DESC, id DESC",
            marks(0, ids.len())
        );
        for row in self.db.rows(&sql, ids.iter().map(|id| id.uuid().into()).collect()).await? {
            let stored = export(&row)?;
            found.entry(stored.case).or_default().push(stored);
        }
        Ok(found)
    }

    /// A package, where its case is in sight.
    pub(crate) async fn export_by_id(&self, sight: &Sight, id: ExportId) -> anyhow::Result<Option<StoredExport>> {
        let mut values = vec![id.uuid().into()];
        let seen = sight.and("subject_id", Some("case_id"), &mut values);
        let sql = format!("SELECT {EXPORT} FROM exports WHERE id = $1{seen}");
        self.db.row(&sql, values).await?.as_ref().map(export).transpose()
    }

    /// Opens a package for reading; `entry` is in the audit log before.
    pub(crate) async fn open_export(
        &self,
        of: &StoredExport,
        entry: Entry,
        now: Micros,
    ) -> anyhow::Result<OpenPackage> {
        let tx = self.db.begin().await?;
        let sql = "SELECT s.id, s.key FROM exports x JOIN subjects s ON s.id = COALESCE(x.part, x.subject_id) WHERE x.id = $1";
        let row = tx.row(sql, vec![of.id.uuid().into()]).await?.context("a package without a subject")?;
        let (part, wrapped) = (SubjectId::new(row.get("id")?), row.get::<Vec<u8>>("key")?);
        insert_entries(&tx, &self.ids, &[entry], now).await?;
        tx.commit().await?;
        Ok(OpenPackage { db: self.db.clone(), id: of.id, key: self.vault.unwrap(part, &wrapped)? })
    }
}

impl OpenPackage {
    /// The piece that holds the byte at `at`.
    pub(crate) async fn piece(&self, at: u64) -> anyhow::Result<Piece> {
        let sql =
            "SELECT start, sealed FROM export_pieces WHERE export_id = $1 AND start <= $2 ORDER BY start DESC LIMIT 1";
        let row = self.db.row(sql, vec![self.id.uuid().into(), i64::try_from(at)?.into()]).await?;
        opened(&row.context("the package is gone")?, self.id, &self.key)
    }
}

fn opened(row: &Row, id: ExportId, key: &SubjectKey) -> anyhow::Result<Piece> {
    let at = u64::try_from(row.get::<i64>("start")?)?;
    Ok(Piece { at, bytes: key.open(&place(id, at), &row.get::<Vec<u8>>("sealed")?)? })
}

/// Where a package is written to.
struct Sink<'a> {
    tx: &'a Tx,
    id: ExportId,
    key: &'a SubjectKey,
    packer: Packer,
    /// Whether it has become too large: nothing more is written.
    full: bool,
}

impl Sink<'_> {
    /// Stores what is ready. Whether there is room for more.
    async fn store(&mut self) -> anyhow::Result<bool> {
        self.full |= self.packer.size() > limits::EXPORT_BYTES;
        if !self.full {
            write(self.tx, self.id, self.key, self.packer.ready()).await?;
        }
        Ok(!self.full)
    }
}

async fn write(tx: &Tx, id: ExportId, key: &SubjectKey, pieces: Vec<Piece>) -> anyhow::Result<()> {
    for piece in pieces {
        let sealed = key.seal(&place(id, piece.at), &piece.bytes)?;
        tx.run(
            "INSERT INTO export_pieces (export_id, start, sealed) VALUES ($1, $2, $3)",
            vec![id.uuid().into(), i64::try_from(piece.at)?.into(), sealed.into()],
        )
        .await?;
    }
    Ok(())
}

/// Reads a package back and checks it as whoever gets it will; its SHA-256.
async fn checked(tx: &Tx, id: ExportId, subject: &SubjectKey, key: &LogKey) -> anyhow::Result<String> {
    let sql = "SELECT start, sealed FROM export_pieces WHERE export_id = $1 AND start >= $2 ORDER BY start LIMIT 4";
    let mut check = Check::new(Some(key.public().clone()), Vec::new());
    let mut at = 0u64;
    loop {
        let rows = tx.rows(sql, vec![id.uuid().into(), i64::try_from(at)?.into()]).await?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            let piece = opened(row, id, subject)?;
            ensure!(piece.at == at, "a package with a gap");
            check.feed(&piece.bytes);
            at += piece.bytes.len() as u64;
        }
    }
    let verdict = check.finish();
    if let Some(flaw) = verdict.flaws.first() {
        anyhow::bail!("the package that was made is not whole: {}", flaw.sentence);
    }
    Ok(verdict.sha256)
}
