//! The scoring core alone: reading a day and scoring it, at several numbers of policies times subjects and lengths of
//! history. An element is an event: a day of one subject holds 40.
//! Never: a database, or a history that grows what a day costs.

#![expect(clippy::panic, reason = "a benchmark without its policy is none")]

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use std::{collections::BTreeMap, hint::black_box};
use uuid::Uuid;
use vizard_core::{
    ids::{PolicyId, SubjectId},
    indicator,
    policy::{Policy, PolicyDraft, PolicyScope, create},
    scoring::{
        Counting, Standing,
        input::{ScoringInput, SubjectContext, Trigger},
        reading::{DaySigns, Norms, ObjectEvent, ObjectKey, Reader},
    },
    template::TemplateCode,
    time::{DAY, Day, HOUR, Micros},
};

const EVENTS_A_DAY: u64 = 40;

fn policy() -> Policy {
    let enabled = indicator::catalogue().iter().map(|found| found.code.to_owned()).collect();
    let scope = PolicyScope { all: true, ..PolicyScope::default() };
    let draft = PolicyDraft::new("Departing".into(), TemplateCode::DataTheftByDepartingUsers, scope);
    let made = create(draft, &enabled, &BTreeMap::new(), PolicyId::new(Uuid::from_u128(1)));
    made.unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// A day of 40 events: 20 on objects, the rest counted.
fn signs(day: Day) -> DaySigns {
    let mut signs = DaySigns::new(day);
    signs.hours = 0b1_1111_1111 << 8;
    for number in 0..10i64 {
        for code in ["FILE_DOWNLOADED", "FILE_UPLOADED_TO_WEB"] {
            let object = ObjectKey(u128::from(day.0.unsigned_abs()) * 100 + u128::from(number.unsigned_abs()));
            signs.add(code, 1);
            let at = Micros(day.start().0 + 9 * HOUR + number);
            signs.objects.push(ObjectEvent { at, indicator: code, object, previous: None });
        }
    }
    signs.add("FILE_ACCESSED", 15);
    signs.add("FILE_PRINTED", 5);
    signs
}

fn scoring(criterion: &mut Criterion) {
    let policy = policy();
    let enabled = indicator::catalogue().iter().map(|found| found.code.to_owned()).collect();
    let counting = Counting::of(&policy, &enabled);
    let start = Day::from_civil(2026, 1, 5).unwrap_or(Day(0));
    let mut group = criterion.benchmark_group("a day of 40 events, read and scored");
    group.sample_size(20);
    for subjects in [1u64, 100, 1_000] {
        for history in [1i32, 180] {
            let context = |number: u64| SubjectContext {
                id: SubjectId::new(Uuid::from_u128(u128::from(number))),
                department: None,
                title: None,
                groups: Vec::new(),
                has_profile: true,
                prior_violation: None,
                high_impact: None,
            };
            let trigger = Trigger { at: start.plus(history - 1).start(), indicator: "RESIGNATION".into(), until: None };
            let mut watched: Vec<(SubjectContext, Reader, Standing)> =
                (0..subjects).map(|number| (context(number), Reader::default(), Standing::default())).collect();
            let step = |watched: &mut Vec<(SubjectContext, Reader, Standing)>, day: Day, triggers: &[Trigger]| {
                let signs = signs(day);
                for (subject, reader, standing) in watched {
                    let readings = reader.read(&signs, &Norms::default());
                    let now = Micros(day.start().0 + DAY - 1);
                    let counting = &counting;
                    let (policy, readings, manual) = (&policy, readings.as_slice(), &[][..]);
                    black_box(standing.day(&ScoringInput {
                        now,
                        policy,
                        subject,
                        counting,
                        readings,
                        triggers,
                        manual,
                    }));
                }
            };
            for day in 0..history {
                let triggers = if day == history - 1 { std::slice::from_ref(&trigger) } else { &[] };
                step(&mut watched, start.plus(day), triggers);
            }
            group.throughput(Throughput::Elements(subjects * EVENTS_A_DAY));
            group.bench_function(
                BenchmarkId::new(format!("{subjects} policies x subjects"), format!("{history} days")),
                |bench| {
                    // By reference: letting go of a long history is no part of a day.
                    bench.iter_batched_ref(
                        || watched.clone(),
                        |watched| step(watched, start.plus(history), &[]),
                        criterion::BatchSize::LargeInput,
                    );
                },
            );
        }
    }
    group.finish();
}

criterion_group!(benches, scoring);
criterion_main!(benches);
