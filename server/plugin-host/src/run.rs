//! The room a plugin runs in: engine, limits of one call, and what a failed call means.
//! Never: a store for a second call.

use crate::error::{Fault, PluginError, Withheld};
use crate::http::{Client, Reach};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;
use vizard_core::limits;
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolConcurrencyLimitError, PoolingAllocationConfig, ResourceLimiter,
    Store, Trap, UpdateDeadline,
};

/// Core instances, memories and tables of one component: one written in Rust has four instances and one memory; those
/// of interpreted languages have more.
const INSTANCES_PER_COMPONENT: u32 = 64;
const MEMORIES_PER_COMPONENT: u32 = 4;
const TABLES_PER_COMPONENT: u32 = 16;

/// An engine, and the clock that ends calls: it ticks as long as the engine lives.
pub(crate) fn engine() -> Result<Engine, PluginError> {
    let calls = u32::try_from(limits::PLUGIN_CALLS + limits::PULLS).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls * INSTANCES_PER_COMPONENT)
        .total_memories(calls * MEMORIES_PER_COMPONENT)
        .total_tables(calls * TABLES_PER_COMPONENT)
        .max_core_instances_per_component(INSTANCES_PER_COMPONENT)
        .max_memories_per_component(MEMORIES_PER_COMPONENT)
        .max_tables_per_component(TABLES_PER_COMPONENT)
        .max_memory_size(bytes(limits::PLUGIN_MEMORY_MOST_MIB))
        .table_elements(limits::PLUGIN_TABLE_ELEMENTS)
        // Written over with zeros between calls, instead of given back and faulted in anew, page by page.
        .linear_memory_keep_resident(limits::PLUGIN_RESIDENT_BYTES)
        .table_keep_resident(limits::PLUGIN_RESIDENT_BYTES >> 6)
        .max_component_instance_size(8 << 20)
        .max_core_instance_size(4 << 20);
    // The reservation of 4 GiB a memory stays as it is: a smaller one puts bounds checks into the code. What of it may be
    // used is up to the room of a call.
    let mut config = Config::new();
    config
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool))
        .epoch_interruption(true)
        .max_wasm_stack(limits::PLUGIN_STACK_BYTES)
        // Nobody reads a backtrace of WebAssembly, and gathering one for each trap costs.
        .wasm_backtrace_max_frames(None);
    let engine = Engine::new(&config).map_err(|error| PluginError::Host(format!("{error:#}")))?;
    let ticking = engine.weak();
    let tick = move || {
        while let Some(engine) = ticking.upgrade() {
            engine.increment_epoch();
            drop(engine);
            std::thread::sleep(Duration::from_millis(limits::PLUGIN_TICK_MILLIS));
        }
    };
    let thread = std::thread::Builder::new().name("plugin-clock".into()).spawn(tick);
    thread.map_err(|error| PluginError::Host(format!("no thread for the clock of plugins: {error}")))?;
    Ok(engine)
}

/// MiB as bytes.
fn bytes(mib: u32) -> usize {
    (mib as usize) << 20
}

/// What one call may use and has left behind.
#[derive(Default)]
pub(crate) struct Room {
    most_memory: usize,
    memory: usize,
    elements: usize,
    denied_memory: bool,
    /// Log lines, as far as they are kept.
    pub(crate) log: Vec<String>,
    /// Log lines that are not.
    pub(crate) log_dropped: u32,
    panic: Option<(String, String)>,
    client: Option<Client>,
}

impl Room {
    /// Of a call that may reach something.
    pub(crate) fn client(&mut self) -> Option<&mut Client> {
        self.client.as_mut()
    }

    /// Bytes of memory that the call came to use.
    pub(crate) fn memory(&self) -> usize {
        self.memory
    }

    pub(crate) fn log(&mut self, level: &str, mut line: String) {
        if self.log.len() >= limits::PLUGIN_LOG_LINES {
            self.log_dropped = self.log_dropped.saturating_add(1);
            return;
        }
        line.truncate(line.floor_char_boundary(limits::PLUGIN_LOG_BYTES));
        self.log.push(format!("{level}: {line}"));
    }

