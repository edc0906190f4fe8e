//! Separation of duties: which roles one viewer may not hold together, and what may be granted and taken back by whom.
//! Never: a decision on one's own roles, or a step after which nobody could grant any.

use super::Role;
use crate::{limits, problem::ProblemCode, time::Micros};

/// Roles that one viewer may not hold together (domain, section 7).
pub const CONFLICTS: [(Role, Role); 2] = [(Role::Investigator, Role::Approver), (Role::Admin, Role::Auditor)];

/// The first pair among `roles` that one viewer may not hold.
pub fn conflict(roles: &[Role]) -> Option<(Role, Role)> {
    CONFLICTS.into_iter().find(|(one, other)| roles.contains(one) && roles.contains(other))
}

/// A role that somebody was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who holds it: `<issuer's name>:<subject>`.
    pub viewer: String,
    /// What.
    pub role: Role,
    /// From when on it no longer holds; never where there is none.
    pub expires_at: Option<Micros>,
    /// Whether it was taken back.
    pub revoked: bool,
}

impl Grant {
    /// Whether the role is held at `now`.
    pub fn holds(&self, now: Micros) -> bool {
        !self.revoked && self.expires_at.is_none_or(|end| now < end)
    }
}

/// Why a role is not granted or not taken back. `Display` is a sentence for whoever asked; it names nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// One's own roles.
    #[error("Nobody changes their own roles: ask another ADMIN.")]
    SelfDealing,
    /// The viewer would hold a pair that one may not hold.
    #[error("This viewer holds {0}, and {0} and {1} may not be held together.")]
    Conflict(Role, Role),
    /// The viewer has the role for at least as long.
    #[error("This viewer was granted the role already, for at least as long.")]
    Held,
    /// Nobody would be ADMIN from the end of the other grants on.
    #[error("This is the ADMIN grant that lasts longest: grant ADMIN to somebody else for at least as long first.")]
    LastAdmin,
    /// It was taken back before, or has expired.
    #[error("This grant does not hold any more.")]
    Over,
    /// See `limits::GRANT_DAYS`.
    #[error("A grant lasts 1 to 366 days; without a number, until it is taken back.")]
    Expiry,
}

impl Refusal {
    /// The kind of problem.
    pub fn code(self) -> ProblemCode {
        match self {
            Self::SelfDealing => ProblemCode::SelfDealing,
            Self::Conflict(..) | Self::Held => ProblemCode::Conflict,
            Self::LastAdmin | Self::Over => ProblemCode::NotAllowed,
            Self::Expiry => ProblemCode::Invalid,
        }
    }
}

/// When a grant of `days` from `now` ends.
pub fn expiry(days: Option<i32>, now: Micros) -> Result<Option<Micros>, Refusal> {
    match days {
        None => Ok(None),
        Some(days) if limits::GRANT_DAYS.contains(&days) => Ok(Some(now.plus_days(days))),
        Some(_) => Err(Refusal::Expiry),
    }
}

/// Whether `by` may give `wanted`; `grants` are at least all of its viewer's. Roles that a provider's token claims are
/// not known here: where they clash with a grant, the sign-in is refused.
pub fn may_grant(by: &str, wanted: &Grant, grants: &[Grant], now: Micros) -> Result<(), Refusal> {
    if by == wanted.viewer {
        return Err(Refusal::SelfDealing);
    }
    for held in grants.iter().filter(|held| held.viewer == wanted.viewer && held.holds(now)) {
        if conflict(&[held.role, wanted.role]).is_some() {
            return Err(Refusal::Conflict(held.role, wanted.role));
        }
        if held.role == wanted.role && ends(held) >= ends(wanted) {
            return Err(Refusal::Held);
        }
    }
    Ok(())
}

/// Whether `by` may take `grant` back; `others` are at least all other grants of ADMIN. Where `by` is ADMIN by their
/// token (`admin_by_token`), there is an ADMIN whatever the grants say, and the last grant may go.
pub fn may_revoke(by: &str, admin_by_token: bool, grant: &Grant, others: &[Grant], now: Micros) -> Result<(), Refusal> {
    if by == grant.viewer {
        return Err(Refusal::SelfDealing);
    }
    if !grant.holds(now) {
        return Err(Refusal::Over);
    }
    if grant.role == Role::Admin && !admin_by_token {
        let left = others.iter().filter(|other| other.role == Role::Admin && other.holds(now)).map(ends).max();
        if left.is_none_or(|left| left < ends(grant)) {
            return Err(Refusal::LastAdmin);
        }
    }
    Ok(())
}

