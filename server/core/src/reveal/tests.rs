//! Reveals against a model: whatever people do in whatever order, nothing opens without a second person.
//! Never: asks the reveal itself what should be; the model keeps its own books.

use super::*;
use crate::access::{Action, Resource, Role, matrix};
use proptest::prelude::*;
use uuid::Uuid;

const PEOPLE: [&str; 4] = ["ada", "bob", "cyd", "dan"];

fn ids(n: u128) -> (CaseId, SubjectId) {
    (CaseId::new(Uuid::from_u128(n)), SubjectId::new(Uuid::from_u128(n + 100)))
}

fn asked(viewer: &str, privacy: &Privacy, now: Micros) -> Reveal {
    Reveal::request(RevealId::new(Uuid::from_u128(9)), ids(1), viewer, privacy, now)
}

/// What one person does; roles change in between.
#[derive(Clone, Debug)]
enum Step {
    Decide { who: usize, approve: bool },
    End { who: usize },
    Grant { who: usize, role: Role, holds: bool },
    Wait { hours: u32 },
}

fn step() -> impl Strategy<Value = Step> {
    let role = prop_oneof![Just(Role::Investigator), Just(Role::Approver), Just(Role::Analyst)];
    prop_oneof![
        4 => (0..PEOPLE.len(), any::<bool>()).prop_map(|(who, approve)| Step::Decide { who, approve }),
        1 => (0..PEOPLE.len()).prop_map(|who| Step::End { who }),
        3 => (0..PEOPLE.len(), role, any::<bool>()).prop_map(|(who, role, holds)| Step::Grant { who, role, holds }),
        2 => (0..100u32).prop_map(|hours| Step::Wait { hours }),
    ]
}

