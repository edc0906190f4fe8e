//! FHIR `AuditEvent`, R4 and R5 alike: what moved between the two is read from either place.
//! Never: an access by a machine, by the patient, or one that failed.

use crate::Config;
use crate::access::{Access, account};
use connector_sdk::identifier::{self, SAM};
use connector_sdk::{Call, Emit, Json, Patient, Person, Record, Reject, time};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Of DICOM's roles those of programs: application, its launcher, the two ends of a transfer, media.
const MACHINES: &[&str] = &["110150", "110151", "110152", "110153", "110154", "110155"];
/// Interactions that show a record to whoever asked.
const READING: &[&str] = &["read", "vread", "operation"];
/// Outcomes of R4 (minor, serious, major failure) and of R5 that mean that nothing was shown.
const FAILED: &[&str] = &["4", "8", "12", "error", "fatal"];

pub(crate) fn normalise(
    config: &Config,
    call: &Call<'_>,
    record: &Record<'_>,
    emit: &mut Emit<'_>,
) -> Result<(), Reject> {
    let value = record.object()?;
    let root = Json::new(&value);
    let event = if record.feed() == "fhir-bundle" { root.field("resource") } else { root };
    if event.field("resourceType").is("Bundle") {
        return Err(Reject::malformed("a Bundle: deliver it to the feed fhir-bundle"));
    }
    if let Some(why) = unlike_an_access(event) {
        emit.ignore(why);
        return Ok(());
    }
    let contained = Contained::of(event);
    let patients = patients(event);
    if patients.is_empty() {
        emit.ignore("no patient's record");
        return Ok(());
    }
    let agents: Vec<Json<'_>> = event.field("agent").items().filter(|agent| is_human(*agent)).collect();
    if agents.is_empty() {
        emit.ignore("no human agent");
        return Ok(());
    }
    let written = event.any(&["occurredDateTime", "occurredPeriod.start", "period.start", "recorded"]);
    if written.is_empty() {
        return Err(Reject::missing("recorded"));
    }
    let at =
        time::parse(&written.text(), call.zone(), config.date_order).ok_or_else(|| Reject::bad_time("recorded"))?;
    let people: Vec<(Person, Json<'_>)> = agents
        .into_iter()
        .map(|agent| Ok((person(config, agent, &contained)?, agent)))
        .collect::<Result<_, Reject>>()?;
    let operation = codes(event).next().unwrap_or_default();
    let workload = event.any(&["source.site.display", "source.site"]).text();
    for (person, agent) in &people {
        let workstation = agent.any(&["networkString", "network.address"]).text();
        let purposes = codes_of(event, &["purposeOfEvent", "authorization"]);
        let mut purposes = purposes.chain(codes_of(*agent, &["purposeOfUse", "authorization"]));
        let restricted = purposes.find(|code| config.is_restricted_purpose(code));
        for what in patients.values() {
            let known = KnownPatient::of(*what, &contained);
            // Its own id is unique on its server alone, and missing where it was never stored.
            let when = at.to_string();
            let own = event.field("id").text();
            let id = [&*own, if own.is_empty() { when.as_str() } else { "" }, &operation, person.key(), known.key()];
            Access {
                at,
                id: identifier::content_id(&id),
                person,
                patient: known.patient(),
                operation: &operation,
                workload: &workload,
                section: "",
                workstation: &workstation,
                restricted: restricted.as_deref(),
            }
            .emit(emit);
        }
    }
    Ok(())
}

/// Why it is no access to a record, if it is none.
fn unlike_an_access(event: Json<'_>) -> Option<&'static str> {
    if !event.field("resourceType").is("AuditEvent") {
        return Some("another resource than an AuditEvent");
    }
    let outcome = event.any(&["outcome.code.code", "outcome.code", "outcome"]);
    if outcome.is_one_of(FAILED) {
        return Some("an access that failed");
    }
    let action = event.field("action");
    let reads = |code: Cow<'_, str>| {
        let code = code.to_ascii_lowercase();
        READING.contains(&code.as_str()) || code.starts_with("search") || code.starts_with("history")
    };
    let shown = match action.is_empty() || action.is("E") {
        true => codes(event).any(reads),
        false => action.is("R"),
    };
    if !shown {
        return Some("no reading of a record");
    }
    None
}

/// Of R4's subtypes and R5's code, the interaction with a server first: it says most.
fn codes(event: Json<'_>) -> impl Iterator<Item = Cow<'_, str>> {
    let subtypes = event.field("subtype").items();
    let coded = event.at("code.coding").items();
    let mut all: Vec<Json<'_>> = subtypes.chain(coded).filter(|coding| !coding.field("code").is_empty()).collect();
    all.sort_by_key(|coding| !coding.field("system").text().contains("restful-interaction"));
    all.into_iter().map(|coding| coding.field("code").text())
}

fn codes_of<'a>(of: Json<'a>, fields: &'static [&'static str]) -> impl Iterator<Item = Cow<'a, str>> {
    let concepts = fields.iter().flat_map(move |field| of.field(field).items());
    concepts.flat_map(|concept| concept.field("coding").items()).map(|coding| coding.field("code").text())
}

/// Whether an agent can be an employee: whoever asked, unless it is a program, an organisation, the patient or a relative.
fn is_human(agent: Json<'_>) -> bool {
    const OTHERS: &[&str] =
        &["Device", "Organization", "HealthcareService", "CareTeam", "Group", "Patient", "RelatedPerson"];
    let machine = || agent.at("type.coding").items().any(|coding| coding.field("code").is_one_of(MACHINES));
    let who = agent.field("who");
    let other =
        || who.field("type").is_one_of(OTHERS) || OTHERS.contains(&resource_type(&who.field("reference").text()));
    let named = || ["who", "altId", "name"].iter().any(|field| !agent.field(field).is_empty());
    !agent.field("requestor").is("false") && named() && !machine() && !other()
}

