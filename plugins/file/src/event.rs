//! From a row to events.
//! Never: an event for what failed, or a person of an account that is none.

use crate::Config;
use crate::config::{Field, Meaning, Other};
use crate::kinds;
use crate::row::Row;
use connector_sdk::identifier::{self, SAM, SID, UPN};
use connector_sdk::{Attr, Call, Emit, Kind, NewEvent, Reject, attr, kind, time};

/// What an event of this connector may carry.
pub(crate) const ATTRIBUTES: &[Attr] = &[
    attr::WORKLOAD,
    attr::OPERATION,
    attr::FILE_EXTENSION,
    attr::SIZE_BYTES,
    attr::QUANTITY,
    attr::SENSITIVITY_LABEL,
    attr::PREVIOUS_SENSITIVITY_LABEL,
    attr::DESTINATION_DOMAIN,
    attr::SOURCE_DOMAIN,
    attr::IS_EXTERNAL,
    attr::DLP_POLICY,
    attr::DLP_SEVERITY,
    attr::SENSITIVE_INFO_TYPES,
    attr::OBJECT_NAME,
    attr::OBJECT_PATH,
    attr::OBJECT_ID,
    attr::PREVIOUS_OBJECT_ID,
    attr::PREVIOUS_NAME,
    attr::OBJECT_HASH,
    attr::SITE_URL,
    attr::TARGET_ACCOUNT,
    attr::DEVICE_NAME,
    attr::CLIENT_IP,
];

/// Characters of a text; a path on Windows has at most 32,767, and nobody reads one of 4,000.
const TEXT_CHARS: usize = 4_000;

pub(crate) fn tell(config: &Config, call: &Call<'_>, row: &Row<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let operation = row.get(Field::Operation);
    let meaning = match (config.constant_meaning(), &operation) {
        (Some(constant), _) => constant,
        (None, None) => return Err(Reject::missing(row.name(Field::Operation))),
        (None, Some(word)) => match (config.meaning(word), config.other_operations) {
            (Some(meaning), _) => meaning,
            (None, Other::Ignore) => {
                emit.ignore("an operation that the configuration does not name");
                return Ok(());
            }
            (None, Other::Reject) => {
                let detail = "an unknown operation: say what it means in the configuration's `operations`";
                return Err(Reject::unknown_kind(row.name(Field::Operation), detail));
            }
        },
    };
    let kinds = match meaning {
        Meaning::Kinds(kinds) => kinds.clone(),
        Meaning::Ignore => {
            emit.ignore("an operation that the configuration says to ignore");
            return Ok(());
        }
        Meaning::LabelChanged => match relabelled(config, row)? {
            Some(kind) => vec![kind],
            None => {
                emit.ignore("a label changed, not downwards");
                return Ok(());
            }
        },
    };
    let failed = match row.get(Field::Result) {
        None => false,
        Some(result) => config.is_failed(&result).ok_or_else(|| {
            let detail = "an unknown result: name it in the configuration's `failed` or `succeeded`";
            Reject::unknown_kind(row.name(Field::Result), detail)
        })?,
    };
    // What a policy matched it has matched, also where it then blocked it.
    let kinds: Vec<Kind> = kinds.into_iter().filter(|kind| !failed || *kind == kind::DLP_POLICY_MATCH).collect();
    if kinds.is_empty() {
        emit.ignore("the operation failed or was blocked");
        return Ok(());
    }
    let written = row.need(Field::Time)?;
    let at = time::parse(&written, call.zone(), config.date_order);
    let at = at.ok_or_else(|| Reject::bad_time(row.name(Field::Time)))?;
    let user = row.need(Field::User)?;
    if config.is_service(&user) {
        emit.ignore("activity of a service, a machine or the system");
        return Ok(());
    }
    let actor = person(config, &user, row.get(Field::UserDomain).as_deref());
    let facts = Facts::read(config, row)?;
    let act = Act { at, id: id(row, &actor.1, at, operation.as_deref().unwrap_or_default()), actor };
    let mut stayed = None;
    for kind in kinds {
        match facts.stays(config, kind) {
            Some(why) => stayed = Some(why),
            None => act.event(emit.event(kind, act.at), config, row, &facts),
        }
    }
    if let Some(why) = stayed {
        emit.ignore(why);
    }
    Ok(())
}

