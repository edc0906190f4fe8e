//! Who made a plugin file: detached signatures of minisign (Ed25519 over BLAKE2b, with a signed comment), checked against
//! the keys that the operator named.
//! Never: a signature whose key is not named; the older kind, which signs the file unhashed.

use minisign_verify::{Error, PublicKey, Signature};
use std::fmt;
use vizard_core::limits;

/// A key that the operator trusts to sign plugins, as the second line of a `minisign.pub` has it.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    key: PublicKey,
    id: String,
}

impl SigningKey {
    /// Reads a key; nothing where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let key = PublicKey::from_base64(text).ok()?;
        Some(Self { key, id: key_id(text)? })
    }

    /// Its id, as minisign prints it: 16 hexadecimal digits.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// Why a signature does not count.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// It is none of minisign's.
    #[error("the signature is none of minisign's: `minisign -Sm FILE` makes one")]
    Malformed,
    /// The key is not among those that are trusted.
    #[error("it is signed with the key {0}, which `plugin_keys` does not have")]
    UnknownKey(String),
    /// Another file, another comment, or damage.
    #[error("the signature is not one of this file: it was made for another, or one of the two is damaged")]
    Wrong,
}

/// The id of the trusted key that `signature` (the text of a `.minisig` file) of `file` was made with.
pub fn verify(file: &[u8], signature: &str, keys: &[SigningKey]) -> Result<String, SignatureError> {
    if signature.len() > limits::PLUGIN_SIGNATURE_BYTES {
        return Err(SignatureError::Malformed);
    }
    let made_with = signature.lines().nth(1).and_then(key_id).ok_or(SignatureError::Malformed)?;
    let signature = Signature::decode(signature).map_err(|_| SignatureError::Malformed)?;
    let key = keys.iter().find(|key| key.id == made_with).ok_or(SignatureError::UnknownKey(made_with))?;
    match key.key.verify(file, &signature, false) {
        Ok(()) => Ok(key.id.clone()),
        Err(Error::UnexpectedAlgorithm) => Err(SignatureError::Malformed),
        Err(_) => Err(SignatureError::Wrong),
    }
}

/// Of a key or of the first line of a signature: two bytes name the algorithm, the next eight are the id, least byte first
/// (<https://jedisct1.github.io/minisign>).
fn key_id(base64: &str) -> Option<String> {
    use base64::Engine as _;
    let bytes = base64::engine::general_purpose::STANDARD.decode(base64.trim()).ok()?;
    let id: [u8; 8] = bytes.get(2..10)?.try_into().ok()?;
    Some(format!("{:016X}", u64::from_le_bytes(id)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use minisign::KeyPair;

    fn key(pair: &KeyPair) -> SigningKey {
        SigningKey::parse(&pair.pk.to_base64()).unwrap()
    }

    fn sign(pair: &KeyPair, file: &[u8]) -> String {
        minisign::sign(None, &pair.sk, file, Some("badges 0.1.0"), None).unwrap().into_string()
    }

    #[test]
    fn a_signature_counts_for_its_file_and_a_trusted_key_alone() {
        let (ours, other) =
            (KeyPair::generate_unencrypted_keypair().unwrap(), KeyPair::generate_unencrypted_keypair().unwrap());
        let signature = sign(&ours, b"a plugin");
        let keys = [key(&other), key(&ours)];
        assert_eq!(verify(b"a plugin", &signature, &keys).as_deref(), Ok(keys[1].id()));
        assert_eq!(verify(b"another", &signature, &keys), Err(SignatureError::Wrong));
        let unknown = SignatureError::UnknownKey(keys[1].id().to_owned());
        assert_eq!(verify(b"a plugin", &signature, &keys[..1]), Err(unknown));
        assert_eq!(verify(b"a plugin", &sign(&other, b"a plugin"), &keys[..1]).as_deref(), Ok(keys[0].id()));
        let comment = signature.replace("badges 0.1.0", "badges 0.2.0");
        assert_eq!(verify(b"a plugin", &comment, &keys), Err(SignatureError::Wrong));
        let everyone: Vec<SigningKey> = Vec::new();
        assert!(matches!(verify(b"a plugin", &signature, &everyone), Err(SignatureError::UnknownKey(_))));
    }

    #[test]
    fn what_is_no_signature_or_key_is_told_apart_from_a_wrong_one() {
        let ours = KeyPair::generate_unencrypted_keypair().unwrap();
        for text in ["", "\n", "a\nb\nc\nd", "untrusted comment: x\nRWQ=\ntrusted comment: y\nAA=="] {
            assert_eq!(verify(b"", text, &[key(&ours)]), Err(SignatureError::Malformed), "{text:?}");
        }
        for text in ["", "RWQ", "not a key", "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3x"] {
            assert_eq!(SigningKey::parse(text), None, "{text}");
        }
        // The key that minisign's own documentation signs its releases with.
        let documented = SigningKey::parse("RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3").unwrap();
        assert_eq!(documented.id(), "E7620F1842B4E81F");
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_taken_for_a_signature(text in "\\PC{0,200}") {
            proptest::prop_assert!(verify(b"a plugin", &text, &[]).is_err());
        }
    }
}
