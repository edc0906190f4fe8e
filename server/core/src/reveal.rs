//! Reveals: who lifts the mask of one subject, in one case, for whom and until when.
//! Never: a name shown because of one person alone, unless the settings say so openly or, for minutes, in an emergency that
//! somebody else judges afterwards; a reveal without an end.

use crate::{
    ids::{CaseId, RevealId, SubjectId},
    limits,
    problem::{Problem, ProblemCode},
    settings::{Privacy, RevealApproval},
    time::{HOUR, MINUTE, Micros},
    words::words,
};

words! {
    /// Where a reveal stands.
    RevealState {
        /// Waits for a second person.
        Requested = "REQUESTED",
        /// Shows the identity to who asked for it.
        Approved = "APPROVED",
        /// Refused.
        Denied = "DENIED",
        /// Over: its time ran out, or nobody decided in time.
        Expired = "EXPIRED",
        /// Over before its time.
        Ended = "ENDED",
    }
}

/// A request to lift the mask, and what became of it. Instants are the database's, so that a server with a wrong clock
/// shows nothing longer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reveal {
    /// Stable.
    pub id: RevealId,
    /// The only case in which it shows the identity.
    pub case: CaseId,
    /// Whose.
    pub subject: SubjectId,
    /// Id of the viewer who asked: the only one it shows the identity to.
    pub requested_by: String,
    /// As it was last written; [`Reveal::state`] knows what time has done since.
    pub written: RevealState,
    /// When it was asked for.
    pub requested_at: Micros,
    /// Id of the viewer who decided; none where nobody had to.
    pub decided_by: Option<String>,
    /// When it was decided.
    pub decided_at: Option<Micros>,
    /// From then on it is over: the request, or once approved the reveal.
    pub expires_at: Micros,
    /// Opened at once and for minutes, without anybody's consent; somebody else judges it afterwards.
    pub emergency: bool,
}

impl Reveal {
    /// A new request. Where the settings ask for nobody's consent, it is approved at once and `decided_by` stays empty.
    pub fn request(
        id: RevealId,
        (case, subject): (CaseId, SubjectId),
        viewer: &str,
        privacy: &Privacy,
        now: Micros,
    ) -> Self {
        let asked = Self {
            id,
            case,
            subject,
            requested_by: viewer.to_owned(),
            written: RevealState::Requested,
            requested_at: now,
            decided_by: None,
            decided_at: None,
            expires_at: Micros(now.0.saturating_add(i64::from(limits::REVEAL_REQUEST_HOURS) * HOUR)),
            emergency: false,
        };
        match privacy.reveal_approval {
            RevealApproval::SecondPerson => asked,
            RevealApproval::None => asked.decided(RevealState::Approved, None, privacy, now),
        }
    }

    /// Breaks the glass: it shows the identity at once, for [`limits::BREAK_GLASS_MINUTES`], and waits for a judgement.
    pub fn break_glass(id: RevealId, (case, subject): (CaseId, SubjectId), viewer: &str, now: Micros) -> Self {
        Self {
            id,
            case,
            subject,
            requested_by: viewer.to_owned(),
            written: RevealState::Approved,
            requested_at: now,
            decided_by: None,
            decided_at: None,
            expires_at: Micros(now.0.saturating_add(limits::BREAK_GLASS_MINUTES * MINUTE)),
            emergency: true,
        }
    }

    /// Whether the glass was broken and nobody has judged it.
    pub const fn awaits_judgement(&self) -> bool {
        self.emergency && self.decided_by.is_none()
    }

    /// Where it stands at `now`.
    pub fn state(&self, now: Micros) -> RevealState {
        match self.written {
            RevealState::Requested | RevealState::Approved if self.expires_at <= now => RevealState::Expired,
            written => written,
        }
    }

    /// What `viewer` decides. Whoever asked cannot; neither can anybody twice. An emergency is judged once, also when it is
    /// over: consent makes it no longer, and a denial ends it.
    pub fn decide(&self, viewer: &str, approve: bool, privacy: &Privacy, now: Micros) -> Result<Self, Problem> {
        if viewer == self.requested_by {
            let message = "Somebody else decides on a request of yours.";
            return Err(Problem::new(&[], ProblemCode::SelfDealing, message));
        }
        if self.awaits_judgement() {
            let judged = Self { decided_by: Some(viewer.to_owned()), decided_at: Some(now), ..self.clone() };
            let ended = Self { written: RevealState::Denied, expires_at: now.min(self.expires_at), ..judged.clone() };
            return Ok(if approve { judged } else { ended });
        }
        if self.decided_by.is_some() {
            return Err(Problem::new(&[], ProblemCode::Conflict, "Somebody has decided already."));
        }
        match self.state(now) {
            RevealState::Requested => {
                let state = if approve { RevealState::Approved } else { RevealState::Denied };
                Ok(self.decided(state, Some(viewer), privacy, now))
            }
            RevealState::Expired => {
                let message = "The request is too old to be decided: it has to be made again.";
                Err(Problem::new(&[], ProblemCode::NotAllowed, message))
            }
            _ => Err(Problem::new(&[], ProblemCode::Conflict, "There is nothing left to decide.")),
        }
    }

    /// Over before its time: a request is taken back, a reveal shows nothing any more.
    pub fn end(&self, now: Micros) -> Result<Self, Problem> {
        match self.state(now) {
            RevealState::Requested | RevealState::Approved => {
                Ok(Self { written: RevealState::Ended, expires_at: now.min(self.expires_at), ..self.clone() })
            }
            _ => Err(Problem::new(&[], ProblemCode::Conflict, "It is over already.")),
        }
    }

    /// Whether it shows the identity of `subject` to `viewer` in `case` at `now`.
    pub fn opens(&self, viewer: &str, case: CaseId, subject: SubjectId, now: Micros) -> bool {
        self.state(now) == RevealState::Approved
            && now >= self.requested_at
            && (self.requested_by.as_str(), self.case, self.subject) == (viewer, case, subject)
    }

    fn decided(&self, state: RevealState, by: Option<&str>, privacy: &Privacy, now: Micros) -> Self {
        let expires_at = match state {
            RevealState::Approved => Micros(now.0.saturating_add(i64::from(privacy.reveal_hours) * HOUR)),
            _ => self.expires_at,
        };
        Self { written: state, decided_by: by.map(str::to_owned), decided_at: Some(now), expires_at, ..self.clone() }
    }
}

#[cfg(test)]
mod tests;