/// The kind of a change of label; `None` where it is no step down.
fn relabelled(config: &Config, row: &Row<'_>) -> Result<Option<Kind>, Reject> {
    let unknown = |field| Reject::bad_value(row.name(field), "a label of the configuration's `label_order`");
    let (new, old) = (row.get(Field::Label), row.get(Field::PreviousLabel));
    let old = config.rank(old.as_deref()).ok_or_else(|| unknown(Field::PreviousLabel))?;
    let now = config.rank(new.as_deref()).ok_or_else(|| unknown(Field::Label))?;
    Ok(match (old, now) {
        (old, 0) if old > 0 => Some(kind::LABEL_REMOVED),
        (old, now) if now < old => Some(kind::LABEL_DOWNGRADED),
        _ => None,
    })
}

/// Who a user is: what it shows of itself goes before what the configuration says.
fn person(config: &Config, user: &str, domain: Option<&str>) -> (&'static str, String) {
    if let Some(address) = identifier::address(user) {
        return (UPN, address);
    }
    if user.to_ascii_uppercase().starts_with("S-1-") {
        return (SID, user.to_ascii_uppercase());
    }
    match (user.contains('\\'), domain) {
        (true, _) => (SAM, user.to_lowercase()),
        (false, Some(domain)) => (SAM, format!("{}\\{}", domain.to_lowercase(), user.to_lowercase())),
        (false, None) => (config.user_scheme.name(), user.to_owned()),
    }
}

/// The vendor's id where there is one, within the log that it is unique in. Else what makes the record.
fn id(row: &Row<'_>, user: &str, at: i64, operation: &str) -> String {
    let field = |field| row.get(field).unwrap_or_default();
    if let Some(id) = row.get(Field::Id) {
        return identifier::content_id(&["id", &id, &field(Field::Collector)]);
    }
    let device = field(Field::Device);
    let at = at.to_string();
    let (path, previous, name) = (field(Field::Path), field(Field::PreviousPath), field(Field::Name));
    let (object, destination, target) = (field(Field::ObjectId), field(Field::Destination), field(Field::Target));
    let (policy, size) = (field(Field::Policy), field(Field::Size));
    let (label, old_label) = (field(Field::Label), field(Field::PreviousLabel));
    identifier::content_id(&[
        "record",
        user,
        &at,
        operation,
        &path,
        &previous,
        &name,
        &object,
        &destination,
        &target,
        &device,
        &policy,
        &size,
        &label,
        &old_label,
    ])
}

/// What a row says besides who, when and what.
struct Facts {
    name: String,
    path: String,
    object: String,
    /// What was there before, as an id, and as a path.
    linked: String,
    previous: String,
    size: Option<i64>,
    count: Option<i64>,
    severity: &'static str,
    /// The domain that it went to, and the one that it came from.
    to: Option<String>,
    from: Option<String>,
    target: String,
}

impl Facts {
    fn read(config: &Config, row: &Row<'_>) -> Result<Self, Reject> {
        let field = |field| row.get(field).map(|text| cut(&text)).unwrap_or_default();
        let path = field(Field::Path);
        let given = field(Field::Name);
        let name = if given.is_empty() { last(&path).to_owned() } else { given };
        let previous = match field(Field::PreviousPath) {
            // A bare name lay in the same folder.
            old if !old.is_empty() && last(&old) == old && !path.is_empty() => {
                let folder = path.get(..path.len() - last(&path).len()).unwrap_or_default();
                format!("{folder}{old}")
            }
            old => old,
        };
        let target = field(Field::Target);
        let destination = row.get(Field::Destination).and_then(|text| domain(&text));
        let (object, was) = (field(Field::ObjectId), field(Field::PreviousObjectId));
        // An id of the vendor's stays with the file, whatever it is called: only another id links it to another.
        let linked = if object.is_empty() && was.is_empty() { previous.clone() } else { was };
        let severity = match row.get(Field::Severity) {
            None => "",
            Some(word) => match config.severity(&word) {
                Some(severity) => severity.name(),
                None => {
                    let detail = "low, medium or high: map it in the configuration's `severities`";
                    return Err(Reject::bad_value(row.name(Field::Severity), detail));
                }
            },
        };
        Ok(Self {
            name,
            object: if object.is_empty() { path.clone() } else { object },
            path,
            linked,
            previous,
            size: number(row, Field::Size, config.size_unit.bytes())?,
            count: number(row, Field::Count, 1.0)?,
            severity,
            to: destination.or_else(|| identifier::address(&target).and_then(|address| identifier::domain(&address))),
            from: row.get(Field::Source).and_then(|text| domain(&text)),
            target,
        })
    }

    /// Why nothing left or came in, where a kind says that something did.
    fn stays(&self, config: &Config, kind: Kind) -> Option<&'static str> {
        let internal =
            |domain: &Option<String>| domain.as_ref().is_some_and(|domain| config.internal_domains.have(domain));
        if kinds::goes_out(kind) && internal(&self.to) {
            return Some("went to a domain of the organisation");
        }
        (kinds::comes_in(kind) && internal(&self.from)).then_some("came from a domain of the organisation")
    }
}

