//! Webhooks: what other systems are told of alerts and cases.
//! Never: a name of a subject, of a case or of staff, a note, or whatever else somebody wrote freely, but for a policy's name.

use crate::{
    alert::{AlertStatus, Severity},
    case::{CaseResolution, CaseStatus, name_of},
    ids::{AlertId, CaseId, PolicyId, SubjectId},
    limits,
    problem::{Problem, ProblemCode},
    scoring::RiskFactor,
    time::Micros,
    words::words,
};
use serde_json::{Value, json};

words! {
    /// What a webhook tells of.
    WebhookEvent {
        /// An alert was raised.
        AlertRaised = "ALERT_RAISED",
        /// An alert that needs review became more severe.
        AlertUpdated = "ALERT_UPDATED",
        /// An alert was confirmed, dismissed, or resolved with its case.
        AlertDecided = "ALERT_DECIDED",
        /// A case was opened.
        CaseOpened = "CASE_OPENED",
        /// A case changed.
        CaseUpdated = "CASE_UPDATED",
        /// A case was resolved.
        CaseResolved = "CASE_RESOLVED",
        /// Nothing: somebody tries whether messages arrive.
        Test = "TEST",
    }
}

impl WebhookEvent {
    /// Its name on the wire.
    pub const fn wire(self) -> &'static str {
        match self {
            Self::AlertRaised => "alert.raised",
            Self::AlertUpdated => "alert.updated",
            Self::AlertDecided => "alert.decided",
            Self::CaseOpened => "case.opened",
            Self::CaseUpdated => "case.updated",
            Self::CaseResolved => "case.resolved",
            Self::Test => "test",
        }
    }

    /// Whether a message of it says nothing that a message does not say which waits for the same alert or case already.
    pub const fn is_told_by_others(self) -> bool {
        matches!(self, Self::AlertUpdated | Self::CaseUpdated)
    }
}

words! {
    /// What became of a message to a webhook.
    DeliveryState {
        /// It is sent, or sent again, at its time.
        Waiting = "WAITING",
        /// The receiver took it.
        Sent = "SENT",
        /// It was given up.
        Failed = "FAILED",
    }
}

/// Whom an alert or a case is about, as everybody sees it who may see it masked.
#[derive(Clone, Debug)]
pub struct Masked {
    /// The id that the subject is shown under.
    pub id: SubjectId,
    /// The pseudonym.
    pub pseudonym: String,
}

/// What is told.
#[derive(Clone, Debug)]
pub enum Told {
    /// An alert.
    Alert {
        /// Which.
        id: AlertId,
        /// About whom.
        subject: Masked,
        /// Raised by which policy, and what that is called.
        policy: (PolicyId, String),
        /// How bad it looks.
        severity: Severity,
        /// Where it stands.
        status: AlertStatus,
        /// 0 to 100.
        score: f64,
        /// What is special about it.
        risk_factors: Vec<RiskFactor>,
        /// The case that it is in.
        case: Option<CaseId>,
        /// When it was raised.
        raised_at: Micros,
        /// When it last changed.
        updated_at: Micros,
        /// When somebody should have looked at it.
        due_at: Micros,
    },
    /// A case.
    Case {
        /// Which.
        id: CaseId,
        /// About whom.
        subject: Masked,
        /// The highest of its alerts.
        severity: Severity,
        /// Where it stands.
        status: CaseStatus,
        /// How it ended.
        resolution: Option<CaseResolution>,
        /// When it was opened.
        opened_at: Micros,
        /// When it last changed.
        updated_at: Micros,
    },
    /// Nothing.
    Nothing,
}

/// The message: `type`, `timestamp`, `text` (one sentence, which chat systems show) and `data`, the alert or case as it is now.
pub fn message(event: WebhookEvent, told: &Told, now: Micros) -> Value {
    let (text, data) = match told {
        Told::Alert {
            id,
            subject,
            policy: (policy, called),
            severity,
            status,
            score,
            risk_factors,
            case,
            raised_at,
            updated_at,
            due_at,
        } => {
            let what = match event {
                WebhookEvent::AlertRaised => "was raised".to_owned(),
                WebhookEvent::AlertDecided => format!("is {status} now"),
                _ => "became more severe".to_owned(),
            };
            let text =
                format!("An alert of severity {severity} about {} {what} (policy: {called}).", subject.pseudonym);
            let data = json!({
                "id": id, "subject": {"id": subject.id, "pseudonym": subject.pseudonym},
                "policy": {"id": policy, "name": called}, "severity": severity, "status": status,
                "score": score, "riskFactors": risk_factors, "case": case.map(|id| json!({"id": id})),
                "raisedAt": raised_at.to_string(), "updatedAt": updated_at.to_string(), "dueAt": due_at.to_string(),
            });
            (text, data)
        }
        Told::Case { id, subject, severity, status, resolution, opened_at, updated_at } => {
            let what = match event {
                WebhookEvent::CaseOpened => "was opened",
                WebhookEvent::CaseResolved => "was resolved",
                _ => "changed",
            };
            let text = format!("A case of severity {severity} about {} {what}.", subject.pseudonym);
            let data = json!({
                "id": id, "subject": {"id": subject.id, "pseudonym": subject.pseudonym}, "severity": severity,
                "status": status, "resolution": resolution, "openedAt": opened_at.to_string(),
                "updatedAt": updated_at.to_string(),
            });
            (text, data)
        }
        Told::Nothing => ("This webhook works.".to_owned(), json!({})),
    };
    json!({"type": event.wire(), "timestamp": now.to_string(), "text": text, "data": data})
}

