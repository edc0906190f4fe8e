//! Messages that leave the installation: what they tell of, and when one that failed is tried again.
//! Never: a message that is tried for ever, or given up after one bad hour.

use crate::{
    limits,
    time::{Micros, SECOND},
    words::words,
};

words! {
    /// What a message tells of.
    MessageKind {
        /// An identity was opened without consent: a reveal.
        BreakGlass = "BREAK_GLASS",
        /// A notice to a subject.
        Notice = "NOTICE",
        /// The copies of a notice.
        NoticeCopy = "NOTICE_COPY",
        /// An alert or a case, to a webhook.
        Webhook = "WEBHOOK",
        /// What a role is told: a policy, or a day.
        Notification = "NOTIFICATION",
    }
}

/// When it is tried again after `attempts` that failed, the last of them at `now`; nothing where it is given up.
pub fn next_attempt(attempts: i64, now: Micros) -> Option<Micros> {
    if attempts >= limits::MESSAGE_ATTEMPTS {
        return None;
    }
    let doubled = limits::MESSAGE_PAUSE_SECONDS << attempts.saturating_sub(1).clamp(0, 20);
    Some(Micros(now.0.saturating_add(doubled.min(limits::MESSAGE_LONGEST_PAUSE_SECONDS) * SECOND)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::HOUR;

    #[test]
    fn pauses_grow_to_an_hour_and_thirty_one_hours_of_failures_are_the_end() {
        let pause = |attempts| next_attempt(attempts, Micros(7)).map(|at| (at.0 - 7) / SECOND);
        assert_eq!([1, 2, 3, 9, 10].map(pause), [10, 20, 40, 2_560, 3_600].map(Some));
        let (mut now, mut attempts) = (Micros(0), 1);
        while let Some(next) = next_attempt(attempts, now) {
            (now, attempts) = (next, attempts + 1);
        }
        assert_eq!((attempts, now.0 / HOUR), (limits::MESSAGE_ATTEMPTS, 31));
    }
}
