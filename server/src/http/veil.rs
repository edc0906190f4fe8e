//! The veil over what goes through a share: every id and cursor in an answer is another one for each share, and is read back
//! from its holder. Two shares, or a share and the queue, cannot be joined by an id.
//! Never: an id of the database past a share's door, in whatever field, alias or sentence it stands.

use crate::permit::VeilKey;
use aes::{
    Aes256,
    cipher::{BlockCipherDecrypt as _, BlockCipherEncrypt as _, KeyInit as _},
};
use async_graphql::{
    Response, Value as Const, Variables,
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};
use async_graphql_value::Value;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{XChaCha20Poly1305, XNonce, aead::Aead as _};
use rand::Rng as _;
use vizard_core::limits;

/// What ids begin with; `activity` is of half the length of the others.
const KINDS: &[&str] = &[
    "activity",
    "alert",
    "audit",
    "case",
    "connector",
    "consultation",
    "credential",
    "delivery",
    "export",
    "grant",
    "group",
    "insight",
    "note",
    "notice",
    "plugin",
    "policy",
    "report",
    "reveal",
    "run",
    "share",
    "subject",
    "suppression",
    "template",
    "webhook",
];
/// What a cursor under the veil begins with.
const CURSOR: &str = "veiled.";
const NONCE: usize = 24;

/// The veil of one share.
pub(super) struct Veil {
    /// A permutation of 16 bytes, which is what an id is.
    ids: Aes256,
    cursors: XChaCha20Poly1305,
}

impl Veil {
    pub(super) fn new(key: &VeilKey) -> Self {
        Self { ids: Aes256::new(&key.0.into()), cursors: XChaCha20Poly1305::new(&key.0.into()) }
    }

    /// Reads back what the holder sends.
    pub(super) fn lift(&self, document: &mut ExecutableDocument, variables: &mut Variables) {
        let operations: Vec<_> = match &mut document.operations {
            async_graphql::parser::types::DocumentOperations::Single(one) => vec![one],
            async_graphql::parser::types::DocumentOperations::Multiple(many) => many.values_mut().collect(),
        };
        for operation in operations {
            for variable in &mut operation.node.variable_definitions {
                if let Some(default) = &mut variable.node.default_value {
                    each_text(&mut default.node, &|text| self.read(text));
                }
            }
            self.lift_selection(&mut operation.node.selection_set.node);
        }
        for fragment in document.fragments.values_mut() {
            self.lift_selection(&mut fragment.node.selection_set.node);
        }
        for value in variables.values_mut() {
            each_text(value, &|text| self.read(text));
        }
    }

    /// Covers an answer.
    pub(super) fn over(&self, mut answer: Response) -> Response {
        each_text(&mut answer.data, &|text| self.cover(text));
        for error in &mut answer.errors {
            if let Some(covered) = self.cover(&error.message) {
                error.message = covered;
            }
        }
        answer
    }

    fn lift_selection(&self, set: &mut SelectionSet) {
        for item in &mut set.items {
            match &mut item.node {
                Selection::Field(field) => {
                    for (_, value) in &mut field.node.arguments {
                        self.lift_value(&mut value.node);
                    }
                    self.lift_selection(&mut field.node.selection_set.node);
                }
                Selection::InlineFragment(inline) => self.lift_selection(&mut inline.node.selection_set.node),
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn lift_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(read) = self.read(text) {
                    *text = read;
                }
            }
            Value::List(items) => items.iter_mut().for_each(|item| self.lift_value(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.lift_value(field)),
            _ => {}
        }
    }

    /// A text of the holder's as the server knows it; nothing where there is nothing to read back.
    fn read(&self, text: &str) -> Option<String> {
        if let Some(sealed) = text.strip_prefix(CURSOR) {
            if sealed.len() > 2 * limits::CURSOR_BYTES {
                return None;
            }
            let bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
            let (nonce, body) = bytes.split_first_chunk::<NONCE>()?;
            return String::from_utf8(self.cursors.decrypt(&XNonce::from(*nonce), body).ok()?).ok();
        }
        let (kind, hex) = text.split_once('_')?;
        let mut block = KINDS.contains(&kind).then(|| block_of(hex)).flatten()?.into();
        self.ids.decrypt_block(&mut block);
        Some(format!("{kind}_{}", hex_of(&block.into())))
    }

    /// A text of the server's as the holder sees it; nothing where there is no id in it.
    fn cover(&self, text: &str) -> Option<String> {
        if is_cursor(text) {
            let mut nonce = [0u8; NONCE];
            rand::rng().fill_bytes(&mut nonce);
            // Sealing a short text cannot fail; were it to, the cursor would be left out.
            let sealed = self.cursors.encrypt(&XNonce::from(nonce), text.as_bytes()).unwrap_or_default();
            return Some(format!("{CURSOR}{}", URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat())));
        }
        let mut covered = String::new();
        let mut kept = 0;
        for (at, _) in text.match_indices('_') {
            let Some(kind) = KINDS.iter().find(|kind| text[..at].ends_with(**kind)) else { continue };
            let hex: String = text[at + 1..].chars().take_while(|c| matches!(c, '0'..='9' | 'a'..='f')).collect();
            let Some(block) = block_of(&hex) else { continue };
            let mut block = block.into();
            self.ids.encrypt_block(&mut block);
            covered.push_str(&text[kept..at - kind.len()]);
            covered.push_str(&format!("{kind}_{}", hex_of(&block.into())));
            kept = at + 1 + hex.len();
        }
        (kept > 0).then(|| covered + &text[kept..])
    }
}

/// The bytes of an id: 16, or the 8 of an activity filled up.
fn block_of(hex: &str) -> Option<[u8; 16]> {
    let number = u128::from_str_radix(hex, 16).ok()?;
    matches!(hex.len(), 16 | 32).then(|| number.to_be_bytes())
}

fn hex_of(bytes: &[u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(*bytes))
}

/// Whether a text is one of our cursors: the name of a list and a key, packed.
fn is_cursor(text: &str) -> bool {
    text.len() <= limits::CURSOR_BYTES
        && URL_SAFE_NO_PAD
            .decode(text)
            .ok()
            .and_then(|bytes| serde_json::from_slice::<(String, serde_json::Value)>(&bytes).ok())
            .is_some()
}

/// Every text in a value, keys left alone.
fn each_text(value: &mut Const, with: &impl Fn(&str) -> Option<String>) {
    match value {
        Const::String(text) => {
            if let Some(other) = with(text) {
                *text = other;
            }
        }
        Const::Enum(_) | Const::Null | Const::Number(_) | Const::Boolean(_) | Const::Binary(_) => {}
        Const::List(items) => items.iter_mut().for_each(|item| each_text(item, with)),
        Const::Object(fields) => fields.values_mut().for_each(|field: &mut Const| each_text(field, with)),
    }
}

#[cfg(test)]
mod tests;
