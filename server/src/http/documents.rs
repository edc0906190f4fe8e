//! Trusted documents: where the configuration names a list of them, nothing else is run.
//! Never: a document that is not on the list, whatever id it comes under; the text of one in an error.

use crate::graphql::errors::{INVALID, refused};
use anyhow::{Context as _, ensure};
use async_graphql::{ServerError, parser::parse_query};
use sha2::{Digest as _, Sha256};
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};
use vizard_core::limits;

/// The code of a document that is not on the list.
const NOT_TRUSTED: &str = "DOCUMENT_NOT_TRUSTED";

/// The list.
pub struct Documents {
    by_id: HashMap<String, String>,
    texts: HashSet<[u8; 32]>,
}

impl Documents {
    /// Reads the manifest that graphql-codegen (`persistedDocuments`) and relay-compiler (`persistConfig`) write: one JSON
    /// object, by the id of each document its text.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read(path).with_context(|| format!("cannot read trusted_documents, {}", path.display()))?;
        Self::of(&text).with_context(|| format!("{} holds no trusted documents", path.display()))
    }

    fn of(manifest: &[u8]) -> anyhow::Result<Self> {
        ensure!(
            manifest.len() <= limits::TRUSTED_DOCUMENTS_BYTES,
            "it is larger than {} bytes",
            limits::TRUSTED_DOCUMENTS_BYTES
        );
        let by_id: HashMap<String, String> =
            serde_json::from_slice(manifest).context("it is not one JSON object with a text for each id")?;
        let by_id: HashMap<String, String> =
            by_id.into_iter().map(|(id, text)| (plain(&id).to_owned(), text)).collect();
        ensure!(!by_id.is_empty(), "it is empty: nothing could be asked");
        for (id, text) in &by_id {
            ensure!(parse_query(text).is_ok(), "the document {id} is not GraphQL");
        }
        let texts = by_id.values().map(|text| Sha256::digest(text).into()).collect();
        Ok(Self { by_id, texts })
    }
}

/// An id without the algorithm before it: manifests and clients write it with or without, as the GraphQL-over-HTTP draft lets
/// them.
fn plain(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// How a request names its document.
#[derive(Default)]
pub(super) struct Named {
    pub(super) text: Option<String>,
    pub(super) id: Option<String>,
}

impl Named {
    /// The text of the document that is to run.
    pub(super) fn text(self, list: Option<&Documents>) -> Result<String, ServerError> {
        let Some(list) = list else {
            let message = "this server has no list of trusted documents: send the operation's text as `query`";
            return self.text.ok_or_else(|| refused(message, INVALID));
        };
        match (self.id, self.text) {
            (Some(id), text) => {
                let message =
                    "no trusted document has this id: the manifest is deployed before the client that uses it";
                let known = list.by_id.get(plain(&id)).ok_or_else(|| refused(message, NOT_TRUSTED))?;
                if text.is_some_and(|text| text != *known) {
                    return Err(refused("`query` is another document than `documentId` says", NOT_TRUSTED));
                }
                Ok(known.clone())
            }
            (None, Some(text)) if list.texts.contains(&<[u8; 32]>::from(Sha256::digest(&text))) => Ok(text),
            (None, _) => Err(refused("only trusted documents are run here: send the `documentId` of one", NOT_TRUSTED)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MANIFEST: &[u8] = br#"{"sha256:a1": "query A { viewer { id } }", "b2": "query B { alerts { totalCount } }"}"#;

    fn run(list: Option<&Documents>, id: Option<&str>, text: Option<&str>) -> Result<String, String> {
        let named = Named { text: text.map(str::to_owned), id: id.map(str::to_owned) };
        named.text(list).map_err(|error| {
            error.extensions.and_then(|of| of.get("code").cloned()).map(|code| code.to_string()).unwrap_or_default()
        })
    }

    #[test]
    fn without_a_list_texts_are_run_and_ids_are_not_known() {
        assert_eq!(run(None, None, Some("{ a }")), Ok("{ a }".into()));
        assert_eq!(run(None, Some("a1"), Some("{ a }")), Ok("{ a }".into()), "a client may send its id with the text");
        assert_eq!(run(None, Some("a1"), None), Err("\"INVALID\"".into()));
    }

    #[test]
    fn with_a_list_nothing_else_is_run() {
        let list = Documents::of(MANIFEST).unwrap();
        let list = Some(&list);
        let a = "query A { viewer { id } }";
        for (id, text) in [(Some("a1"), None), (Some("sha256:a1"), None), (Some("a1"), Some(a)), (None, Some(a))] {
            assert_eq!(run(list, id, text), Ok(a.into()), "{id:?} {text:?}");
        }
        for (id, text) in [
            (None, Some("query A { viewer { id name } }")),
            (None, Some("query A { viewer { id } } ")),
            (Some("a1"), Some("query B { alerts { totalCount } }")),
            (Some("c3"), None),
            (Some("c3"), Some(a)),
            (None, None),
        ] {
            assert_eq!(run(list, id, text), Err("\"DOCUMENT_NOT_TRUSTED\"".into()), "{id:?} {text:?}");
        }
    }

    #[test]
    fn a_manifest_that_is_none_is_refused_at_the_start() {
        for broken in [&b"{}"[..], b"[]", b"{\"a\": 1}", b"{\"a\": \"query {\"}", b"nothing"] {
            assert!(Documents::of(broken).is_err());
        }
        assert!(Documents::of(&vec![b' '; limits::TRUSTED_DOCUMENTS_BYTES + 1]).is_err());
    }
}
