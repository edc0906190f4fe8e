//! The vault: one key file from which the keys are derived that seal what names a person.
//! master → key-encryption key → one key a subject → XChaCha20-Poly1305 with the row's place as bound context.
//! Never: opens an identity for anybody but the reveal service and `store::own_data`; a key in the database in the open.

use crate::keyfile;
use anyhow::{Context as _, ensure};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead as _, KeyInit as _, Payload},
};
use hkdf::Hkdf;
use hmac::{Hmac, Mac as _};
use rand::Rng as _;
use sha2::Sha256;
use std::path::Path;
use vizard_core::{
    audit::hex,
    event::NormalisedIdentifier,
    ids::{ShareId, SubjectId},
};
use zeroize::Zeroizing;

const NONCE_BYTES: usize = 24;
type Key = Zeroizing<[u8; 32]>;

/// The derived keys of this installation.
pub(crate) struct Vault {
    wrapping: XChaCha20Poly1305,
    spool: XChaCha20Poly1305,
    credentials: XChaCha20Poly1305,
    blind: Key,
    object: Key,
    shares: Key,
    naming: Key,
    traits: Key,
    check: String,
}

/// What one subject's data are sealed with. Erasing it in the database erases them.
#[derive(Clone)]
pub(crate) struct SubjectKey(XChaCha20Poly1305);

impl Vault {
    /// Opens the key file, or makes one that only its owner can read.
    pub(crate) fn open_or_create(path: &Path) -> anyhow::Result<Self> {
        let master = keyfile::open_or_create(path)?;
        let derive = |purpose: &str| -> anyhow::Result<Key> {
            let mut key = Zeroizing::new([0u8; 32]);
            Hkdf::<Sha256>::new(Some(b"vizard vault 1"), master.as_slice())
                .expand(purpose.as_bytes(), key.as_mut_slice())
                .map_err(|_| anyhow::anyhow!("cannot derive a key"))?;
            Ok(key)
        };
        let cipher = |key: Key| XChaCha20Poly1305::new(key.as_slice().try_into().unwrap_or(&[0; 32].into()));
        Ok(Self {
            wrapping: cipher(derive("subject keys")?),
            spool: cipher(derive("deliveries")?),
            credentials: cipher(derive("credentials")?),
            blind: derive("identifiers")?,
            object: derive("objects")?,
            shares: derive("ids in shares")?,
            naming: derive("pieces of names")?,
            traits: derive("traits of patients and employees")?,
            check: hex(&derive("check")?[..16]),
        })
    }

    /// Tells whether a database was written with this key: stored beside the data.
    pub(crate) fn fingerprint(&self) -> &str {
        &self.check
    }

    /// The blind index of an identifier: the same for the same identifier, and nothing without the key.
    pub(crate) fn blind(&self, identifier: &NormalisedIdentifier) -> [u8; 16] {
        mac(&self.blind, &[identifier.namespace.as_bytes(), identifier.value.as_bytes()])
    }

    /// The digest by which an object is followed through sequences.
    pub(crate) fn object(&self, object: &str) -> [u8; 16] {
        mac(&self.object, &[object.as_bytes()])
    }

    /// The digest of a piece of a name, by which a text that names somebody is noticed.
    pub(crate) fn name_mark(&self, piece: &str) -> [u8; 16] {
        mac(&self.naming, &[piece.as_bytes()])
    }

    /// The digest of traits by which a patient is compared with employees.
    pub(crate) fn traits_mark(&self, texts: &[&str]) -> [u8; 16] {
        let parts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        mac(&self.traits, &parts)
    }

    /// The key that ids are veiled with in one share.
    pub(crate) fn share_key(&self, share: ShareId) -> [u8; 32] {
        let half = |which: u8| mac(&self.shares, &[share.uuid().as_bytes(), &[which]]);
        let mut key = [0u8; 32];
        key[..16].copy_from_slice(&half(0));
        key[16..].copy_from_slice(&half(1));
        key
    }

    /// A new key for `subject`, and its wrapped form for the database.
    pub(crate) fn new_subject_key(&self, subject: SubjectId) -> anyhow::Result<(SubjectKey, Vec<u8>)> {
        let mut key = Zeroizing::new([0u8; 32]);
        rand::rng().fill_bytes(key.as_mut_slice());
        let wrapped = seal(&self.wrapping, subject.uuid().as_bytes(), key.as_slice())?;
        Ok((SubjectKey::of(&key), wrapped))
    }