/// Who an agent is. What names the account comes before what only names the person's entry in a directory of providers.
fn person(config: &Config, agent: Json<'_>, contained: &Contained<'_>) -> Result<Person, Reject> {
    let who = agent.field("who");
    let reference = who.field("reference").text();
    let mut names: Vec<(&'static str, String)> = Vec::new();
    let mut add = |text: &str, scheme: &'static str| {
        let named = account(text.trim(), scheme);
        if !named.1.is_empty() && !names.contains(&named) {
            names.push(named);
        }
    };
    let own = who.field("identifier").items();
    let inner = contained.get(&reference);
    let theirs = inner.iter().flat_map(|found| found.field("identifier").items());
    for identifier in own.chain(theirs) {
        add(&identifier.field("value").text(), config.scheme());
    }
    add(&agent.field("altId").text(), config.scheme());
    for contact in inner.iter().flat_map(|found| found.field("telecom").items()) {
        if contact.field("system").is("email") {
            add(&contact.field("value").text(), "email");
        }
    }
    if !reference.starts_with('#') {
        add(reference.rsplit('/').next().unwrap_or_default(), "practitioner-id");
    }
    let shown = [who.field("display").text(), agent.field("name").text()];
    for text in shown.iter().filter(|text| config.names_are_accounts || identifier::address(text).is_some()) {
        if names.is_empty() || identifier::address(text).is_some() {
            let named = account(text, SAM);
            names.push(named);
        }
    }
    names.retain(|(_, value)| !value.is_empty());
    // The address first: it is what is shown of a person.
    names.sort_by_key(|(scheme, _)| *scheme != identifier::UPN);
    Person::named(names).map_err(|_| Reject::missing("agent.who.identifier"))
}

/// Places that refer to patients, each patient once.
fn patients(event: Json<'_>) -> BTreeMap<String, Json<'_>> {
    let entities = event.field("entity").items().filter(|entity| is_patient(*entity));
    let all = entities.map(|entity| entity.field("what")).chain([event.field("patient")]);
    let mut found = BTreeMap::new();
    for what in all.filter(|what| !what.is_empty()) {
        let key = what.any(&["reference", "identifier.value", "display"]).text();
        found.entry(key.into_owned()).or_insert(what);
    }
    found
}

fn is_patient(entity: Json<'_>) -> bool {
    let what = entity.field("what");
    let role = entity.any(&["role.code", "role.coding"]);
    let patient = |role: Json<'_>| role.is("1") || role.field("code").is("1");
    what.field("type").is("Patient")
        || resource_type(&what.field("reference").text()) == "Patient"
        || role.items().any(patient)
}

/// `Patient` of `Patient/7` and of `https://ehr.example/fhir/Patient/7/_history/2`.
fn resource_type(reference: &str) -> &str {
    current(reference).rsplit('/').nth(1).unwrap_or_default()
}

/// A reference without the version that it names.
fn current(reference: &str) -> &str {
    reference.split_once("/_history").map_or(reference, |(path, _)| path)
}

/// Resources within the resource, by `#id`.
struct Contained<'a>(Vec<(String, Json<'a>)>);

impl<'a> Contained<'a> {
    fn of(event: Json<'a>) -> Self {
        let contained = event.field("contained").items();
        Self(contained.map(|resource| (format!("#{}", resource.field("id").text()), resource)).collect())
    }

    fn get(&self, reference: &str) -> Option<Json<'a>> {
        self.0.iter().find(|(id, _)| id == reference).map(|(_, resource)| *resource)
    }
}

/// What is known of a patient: mostly a number, and more where the resource itself is contained.
struct KnownPatient<'a> {
    number: Cow<'a, str>,
    first_name: Cow<'a, str>,
    last_name: Cow<'a, str>,
    address_1: Cow<'a, str>,
    postal_code: Cow<'a, str>,
}

impl<'a> KnownPatient<'a> {
    fn of(what: Json<'a>, contained: &Contained<'a>) -> Self {
        let none = what.field("");
        let reference = what.field("reference").text();
        let whole = contained.get(&reference).unwrap_or(none);
        let first = |of: Json<'a>, name: &str| of.field(name).items().next().unwrap_or(none);
        let (name, home) = (first(whole, "name"), first(whole, "address"));
        let number = [what.at("identifier.value"), first(whole, "identifier").field("value")];
        let number = number.into_iter().map(Json::text).find(|number| !number.is_empty());
        let path = current(&reference);
        // Within the resource an id means nothing to anybody else.
        let id = if path.starts_with('#') { "" } else { path.rsplit('/').next().unwrap_or_default() };
        Self {
            number: number.unwrap_or_else(|| Cow::Owned(id.to_owned())),
            first_name: first(name, "given").text(),
            last_name: name.field("family").text(),
            address_1: first(home, "line").text(),
            postal_code: home.field("postalCode").text(),
        }
    }

    /// For ids of events, which are digests.
    fn key(&self) -> &str {
        if self.number.is_empty() { &self.last_name } else { &self.number }
    }

    fn patient(&self) -> Patient<'_> {
        Patient {
            record: given(&self.number),
            first_name: given(&self.first_name),
            last_name: given(&self.last_name),
            address_1: given(&self.address_1),
            postal_code: given(&self.postal_code),
        }
    }
}

fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}
