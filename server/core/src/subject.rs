//! Subjects: the pseudonym that stands for a person, the one form of their names, and how risky they are now.
//! Never: a pseudonym derived from anything about the person, or a name in an error.

mod device;
mod identifier;
mod impact;
pub mod likeness;
pub mod naming;
mod others;
mod pseudonym;
mod risk;

pub use device::owner;
pub use identifier::{ADDRESS, IdentifierError, normalise};
pub use impact::Impact;
pub use others::{COVERED, Cover, WITHHELD, Words};
pub use pseudonym::{Pseudonym, PseudonymError};
pub use risk::{AlertSummary, HighInsight, RiskLevel, RiskReset, RiskStanding, RiskTiming, SeenInsight, risk_level};

use crate::words::words;

words! {
    /// Whether a viewer sees who a subject is, and why.
    IdentityState {
        /// Hidden behind the pseudonym.
        Masked = "MASKED",
        /// Shown for a case, for a time.
        Revealed = "REVEALED",
        /// Shown to everybody who may see the subject: the installation decided so.
        PseudonymisationOff = "PSEUDONYMISATION_OFF",
        /// Gone; nobody can bring it back.
        Erased = "ERASED",
    }
}