/// Who did it, when, and what tells it from others.
struct Act {
    at: i64,
    id: String,
    actor: (&'static str, String),
}

impl Act {
    fn event(&self, mut event: NewEvent<'_>, config: &Config, row: &Row<'_>, facts: &Facts) {
        let field = |field| row.get(field).map(|text| cut(&text));
        // Without a domain of the organisation's own, nobody can tell what is outside.
        let told = facts.to.as_ref().filter(|_| !config.internal_domains.is_empty());
        let external = told.map(|domain| !config.internal_domains.have(domain));
        let types: Vec<String> = row.list(Field::InfoTypes).iter().map(|name| cut(name)).collect();
        event
            .source_id(self.id.as_str())
            .actor(&[(self.actor.0, &self.actor.1)])
            .attr(attr::WORKLOAD, config.workload.trim())
            .attr(attr::OPERATION, field(Field::Operation))
            .attr(attr::FILE_EXTENSION, extension(&facts.name))
            .attr(attr::SIZE_BYTES, facts.size)
            .attr(attr::QUANTITY, facts.count.filter(|count| *count > 1))
            .attr(attr::SENSITIVITY_LABEL, field(Field::Label))
            .attr(attr::PREVIOUS_SENSITIVITY_LABEL, field(Field::PreviousLabel))
            .attr(attr::DESTINATION_DOMAIN, facts.to.as_deref())
            .attr(attr::SOURCE_DOMAIN, facts.from.as_deref())
            .attr(attr::IS_EXTERNAL, external)
            .attr(attr::DLP_POLICY, field(Field::Policy))
            .attr(attr::DLP_SEVERITY, facts.severity)
            .attr(attr::SENSITIVE_INFO_TYPES, types)
            .attr(attr::OBJECT_NAME, facts.name.as_str())
            .attr(attr::OBJECT_PATH, facts.path.as_str())
            .attr(attr::OBJECT_ID, facts.object.as_str())
            .attr(attr::PREVIOUS_OBJECT_ID, facts.linked.as_str())
            .attr(attr::PREVIOUS_NAME, last(&facts.previous))
            .attr(attr::OBJECT_HASH, field(Field::Hash).map(|hash| digest(&hash)))
            .attr(attr::SITE_URL, field(Field::Site))
            .attr(attr::TARGET_ACCOUNT, facts.target.as_str())
            .attr(attr::DEVICE_NAME, field(Field::Device))
            .attr(attr::CLIENT_IP, field(Field::ClientIp));
    }
}

/// A number, times `unit`. Fractions are cut off.
fn number(row: &Row<'_>, field: Field, unit: f64) -> Result<Option<i64>, Reject> {
    let Some(text) = row.get(field) else { return Ok(None) };
    let wrong = || Reject::bad_value(row.name(field), "a number");
    // In whole bytes nothing is lost to fractions.
    if let Some(whole) = text.parse::<i64>().ok().filter(|_| unit <= 1.0) {
        return if whole < 0 { Err(wrong()) } else { Ok(Some(whole)) };
    }
    let number = text.parse::<f64>().ok().map(|number| number * unit);
    // Beyond 2^53 a file is none.
    let number = number.filter(|number| (0.0..9_007_199_254_740_992.0).contains(number)).ok_or_else(wrong)?;
    #[allow(clippy::cast_possible_truncation, reason = "within the range above")]
    Ok(Some(number as i64))
}

/// The domain in an address of a site or person, or a bare one.
fn domain(text: &str) -> Option<String> {
    if let Some(address) = identifier::address(text) {
        return identifier::domain(&address);
    }
    let rest = text.trim().split_once("://").map_or(text.trim(), |(_, rest)| rest);
    let host = rest.split(['/', ':', '?', '#', '\\']).next().unwrap_or(rest).to_lowercase();
    identifier::is_domain(&host).then_some(host)
}

/// The digest with its kind before it, by its length.
fn digest(hash: &str) -> String {
    let hash = hash.to_lowercase();
    let kind = match hash.len() {
        _ if hash.contains(':') => "",
        32 => "md5:",
        40 => "sha1:",
        64 => "sha256:",
        _ => "",
    };
    format!("{kind}{hash}")
}

fn last(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// Lower case, without a dot; only what looks like one, because anything may follow the last dot of a name.
fn extension(name: &str) -> Option<String> {
    let (stem, last) = name.rsplit_once('.')?;
    let plain =
        !stem.is_empty() && (1..=16).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| last.to_ascii_lowercase())
}

fn cut(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(TEXT_CHARS).collect()
}
