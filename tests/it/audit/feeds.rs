//! The feeds to a SIEM, against receivers of the test's own.
//! Never: a free text in what they get, or a gap.

use super::*;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, UdpSocket},
};
use vizard_server::{app::Running, config::Syslog};
use vizard_tests::Receiver;

const PATIENCE: Duration = Duration::from_secs(60);

/// Another replica of the world, with feeds.
async fn replica(world: &World, change: impl FnOnce(&mut vizard_server::config::Config)) -> Running {
    let mut config = world.config.clone();
    config.audit_checkpoint_file = world.config.data_dir.join("other-checkpoints");
    change(&mut config);
    let services = app::open(&config, world.clock.clone(), Ids::system(world.clock.clone())).await.unwrap();
    let listener = app::listen(&config).await.unwrap();
    app::start(&config, listener, services).await.unwrap()
}

/// Something with a reason that nobody outside may read.
async fn reset_with_reason(world: &Arc<World>) {
    world.connect().await;
    world.policy().await;
    world.import_demo().await;
    world.settle().await;
    let analyst = world.caller(&[Role::Analyst]);
    let subject = analyst.query("{ subjects(first: 1) { nodes { id } } }").await["subjects"]["nodes"][0]["id"].clone();
    let reset = "mutation($input: ResetRiskLevelInput!) { resetRiskLevel(input: $input) { userErrors { code } } }";
    analyst.ask(reset, json!({"input": {"subjectId": subject, "reason": "Talked to Otto."}})).await.data();
    world.services.sequence_audit_fully().await.unwrap();
}

on_both! {
    async fn a_siem_gets_every_entry_in_order_by_http_and_again_what_it_refused(world) {
        reset_with_reason(&world).await;
        let size = usize::try_from(world.number("SELECT count(*) FROM audit").await).unwrap();
        let mut siem = Receiver::start().await;
        siem.answer(503);
        let token = world.config.data_dir.join("siem.token");
        std::fs::write(&token, "a-token\n").unwrap();
        let running = replica(&world, |config| {
            config.siem_http_url = Some(siem.url("/in"));
            config.siem_http_token_file = Some(token);
        }).await;
        let refused = siem.next().await.body;
        siem.answer(200);
        let mut lines: Vec<Value> = Vec::new();
        while lines.len() < size {
            let posted = siem.next().await;
            let head = &posted.headers;
            assert!(head["authorization"] == "Bearer a-token" && head["content-type"] == "application/x-ndjson", "{head:?}");
            assert!(!posted.body.contains("Otto"), "{}", posted.body);
            if lines.is_empty() {
                assert_eq!(posted.body, refused, "what was refused comes again");
            }
            if posted.status == 200 {
                lines.extend(posted.body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
            }
        }
        for (at, line) in lines.iter().enumerate() {
            assert_eq!(line["sequence"], json!(at));
        }
        let reset = lines.iter().find(|line| !line["entry"]["reason"].is_null()).unwrap();
        assert_eq!(reset["entry"]["activity"], "EDITED");
        running.stop().await.unwrap();
    }

    async fn a_siem_gets_every_entry_by_syslog(world) {
        reset_with_reason(&world).await;
        let size = usize::try_from(world.number("SELECT count(*) FROM audit").await).unwrap();
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap().to_string();
        let running = replica(&world, |config| config.siem_syslog = Some(Syslog { datagrams: true, address })).await;
        let mut buffer = vec![0u8; 65_536];
        for at in 0..size.min(20) {
            let length = tokio::time::timeout(PATIENCE, socket.recv(&mut buffer)).await.expect("a datagram").unwrap();
            let said = String::from_utf8_lossy(&buffer[..length]);
            assert!(said.starts_with("<10") && said.contains(" - vizard - ") && !said.contains("Otto"), "{said}");
            assert!(said.contains(&format!("\"sequence\":{at},")), "{said}");
        }
        running.stop().await.unwrap();
        // By TCP each has its length before it. A feed goes on where it was, so there is something new to send.
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let running = replica(&world, |config| config.siem_syslog = Some(Syslog { datagrams: false, address })).await;
        world.caller(&[Role::Auditor]).query("{ auditLog { totalCount } }").await;
        let (mut stream, _) = tokio::time::timeout(PATIENCE, listener.accept()).await.expect("a connection").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        let (length, rest) = text.split_once(' ').unwrap();
        let first = &rest[..length.parse::<usize>().unwrap()];
        assert!(first.starts_with("<109>1 ") && first.ends_with('}') && first.contains("VIEWED"), "{first}");
        running.stop().await.unwrap();
    }
}
