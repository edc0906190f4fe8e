//! Okta's System Log.
//! Never: takes the administrator who deletes an account for the person who leaves.

use crate::Config;
use crate::kinds::SIGN_IN_COUNTRY;
use crate::person;
use connector_sdk::{Emit, Json, Kind, NewEvent, Person, Reject, attr, identifier, kind, time};

struct Case<'a> {
    config: &'a Config,
    log: Json<'a>,
    action: &'a str,
    id: &'a str,
    at: i64,
}

pub(crate) fn event(config: &Config, log: Json<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let (action, id, at) = (log.at("eventType").text(), log.at("uuid").text(), log.at("published").text());
    for (field, text) in [("eventType", &action), ("uuid", &id), ("published", &at)] {
        if text.is_empty() {
            return Err(Reject::missing(field));
        }
    }
    let at = time::utc(&at).ok_or_else(|| Reject::bad_time("published"))?;
    let case = Case { config, log, action: &action, id: &id, at };
    if let Err(why) = meaning(&case, emit)? {
        emit.ignore(why);
    }
    Ok(())
}

fn meaning(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<Result<(), &'static str>, Reject> {
    let done = case.log.at("outcome.result").is_one_of(&["SUCCESS", "ALLOW", ""]);
    let told = match case.action {
        // A lock is what follows many failures; the attempts before it are no events.
        "user.account.lock" | "user.account.lock.limit" => locked(case, emit),
        "user.session.start" | "policy.evaluate_sign_on" if !done => Err("a sign-in failed or was refused"),
        _ if !done => Err("the operation failed"),
        "user.session.start" => signed_in(case, emit),
        "policy.evaluate_sign_on" => odd(case, emit),
        "user.session.end" => actor(case).map(|person| {
            tell(case, emit, kind::LOGOFF, &person);
        }),
        "user.lifecycle.delete.completed" => return deleted(case, emit),
        "user.lifecycle.deactivate" if case.config.deactivation_is_deletion => return deleted(case, emit),
        "user.account.privilege.grant" => role_granted(case, emit),
        "system.log_stream.lifecycle.deactivate" | "system.log_stream.lifecycle.delete" => actor(case).map(|person| {
            tell(case, emit, kind::LOGGING_DISABLED, &person);
        }),
        "user.authentication.sso" | "user.authentication.auth_via_mfa" | "user.authentication.verify" => {
            Err("part of a session that has its own record")
        }
        _ => Err("an event type without an indicator"),
    };
    Ok(told)
}

fn actor(case: &Case<'_>) -> Result<Person, &'static str> {
    let actor = case.log.at("actor");
    if !actor.at("type").is("User") {
        return Err("activity of an application or of the system");
    }
    person::of_login(&actor.at("alternateId").text())
}

fn tell<'e>(case: &Case<'_>, emit: &'e mut Emit<'_>, kind: Kind, person: &Person) -> NewEvent<'e> {
    let client = case.log.at("client");
    let browser = client.at("userAgent.browser").text();
    let mut event = emit.event(kind, case.at);
    event
        .source_id(case.id)
        .actor(&person.identifiers())
        .attr(attr::WORKLOAD, "Okta")
        .attr(attr::OPERATION, case.action)
        .attr(attr::CLIENT_IP, client.at("ipAddress").text())
        .attr(attr::CLIENT_KIND, if matches!(&*browser, "" | "UNKNOWN") { "" } else { "browser" })
        .attr(attr::DEVICE_KIND, crate::sign_in::system(&client.at("userAgent.os").text()))
        .attr(attr::DEVICE_NAME, case.log.at("device.name").text());
    event
}

fn signed_in(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let person = actor(case)?;
    tell(case, emit, kind::LOGON, &person);
    oddities(case, emit, &person);
    Ok(())
}

fn odd(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let person = actor(case)?;
    if oddities(case, emit, &person) { Ok(()) } else { Err("part of a session that has its own record") }
}

/// What Okta's behaviour detection found. It says so in up to three records of one session: one event each.
fn oddities(case: &Case<'_>, emit: &mut Emit<'_>, person: &Person) -> bool {
    let data = case.log.at("debugContext.debugData");
    let packed = data.at("logOnlySecurityData").unpacked();
    let behaviours = data.at("behaviors").text();
    let found = |wanted: &dyn Fn(&str) -> bool| {
        // `{New Country=POSITIVE, Velocity=NEGATIVE}`, or the same as JSON.
        let listed = behaviours
            .trim_matches(['{', '}'])
            .split(',')
            .filter_map(|pair| pair.rsplit_once('='))
            .any(|(name, result)| wanted(name.trim()) && result.trim().eq_ignore_ascii_case("POSITIVE"));
        let fields = packed.get("behaviors").and_then(|found| found.as_object());
        let packed = fields.into_iter().flatten();
        listed || packed.into_iter().any(|(name, result)| wanted(name.trim()) && Json::new(result).is("POSITIVE"))
    };
    let session = [
        case.log.at("authenticationContext.rootSessionId").text(),
        case.log.at("authenticationContext.externalSessionId").text(),
        case.log.at("transaction.id").text(),
    ];
    let session = session.iter().find(|id| !matches!(&***id, "" | "unknown")).map_or(case.id, |id| &**id);
    let mut any = false;
    for (kind, is) in [
        (kind::IMPOSSIBLE_TRAVEL, found(&|name| case.config.is_travel(name))),
        (kind::INFREQUENT_COUNTRY, found(&|name| case.config.is_country(name))),
    ] {
        if is {
            any = true;
            tell(case, emit, kind, person)
                .source_id(identifier::content_id(&[session, person.key()]))
                .attr(SIGN_IN_COUNTRY, case.log.at("client.geographicalContext.country").text());
        }
    }
    any
}

/// The account that was locked is the actor or, where somebody else's attempts locked it, the target.
fn locked(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let person = match target(case) {
        Some(login) => person::of_login(&login)?,
        None => actor(case)?,
    };
    tell(case, emit, kind::MULTIPLE_FAILED_LOGINS, &person);
    Ok(())
}

fn deleted(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<Result<(), &'static str>, Reject> {
    let login = target(case).ok_or_else(|| Reject::missing("target"))?;
    let person = match person::of_login(&login) {
        Ok(person) => person,
        Err(_) => return Err(Reject::bad_value("target.alternateId", "the sign-in name of the deleted account")),
    };
    emit.event(kind::ACCOUNT_DELETED, case.at)
        .source_id(case.id)
        .actor(&person.identifiers())
        .attr(attr::WORKLOAD, "Okta")
        .attr(attr::OPERATION, case.action);
    Ok(Ok(()))
}

/// Administrators give roles every day. That somebody gives one to themself is unusual by itself.
fn role_granted(case: &Case<'_>, emit: &mut Emit<'_>) -> Result<(), &'static str> {
    let person = actor(case)?;
    let to = target(case).and_then(|login| person::of_login(&login).ok());
    if to.is_none_or(|to| to.key() != person.key()) {
        return Err("a role given to somebody else");
    }
    tell(case, emit, kind::ADMIN_ANOMALY, &person);
    Ok(())
}

/// The account that the record is about.
fn target(case: &Case<'_>) -> Option<String> {
    let mut targets = case.log.at("target").items();
    let user = targets.find(|target| target.at("type").is("User"))?;
    Some(user.at("alternateId").text().into_owned()).filter(|login| !login.is_empty())
}