/// The end of a grant, for comparing: the end of time where it has none.
fn ends(grant: &Grant) -> Micros {
    grant.expires_at.unwrap_or(Micros(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Micros = Micros(1_000_000);

    fn grant(viewer: &str, role: Role, days: Option<i32>) -> Grant {
        Grant { viewer: viewer.into(), role, expires_at: expiry(days, NOW).unwrap(), revoked: false }
    }

    #[test]
    fn a_grant_holds_until_the_instant_it_expires_at() {
        let held = grant("a:1", Role::Analyst, Some(1));
        let end = held.expires_at.unwrap();
        assert!(held.holds(NOW) && held.holds(Micros(end.0 - 1)));
        assert!(!held.holds(end));
        assert!(!Grant { revoked: true, ..held }.holds(NOW));
    }

    #[test]
    fn an_expiry_is_in_the_future_and_bounded() {
        assert_eq!(expiry(None, NOW), Ok(None));
        for days in [i32::MIN, -1, 0, 367, i32::MAX] {
            assert_eq!(expiry(Some(days), NOW), Err(Refusal::Expiry), "{days}");
        }
        for days in [1, 366] {
            assert!(expiry(Some(days), NOW).unwrap().unwrap() > NOW);
        }
    }

    #[test]
    fn a_clash_names_what_is_held_and_ends_with_it() {
        let held = [grant("a:1", Role::Approver, Some(1))];
        let wanted = grant("a:1", Role::Investigator, None);
        assert_eq!(may_grant("a:2", &wanted, &held, NOW), Err(Refusal::Conflict(Role::Approver, Role::Investigator)));
        assert_eq!(may_grant("a:2", &wanted, &held, NOW.plus_days(1)), Ok(()));
        assert_eq!(may_grant("a:2", &grant("a:3", Role::Investigator, None), &held, NOW), Ok(()));
    }

    #[test]
    fn a_role_is_granted_twice_only_to_last_longer() {
        let held = [grant("a:1", Role::Analyst, Some(5))];
        let again = |days| may_grant("a:2", &grant("a:1", Role::Analyst, days), &held, NOW);
        assert_eq!(again(Some(5)), Err(Refusal::Held));
        assert_eq!(again(Some(6)), Ok(()));
        assert_eq!(again(None), Ok(()));
    }

    #[test]
    fn the_admin_who_lasts_longest_stays_unless_another_is_admin_by_token() {
        let (short, long) = (grant("a:1", Role::Admin, Some(1)), grant("a:2", Role::Admin, None));
        assert_eq!(may_revoke("a:2", false, &short, std::slice::from_ref(&long), NOW), Ok(()));
        assert_eq!(may_revoke("a:1", false, &long, std::slice::from_ref(&short), NOW), Err(Refusal::LastAdmin));
        assert_eq!(may_revoke("operator", false, &long, &[], NOW), Err(Refusal::LastAdmin));
        assert_eq!(may_revoke("b:9", true, &long, &[], NOW), Ok(()));
        let gone = Grant { revoked: true, ..grant("a:3", Role::Admin, None) };
        assert_eq!(may_revoke("a:1", false, &long, &[gone], NOW), Err(Refusal::LastAdmin));
    }

    #[test]
    fn what_is_over_is_not_taken_back_again() {
        let gone = Grant { revoked: true, ..grant("a:1", Role::Analyst, None) };
        assert_eq!(may_revoke("a:2", false, &gone, &[], NOW), Err(Refusal::Over));
    }

    /// An act: of whom, on whom, which role, for how long; or the taking back of the nth grant; and the days in between.
    type Act = (u8, u8, Role, Option<i32>, Option<usize>, i32);

    fn acts() -> impl Strategy<Value = Vec<Act>> {
        let role = prop::sample::select(Role::ALL.to_vec());
        let one = (
            0u8..4,
            0u8..4,
            role,
            prop::option::of(1..=366i32),
            prop::option::of(0usize..40),
            prop::sample::select(vec![0, 0, 1, 90]),
        );
        prop::collection::vec(one, 0..80)
    }

    /// The instant from which on nobody is ADMIN by a grant.
    fn covered(grants: &[Grant], now: Micros) -> Micros {
        let admins = grants.iter().filter(|grant| grant.role == Role::Admin && grant.holds(now));
        admins.map(ends).max().unwrap_or(now)
    }

    proptest! {
        #[test]
        fn whatever_is_tried_duties_stay_apart(acts in acts()) {
            let mut grants = vec![grant("v:0", Role::Admin, None)];
            let mut now = NOW;
            for (by, on, role, days, revoke, later) in acts {
                now = now.plus_days(later);
                let by = format!("v:{by}");
                let before = covered(&grants, now);
                match revoke.filter(|at| *at < grants.len()) {
                    Some(at) => {
                        let mut others = grants.clone();
                        let taken = others.remove(at);
                        if may_revoke(&by, false, &taken, &others, now).is_ok() {
                            prop_assert!(taken.viewer != by && taken.holds(now));
                            grants[at].revoked = true;
                        }
                    }
                    None => {
                        let expires_at = expiry(days, now).unwrap();
                        let wanted = Grant { viewer: format!("v:{on}"), role, expires_at, revoked: false };
                        if may_grant(&by, &wanted, &grants, now).is_ok() {
                            prop_assert!(wanted.viewer != by && wanted.holds(now));
                            grants.push(wanted);
                        }
                    }
                }
                prop_assert!(covered(&grants, now) >= before, "there is an ADMIN for as long as there was to be");
                for viewer in 0..4 {
                    let viewer = format!("v:{viewer}");
                    let held = grants.iter().filter(|grant| grant.viewer == viewer && grant.holds(now));
                    prop_assert_eq!(conflict(&held.map(|grant| grant.role).collect::<Vec<_>>()), None);
                }
            }
        }

        #[test]
        fn a_conflict_does_not_depend_on_the_order(roles in Just(Role::ALL.to_vec()).prop_shuffle(), count in 0usize..=6) {
            let some = &roles[..count.min(roles.len())];
            let mut sorted = some.to_vec();
            sorted.sort();
            prop_assert_eq!(conflict(some), conflict(&sorted));
            let both = |one, other| some.contains(&one) && some.contains(&other);
            let expected = both(Role::Investigator, Role::Approver) || both(Role::Admin, Role::Auditor);
            prop_assert_eq!(conflict(some).is_some(), expected);
        }
    }
}
