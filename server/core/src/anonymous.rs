//! Numbers about the whole organisation that tell of nobody: how many people did something, before anybody wrote a policy.
//! Never: an exact number of people, one of a few, or one that leaves a few out; an order that tells what is hidden.

use crate::{
    indicator::{self, ActionClass},
    limits::{ANONYMOUS_DAYS, ANONYMOUS_INDICATORS, ANONYMOUS_LEAVING_DAYS, ANONYMOUS_PEOPLE},
    template::{self, TemplateCode},
    time::Day,
    words::words,
};
use std::{collections::BTreeMap, ops::RangeInclusive};

words! {
    /// What people are counted for.
    Scenario {
        /// Of everybody, who let data out.
        DataLeaks = "DATA_LEAKS",
        /// Of those who are leaving, who let data out.
        DataTheft = "DATA_THEFT",
    }
}

impl Scenario {
    /// The template of a policy that would look for them.
    pub fn template(self) -> TemplateCode {
        match self {
            Self::DataLeaks => TemplateCode::DataLeaks,
            Self::DataTheft => TemplateCode::DataTheftByDepartingUsers,
        }
    }
}

/// The days that are looked at: the last whole ones.
pub fn days(today: Day) -> RangeInclusive<Day> {
    today.plus(-ANONYMOUS_DAYS)..=today.plus(-1)
}

/// The days of which a cause makes somebody one who is leaving.
pub fn leaving_days(today: Day) -> RangeInclusive<Day> {
    today.plus(-ANONYMOUS_LEAVING_DAYS)..=today.plus(-1)
}

/// Codes of the causes.
pub fn leaving() -> &'static [&'static str] {
    Scenario::DataTheft.template().template().triggers
}

/// Indicators of exfiltration, with the daily count from which on a day counts: the recommended one for low. Variants and
/// indicators of an installation's own are not among them: who defines one could narrow it until it is about one person.
pub fn exfiltration() -> impl Iterator<Item = (&'static str, u32)> {
    let known = indicator::catalogue().iter().filter(|found| found.action == ActionClass::Exfiltration);
    known.filter_map(|found| Some((found.code, found.thresholds?.low)))
}

/// Templates of policies that would look for an indicator in everybody: those that select it, and that its activity alone
/// starts. Templates that score without any cause are chosen for a reason of their own.
pub fn recommended(code: &str) -> Vec<TemplateCode> {
    let fits = |template: &&template::Template| {
        template.indicators.contains(&code)
            && !template.always_on
            && (template.volume_trigger || template.triggers.contains(&code))
    };
    template::templates().iter().filter(fits).map(|template| template.code).collect()
}

/// What may be told of `number` people out of `base`: nothing where they are few, or all but a few; else down to a multiple
/// of as many, so that it hides by how many it is above.
pub fn shown(number: u64, base: u64) -> Option<u64> {
    let number = number.min(base);
    let others = base - number;
    let is_few = number < ANONYMOUS_PEOPLE || (others != 0 && others < ANONYMOUS_PEOPLE);
    (!is_few).then_some(number - number % ANONYMOUS_PEOPLE)
}

/// How many of how many, as far as it may be told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Portion {
    /// How many.
    pub people: Option<u64>,
    /// Of how many.
    pub of: Option<u64>,
}

impl Portion {
    /// `number` of the `base` people who are of one kind among `everybody`.
    pub fn of(number: u64, base: u64, everybody: u64) -> Self {
        let of = shown(base, everybody);
        Self { people: of.and(shown(number, base)), of }
    }

    /// 0–1, from what is shown and from nothing else.
    pub fn share(&self) -> Option<f64> {
        Some(self.people? as f64 / self.of? as f64)
    }
}