    /// The first counts: what comes after it is a consequence.
    pub(crate) fn panicked(&mut self, message: String, place: &str) {
        if self.panic.is_none() {
            self.panic = Some((message, short_place(place)));
        }
    }
}

/// All memories and all tables of a call together are bounded, so that many small ones are no way around.
impl ResourceLimiter for Room {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.memory.saturating_add(desired.saturating_sub(current));
        let granted = wanted <= self.most_memory;
        if granted {
            self.memory = wanted;
        } else {
            self.denied_memory = true;
        }
        Ok(granted)
    }

    fn table_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let wanted = self.elements.saturating_add(desired.saturating_sub(current));
        let granted = wanted <= limits::PLUGIN_TABLE_ELEMENTS;
        if granted {
            self.elements = wanted;
        }
        Ok(granted)
    }
}

/// A store for one call that ends after so many ticks and may use so much memory.
pub(crate) fn store(engine: &Engine, ticks: u64, memory_mib: u32, reach: Option<Reach>) -> Store<Room> {
    let mut store = Store::new(engine, Room { most_memory: bytes(memory_mib), ..Room::default() });
    store.limiter(|room| room);
    store.set_epoch_deadline(ticks);
    store.set_hostcall_fuel(limits::PLUGIN_OUTPUT_BYTES);
    if let Some(reach) = reach {
        let_reach(&mut store, Client::new(reach));
    }
    store
}

/// Waiting for an answer does not use up the call's ticks: the client has a clock of its own.
fn let_reach(store: &mut Store<Room>, client: Client) {
    store.data_mut().client = Some(client);
    store.epoch_deadline_callback(|mut context| {
        let waited = context.data_mut().client().map(|client| std::mem::take(&mut client.waited)).unwrap_or_default();
        let ticks = u64::try_from(waited.as_millis()).unwrap_or(u64::MAX) / limits::PLUGIN_TICK_MILLIS;
        Ok(if ticks > 0 { UpdateDeadline::Continue(ticks) } else { UpdateDeadline::Interrupt })
    });
}

/// What `error` means that ended a call; nothing where the host was too busy to begin it.
pub(crate) fn fault(error: &wasmtime::Error, room: &Room) -> Option<Fault> {
    if error.downcast_ref::<PoolConcurrencyLimitError>().is_some() {
        return None;
    }
    let trap = error.downcast_ref::<Trap>();
    Some(match trap {
        Some(Trap::Interrupt) => Fault::Time,
        Some(Trap::StackOverflow | Trap::MemoryOutOfBounds) => Fault::Stack,
        _ if room.denied_memory => Fault::Memory,
        _ => match (&room.panic, trap) {
            (Some((message, place)), _) => {
                Fault::Panic { place: place.clone(), message: Withheld::new(message.clone()) }
            }
            (None, Some(trap)) => Fault::Trap(trap.to_string().trim_start_matches("wasm trap: ").into()),
            // The runtime has no public type for it.
            (None, None) if error.root_cause().to_string().starts_with("too much data") => Fault::Output,
            (None, None) => Fault::Trap(crate::error::message(error.root_cause().to_string())),
        },
    })
}

/// `crate/src/file.rs:line:column`: what stands before it names folders of the machine that built the plugin. The
/// guest says it, so it must look like a place.
fn short_place(place: &str) -> String {
    let from = place.rfind("/src/").map_or(0, |src| place[..src].rfind('/').map_or(0, |slash| slash + 1));
    let short = &place[from..];
    let plain = |character: char| character.is_ascii_alphanumeric() || "/._-:".contains(character);
    let file = short.split(':').next().unwrap_or_default();
    if short.len() <= 120 && short.chars().all(plain) && file.ends_with(".rs") && !short.starts_with('/') {
        short.into()
    } else {
        "an unnamed place".into()
    }
}

/// Lets so many calls run at once; others wait, in the order in which they came. Their time begins when they run.
pub(crate) struct Gate {
    queue: Mutex<Queue>,
    moved: Condvar,
}

struct Queue {
    free: usize,
    /// The number that the next to come gets, and the number of whose turn it is.
    next: u64,
    turn: u64,
}

