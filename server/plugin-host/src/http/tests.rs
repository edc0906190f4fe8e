//! The client against servers of this machine that answer, lie and stall.
//! Never: a server outside of it.

use super::*;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

/// A server that answers every connection with the same bytes; tells what it was sent.
fn server(answer: &'static [u8]) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = format!("http://{}", listener.local_addr().unwrap());
    let (sender, seen) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream: TcpStream = stream.unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 4096];
            while let Ok(read) = stream.read(&mut chunk) {
                request.extend_from_slice(&chunk[..read]);
                let text = String::from_utf8_lossy(&request);
                let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                let length =
                    head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
                if read == 0 || body.len() >= length.unwrap_or(0_usize) {
                    break;
                }
            }
            if sender.send(String::from_utf8_lossy(&request).into_owned()).is_err() {
                return;
            }
            // Whoever hangs up early has seen enough.
            let _ = stream.write_all(answer);
        }
    });
    (at, seen)
}

fn client(grants: &[String]) -> Client {
    let destinations = grants.iter().map(|grant| Destination::parse(grant).unwrap()).collect();
    let secrets = [("token".to_owned(), Zeroizing::new("s3cret/+value".to_owned()))].into();
    Client::new(Reach { destinations, secrets })
}

fn get(url: String) -> Request {
    Request { method: "GET".into(), url, headers: vec![], body: vec![] }
}

fn secret(prefix: &str, encoding: Encoding) -> Part {
    Part::Secret { name: "token".into(), prefix: prefix.into(), suffix: String::new(), encoding }
}

#[test]
fn secrets_are_put_in_by_the_host_and_taken_out_of_what_comes_back() {
    let (at, seen) = server(
        b"HTTP/1.1 200 OK\r\nContent-Length: 59\r\nX-Echo: s3cret/+value\r\nSet-Cookie: a=b\r\n\r\ns3cret/+value s3cret%2F%2Bvalue czNjcmV0Lyt2YWx1ZQ== hello.",
    );
    let mut client = client(&[format!("{at} private")]);
    let request = Request {
        method: "POST".into(),
        url: format!("{at}/token"),
        headers: vec![
            ("Authorization".into(), vec![Part::Text("Basic ".into()), secret("me:", Encoding::Base64)]),
            ("Content-Type".into(), vec![Part::Text("application/x-www-form-urlencoded".into())]),
        ],
        body: vec![Part::Text("client_secret=".into()), secret("", Encoding::Percent)],
    };
    let answer = client.send(&request).unwrap();
    let sent = seen.recv().unwrap();
    assert!(sent.contains("client_secret=s3cret%2F%2Bvalue"), "{sent}");
    assert!(
        sent.to_lowercase().contains("authorization: basic ") && sent.contains("bWU6czNjcmV0Lyt2YWx1ZQ=="),
        "{sent}"
    );
    assert_eq!(answer.status, 200);
    assert_eq!(String::from_utf8(answer.body).unwrap(), "[redacted] [redacted] [redacted] hello.");
    let headers = format!("{:?}", answer.headers);
    assert!(headers.contains("x-echo") && headers.contains("[redacted]") && !headers.contains("cookie"), "{headers}");
    assert!(client.waited > Duration::ZERO);
    let unknown =
        Part::Secret { name: "other".into(), prefix: String::new(), suffix: String::new(), encoding: Encoding::Plain };
    let request = Request { headers: vec![("X".into(), vec![unknown])], ..get(at) };
    assert!(matches!(client.send(&request), Err(Refused::Denied(_))));
}

#[test]
fn what_is_not_granted_is_not_reached_and_the_denial_says_which_grant_would() {
    let (at, seen) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let denied = |client: &mut Client, url: String| match client.send(&get(url)) {
        Err(Refused::Denied(why)) => why,
        other => panic!("{other:?}"),
    };
    let mut nothing = client(&["https://api.example.com".into()]);
    assert_eq!(
        denied(&mut nothing, format!("{at}/x?y")),
        format!("not granted; this grant would allow it: {at} private")
    );
    // Granted by name, and the name leads to this machine.
    let port = at.rsplit(':').next().unwrap();
    let mut by_name = client(&[format!("https://localhost:{port}")]);
    assert!(denied(&mut by_name, format!("https://localhost:{port}/")).contains("local network"));
    let mut granted = client(&[format!("{at} private")]);
    for (name, value) in [("Host", "elsewhere.example"), ("content-length", "1"), ("X", "a\r\nb")] {
        let headers = vec![(name.to_owned(), vec![Part::Text(value.to_owned())])];
        assert!(matches!(granted.send(&Request { headers, ..get(at.clone()) }), Err(Refused::Denied(_))), "{name}");
    }
    let request = Request { method: "DELETE".into(), ..get(at.clone()) };
    assert!(matches!(granted.send(&request), Err(Refused::Denied(_))));
    assert!(seen.try_recv().is_err(), "nothing of this arrived");
    assert_eq!(granted.send(&get(at)).unwrap().status, 200);
}

#[test]
fn a_redirect_a_flood_and_a_lie_about_the_length_are_refused() {
    let (at, _seen) = server(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n");
    let answer = client(&[format!("{at} private")]).send(&get(at));
    assert!(matches!(answer, Err(Refused::Denied(why)) if why.contains("redirect")));

    let flood: Vec<u8> =
        [b"HTTP/1.1 200 OK\r\n\r\n".as_slice(), &vec![b'x'; usize::try_from(limits::PULL_ANSWER_BYTES).unwrap() + 1]]
            .concat();
    let (at, _seen) = server(flood.leak());
    let answer = client(&[format!("{at} private")]).send(&get(at));
    assert_eq!(answer, Err(Refused::TooLarge(limits::PULL_ANSWER_BYTES)));

    let (at, _seen) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    let answer = client(&[format!("{at} private")]).send(&get(at));
    assert!(matches!(answer, Err(Refused::Network(_))), "{answer:?}");

    let (at, _seen) = server(b"SSH-2.0-OpenSSH_9.9\r\n");
    let answer = client(&[format!("{at} private")]).send(&get(at));
    assert!(matches!(answer, Err(Refused::Network(_))), "{answer:?}");
}

#[test]
fn a_call_has_a_budget_of_requests() {
    let (at, _seen) = server(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let mut client = client(&[format!("{at} private")]);
    for _ in 0..limits::PULL_REQUESTS {
        client.send(&get(at.clone())).unwrap();
    }
    assert!(matches!(client.send(&get(at)), Err(Refused::Budget(_))));
}