/// Everything that is wrong with a webhook, at fields of `input`; otherwise its name as it is kept.
pub fn check(name: &str, events: &[WebhookEvent]) -> Result<String, Vec<Problem>> {
    let mut problems = Vec::new();
    let name = name_of("webhook", name, &["input", "name"]).unwrap_or_else(|problem| {
        problems.push(problem);
        String::new()
    });
    if !events.iter().any(|event| *event != WebhookEvent::Test) {
        let message = "Name at least one event.";
        problems.push(Problem::new(&["input", "events"], ProblemCode::Required, message));
    }
    if problems.is_empty() { Ok(name) } else { Err(problems) }
}

/// The origin of `url`, if it is one of the `allowed`. Otherwise what is wrong with the input field at `field`. The whole of
/// an address may be a secret, so none of it is repeated.
pub fn origin(url: &str, allowed: &[String], field: &[&str]) -> Result<String, Problem> {
    let problem = |code, message: &str| Problem::new(field, code, message);
    if allowed.is_empty() {
        let message = "Webhooks are not set up: the operator has to name in webhook_origins where they may go.";
        return Err(problem(ProblemCode::NotEnabled, message));
    }
    if url.chars().count() > limits::WEBHOOK_URL_CHARS {
        let message = format!("An address of at most {} characters.", limits::WEBHOOK_URL_CHARS);
        return Err(problem(ProblemCode::LimitExceeded, &message));
    }
    if url.chars().any(|c| c == '\\' || c.is_whitespace() || c.is_control()) {
        return Err(problem(ProblemCode::Invalid, "An address without blanks and backslashes."));
    }
    let end = url.find("://").map(|at| at + 3).and_then(|from| {
        let rest = url.get(from..)?;
        Some(from + rest.find(['/', '?', '#']).unwrap_or(rest.len()))
    });
    let given = end.and_then(|end| url.get(..end)).unwrap_or_default().to_ascii_lowercase();
    if given.contains('@') {
        return Err(problem(ProblemCode::Invalid, "An address without a user or a password in it."));
    }
    match allowed.iter().find(|one| **one == given) {
        Some(origin) => Ok(origin.clone()),
        None => Err(problem(
            ProblemCode::NotAllowed,
            "The operator does not allow webhooks to go there: the scheme, host and port have to be one of webhook_origins.",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn subject() -> Masked {
        Masked { id: SubjectId::new(Uuid::from_u128(1)), pseudonym: "Anon-7Q4K-2MX9".into() }
    }

    #[test]
    fn a_message_tells_what_a_masked_list_shows() {
        let alert = Told::Alert {
            id: AlertId::new(Uuid::from_u128(2)),
            subject: subject(),
            policy: (PolicyId::new(Uuid::from_u128(3)), "Leavers".into()),
            severity: Severity::High,
            status: AlertStatus::Dismissed,
            score: 71.5,
            risk_factors: vec![RiskFactor::Sequence],
            case: None,
            raised_at: Micros(0),
            updated_at: Micros(1_000_000),
            due_at: Micros(2_000_000),
        };
        let case = Told::Case {
            id: CaseId::new(Uuid::from_u128(4)),
            subject: subject(),
            severity: Severity::Low,
            status: CaseStatus::Closed,
            resolution: Some(CaseResolution::Benign),
            opened_at: Micros(0),
            updated_at: Micros(1_000_000),
        };
        let messages = [
            message(WebhookEvent::AlertDecided, &alert, Micros(5_000_000)),
            message(WebhookEvent::CaseResolved, &case, Micros(5_000_000)),
            message(WebhookEvent::Test, &Told::Nothing, Micros(5_000_000)),
        ];
        insta::assert_snapshot!(serde_json::to_string_pretty(&messages).unwrap());
    }

    #[test]
    fn a_webhook_has_a_name_and_an_event_besides_the_test() {
        assert_eq!(check(" Tickets ", &[WebhookEvent::CaseOpened]), Ok("Tickets".into()));
        let fields = |name: &str, events: &[WebhookEvent]| -> Vec<String> {
            check(name, events).unwrap_err().iter().map(|problem| problem.field.join(".")).collect()
        };
        assert_eq!(fields("", &[WebhookEvent::Test]), ["input.name", "input.events"]);
    }

    #[test]
    fn a_webhook_goes_only_where_the_operator_allows() {
        let allowed = ["https://chat.example".to_owned(), "http://127.0.0.1:9000".to_owned()];
        let code = |url: &str| origin(url, &allowed, &["input", "url"]).map_err(|problem| problem.code);
        for (url, expected) in [
            ("https://chat.example/hooks/secret", Ok("https://chat.example")),
            ("https://CHAT.example", Ok("https://chat.example")),
            ("https://chat.example?x=1", Ok("https://chat.example")),
            ("http://127.0.0.1:9000/", Ok("http://127.0.0.1:9000")),
            ("http://chat.example/", Err(ProblemCode::NotAllowed)),
            ("https://chat.example:8443/", Err(ProblemCode::NotAllowed)),
            ("https://chat.example.evil.example/", Err(ProblemCode::NotAllowed)),
            ("https://chat.example@evil.example/", Err(ProblemCode::Invalid)),
            ("https://chat.example\\@evil.example/", Err(ProblemCode::Invalid)),
            ("https://chat.example /", Err(ProblemCode::Invalid)),
            ("file:///etc/passwd", Err(ProblemCode::NotAllowed)),
            ("", Err(ProblemCode::NotAllowed)),
        ] {
            assert_eq!(code(url), expected.map(str::to_owned), "{url}");
        }
        let nowhere = origin("https://chat.example/", &[], &["input", "url"]).unwrap_err();
        assert_eq!(nowhere.code, ProblemCode::NotEnabled);
        let long = format!("https://chat.example/{}", "a".repeat(limits::WEBHOOK_URL_CHARS));
        assert_eq!(code(&long), Err(ProblemCode::LimitExceeded));
    }
}