/// Places at the [`Gate`], given back when dropped.
pub(crate) struct Pass<'a>(&'a Gate, usize);

/// How many places a call takes that may use so much memory.
pub(crate) fn places(memory_mib: u32) -> usize {
    memory_mib.div_ceil(limits::PLUGIN_MEMORY_MIB).max(1) as usize
}

impl Gate {
    pub(crate) fn new(places: usize) -> Self {
        Self { queue: Mutex::new(Queue { free: places, next: 0, turn: 0 }), moved: Condvar::new() }
    }

    /// Waits for as many places. They must not be more than there are.
    pub(crate) fn enter(&self, places: usize) -> Pass<'_> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mine = queue.next;
        queue.next += 1;
        // In turn: a call that needs several places would otherwise wait for as long as others find one.
        let wait = |queue: &mut Queue| queue.turn != mine || queue.free < places;
        let mut queue = self.moved.wait_while(queue, wait).unwrap_or_else(PoisonError::into_inner);
        queue.turn += 1;
        queue.free -= places;
        drop(queue);
        self.moved.notify_all();
        Pass(self, places)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.queue.lock().unwrap_or_else(PoisonError::into_inner).free += self.1;
        self.0.moved.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_cut_to_crate_and_file_and_must_look_like_one() {
        assert_eq!(
            short_place("/home/ada/.cargo/registry/src/index/csv-1.3/src/lib.rs:40:9"),
            "csv-1.3/src/lib.rs:40:9"
        );
        assert_eq!(short_place("plugins/hr/src/rows.rs:7:1"), "hr/src/rows.rs:7:1");
        assert_eq!(short_place("src/lib.rs:7:1"), "src/lib.rs:7:1");
        assert_eq!(short_place("/home/ada/main.rs:1:1"), "an unnamed place");
        assert_eq!(short_place("Ada Lovelace, ada@example.com"), "an unnamed place");
    }

    #[test]
    fn all_memories_of_a_call_count_together() {
        let half = bytes(32);
        let mut room = Room { most_memory: 2 * half, ..Room::default() };
        assert!(room.memory_growing(0, half, None).unwrap());
        assert!(room.memory_growing(0, half, None).unwrap());
        assert!(!room.memory_growing(0, 1, None).unwrap());
        assert!(room.denied_memory);
    }

    #[test]
    fn log_lines_beyond_the_limit_are_counted_only() {
        let mut room = Room::default();
        for _ in 0..limits::PLUGIN_LOG_LINES + 3 {
            room.log("info", "ü".repeat(limits::PLUGIN_LOG_BYTES));
        }
        assert_eq!((room.log.len(), room.log_dropped), (limits::PLUGIN_LOG_LINES, 3));
        assert!(room.log.iter().all(|line| line.len() <= limits::PLUGIN_LOG_BYTES + "info: ".len()));
    }

    #[test]
    fn a_gate_lets_the_next_in_only_when_one_has_left() {
        let gate = Gate::new(1);
        let first = gate.enter(1);
        std::thread::scope(|scope| {
            let second = scope.spawn(|| drop(gate.enter(1)));
            std::thread::sleep(Duration::from_millis(20));
            assert!(!second.is_finished());
            drop(first);
            second.join().unwrap();
        });
    }

    #[test]
    fn a_call_that_may_use_more_memory_takes_more_places_and_is_not_overtaken() {
        assert_eq!([0, 1, 64, 65, 256].map(places), [1, 1, 1, 2, 4]);
        let (gate, order) = (Gate::new(4), Mutex::new(Vec::new()));
        let first = gate.enter(1);
        let waiting = || gate.queue.lock().unwrap().next;
        std::thread::scope(|scope| {
            for (nth, places) in [(2, 4), (3, 1)] {
                scope.spawn({
                    let (gate, order) = (&gate, &order);
                    move || {
                        let _pass = gate.enter(places);
                        order.lock().unwrap().push(places);
                    }
                });
                // The next one comes when this one waits.
                while waiting() < nth {
                    std::thread::yield_now();
                }
            }
            drop(first);
        });
        assert_eq!(order.into_inner().unwrap(), [4, 1]);
    }
}
