//! The feeds to a SIEM, against receivers of the test's own.
//! Never: a free text in what they get, or a gap.

use super::*;
use std::{sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::mpsc,
};
use vizard_server::{app::Running, config::Syslog};

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

/// Reads one request and answers with `status`; hands back head and body.
async fn answer(mut stream: TcpStream, status: &str) -> (String, String) {
    let mut read = Vec::new();
    loop {
        let mut part = [0u8; 4_096];
        let length = stream.read(&mut part).await.unwrap();
        read.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            if body.len() >= length.unwrap().parse::<usize>().unwrap() {
                let reply = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
                stream.write_all(reply.as_bytes()).await.unwrap();
                return (head.to_owned(), body.to_owned());
            }
        }
        assert!(length > 0, "the request broke off");
    }
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
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, mut receiver) = mpsc::unbounded_channel();
        let siem = tokio::spawn(async move {
            let mut status = "503 Service Unavailable";
            while let Ok((stream, _)) = listener.accept().await {
                if sender.send(answer(stream, status).await).is_err() {
                    return;
                }
                status = "200 OK";
            }
        });
        let token = world.config.data_dir.join("siem.token");
        std::fs::write(&token, "a-token\n").unwrap();
        let running = replica(&world, |config| {
            config.siem_http_url = Some(format!("http://{address}/in"));
            config.siem_http_token_file = Some(token);
        }).await;
        let mut next = async || {
            tokio::time::timeout(PATIENCE, receiver.recv()).await.expect("the feed sends").expect("the receiver lives")
        };
        let refused = next().await.1;
        let mut lines: Vec<Value> = Vec::new();
        while lines.len() < size {
            let (head, body) = next().await;
            assert!(head.to_lowercase().contains("authorization: bearer a-token") && head.contains("application/x-ndjson"), "{head}");
            assert!(!body.contains("Otto"), "{body}");
            if lines.is_empty() {
                assert_eq!(body, refused, "what was refused comes again");
            }
            lines.extend(body.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
        }
        for (at, line) in lines.iter().enumerate() {
            assert_eq!(line["sequence"], json!(at));
        }
        let reset = lines.iter().find(|line| !line["entry"]["reason"].is_null()).unwrap();
        assert_eq!(reset["entry"]["activity"], "EDITED");
        running.stop().await.unwrap();
        siem.abort();
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
