//! Notifications: what roles are told by mail without asking, as counts and names of policies.
//! Never: a subject, under whatever name; what the role may not read in the product.

use crate::{
    access::{Action, Resource, Role, matrix},
    alert::Severity,
    limits,
    problem::{Problem, ProblemCode},
    time::{Day, HOUR, Micros},
    words::words,
};

words! {
    /// What a notification tells of.
    NotificationKind {
        /// A policy raised its first alert.
        FirstAlert = "FIRST_ALERT",
        /// Each day after new alerts of severity HIGH: how many, by policy.
        NewHighAlerts = "NEW_HIGH_ALERTS",
        /// Each Monday on which policies have warnings: which policies.
        UnresolvedWarnings = "UNRESOLVED_WARNINGS",
        /// Each day on which alerts are past their time: how many, by severity.
        OverdueAlerts = "OVERDUE_ALERTS",
    }
}

impl NotificationKind {
    /// What its readers must be allowed to read.
    pub const fn resource(self) -> Resource {
        match self {
            Self::UnresolvedWarnings => Resource::Policies,
            Self::FirstAlert | Self::NewHighAlerts | Self::OverdueAlerts => Resource::Alerts,
        }
    }

    /// The day that a repeated notification is for where one is due at `now`; nothing where none is, or it is not repeated.
    pub fn period(self, now: Micros) -> Option<Day> {
        let day = now.day();
        let late = now.0 - day.start().0 >= limits::NOTIFICATION_HOUR * HOUR;
        let due = match self {
            Self::FirstAlert => false,
            Self::NewHighAlerts | Self::OverdueAlerts => late,
            // 1970-01-01 was a Thursday.
            Self::UnresolvedWarnings => late && (day.0 + 3).rem_euclid(7) == 0,
        };
        due.then_some(day)
    }
}

