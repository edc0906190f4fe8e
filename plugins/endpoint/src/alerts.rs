//! Alerts: of Microsoft Graph (`alerts_v2`), of the older interface of Defender for Endpoint, as rows of AlertEvidence.
//! Never: an event for an alert that was found to be false, or one that names nobody.

use crate::account::Account;
use crate::row::{full, hash, when};
use connector_sdk::{Emit, Json, Kind, Person, Reject, attr, identifier, kind, names, time};

/// More people than this in one alert are no suspects.
const MOST_PEOPLE: usize = 20;

pub(crate) fn is_alert(json: Json<'_>) -> bool {
    !json.at("AlertId").is_empty() || (!json.at("title").is_empty() && !json.at("category").is_empty())
}

pub(crate) fn alert(json: Json<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    if json.at("AlertId").is_empty() { whole(json, emit) } else { evidence_row(json, emit) }
}

/// An alert with its evidence inside.
fn whole(json: Json<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let id = json.any(&["id", "alertId"]).text();
    if id.is_empty() {
        return Err(Reject::missing("id"));
    }
    let times = ["firstActivityDateTime", "firstEventTime", "createdDateTime", "alertCreationTime"];
    let text = json.any(&times).text();
    if text.is_empty() {
        return Err(Reject::missing("createdDateTime"));
    }
    let at = time::utc(&text).ok_or_else(|| Reject::bad_time("createdDateTime"))?;
    let category = json.at("category").text();
    let Some(kind) = meaning(&category) else {
        emit.ignore("an alert of a category without an indicator");
        return Ok(());
    };
    if json.any(&["classification"]).is_one_of(&["falsePositive", "informationalExpectedActivity", "benignPositive"]) {
        emit.ignore("an alert found to be false or expected");
        return Ok(());
    }
    let device = device_of(json);
    let people = people(json, &device);
    if people.is_empty() {
        emit.ignore("an alert that names no person");
        return Ok(());
    }
    if people.len() > MOST_PEOPLE {
        emit.ignore("an alert about too many people to be about one");
        return Ok(());
    }
    let file = json.at("evidence").items().find(|item| has_file(*item));
    for person in people {
        let mut event = emit.event(kind, at);
        event
            .source_id(identifier::content_id(&[&id, person.key()]))
            .actor(&person.identifiers())
            .attr(attr::WORKLOAD, json.any(&["serviceSource", "detectionSource"]).text())
            .attr(attr::OPERATION, &*category)
            .attr(attr::RULE_NAME, json.at("title").text())
            .attr(attr::DEVICE_NAME, &*device);
        if let Some(file) = file {
            let details = file.any(&["fileDetails", "imageFile"]);
            let of = if details.is_empty() { file } else { details };
            let name = of.at("fileName").text();
            event
                .attr(attr::OBJECT_NAME, &*name)
                .attr(attr::OBJECT_PATH, full(&of.at("filePath").text(), &name))
                .attr(attr::FILE_EXTENSION, names::extension(&name))
                .attr(attr::OBJECT_HASH, hash(of));
        }
    }
    Ok(())
}

fn has_file(item: Json<'_>) -> bool {
    ["fileDetails.fileName", "imageFile.fileName", "fileName"].iter().any(|path| !item.at(path).is_empty())
}

fn device_of(json: Json<'_>) -> String {
    let own = json.at("computerDnsName").text();
    if !own.is_empty() {
        return own.into_owned();
    }
    let names = ["deviceDnsName", "hostName"];
    let found = json.at("evidence").items().find(|item| !item.any(&names).is_empty());
    found.map(|item| item.any(&names).text().into_owned()).unwrap_or_default()
}

