//! A connector that misbehaves on request: each record is a line that says how. For tests of the host only.
//! Never: reachable from a build that anybody installs.
#![allow(clippy::panic, clippy::expect_used, reason = "misbehaving is its purpose")]

use connector_sdk::bindings::exports::vizard::connector as guest;
use connector_sdk::{
    Attr, Attribute, Batch, Call, CallContext, Connector, Descriptor, Emit, Failure, Feed, Framing, Kind, KindUse,
    Outcome, Problem, Record, Reject, Value, attr::ValueType, identifier, kind,
};
use std::sync::atomic::{AtomicU32, Ordering};

const DECLARED: Attr = Attr::new("declared", ValueType::Text, "none");
const UNDECLARED: Attr = Attr::new("undeclared", ValueType::Text, "none");
const OF_ANOTHER_TYPE: Attr = Attr::new("declared", ValueType::Integer, "none");

/// Survives only if the host uses an instance twice.
static CALLS: AtomicU32 = AtomicU32::new(0);

#[derive(serde::Deserialize)]
pub struct Config {
    /// "panic" or "complain" in `check_config`.
    #[serde(default)]
    check: String,
}

pub struct Hostile;

impl Connector for Hostile {
    type Config = Config;

    const DESCRIPTOR: Descriptor = Descriptor {
        id: "org.vizard.test.hostile",
        version: "0.1.0",
        vendor: "Nobody",
        family: "test",
        config_schema: r#"{
            "type": "object",
            "properties": { "check": { "type": "string", "pattern": "^[a-z]*$" } },
            "additionalProperties": false
        }"#,
        feeds: &[Feed::new("orders", "How to misbehave", Framing::Lines)],
        kinds: &[KindUse(kind::FILE_ACCESSED, &[DECLARED])],
    };

    fn check(config: &Config) -> Vec<Problem> {
        match config.check.as_str() {
            "panic" => panic!("in check"),
            "complain" => vec![Problem { at: "/check".into(), message: "it complains".into() }],
            _ => vec![],
        }
    }

    fn normalise(_: &Config, call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
        let order = record.text()?;
        match order.split_whitespace().next().unwrap_or_default() {
            "ignore" => emit.ignore("ordered to"),
            "reject" => return Err(Reject::missing("order")),
            "quote" => return Err(Reject::malformed(&format!("no idea what {order} means"))),
            "loop" => loop {
                std::hint::black_box(order);
            },
            "memory" => {
                let mut bombs = Vec::new();
                loop {
                    bombs.push(std::hint::black_box(vec![1_u8; 1 << 20]));
                }
            }
            "stack" => {
                std::hint::black_box(deeper(std::hint::black_box(1)));
            }
            "panic" => panic!("this record makes me panic: {order}"),
            #[cfg(target_arch = "wasm32")]
            "trap" => core::arch::wasm32::unreachable(),
            "flood" => (0..50_000).for_each(|_| good(call, order, emit)),
            "logs" => {
                (0..10_000).for_each(|_| connector_sdk::log::info(&"x".repeat(2_000)));
                good(call, order, emit);
            }
            "kind" => {
                emit.event(Kind::custom("NEVER_DECLARED", "Never declared"), call.received_at());
            }
            "attributes" => {
                let mut event = emit.event(kind::FILE_ACCESSED, call.received_at());
                event.attr(DECLARED, "kept").attr(UNDECLARED, "dropped").attr(OF_ANOTHER_TYPE, 7_usize);
            }
            "memory-of-calls" if CALLS.load(Ordering::Relaxed) > 1 => {
                return Err(Reject::malformed("I remember a call"));
            }
            _ => good(call, order, emit),
        }
        Ok(())
    }
}

fn good(call: &Call<'_>, order: &str, emit: &mut Emit<'_>) {
    emit.event(kind::FILE_ACCESSED, call.received_at())
        .actor(&[(identifier::UPN, "ada@example.com")])
        .attr(DECLARED, order);
}

#[allow(unconditional_recursion, reason = "that is the point")]
fn deeper(n: u64) -> u64 {
    std::hint::black_box(deeper(std::hint::black_box(n + 1))) + n
}

/// The SDK gives a true account of every record, so what lies here stands in for `export_connector!`.
pub struct Component;

impl guest::describe::Guest for Component {
    fn describe() -> guest::describe::DescriptorInfo {
        Hostile::DESCRIPTOR.to_wire()
    }
}

impl guest::normalise::Guest for Component {
    fn check_config(context: CallContext) -> Vec<Problem> {
        connector_sdk::install_panic_hook();
        connector_sdk::check_config::<Hostile>(&context)
    }

    fn normalise(context: CallContext, batch: Batch) -> Result<Outcome, Failure> {
        connector_sdk::install_panic_hook();
        CALLS.fetch_add(1, Ordering::Relaxed);
        let mut outcome = connector_sdk::normalise::<Hostile>(&context, &batch)?;
        for record in &batch.records {
            lie(record.index, &record.body, &mut outcome)?;
        }
        Ok(outcome)
    }
}

fn lie(index: u32, order: &[u8], outcome: &mut Outcome) -> Result<(), Failure> {
    match order {
        b"lost" => outcome.events.retain(|event| event.record_index != index),
        b"twice" => outcome.ignored.push(("also".into(), 1)),
        b"outside" => outcome.events.push(connector_sdk::Event { record_index: u32::MAX, ..outcome.events[0].clone() }),
        // Twelve bytes a text here, twenty-four on the host: larger there than all memory here.
        b"output" => {
            let texts = vec![String::new(); 3_000_000];
            outcome.events[0].attributes = vec![Attribute { name: "declared".into(), value: Value::Texts(texts) }];
        }
        b"fail-internal" => return Err(Failure::Internal("I gave up".into())),
        b"fail-transient" => return Err(Failure::Transient(("come back".into(), 7))),
        b"fail-format" => return Err(Failure::Format("not my format".into())),
        _ => {}
    }
    Ok(())
}

#[cfg(target_arch = "wasm32")]
#[allow(unsafe_code, reason = "the component's entry points")]
mod exports {
    use super::Component;

    connector_sdk::bindings::export_guest!(Component with_types_in connector_sdk::bindings);

    #[used]
    #[unsafe(link_section = "vizard:sdk-version")]
    static SDK_VERSION: [u8; 5] = *b"0.1.0";
}
