//! HTTP Activity (4002): files that go out or come in, and sites by the category that the product gives them.
//! Never: a category of our own making, or an event for each request of one visit.

use crate::case::Case;
use crate::file::{describe, path};
use connector_sdk::{Emit, Kind, attr, identifier, kind, names};

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;

pub(crate) fn activity(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let url = case.json.at("http_request.url");
    let places = [url.at("hostname").text(), url.at("domain").text(), url.at("url_string").text()];
    let host = places.iter().find_map(|text| names::host(text)).ok_or("a request to no named host")?;
    if case.config.internal_domains.have(&host) {
        return Err("a request to a domain of the organisation");
    }
    let category = category(case);
    let file = case.json.at("file");
    let name = path(file);
    let moved = match case.activity {
        _ if name.is_empty() => None,
        6 | 7 => Some(kind::FILE_UPLOADED_TO_WEB),
        3 => Some(kind::FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE),
        _ => None,
    };
    if moved.is_none() && category.is_none() {
        return Err("a request without a file or a category that counts");
    }
    let person = case.actor()?;
    if let Some(kind) = moved {
        let mut event = case.event(emit, kind, &person, &name);
        describe(&mut event, file, &name);
        let out = kind == kind::FILE_UPLOADED_TO_WEB;
        event
            .attr(attr::OBJECT_ID, name.as_str())
            .attr(attr::DESTINATION_DOMAIN, Some(&*host).filter(|_| out))
            .attr(attr::SOURCE_DOMAIN, Some(&*host).filter(|_| !out));
    }
    if let Some(kind) = category {
        // A page is dozens of requests. The visit is one event: of this person, to this site, in this hour.
        let hour = case.at.div_euclid(HOUR) * HOUR;
        let mut visit = Case { at: hour, ..*case }.event(emit, kind, &person, &host);
        visit
            .source_id(identifier::content_id(&[person.key(), &host, &hour.to_string()]))
            .attr(attr::SOURCE_DOMAIN, host.as_str());
    }
    Ok(())
}

/// By the schema's number of a category, else by its name.
fn category(case: &Case<'_>) -> Option<Kind> {
    let url = case.json.at("http_request.url");
    let by_number = |code: i64| match code {
        3 => Some(kind::BROWSED_PORNOGRAPHY),
        11 => Some(kind::BROWSED_GAMBLING),
        14 => Some(kind::BROWSED_VIOLENCE),
        17 => Some(kind::BROWSED_HACKING),
        18 => Some(kind::BROWSED_PHISHING),
        26 => Some(kind::BROWSED_CHILD_ABUSE),
        43 | 44 => Some(kind::BROWSED_MALWARE),
        _ => None,
    };
    let numbers = || url.at("category_ids").items().filter_map(|code| by_number(code.integer()?));
    let named = || url.at("categories").items().filter_map(|name| by_name(&name.text().to_ascii_lowercase()));
    // Of several the first in the order of codes, so that their order in the record does not matter.
    numbers().chain(named()).min_by_key(|kind| kind.code)
}

fn by_name(name: &str) -> Option<Kind> {
    const NAMES: [(&str, Kind); 18] = [
        ("child porn", kind::BROWSED_CHILD_ABUSE),
        ("child abuse", kind::BROWSED_CHILD_ABUSE),
        ("porn", kind::BROWSED_PORNOGRAPHY),
        ("gambling", kind::BROWSED_GAMBLING),
        ("keylog", kind::BROWSED_KEYLOGGER),
        ("hacking", kind::BROWSED_HACKING),
        ("phishing", kind::BROWSED_PHISHING),
        ("malware", kind::BROWSED_MALWARE),
        ("malicious", kind::BROWSED_MALWARE),
        ("generative ai", kind::BROWSED_GENERATIVE_AI),
        ("illegal software", kind::BROWSED_ILLEGAL_SOFTWARE),
        ("software piracy", kind::BROWSED_ILLEGAL_SOFTWARE),
        ("warez", kind::BROWSED_ILLEGAL_SOFTWARE),
        ("criminal", kind::BROWSED_CRIMINAL_ACTIVITY),
        // Before hate: the schema has one category for both.
        ("violence", kind::BROWSED_VIOLENCE),
        ("hate", kind::BROWSED_HATE),
        ("racism", kind::BROWSED_HATE),
        ("cult", kind::BROWSED_CULT),
    ];
    // Whole words at their beginning: "cult" is not in "culture" nor in "agriculture".
    let found = NAMES.iter().find(|(sign, kind)| {
        name.match_indices(sign).any(|(at, _)| {
            let before = name.get(..at).and_then(|text| text.chars().next_back());
            let after = name.get(at + sign.len()..).and_then(|text| text.chars().next());
            let whole = *kind != kind::BROWSED_CULT || !after.is_some_and(|c| c.is_alphabetic() && c != 's');
            !before.is_some_and(char::is_alphanumeric) && whole
        })
    });
    found.map(|(_, kind)| *kind)
}
