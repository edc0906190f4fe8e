//! What can be wrong with a plugin, with a call of it, and with a configuration.
//! Never: quotes a record. What a panic says may, so it is kept apart from what is printed.

use std::fmt;

/// Something that an operator must change in a configuration.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Problem {
    /// JSON pointer into the configuration; empty for all of it.
    pub at: String,
    /// What to change.
    pub message: String,
}

/// How a plugin failed while it ran. Its instance is thrown away; the next call has a fresh one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It ran longer than a call may.
    Time,
    /// It asked for more memory than it may have.
    Memory,
    /// It ran out of stack, or reached outside of its memory, which is how running out shows in some builds.
    Stack,
    /// It handed back more than a call may.
    Output,
    /// It panicked.
    Panic {
        /// Source file and line.
        place: String,
        /// What it said.
        message: Withheld,
    },
    /// Anything else that stops WebAssembly.
    Trap(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Time => f.write_str("it took too long"),
            Self::Memory => f.write_str("it asked for too much memory"),
            Self::Stack => f.write_str("it ran out of stack or reached outside of its memory"),
            Self::Output => f.write_str("it handed back too much"),
            Self::Panic { place, .. } => write!(f, "panic at {place}"),
            Self::Trap(what) => write!(f, "trap: {what}"),
        }
    }
}

/// Text that may quote a record. It is for a developer at a console who owns the record, so it has to be asked for.
#[derive(Clone, PartialEq, Eq)]
pub struct Withheld(String);

impl Withheld {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }
    /// The text. Never for a log, an error, a reject or an API.
    pub fn open_for_a_developer(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("withheld")
    }
}

/// Why a plugin is refused, or failed outside of a batch.
#[derive(Debug, thiserror::Error)]
pub enum PluginError {
    /// It is no plugin file at all.
    #[error("not a plugin file: {0}")]
    NotAPlugin(String),
    /// It is larger, or has more functions, than a plugin may.
    #[error("the plugin is too large: {0}")]
    TooLarge(String),
    /// It was built for another version of the interface.
    #[error("{0}")]
    Version(String),
    /// It needs something that is not granted.
    #[error("{0}")]
    Import(String),
    /// It does not say what it is, or contradicts itself.
    #[error("the plugin is refused: {0}")]
    Refused(String),
    /// It ran, and failed.
    #[error("the plugin {plugin} failed in {during}: {fault}")]
    Fault {
        /// Name and version.
        plugin: String,
        /// The call.
        during: &'static str,
        /// How.
        fault: Fault,
    },
    /// This machine cannot run plugins, or keep their compiled code.
    #[error("plugins cannot run here: {0}")]
    Host(String),
}

/// Why a batch as a whole did not go in. Nothing of it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BatchError {
    /// The configuration must be changed first: stop, show, do not retry.
    #[error("the configuration does not fit: {}", list(.0))]
    Config(Vec<Problem>),
    /// Credentials were refused: stop, show, do not retry.
    #[error("credentials were refused: {0}")]
    Auth(String),
    /// Try again later.
    #[error("not possible now: {message}")]
    Transient {
        /// Why.
        message: String,
        /// Not before so many seconds; 0: the caller decides.
        after_seconds: u32,
    },
    /// The batch is not in the feed's format: keep it, show.
    #[error("not in the format of the feed: {0}")]
    Format(String),
    /// The plugin is at fault: keep the batch, count against the plugin.
    #[error("{0}")]
    Internal(String),
}

fn list(problems: &[Problem]) -> String {
    let lines = problems.iter().map(|problem| match problem.at.as_str() {
        "" => problem.message.clone(),
        at => format!("{at}: {}", problem.message),
    });
    lines.collect::<Vec<_>>().join("; ")
}

/// The text, cut to `limits::PLUGIN_MESSAGE_BYTES`, on one line.
pub(crate) fn message(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(vizard_core::limits::PLUGIN_MESSAGE_BYTES));
    if text.contains(|character: char| character.is_control()) {
        text = text.replace(|character: char| character.is_control(), " ");
    }
    text
}
