//! The Management Activity API played by the test, as its documentation describes it.
//! Never: the network.

use super::*;
use connector_sdk::testing::{self, RECEIVED_AT, http};
use std::collections::BTreeMap;

const CONFIG: &str = r#"{"internal_domains": ["example.com"], "source": {"tenant": "t-1", "client_id": "c-1",
    "content_types": ["Audit.Exchange", "DLP.All"]}}"#;

/// The vendor: what it lists by content type and page, what its blobs hold, and everything that it was asked.
#[derive(Default)]
struct Vendor {
    lists: BTreeMap<String, (Vec<String>, Option<String>)>,
    asked: Vec<String>,
    fails: Option<(String, u16)>,
}

impl Vendor {
    fn answer(&mut self, request: &http::Request) -> http::Response {
        self.asked.push(format!("{} {}", request.method, request.url));
        let answer = |status, body: String, headers: Vec<(String, String)>| http::Response {
            status,
            headers,
            body: body.into_bytes(),
        };
        if let Some((part, status)) = &self.fails
            && request.url.contains(part)
        {
            return answer(*status, "no".into(), vec![("Retry-After".into(), "30".into())]);
        }
        if request.url.ends_with("/oauth2/v2.0/token") {
            let form = format!("{:?}", request.body);
            assert!(form.contains("client_credentials") && form.contains("client_secret"), "{form}");
            return answer(200, r#"{"access_token": "tok", "expires_in": 3599}"#.into(), vec![]);
        }
        assert!(format!("{:?}", request.headers).contains("Bearer tok"));
        if request.url.contains("/subscriptions/start") {
            return answer(400, r#"{"error": {"code": "AF20024"}}"#.into(), vec![]);
        }
        if let Some(blob) = request.url.split("/blob/").nth(1) {
            return answer(200, format!(r#"[{{"Id": "{blob}-1"}}, {{"Id": "{blob}-2"}}]"#), vec![]);
        }
        let key = self.lists.keys().find(|key| request.url.contains(key.as_str())).cloned().unwrap_or_default();
        let (blobs, next) = self.lists.get(&key).cloned().unwrap_or_default();
        let list: Vec<_> =
            blobs.iter().map(|blob| format!(r#"{{"contentUri": "https://manage.office.com/blob/{blob}"}}"#)).collect();
        let headers = next.map(|next| ("NextPageUri".to_owned(), next)).into_iter().collect();
        answer(200, format!("[{}]", list.join(",")), headers)
    }

    fn pull(&mut self, position: Position<'_>, most: usize) -> Result<Page, Failure> {
        testing::pull::<M365>(CONFIG, &Asked { feed: "audit", position, most }, &mut |request| Ok(self.answer(request)))
    }

    /// Everything, as the host does it; the records' ids.
    fn all(&mut self, since: i64, most: usize) -> Vec<String> {
        let mut page = self.pull(Position::Since(since), most).unwrap();
        let mut records = page.records.clone();
        while page.more {
            page = self.pull(Position::After(&page.cursor), most).unwrap();
            records.extend(page.records.clone());
        }
        records.iter().map(|record| String::from_utf8_lossy(record).into_owned()).collect()
    }
}

fn vendor() -> Vendor {
    let next = "https://manage.office.com/api/v1.0/t-1/activity/feed/subscriptions/content?nextPage=2".to_owned();
    let lists = [
        ("contentType=Audit.Exchange".to_owned(), (vec!["a".to_owned(), "b".to_owned()], Some(next))),
        ("nextPage=2".to_owned(), (vec!["c".to_owned()], None)),
        ("contentType=DLP.All".to_owned(), (vec!["d".to_owned()], None)),
    ];
    Vendor { lists: lists.into(), ..Vendor::default() }
}

#[test]
fn every_page_of_every_type_is_read_whatever_the_size_of_a_page() {
    let ids = |letters: &str| -> Vec<String> {
        letters.chars().flat_map(|blob| [1, 2].map(|at| format!(r#"{{"Id": "{blob}-{at}"}}"#))).collect()
    };
    for most in [1, 2, 3, 5, 1_000] {
        let mut vendor = vendor();
        assert_eq!(vendor.all(RECEIVED_AT - HOUR, most), ids("abcd"), "{most}");
        assert!(
            vendor.asked.iter().any(|url| url.contains("startTime=2026-09-21T13:13:20&endTime=2026-09-21T14:11:20")),
            "{:?}",
            vendor.asked
        );
    }
}

#[test]
fn a_week_is_read_in_windows_of_a_day_and_no_longer_ago_than_content_is_kept() {
    let mut vendor = vendor();
    let records = vendor.all(RECEIVED_AT - 30 * 24 * HOUR, 1_000);
    let windows = vendor.asked.iter().filter(|url| url.contains("contentType=DLP.All&startTime")).count();
    assert_eq!((windows, records.len()), (7, 7 * 8));
    assert!(vendor.asked.iter().any(|url| url.contains("startTime=2026-09-14T15:13:20")), "{:?}", vendor.asked);
}

#[test]
fn when_everything_is_read_nothing_is_asked_until_a_minute_has_passed() {
    let mut vendor = vendor();
    let page = vendor.pull(Position::Since(RECEIVED_AT - HOUR), 1_000).unwrap();
    assert!(!page.more);
    vendor.asked.clear();
    let again = vendor.pull(Position::After(&page.cursor), 1_000).unwrap();
    assert_eq!((again.records.len(), again.more, vendor.asked.len()), (0, false, 0));
    assert_eq!(again.cursor, page.cursor);
}

#[test]
fn a_failure_tells_the_host_what_to_do() {
    let failed = |part: &str, status| {
        let mut vendor = Vendor { fails: Some((part.into(), status)), ..vendor() };
        vendor.pull(Position::Since(RECEIVED_AT - HOUR), 1_000).unwrap_err()
    };
    assert!(matches!(failed("token", 400), Failure::Auth(_)));
    assert!(matches!(failed("token", 401), Failure::Auth(_)));
    assert!(matches!(failed("subscriptions/content", 429), Failure::Transient((_, 30))));
    assert!(matches!(failed("blob/b", 500), Failure::Transient(_)));
    let nothing = testing::pull::<M365>(
        r#"{"internal_domains": ["example.com"]}"#,
        &Asked { feed: "audit", position: Position::Since(0), most: 1 },
        &mut |_| panic!("nothing is asked"),
    );
    assert!(matches!(nothing, Err(Failure::Config(problems)) if problems[0].at == "/source"));
}
