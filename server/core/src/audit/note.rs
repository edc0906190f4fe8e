//! Checkpoints: the size and root of the log at an instant, as a signed note (C2SP signed-note, tlog-checkpoint).
//! Never: a signature of another key taken for ours, or a note read in two ways.

use super::{Hash, base64, from_base64, hash_from_base64};
use crate::time::{Micros, SECOND};
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// The kind of key that signs: Ed25519.
const ED25519: u8 = 1;
/// What a line of a signature begins with.
const DASH: &str = "\u{2014} ";

/// Why a text is no key or no checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// Not `name+hash+key`, or the hash is of another key.
    #[error("it is no verifier key: that is one line, name+hash+key")]
    Key,
    /// Not the four lines of a checkpoint, an empty line and signatures.
    #[error("it is no checkpoint")]
    Shape,
    /// It is of another log than the key.
    #[error("it is of another log")]
    Origin,
    /// No line is signed by the key.
    #[error("it is not signed by the key")]
    Unsigned,
    /// The signature of the key's name is not the key's.
    #[error("its signature is wrong")]
    Signature,
}

/// Whoever holds this can tell the log's checkpoints from others: `vizard audit key` prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    name: String,
    key: VerifyingKey,
}

/// Signs checkpoints.
pub struct LogKey {
    public: PublicKey,
    signing: SigningKey,
}

/// The log at an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// When it was signed, in whole seconds.
    pub at: Micros,
}

impl LogKey {
    /// From 32 secret bytes. The log's name is made from the public key, so that no two logs have the same.
    pub fn new(secret: &[u8; 32]) -> Self {
        let signing = SigningKey::from_bytes(secret);
        let key = signing.verifying_key();
        let digest = Sha256::digest(key.as_bytes());
        let mut name = String::from("vizard-audit-");
        for byte in &digest[..8] {
            name.push_str(&format!("{byte:02x}"));
        }
        Self { public: PublicKey { name, key }, signing }
    }

    /// What others check with.
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The checkpoint as a signed note. The same checkpoint is always the same text.
    pub fn sign(&self, checkpoint: &Checkpoint) -> String {
        self.sign_text(&checkpoint.body(&self.public.name))
    }

    /// Any other text as a signed note. Its first line tells what kind of text it is and is no name of a log: checkpoints
    /// begin with that, so that neither is taken for the other.
    pub(crate) fn sign_text(&self, body: &str) -> String {
        self.public.note(body, &self.signing.sign(body.as_bytes()))
    }
}

/// Without the secret.
impl fmt::Debug for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogKey({})", self.public.name)
    }
}