/// Of counts by indicator those that may be told, the most people first as it is shown, then by code; at most
/// [`ANONYMOUS_INDICATORS`].
pub fn top(counts: &BTreeMap<String, u64>, everybody: u64) -> Vec<(&'static str, Portion)> {
    let portion = |(code, _): (&'static str, u32)| {
        let number = counts.get(code).copied().unwrap_or_default();
        Some((code, Portion::of(number, everybody, everybody))).filter(|(_, portion)| portion.people.is_some())
    };
    let mut top: Vec<_> = exfiltration().filter_map(portion).collect();
    top.sort_by(|(a, one), (b, other)| other.people.cmp(&one.people).then_with(|| a.cmp(b)));
    top.truncate(ANONYMOUS_INDICATORS);
    top
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const K: u64 = ANONYMOUS_PEOPLE;

    #[test]
    fn few_and_all_but_a_few_are_hidden_and_the_rest_is_rounded_down() {
        let of_twenty: Vec<Option<u64>> = (0..=20).map(|number| shown(number, 20)).collect();
        let expected: Vec<Option<u64>> = (0..=20u64)
            .map(|number| match number {
                5..=15 => Some(number / 5 * 5),
                20 => Some(20),
                _ => None,
            })
            .collect();
        assert_eq!(of_twenty, expected);
        assert_eq!((shown(4, 4), shown(7, 7), shown(7, 8), shown(9, 3)), (None, Some(5), None, None));
    }

    #[test]
    fn of_a_base_that_is_hidden_nothing_is_shown() {
        assert_eq!(Portion::of(3, 4, 100), Portion { people: None, of: None });
        assert_eq!(Portion::of(50, 98, 100), Portion { people: None, of: None }, "two are not of it");
        assert_eq!(Portion::of(6, 14, 100), Portion { people: Some(5), of: Some(10) });
        assert_eq!(Portion::of(6, 14, 100).share(), Some(0.5));
        assert_eq!(Portion::of(3, 14, 100).share(), None);
    }

    #[test]
    fn the_days_are_whole_and_always_as_many() {
        let today = Day(1_000);
        assert_eq!(days(today), Day(970)..=Day(999));
        assert_eq!(leaving_days(today), Day(910)..=Day(999));
        assert_eq!(leaving(), ["RESIGNATION", "TERMINATION", "ACCOUNT_DELETED"]);
    }

    #[test]
    fn every_indicator_of_exfiltration_has_a_template_that_looks_for_it_in_everybody() {
        assert!(exfiltration().count() > 10);
        for (code, low) in exfiltration() {
            assert!(low > 0 && !recommended(code).is_empty(), "{code}");
        }
        assert_eq!(recommended("FILE_COPIED_TO_USB"), [TemplateCode::DataLeaks]);
        assert_eq!(recommended("SENSITIVE_PROMPT"), [TemplateCode::RiskyAiUsage]);
        assert_eq!(recommended("AI_SITE_UPLOAD"), [TemplateCode::DataLeaks, TemplateCode::RiskyAiUsage]);
    }

    #[test]
    fn the_list_goes_by_what_is_shown_and_then_by_code() {
        let counts =
            [("FILE_PRINTED", 19), ("FILE_COPIED_TO_USB", 15), ("FILE_UPLOADED_TO_WEB", 40), ("RESIGNATION", 50)];
        let counts = counts.map(|(code, number)| (code.to_owned(), number));
        let seen = top(&counts.into(), 100);
        let codes: Vec<&str> = seen.iter().map(|(code, _)| *code).collect();
        assert_eq!(codes, ["FILE_UPLOADED_TO_WEB", "FILE_COPIED_TO_USB", "FILE_PRINTED"]);
        assert_eq!(seen[1].1, Portion { people: Some(15), of: Some(100) });
    }

    fn counts() -> impl Strategy<Value = BTreeMap<String, u64>> {
        let codes: Vec<&str> = exfiltration().map(|(code, _)| code).collect();
        prop::collection::vec(0u64..60, codes.len())
            .prop_map(move |numbers| codes.iter().map(|code| (*code).to_owned()).zip(numbers).collect())
    }

    proptest! {
        #[test]
        fn what_is_shown_stands_for_several_numbers_and_hides_few_on_either_side(number in 0u64..500, base in 0u64..500) {
            match shown(number, base) {
                None => {
                    let number = number.min(base);
                    prop_assert!(number < K || (1..K).contains(&(base - number)));
                }
                Some(shown) => {
                    prop_assert!(shown % K == 0 && (K..=number).contains(&shown) && number.min(base) - shown < K);
                    prop_assert!(number >= base || base - number >= K);
                }
            }
        }

        #[test]
        fn of_five_people_who_come_one_after_the_other_one_alone_changes_a_number(number in 0u64..500) {
            // Out of so many that those who are left are never few.
            let seen: Vec<Option<u64>> = (number..=number + K).map(|number| shown(number, 10_000)).collect();
            prop_assert_eq!(seen.windows(2).filter(|two| two[0] != two[1]).count(), 1);
        }

        #[test]
        fn a_share_is_of_the_whole_and_is_whole_only_where_it_is_everybody(number in 0u64..500, base in 0u64..500) {
            if let Some(share) = Portion::of(number, base, base).share() {
                prop_assert!((0.0..=1.0).contains(&share));
                prop_assert_eq!(share >= 1.0, number >= base);
            }
        }

        #[test]
        fn the_list_tells_no_more_than_its_numbers(counts in counts(), other in prop::collection::vec(0u64..5, 64), everybody in 0u64..80) {
            // Other numbers of which the same is shown: the same list in the same order.
            let like = |number: u64, more: u64| match shown(number, everybody) {
                Some(shown) => {
                    let other = (shown + more).min(everybody);
                    if self::shown(other, everybody) == Some(shown) { other } else { number }
                }
                None => more % K.min(everybody + 1),
            };
            let others = counts.iter().zip(&other).map(|((code, number), more)| (code.clone(), like(*number, *more)));
            let others: BTreeMap<String, u64> = others.collect();
            let seen = top(&counts, everybody);
            prop_assert_eq!(&seen, &top(&others, everybody));
            prop_assert!(seen.len() <= ANONYMOUS_INDICATORS);
            prop_assert!(seen.windows(2).all(|two| two[0].1.people >= two[1].1.people));
        }
    }
}