/// The people of the evidence, each once: accounts that it names as such; without any, whoever ran its processes;
/// without those, who was signed in, if that was one.
fn people(json: Json<'_>, device: &str) -> Vec<Person> {
    let short = device.split('.').next().unwrap_or_default();
    let of = |accounts: Vec<Json<'_>>| {
        let mut people: Vec<Person> = accounts.into_iter().filter_map(|account| person(account, short)).collect();
        people.sort();
        people.dedup();
        people
    };
    let evidence = || json.at("evidence").items();
    let is_user = |item: &Json<'_>| {
        // Graph's name of the field has a dot in it; some collectors write it out.
        let kinds = [item.field("@odata.type"), item.field("at_sign_odata_type"), item.field("entityType")];
        kinds.iter().any(|kind| kind.is("User") || kind.text().ends_with("userEvidence"))
    };
    let named = of(evidence().filter(is_user).filter_map(account_in).chain(json.at("relatedUser").items()).collect());
    if !named.is_empty() {
        return named;
    }
    let ran = of(evidence().filter_map(account_in).collect());
    if !ran.is_empty() {
        return ran;
    }
    let signed_in =
        json.at("loggedOnUsers").items().chain(evidence().flat_map(|item| item.at("loggedOnUsers").items()));
    Some(of(signed_in.collect())).filter(|people| people.len() == 1).unwrap_or_default()
}

/// The account in a piece of evidence.
fn account_in(item: Json<'_>) -> Option<Json<'_>> {
    let account = json_or(item.at("userAccount"), item);
    Some(account).filter(|account| !account.any(&["accountName", "userPrincipalName"]).is_empty())
}

fn json_or<'a>(first: Json<'a>, second: Json<'a>) -> Json<'a> {
    if first.is_empty() { second } else { first }
}

fn person(account: Json<'_>, device: &str) -> Option<Person> {
    Account {
        upn: &account.at("userPrincipalName").text(),
        domain: &account.at("domainName").text(),
        name: &account.any(&["accountName", "userName"]).text(),
        sid: &account.at("userSid").text(),
        object_id: &account.any(&["azureAdUserId", "aadUserId"]).text(),
        device,
    }
    .person()
    .ok()
}

/// A row of AlertInfo (no evidence) or AlertEvidence. Several rows of one alert name the same person: one event.
fn evidence_row(json: Json<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let at = when(json)?;
    let unpacked = json.at("Categories").unpacked();
    let category = json_or(json.at("Category"), Json::new(&unpacked));
    let found = category.items().find_map(|item| Some((item.text().into_owned(), meaning(&item.text())?)));
    let Some((category, kind)) = found else {
        emit.ignore("an alert of a category without an indicator");
        return Ok(());
    };
    let device = json.at("DeviceName").text();
    let person = Account {
        upn: &json.at("AccountUpn").text(),
        domain: &json.at("AccountDomain").text(),
        name: &json.at("AccountName").text(),
        sid: &json.at("AccountSid").text(),
        object_id: &json.at("AccountObjectId").text(),
        device: device.split('.').next().unwrap_or_default(),
    }
    .person();
    let Ok(person) = person else {
        emit.ignore("evidence of an alert that names no person");
        return Ok(());
    };
    emit.event(kind, at)
        .source_id(identifier::content_id(&[&json.at("AlertId").text(), person.key()]))
        .actor(&person.identifiers())
        .attr(attr::WORKLOAD, json.at("ServiceSource").text())
        .attr(attr::OPERATION, category)
        .attr(attr::RULE_NAME, json.at("Title").text())
        .attr(attr::DEVICE_NAME, &*device);
    Ok(())
}

/// By the category, whatever its spelling: `DefenseEvasion`, `Defense evasion`.
fn meaning(category: &str) -> Option<Kind> {
    let letters: String = category.chars().filter(char::is_ascii_alphabetic).collect();
    match letters.to_ascii_lowercase().as_str() {
        "defenseevasion" | "defenceevasion" | "impairdefenses" => Some(kind::DEFENCE_EVASION),
        "unwantedsoftware" | "malware" | "ransomware" => Some(kind::UNWANTED_SOFTWARE),
        _ => None,
    }
}
