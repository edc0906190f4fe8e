//! The watched inbox: files that are moved in, half written, wrong, or left behind by a server that is gone.
//! Never: a file lost, or read twice into the data.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};
use vizard_tests::{World, demo, on_both};

fn folder(world: &World, at: &str) -> PathBuf {
    let folder = world.config.inbox_dir.join(at);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Puts a file there that was written a while ago.
fn put(folder: &Path, name: &str, text: &[u8]) {
    let path = folder.join(".writing");
    std::fs::write(&path, text).unwrap();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    // By the file's own time: the machine's, not the fixed one.
    let written = file.metadata().unwrap().modified().unwrap();
    file.set_modified(written - Duration::from_secs(60)).unwrap();
    std::fs::rename(path, folder.join(name)).unwrap();
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

on_both! {
    async fn a_file_that_is_moved_in_is_read_once_and_removed(world) {
        world.connect().await;
        let hr = folder(&world, "hr");
        put(&hr, "people.csv", &std::fs::read(demo("hr-profiles.csv")).unwrap());
        put(&hr, "events.csv", &std::fs::read(demo("hr-events.csv")).unwrap());
        world.comes_to("SELECT count(*) FROM runs WHERE state = 'SUCCEEDED'", 2).await;
        assert_eq!(world.number("SELECT count(*) FROM runs").await, 2);
        assert_eq!(world.number("SELECT CAST(sum(accepted) AS BIGINT) FROM runs").await, world.number("SELECT count(*) FROM events").await);
        for _ in 0..100 {
            if names(&hr.join(".taken")).is_empty() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!((names(&hr), names(&hr.join(".taken"))), (vec![".taken".to_owned()], vec![]));
        let told = "SELECT count(*) FROM audit WHERE category = 'CONNECTORS' AND actor LIKE '%operator%' AND object LIKE 'run%'";
        assert_eq!(world.number(told).await, 2);
    }

    async fn what_is_not_complete_or_nobodys_is_left_alone(world) {
        world.connect().await;
        let hr = folder(&world, "hr");
        put(&hr, "events.csv.part", b"x");
        put(&hr, ".events.csv", b"x");
        std::fs::write(hr.join("being-written.csv"), b"EmailAddress,Resig").unwrap();
        std::os::unix::fs::symlink(demo("hr-events.csv"), hr.join("link.csv")).unwrap();
        put(&folder(&world, "nobody"), "events.csv", b"x");
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert_eq!(world.number("SELECT count(*) FROM runs").await, 0);
        assert_eq!(names(&hr), [".events.csv", "being-written.csv", "events.csv.part", "link.csv"]);
    }

    async fn a_file_that_cannot_be_read_is_set_aside_with_the_reason(world) {
        world.connect().await;
        let hr = folder(&world, "hr");
        put(&hr, "wrong.csv", b"Name,Shoe size\nAda,38\n");
        put(&folder(&world, "hr/no-such-feed"), "people.csv", b"x");
        for _ in 0..200 {
            if names(&hr.join(".failed")).len() == 2 && names(&hr.join("no-such-feed/.failed")).len() == 2 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(names(&hr.join(".failed")), ["wrong.csv", "wrong.csv.why.txt"]);
        let why = std::fs::read_to_string(hr.join(".failed/wrong.csv.why.txt")).unwrap();
        assert!(why.contains("EmailAddress"), "{why}");
        let why = std::fs::read_to_string(hr.join("no-such-feed/.failed/people.csv.why.txt")).unwrap();
        assert!(why.contains("this connector has the feeds people"), "{why}");
        assert_eq!(world.number("SELECT count(*) FROM runs WHERE state = 'FAILED'").await, 1);
    }

    async fn a_file_whose_server_is_gone_is_read_by_the_next(world) {
        world.connect().await;
        let hr = folder(&world, "hr");
        // As a server leaves it that is killed while it reads: the run is its own, and nobody renews its lease.
        let run = uuid::Uuid::from_u128(0x0197_0000_0000_7000_8000_0000_0000_0001);
        let id = match world.engine {
            vizard_tests::Engine::Postgres => format!("'{run}'"),
            vizard_tests::Engine::Sqlite => format!("x'{}'", run.simple()),
        };
        let sql = format!(
            "INSERT INTO runs (id, connector_id, feed, state, lease_until, started_at, batches, records_read, accepted, duplicates, rejected, ignored, uncovered) \
             SELECT {id}, id, 'people', 'RUNNING', {now}, {now}, 0, 0, 0, 0, 0, 0, 0 FROM connectors WHERE name = 'hr'",
            now = world.clock.now().0
        );
        world.execute(&sql).await;
        put(&folder(&world, "hr/.taken"), &format!("{run} events.csv"), &std::fs::read(demo("hr-events.csv")).unwrap());
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(names(&hr.join(".taken")).len(), 1, "its server may be alive");
        world.clock.advance(61_000_000);
        world.comes_to("SELECT count(*) FROM runs WHERE state = 'FAILED'", 1).await;
        world.clock.advance(61_000_000);
        world.comes_to("SELECT count(*) FROM runs WHERE state = 'SUCCEEDED'", 1).await;
        world.comes_to("SELECT count(*) FROM events", 6).await;
        assert_eq!(world.number("SELECT count(*) FROM events").await, 6);
    }
}
