//! Detection Finding (2004) and Security Finding (2001): what a product found out about somebody's device.
//! Never: an event for a finding that names nobody, was found to be false, or only changed.

use crate::case::Case;
use connector_sdk::{Emit, Json, Kind, Person, attr, identifier, kind};

/// More people than this in one finding are no suspects.
const MOST_PEOPLE: usize = 20;

pub(crate) fn detected(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    if case.activity != 1 {
        return Err("a finding that changed or was closed");
    }
    // Verdicts: false positive, disregard, benign, test, duplicate. Status 3: suppressed.
    let is = |name: &str, codes: &[i64]| case.json.at(name).integer().is_some_and(|code| codes.contains(&code));
    if is("verdict_id", &[1, 3, 5, 6, 10]) || is("status_id", &[3]) {
        return Err("a finding found to be false or suppressed");
    }
    let kind = meaning(case.json).ok_or("a finding without an indicator")?;
    let people = people(case)?;
    let finding = case.json.any(&["finding_info", "finding"]);
    let uid = finding.at("uid").text();
    for person in people {
        // Products tell of one finding again and again, each time with another id of the event.
        let mut event = case.event(emit, kind, &person, person.key());
        if !uid.is_empty() {
            event.source_id(identifier::content_id(&[&uid, person.key()]));
        }
        event.attr(attr::RULE_NAME, finding.at("title").text());
    }
    Ok(())
}

/// Malware, or a tactic of evading defences.
fn meaning(json: Json<'_>) -> Option<Kind> {
    let places = ["attacks", "finding_info.attacks", "finding.attacks"];
    let evades = |attack: Json<'_>| {
        let tactics = attack.at("tactics").items().chain(attack.at("tactic").items());
        tactics.into_iter().any(|tactic| tactic.at("uid").is("TA0005") || tactic.at("name").is("Defense Evasion"))
    };
    if places.iter().any(|place| json.at(place).items().any(evades)) {
        return Some(kind::DEFENCE_EVASION);
    }
    (!json.at("malware").is_empty()).then_some(kind::UNWANTED_SOFTWARE)
}

/// The people of the evidence, each once; without any, the actor of the event.
fn people(case: &Case<'_>) -> Result<Vec<Person>, &'static str> {
    let named = case.json.at("evidences").items().flat_map(|found| [found.at("actor.user"), found.at("user")]);
    let mut people: Vec<Person> = named.filter_map(|user| case.person(user).ok()).collect();
    people.sort_by(|one, other| one.key().cmp(other.key()));
    people.dedup_by(|one, other| one.key() == other.key());
    match people.len() {
        0 => case.actor().map(|person| vec![person]),
        1..=MOST_PEOPLE => Ok(people),
        _ => Err("a finding about too many people to be about one"),
    }
}
