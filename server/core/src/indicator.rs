//! The catalogue of indicators (domain, section 3).
//! Never: a number without its reasoning in the documentation.

use serde::{Deserialize, Serialize};

/// What kind of act an indicator stands for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize, Hash)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "the words of the field")]
pub enum ActionClass {
    Access,
    Deletion,
    Collection,
    Exfiltration,
    Infiltration,
    Obfuscation,
    CleanUp,
    Security,
    Context,
}