    /// The key of `subject` from its wrapped form.
    pub(crate) fn unwrap(&self, subject: SubjectId, wrapped: &[u8]) -> anyhow::Result<SubjectKey> {
        let bytes = Zeroizing::new(open(&self.wrapping, subject.uuid().as_bytes(), wrapped)?);
        let mut key = Zeroizing::new([0u8; 32]);
        ensure!(bytes.len() == key.len(), "a subject's key has another length");
        key.copy_from_slice(&bytes);
        Ok(SubjectKey::of(&key))
    }

    /// Seals a delivery that waits to be processed.
    pub(crate) fn seal_delivery(&self, run: uuid::Uuid, body: &[u8]) -> anyhow::Result<Vec<u8>> {
        seal(&self.spool, run.as_bytes(), body)
    }

    /// Seals what we prove ourselves with to somebody else; `place` names where it belongs.
    pub(crate) fn seal_credential(&self, place: &[u8], plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        seal(&self.credentials, place, plain)
    }

    /// Opens what was sealed so.
    pub(crate) fn open_credential(&self, place: &[u8], sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        open(&self.credentials, place, sealed)
    }

    /// Opens such a delivery.
    pub(crate) fn open_delivery(&self, run: uuid::Uuid, sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        open(&self.spool, run.as_bytes(), sealed)
    }
}

impl SubjectKey {
    fn of(key: &Key) -> Self {
        Self(XChaCha20Poly1305::new(key.as_slice().try_into().unwrap_or(&[0; 32].into())))
    }

    /// Seals `plain`; it opens only with the same `context`, which names where it belongs.
    pub(crate) fn seal(&self, context: &[u8], plain: &[u8]) -> anyhow::Result<Vec<u8>> {
        seal(&self.0, context, plain)
    }

    /// Opens what `seal` made in the same `context`.
    pub(crate) fn open(&self, context: &[u8], sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
        open(&self.0, context, sealed)
    }
}

fn seal(cipher: &XChaCha20Poly1305, context: &[u8], plain: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut nonce = [0u8; NONCE_BYTES];
    rand::rng().fill_bytes(&mut nonce);
    let sealed = cipher
        .encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: context })
        .map_err(|_| anyhow::anyhow!("cannot seal"))?;
    Ok([nonce.as_slice(), &sealed].concat())
}

fn open(cipher: &XChaCha20Poly1305, context: &[u8], sealed: &[u8]) -> anyhow::Result<Vec<u8>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE_BYTES>().context("sealed data are too short")?;
    cipher
        .decrypt(&XNonce::from(*nonce), Payload { msg: body, aad: context })
        .map_err(|_| anyhow::anyhow!("sealed data do not open: another key, another place, or damage"))
}

/// Keyed digest of the parts, each after its length, so that no two lists of parts look alike.
fn mac(key: &Key, parts: &[&[u8]]) -> [u8; 16] {
    let mut out = [0u8; 16];
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.as_slice()) else { return out };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    out.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn vault() -> (tempfile::TempDir, Vault) {
        let dir = tempfile::tempdir().unwrap();
        let vault = Vault::open_or_create(&dir.path().join("vault.key")).unwrap();
        (dir, vault)
    }

    fn identifier(namespace: &str, value: &str) -> NormalisedIdentifier {
        NormalisedIdentifier { namespace: namespace.into(), value: value.into() }
    }

    #[test]
    fn what_is_sealed_opens_only_in_its_own_place_and_undamaged() {
        let (_dir, vault) = vault();
        let subject = SubjectId::new(Uuid::from_u128(1));
        let (key, wrapped) = vault.new_subject_key(subject).unwrap();
        let sealed = key.seal(b"here", b"a name").unwrap();
        assert_eq!(vault.unwrap(subject, &wrapped).unwrap().open(b"here", &sealed).unwrap(), b"a name");
        assert!(key.open(b"there", &sealed).is_err());
        assert!(vault.unwrap(SubjectId::new(Uuid::from_u128(2)), &wrapped).is_err());
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone();
            damaged[at] ^= 1;
            assert!(key.open(b"here", &damaged).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_blind_index_is_stable_and_keeps_namespaces_apart() {
        let (dir, vault) = vault();
        let again = Vault::open_or_create(&dir.path().join("vault.key")).unwrap();
        let one = identifier("address", "a@b");
        assert_eq!(vault.blind(&one), again.blind(&one));
        assert_ne!(vault.blind(&one), vault.blind(&identifier("sid", "a@b")));
        assert_ne!(vault.blind(&identifier("ab", "c")), vault.blind(&identifier("a", "bc")));
        let (_other, other) = super::tests::vault();
        assert_ne!(vault.blind(&one), other.blind(&one));
        assert_ne!(vault.fingerprint(), other.fingerprint());
    }
}
