//! Notifications: roles are told by mail of what they would have to look for otherwise.
//! Never: twice of the same; more than counts and names of policies.

use super::{Services, alerts::invalid};
pub(crate) use crate::store::StoredNotification;
use crate::{
    error::ServiceError,
    mail::{self, Letter},
    permit::{Permit, Sight},
    store::{Entry, Outgoing},
};
use lettre::message::Mailbox;
use std::collections::BTreeMap;
use uuid::Uuid;
use vizard_core::{
    access::{Action, Resource, Role},
    audit::{AuditActivity, AuditCategory},
    health::HealthStatus,
    ids::PolicyId,
    notification::{self, NotificationKind, Says},
    policy::PolicyState,
    problem::{Problem, ProblemCode},
    time::Day,
};

impl Services {
    /// Who is told of what.
    pub(crate) async fn notifications(&self, permit: &Permit) -> Result<Vec<StoredNotification>, ServiceError> {
        permit.require(Resource::Settings, Action::Read)?;
        Ok(self.store.notifications().await?)
    }

    /// Has a role told of something at these addresses, or no more where there are none; answers with all there are.
    pub(crate) async fn set_notification(
        &self,
        permit: &Permit,
        (kind, role): (NotificationKind, Role),
        addresses: &[String],
    ) -> Result<Vec<StoredNotification>, ServiceError> {
        let viewer = permit.require(Resource::Settings, Action::Change)?;
        let addresses: Vec<String> = addresses.iter().map(|one| one.trim().to_owned()).collect();
        notification::check(kind, role, &addresses, mail::is_address).map_err(ServiceError::Invalid)?;
        if self.settings.mailer.is_none() && !addresses.is_empty() {
            let message = "Mail is not set up: the operator has to configure smtp_url and mail_from.";
            return Err(invalid(Problem::new(&[], ProblemCode::NotEnabled, message)));
        }
        let detail = serde_json::json!({"notification": kind, "role": role, "addresses": addresses.len()});
        let entry = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Settings, "notifications", &detail);
        self.store.set_notification((kind, role), &addresses, entry, self.clock.now()).await?;
        Ok(self.store.notifications().await?)
    }

    /// Has sent what is due; whichever replica asks, and however often, each is told once.
    pub async fn notify_roles(&self) -> anyhow::Result<()> {
        if self.settings.mailer.is_none() {
            return Ok(());
        }
        let now = self.clock.now();
        let mut told = false;
        for of in self.store.notifications().await? {
            if of.kind == NotificationKind::FirstAlert {
                for policy in self.store.first_alerts(&of).await? {
                    told |= self.store.notify(&of, policy.uuid(), now).await?;
                }
            }
            // What lies before the notification was wanted is not told.
            let Some(day) = of.kind.period(now).filter(|day| of.since.day() < *day) else { continue };
            told |= self.store.notify(&of, period(of.kind, day), now).await?;
        }
        if told {
            self.bell.messages.notify_one();
        }
        Ok(())
    }

    /// The message; nothing where there is nothing to tell, or nobody is told any more.
    pub(super) async fn notification_letter(&self, claimed: &Outgoing) -> anyhow::Result<Option<Letter>> {
        let Some(target) = claimed.target else { return Ok(None) };
        let Some(of) = self.store.notification(target).await? else { return Ok(None) };
        let Some(says) = self.says(of.kind, claimed.about).await? else { return Ok(None) };
        let (subject, body) = says.text(of.role);
        let to: Vec<Mailbox> = of.addresses.iter().filter_map(|address| address.parse().ok()).collect();
        Ok(Some(Letter { id: claimed.id, from: None, to: vec![], bcc: to, subject, body, html: None }))
    }

    async fn says(&self, kind: NotificationKind, about: Uuid) -> anyhow::Result<Option<Says>> {
        let day = day_of(about);
        Ok(match kind {
            NotificationKind::FirstAlert => {
                let id = PolicyId::new(about);
                let found = self.store.policies_by_id(&[id]).await?.remove(&id);
                found.map(|stored| Says::FirstAlert(stored.policy.name))
            }
            NotificationKind::NewHighAlerts => {
                let day = day.plus(-1);
                let counted = self.store.high_alerts(day).await?;
                let ids: Vec<PolicyId> = counted.keys().copied().collect();
                let policies = self.store.policies_by_id(&ids).await?;
                let name = |id: &PolicyId| policies.get(id).map(|stored| stored.policy.name.clone());
                let mut named: Vec<(String, u64)> =
                    counted.iter().filter_map(|(id, count)| Some((name(id)?, *count))).collect();
                named.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
                (!named.is_empty()).then_some(Says::NewHighAlerts(day, named))
            }
            NotificationKind::UnresolvedWarnings => {
                let active = self.store.policies(Some(PolicyState::Active)).await?;
                let names: BTreeMap<PolicyId, String> =
                    active.into_iter().map(|stored| (stored.policy.id, stored.policy.name)).collect();
                let ids: Vec<PolicyId> = names.keys().copied().collect();
                let health = self.health_of(&Sight::Everybody, &ids).await.map_err(anyhow::Error::from)?;
                let warned = |id: &PolicyId| {
                    health.get(id).is_some_and(|all| all.iter().any(|one| one.status == HealthStatus::Warning))
                };
                let mut warned: Vec<String> =
                    names.into_iter().filter(|(id, _)| warned(id)).map(|(_, name)| name).collect();
                warned.sort();
                (!warned.is_empty()).then_some(Says::UnresolvedWarnings(warned))
            }
            NotificationKind::OverdueAlerts => {
                let counted = self.store.overdue_alerts(self.clock.now()).await?;
                let gravest_first: Vec<_> = counted.into_iter().rev().collect();
                (!gravest_first.is_empty()).then_some(Says::OverdueAlerts(gravest_first))
            }
        })
    }
}

/// What a repeated notification is about: a day, written as the outbox takes it.
fn period(kind: NotificationKind, day: Day) -> Uuid {
    Uuid::from_u128((u128::from(kind as u8) << 64) | u128::from(day.0.unsigned_abs()))
}

fn day_of(about: Uuid) -> Day {
    Day(i32::try_from(about.as_u128() & u128::from(u32::MAX)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_back_and_kinds_are_kept_apart() {
        let day = Day::from_civil(2026, 11, 27).unwrap();
        for kind in NotificationKind::ALL {
            assert_eq!(day_of(period(*kind, day)), day);
        }
        assert_ne!(period(NotificationKind::OverdueAlerts, day), period(NotificationKind::NewHighAlerts, day));
    }
}