fn may(roles: &[Role], resource: Resource) -> bool {
    roles.iter().any(|role| matrix::allows(*role, resource, Action::Change))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_broken_glass_opens_for_minutes_whatever_is_decided_and_is_judged_once_by_somebody_else(
        steps in prop::collection::vec(step(), 0..40), waits in prop::collection::vec(0..20i64, 40),
    ) {
        let privacy = Privacy::default();
        let start = Micros(1_000 * HOUR);
        let mut now = start;
        let (case, subject) = ids(1);
        let mut reveal = Reveal::break_glass(RevealId::new(Uuid::from_u128(9)), (case, subject), PEOPLE[0], now);
        // The model: who judged, and whether it was ended or denied.
        let (mut judge, mut over) = (None, false);
        for (step, wait) in steps.into_iter().zip(waits) {
            match step {
                Step::Wait { .. } => now = Micros(now.0 + wait * MINUTE),
                Step::Decide { who, approve } => {
                    let decided = reveal.decide(PEOPLE[who], approve, &privacy, now);
                    prop_assert_eq!(decided.is_ok(), judge.is_none() && who != 0, "{} decides {:?}", PEOPLE[who], decided);
                    if let Ok(decided) = decided {
                        reveal = decided;
                        judge = Some(PEOPLE[who]);
                        over |= !approve;
                    }
                }
                Step::End { .. } => over |= reveal.end(now).map(|ended| reveal = ended).is_ok(),
                Step::Grant { .. } => {}
            }
            let open = now.0 - start.0 < limits::BREAK_GLASS_MINUTES * MINUTE && !over;
            for (who, person) in PEOPLE.iter().enumerate() {
                prop_assert_eq!(reveal.opens(person, case, subject, now), open && who == 0, "{} after {:?}", person, reveal);
            }
            prop_assert_eq!((reveal.awaits_judgement(), reveal.decided_by.as_deref()), (judge.is_none(), judge));
        }
    }

    #[test]
    fn nothing_opens_without_a_second_person_with_the_role_at_that_moment(
        second in any::<bool>(), steps in prop::collection::vec(step(), 0..40),
    ) {
        let privacy = Privacy {
            reveal_approval: if second { RevealApproval::SecondPerson } else { RevealApproval::None },
            ..Privacy::default()
        };
        let mut roles = [vec![Role::Investigator], vec![Role::Approver], vec![], vec![Role::Approver]];
        let mut now = Micros(1_000 * HOUR);
        let mut reveal = asked(PEOPLE[0], &privacy, now);
        // The model: since when somebody else's consent stands, and whether it is over for another reason.
        let mut consent: Option<Micros> = (!second).then_some(now);
        let (mut refused, mut over) = (false, false);
        let requested = now;
        for step in steps {
            match step {
                Step::Wait { hours } => now = Micros(now.0 + i64::from(hours) * HOUR),
                Step::Grant { who, role, holds } => {
                    roles[who].retain(|has| *has != role);
                    if holds {
                        roles[who].push(role);
                    }
                }
                Step::Decide { who, approve } if may(&roles[who], Resource::RevealDecisions) => {
                    let waits = consent.is_none() && !refused && !over
                        && now.0 - requested.0 < i64::from(limits::REVEAL_REQUEST_HOURS) * HOUR;
                    let decided = reveal.decide(PEOPLE[who], approve, &privacy, now);
                    prop_assert_eq!(decided.is_ok(), waits && who != 0, "{} decides {:?}", PEOPLE[who], decided);
                    if let Ok(decided) = decided {
                        reveal = decided;
                        if approve { consent = Some(now) } else { refused = true }
                    }
                }
                Step::End { who } if may(&roles[who], Resource::Reveals) => {
                    if let Ok(ended) = reveal.end(now) {
                        reveal = ended;
                        over = true;
                    }
                }
                Step::Decide { .. } | Step::End { .. } => {}
            }
            let open = consent.is_some_and(|since| now.0 < since.0 + i64::from(privacy.reveal_hours) * HOUR) && !over;
            for (who, person) in PEOPLE.iter().enumerate() {
                let (case, subject) = ids(1);
                prop_assert_eq!(reveal.opens(person, case, subject, now), open && who == 0, "{} after {:?}", person, reveal);
                let (other, somebody) = ids(2);
                prop_assert!(!reveal.opens(person, other, subject, now) && !reveal.opens(person, case, somebody, now));
            }
            if second && reveal.written == RevealState::Approved {
                prop_assert!(reveal.decided_by.as_deref().is_some_and(|by| by != PEOPLE[0]));
            }
        }
    }
}

#[test]
fn a_reveal_ends_by_itself_to_the_microsecond() {
    let privacy = Privacy::default();
    let start = Micros(0);
    let open = asked("ada", &privacy, start).decide("bob", true, &privacy, start).unwrap();
    let (case, subject) = ids(1);
    let end = i64::from(limits::REVEAL_HOURS) * HOUR;
    assert!(open.opens("ada", case, subject, Micros(end - 1)));
    assert!(!open.opens("ada", case, subject, Micros(end)));
    assert_eq!(open.state(Micros(end)), RevealState::Expired);
    assert!(!open.opens("ada", case, subject, Micros(-1)), "a clock that runs backwards opens nothing");
}

#[test]
fn whoever_asked_cannot_decide_and_is_told_so() {
    let privacy = Privacy::default();
    let problem = asked("ada", &privacy, Micros(0)).decide("ada", true, &privacy, Micros(1)).unwrap_err();
    assert_eq!(
        (problem.code, problem.message.as_str()),
        (ProblemCode::SelfDealing, "Somebody else decides on a request of yours.")
    );
}

#[test]
fn a_hundred_approvals_by_one_person_are_one_decision() {
    let privacy = Privacy::default();
    let mut reveal = asked("ada", &privacy, Micros(0));
    let decided = (0..100).filter(|at| match reveal.decide("bob", true, &privacy, Micros(*at)) {
        Ok(next) => {
            reveal = next;
            true
        }
        Err(problem) => {
            assert_eq!(problem.code, ProblemCode::Conflict);
            false
        }
    });
    assert_eq!(decided.count(), 1);
}