impl PublicKey {
    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.name
    }

    fn id(&self) -> [u8; 4] {
        let digest: Hash = Sha256::new()
            .chain_update(self.name.as_bytes())
            .chain_update([b'\n', ED25519])
            .chain_update(self.key.as_bytes())
            .finalize()
            .into();
        [digest[0], digest[1], digest[2], digest[3]]
    }

    /// Reads what `Display` prints.
    ///
    /// # Errors
    /// Where the text is anything else.
    pub fn parse(text: &str) -> Result<Self, NoteError> {
        let mut fields = text.trim().splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (fields.next(), fields.next(), fields.next()) else {
            return Err(NoteError::Key);
        };
        let bytes = from_base64(key).ok_or(NoteError::Key)?;
        let bytes: [u8; 33] = bytes.try_into().map_err(|_| NoteError::Key)?;
        let (kind, key) = bytes.split_first().ok_or(NoteError::Key)?;
        let key = <&[u8; 32]>::try_from(key).map_err(|_| NoteError::Key)?;
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoteError::Key)?;
        let found = Self { name: name.to_owned(), key };
        let well_named = !name.is_empty() && !name.contains(char::is_whitespace);
        if *kind != ED25519 || !well_named || key.is_weak() || hex(found.id()) != hash {
            return Err(NoteError::Key);
        }
        Ok(found)
    }

    /// The checkpoint of a note that this key signed. Signatures of other keys beside it are of no account.
    ///
    /// # Errors
    /// Why it is none.
    pub fn open(&self, note: &str) -> Result<Checkpoint, NoteError> {
        let (body, signatures) = note.split_once("\n\n").ok_or(NoteError::Shape)?;
        let body = format!("{body}\n");
        let checkpoint = Checkpoint::read(&body, &self.name)?;
        self.signed(&body, signatures)?;
        Ok(checkpoint)
    }

    /// The text of a note that this key signed, and nobody else: written as [`LogKey::sign_text`] writes it.
    ///
    /// # Errors
    /// Why it is none.
    pub(crate) fn open_text(&self, note: &str) -> Result<String, NoteError> {
        let (body, signatures) = note.split_once("\n\n").ok_or(NoteError::Shape)?;
        let body = format!("{body}\n");
        let signature = self.signed(&body, signatures)?;
        if self.note(&body, &signature) == note { Ok(body) } else { Err(NoteError::Shape) }
    }

    /// A text with its signature.
    fn note(&self, body: &str, signature: &Signature) -> String {
        let mut bytes = self.id().to_vec();
        bytes.extend(signature.to_bytes());
        format!("{body}\n{DASH}{} {}\n", self.name, base64(&bytes))
    }

    /// This key's signature among those below a text.
    fn signed(&self, body: &str, signatures: &str) -> Result<Signature, NoteError> {
        let signatures = signatures.strip_suffix('\n').ok_or(NoteError::Shape)?;
        let mut found = None;
        for line in signatures.split('\n') {
            let (name, text) = line.strip_prefix(DASH).and_then(|line| line.split_once(' ')).ok_or(NoteError::Shape)?;
            let bytes = from_base64(text).filter(|bytes| bytes.len() > 4).ok_or(NoteError::Shape)?;
            let (id, signature) = bytes.split_at(4);
            if name != self.name || id != self.id() {
                continue;
            }
            let signature = Signature::from_slice(signature).map_err(|_| NoteError::Signature)?;
            self.key.verify_strict(body.as_bytes(), &signature).map_err(|_| NoteError::Signature)?;
            found = Some(signature);
        }
        found.ok_or(NoteError::Unsigned)
    }
}

/// The verifier key of C2SP signed-note: `name+hash+key`.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = vec![ED25519];
        bytes.extend(self.key.as_bytes());
        write!(f, "{}+{}+{}", self.name, hex(self.id()), base64(&bytes))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Checkpoint {
    /// Four lines: the log's name, the size, the root in base64, and the time in seconds since 1970.
    fn body(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\ntime {}\n", self.size, base64(&self.root), self.at.0.div_euclid(SECOND))
    }

    /// What a note says, whoever signed it: to be trusted only after [`PublicKey::open`].
    pub(crate) fn unproven(note: &str) -> Option<Self> {
        let (body, _) = note.split_once("\n\n")?;
        Self::read(&format!("{body}\n"), body.lines().next()?).ok()
    }

    fn read(body: &str, origin: &str) -> Result<Self, NoteError> {
        let mut lines = body.lines();
        let (Some(name), Some(size), Some(root), Some(time)) = (lines.next(), lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Shape);
        };
        if name != origin {
            return Err(NoteError::Origin);
        }
        let seconds: i64 = time.strip_prefix("time ").and_then(|text| text.parse().ok()).ok_or(NoteError::Shape)?;
        let found = Self {
            size: size.parse().map_err(|_| NoteError::Shape)?,
            root: hash_from_base64(root).ok_or(NoteError::Shape)?,
            at: Micros(seconds.checked_mul(SECOND).ok_or(NoteError::Shape)?),
        };
        // Leading zeros, signs, other line breaks, more lines: one checkpoint is one text.
        if found.body(origin) == body { Ok(found) } else { Err(NoteError::Shape) }
    }
}

/// The notes of a file in which they stand one after the other, each ended by an empty line, as the server appends them.
/// What cannot be a note is handed back as it is.
pub fn notes(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let (mut note, mut signed) = (String::new(), false);
    for line in text.lines() {
        if signed && !line.starts_with(DASH) {
            found.push(std::mem::take(&mut note));
            signed = false;
        }
        if note.is_empty() && line.is_empty() {
            continue;
        }
        signed = line.starts_with(DASH);
        note.push_str(line);
        note.push('\n');
    }
    if !note.is_empty() {
        found.push(note);
    }
    found
}

fn hex(bytes: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(bytes))
}