/// Everything that is wrong with a notification, at fields of `input`. Whether texts are addresses is for whoever sends mail to
/// say.
pub fn check(
    kind: NotificationKind,
    role: Role,
    addresses: &[String],
    is_address: impl Fn(&str) -> bool,
) -> Result<(), Vec<Problem>> {
    let mut problems = Vec::new();
    let resource = kind.resource();
    if !matrix::allows(role, resource, Action::Read) {
        let may: Vec<&str> = matrix::roles(resource, Action::Read).iter().map(|role| role.as_str()).collect();
        let message = format!("This tells of what {role} may not read. It can go to {}.", may.join(", "));
        problems.push(Problem::new(&["input", "role"], ProblemCode::NotAllowed, message));
    }
    if addresses.len() > limits::NOTIFICATION_ADDRESSES {
        let message = format!("At most {} addresses.", limits::NOTIFICATION_ADDRESSES);
        problems.push(Problem::new(&["input", "addresses"], ProblemCode::LimitExceeded, message));
    }
    for (at, address) in addresses.iter().take(limits::NOTIFICATION_ADDRESSES).enumerate() {
        if !is_address(address) {
            let path = ["input", "addresses", &at.to_string()];
            problems.push(Problem::new(&path, ProblemCode::Invalid, "An address, such as soc@example.org."));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// What a notification says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Says {
    /// The name of the policy.
    FirstAlert(String),
    /// Alerts by name of their policy, raised on that day.
    NewHighAlerts(Day, Vec<(String, u64)>),
    /// Names of policies.
    UnresolvedWarnings(Vec<String>),
    /// Alerts past their time.
    OverdueAlerts(Vec<(Severity, u64)>),
}

impl Says {
    /// The line that says what it is about, and the text, for readers with `role`.
    pub fn text(&self, role: Role) -> (String, String) {
        let (line, mut body) = match self {
            Self::FirstAlert(policy) => (
                "Vizard: a policy raised its first alert".to_owned(),
                format!("The policy {policy} raised its first alert.\n\nIt waits in the queue: the query alerts.\n"),
            ),
            Self::NewHighAlerts(day, policies) => {
                let total: u64 = policies.iter().map(|(_, count)| count).sum();
                let mut body = format!("Alerts of severity HIGH that were raised on {day} (UTC): {total}\n\n");
                policies.iter().for_each(|(policy, count)| body.push_str(&format!("{count:>6}  {policy}\n")));
                (format!("Vizard: new alerts of severity HIGH: {total}"), body)
            }
            Self::UnresolvedWarnings(policies) => {
                let mut body = "Policies that miss what they are for:\n\n".to_owned();
                policies.iter().for_each(|policy| body.push_str(&format!("  {policy}\n")));
                body.push_str("\nPolicy.health says why, and what to do.\n");
                (format!("Vizard: policies with warnings: {}", policies.len()), body)
            }
            Self::OverdueAlerts(severities) => {
                let total: u64 = severities.iter().map(|(_, count)| count).sum();
                let mut body = format!("Alerts that need review and are past their time: {total}\n\n");
                severities.iter().for_each(|(severity, count)| body.push_str(&format!("{count:>6}  {severity}\n")));
                (format!("Vizard: alerts past their time: {total}"), body)
            }
        };
        body.push_str(&format!(
            "\nAn ADMIN chose this address for {role} (the mutation setNotification). People whom only some may see are not \
             counted.\n"
        ));
        (line, body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(day: Day, hour: i64) -> Micros {
        Micros(day.start().0 + hour * HOUR)
    }

    #[test]
    fn what_is_repeated_is_due_in_the_morning_and_warnings_on_mondays() {
        let monday = Day::from_civil(2026, 6, 29).unwrap();
        let due = |kind: NotificationKind, day: Day, hour| kind.period(at(day, hour)).is_some();
        for kind in [NotificationKind::NewHighAlerts, NotificationKind::OverdueAlerts] {
            assert_eq!([5, 6, 23].map(|hour| due(kind, monday.plus(2), hour)), [false, true, true]);
        }
        let week: Vec<bool> =
            (0..7).map(|day| due(NotificationKind::UnresolvedWarnings, monday.plus(day), 7)).collect();
        assert_eq!(week, [true, false, false, false, false, false, false]);
        assert!(!due(NotificationKind::FirstAlert, monday, 12));
    }

    #[test]
    fn nobody_is_told_what_they_may_not_read() {
        let wrong = |kind, role, addresses: &[&str]| -> Vec<String> {
            let addresses: Vec<String> = addresses.iter().map(|&one| one.to_owned()).collect();
            let checked = check(kind, role, &addresses, |text| text.contains('@'));
            checked.err().unwrap_or_default().iter().map(|problem| problem.field.join(".")).collect()
        };
        assert!(wrong(NotificationKind::FirstAlert, Role::Analyst, &["soc@example.org"]).is_empty());
        assert!(wrong(NotificationKind::UnresolvedWarnings, Role::Admin, &[]).is_empty());
        assert_eq!(wrong(NotificationKind::OverdueAlerts, Role::Admin, &[]), ["input.role"]);
        assert_eq!(
            wrong(NotificationKind::UnresolvedWarnings, Role::Approver, &["x"]),
            ["input.role", "input.addresses.0"]
        );
        let many = vec!["a@b.example"; limits::NOTIFICATION_ADDRESSES + 1];
        assert_eq!(wrong(NotificationKind::FirstAlert, Role::Analyst, &many), ["input.addresses"]);
    }

    #[test]
    fn it_says_counts_and_names_of_policies() {
        let day = Day::from_civil(2026, 6, 29).unwrap();
        let texts = [
            Says::FirstAlert("Leavers".into()),
            Says::NewHighAlerts(day, vec![("Leavers".into(), 12), ("Patients".into(), 1)]),
            Says::UnresolvedWarnings(vec!["Patients".into()]),
            Says::OverdueAlerts(vec![(Severity::High, 2), (Severity::Low, 10)]),
        ]
        .map(|says| says.text(Role::Analyst))
        .map(|(line, body)| format!("{line}\n\n{body}"));
        insta::assert_snapshot!(texts.join("----\n"));
    }
}
