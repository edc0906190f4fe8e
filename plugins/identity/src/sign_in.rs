//! Entra's sign-ins: of people, interactive.
//! Never: counts failures; only a lock says that they were many.

use crate::entra::Entry;
use crate::kinds::SIGN_IN_COUNTRY;
use crate::person;
use crate::risk;
use connector_sdk::{Emit, Json, Kind, NewEvent, Reject, attr, identifier, kind};

pub(crate) fn signed_in(entry: &Entry<'_>, emit: &mut Emit<'_>) -> Result<Result<(), &'static str>, Reject> {
    let at = entry.time(&["createdDateTime", "time", "timeGenerated"])?;
    if entry.field("isInteractive").is("false") {
        return Ok(Err("a program renewed its access: no person signed in"));
    }
    if entry.field("userType").is("guest") {
        return Ok(Err("activity of somebody outside the organisation"));
    }
    let person = match person::of_entra(&entry.field("userPrincipalName").text(), &entry.field("userId").text()) {
        Ok(person) => person,
        Err(why) => return Ok(Err(why)),
    };
    let packed = entry.field("status").unpacked();
    let code = Json::new(&packed).at("errorCode").integer();
    let result = entry.field("resultType").text();
    let id = match entry.text(&["id"]) {
        id if id.is_empty() => {
            let (application, ip) =
                (entry.text(&["appId", "appDisplayName"]), entry.text(&["ipAddress", "callerIpAddress"]));
            identifier::content_id(&[person.key(), &at.to_string(), &application, &ip])
        }
        id => id.into_owned(),
    };
    let mut tell = |kind: Kind, id: String| {
        let mut event = emit.event(kind, at);
        event.source_id(id).actor(&person.identifiers());
        describe(entry, &mut event);
        if matches!(kind, kind::IMPOSSIBLE_TRAVEL | kind::INFREQUENT_COUNTRY) {
            event.attr(SIGN_IN_COUNTRY, country(entry));
        }
    };
    let reason = Json::new(&packed).at("failureReason").text().to_lowercase();
    // 50053: the account is locked, after too many failures (or the address is known for attacks, which says nothing).
    if (code == Some(50053) || result == "50053") && !reason.contains("malicious") {
        tell(kind::MULTIPLE_FAILED_LOGINS, id);
        return Ok(Ok(()));
    }
    let good = code.map_or_else(|| matches!(&*result, "0" | "Success" | "success"), |code| code == 0);
    if !good {
        return Ok(Err("a sign-in failed or was interrupted"));
    }
    tell(kind::LOGON, id.clone());
    // The same finding may come as a risk of its own, which names this sign-in.
    let packed = entry.field("riskEventTypes_v2").unpacked();
    let dismissed = risk::is_dismissed(&entry.field("riskState").text());
    let mut kinds: Vec<Kind> = Json::new(&packed).items().filter_map(|found| risk::meaning(&found.text())).collect();
    kinds.sort_by_key(|kind| kind.code);
    kinds.dedup();
    for kind in kinds.into_iter().filter(|_| !dismissed) {
        tell(kind, risk::id(&id));
    }
    Ok(Ok(()))
}

/// What sign-ins and risks tell of the machine and its place.
pub(crate) fn describe(entry: &Entry<'_>, event: &mut NewEvent<'_>) {
    let packed = entry.field("deviceDetail").unpacked();
    let device = Json::new(&packed);
    // Graph leaves the operation out where event hubs and Log Analytics name it.
    let operation = entry.text(&["riskEventType", "operationName"]);
    event
        .attr(attr::WORKLOAD, "Entra ID")
        .attr(attr::OPERATION, if operation.is_empty() { "Sign-in activity" } else { &operation })
        .attr(attr::CLIENT_IP, entry.text(&["ipAddress", "callerIpAddress"]))
        .attr(attr::CLIENT_KIND, if entry.field("clientAppUsed").is("Browser") { "browser" } else { "" })
        .attr(attr::DEVICE_KIND, system(&device.at("operatingSystem").text()))
        .attr(attr::DEVICE_NAME, device.at("displayName").text());
}

pub(crate) fn country(entry: &Entry<'_>) -> String {
    let place = entry.text(&["location"]);
    if place.len() == 2 {
        return place.into_owned();
    }
    let packed = entry.field("location").unpacked();
    Json::new(&packed).at("countryOrRegion").text().into_owned()
}

/// The family of an operating system that a vendor names with versions.
pub(crate) fn system(name: &str) -> &'static str {
    const SYSTEMS: [(&str, &str); 9] = [
        ("windows", "windows"),
        ("mac", "macos"),
        ("os x", "macos"),
        ("iphone", "ios"),
        ("ipad", "ios"),
        ("ios", "ios"),
        ("android", "android"),
        ("chrome os", "chromeos"),
        ("linux", "linux"),
    ];
    let name = name.to_ascii_lowercase();
    SYSTEMS.iter().find(|(sign, _)| name.starts_with(sign)).map_or("", |(_, system)| system)
}
