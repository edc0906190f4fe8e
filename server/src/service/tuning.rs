//! Tuning an indicator from an alert: what it would have done, and doing it, with the alert dismissed in the same step.
//! Never: while the settings do not allow it; a count of anybody whom the viewer may not see.

use super::{
    Services,
    alerts::{invalid, not_found, text},
    policy_edits::edited,
    preview::{Preview, Watched},
    scoring::outcome,
};
use crate::{
    error::ServiceError,
    permit::{Permit, Sight},
    store::{Entry, NewNote, PolicyWrite, StoredAlert, StoredPolicy, StoredVersion},
};
use std::collections::BTreeSet;
use vizard_core::{
    access::{Action, Resource},
    alert::{self, DismissReason},
    audit::{AuditActivity, AuditCategory},
    case::LeftToOthers,
    ids::AlertId,
    limits,
    policy::{self, Change, Policy, PolicyIndicator, ThresholdCounts, TuningChange},
    problem::{Problem, ProblemCode},
    scoring::{Counting, reading},
    time::Micros,
};

/// What a viewer wants of an indicator, seen from an alert.
#[derive(Clone, Debug)]
pub struct Tuning {
    /// Which alert; `None` where a viewer's text is no alert's id.
    pub alert: Option<AlertId>,
    /// The indicator's code.
    pub code: String,
    /// What becomes of it.
    pub change: TuningChange,
    /// The counts of OWN.
    pub thresholds: Option<ThresholdCounts>,
    /// The version of the policy that the viewer saw.
    pub policy_version: i32,
    /// Why the alert is dismissed in the same step; nothing leaves it.
    pub dismiss: Option<DismissReason>,
    /// More about it, kept as a note of the alert and as the reason of the edit.
    pub note: Option<String>,
}

/// What was made.
pub(crate) struct Tuned {
    pub(crate) policy: StoredPolicy,
    pub(crate) alert: StoredAlert,
    /// Where it was asked for.
    pub(crate) effect: Option<TuningEffect>,
}

/// What a tuning changes.
pub(crate) struct TuningEffect {
    /// The indicator as the policy uses it.
    pub(crate) current: PolicyIndicator,
    /// As it would use it; nothing where it stops.
    pub(crate) proposed: Option<PolicyIndicator>,
    /// The newest first.
    pub(crate) edits: Vec<IndicatorEdit>,
    /// Whose activity was looked at.
    pub(crate) subjects: u64,
    /// Whether that is everybody whom the policy covers and the viewer sees.
    pub(crate) complete: bool,
    /// Alerts by severity: low, medium, high.
    pub(crate) before: [u64; 3],
    /// The same, with the change.
    pub(crate) after: [u64; 3],
    /// What the alert's subject scores with the change; nothing where it is not scored.
    pub(crate) score: Option<f64>,
}

/// A version of the policy that changed the indicator.
pub(crate) struct IndicatorEdit {
    pub(crate) version: i32,
    pub(crate) at: Micros,
    pub(crate) by: String,
    /// Nothing where the policy did not select it.
    pub(crate) was: Option<PolicyIndicator>,
    /// Nothing where the policy selects it no more.
    pub(crate) is: Option<PolicyIndicator>,
}

/// A tuning that was checked.
struct Prepared {
    alert: StoredAlert,
    stored: StoredPolicy,
    current: PolicyIndicator,
    /// The same policy where nothing changes.
    next: Policy,
    enabled: BTreeSet<String>,
}

const ALERT: [&str; 2] = ["input", "alertId"];

impl Services {
    /// What a tuning would have done over the last days; nothing where there is nothing to tune: no such alert in sight, an
    /// indicator that its policy does not select, or a version that is no longer the newest.
    pub(crate) async fn tuning_preview(
        &self,
        permit: &Permit,
        asked: &Tuning,
    ) -> Result<Option<TuningEffect>, ServiceError> {
        permit.require(Resource::Alerts, Action::Change)?;
        match self.prepared(permit, asked).await {
            Ok(prepared) => Ok(Some(self.effect(&permit.sight(), &prepared).await?)),
            Err(ServiceError::Invalid(problems)) if problems.iter().all(is_nothing) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the next version of the alert's policy with the indicator changed and, where that is wanted, dismisses the alert:
    /// both or neither. `preview` asks for the effect too.
    pub(crate) async fn tune_indicator(
        &self,
        permit: &Permit,
        asked: &Tuning,
        preview: bool,
    ) -> Result<Tuned, ServiceError> {
        let viewer = permit.require(Resource::Alerts, Action::Change)?;
        let note = text(asked.note.as_deref(), &["input", "note"])?;
        let prepared = self.prepared(permit, asked).await?;
        if prepared.next == prepared.stored.policy {
            let message = "The policy uses the indicator like that already: nothing would change.";
            return Err(invalid(Problem::new(&["input", "change"], ProblemCode::Conflict, message)));
        }
        may_dismiss(&prepared.alert, asked)?;
        let effect = match preview {
            true => Some(self.effect(&permit.sight(), &prepared).await?),
            false => None,
        };
        let Prepared { alert, stored, next, .. } = prepared;
        let now = self.clock.now();
        let (id, from) = (alert.id, stored.policy.version);
        let changes = policy::changes(&stored.policy.spec, &next.spec);
        let mut detail = edited(&stored.policy, &next, &changes);
        detail["tuning"] = serde_json::json!({"alert": id, "indicator": asked.code, "change": asked.change, "dismissed": asked.dismiss});
        let mut edit = Entry::by(viewer, AuditActivity::Edited, AuditCategory::Policies, next.id, &detail);
        edit = match note {
            Some(note) => edit.reason(note),
            None => edit,
        };
        let write = PolicyWrite { policy: next, from: Some(from) };
        let tuned = self.store.tune(&permit.sight(), id, (&write, from), &viewer.id, now).await?;
        let triage = tuned.ok_or_else(|| invalid(stale()))?;
        // As it stands under the lock: what is refused here takes the new version with it.
        let locked = triage.alerts.first().ok_or_else(|| invalid(not_found("alert").within(&ALERT)))?;
        may_dismiss(locked, asked)?;
        if asked.dismiss.is_some() && triage.limited.contains(&locked.subject) {
            return Err(invalid(LeftToOthers::Decide.problem(&ALERT)));
        }
        let (said, dismissed) = said(&write.policy, &changes, asked.dismiss);
        let system = |body| NewNote { author: (&viewer.name).into(), system: true, body };
        let mut notes = vec![system((&said).into())];
        notes.extend(dismissed.map(|text| system(text.into())));
        notes.extend(note.map(|body| NewNote { author: (&viewer.name).into(), system: false, body: body.into() }));
        let version = serde_json::json!({"policy": write.policy.id, "version": write.policy.version});
        let decided = match asked.dismiss {
            Some(reason) => serde_json::json!({"status": "DISMISSED", "reason": reason, "tuned": version}),
            None => serde_json::json!({"tuned": version}),
        };
        let entries = [edit, Entry::by(viewer, AuditActivity::Edited, AuditCategory::Alerts, id, &decided)];
        match asked.dismiss {
            Some(reason) => self.store.dismiss(triage, reason, &notes, &entries, now).await?,
            None => self.store.annotate(triage, &notes, &entries, now).await?,
        }
        self.bell.scoring.notify_one();
        let alert = self.store.alerts_by_id(&permit.sight(), &[id]).await?.remove(&id).ok_or(ServiceError::NotFound)?;
        let policy = StoredPolicy { policy: write.policy, updated_at: now, ..stored };
        Ok(Tuned { policy, alert, effect })
    }

    async fn prepared(&self, permit: &Permit, asked: &Tuning) -> Result<Prepared, ServiceError> {
        let unknown = || invalid(not_found("alert").within(&ALERT));
        let id = asked.alert.ok_or_else(unknown)?;
        let alert = self.store.alerts_by_id(&permit.sight(), &[id]).await?.remove(&id).ok_or_else(unknown)?;
        let (_, settings) = self.store.settings().await?;
        if !settings.inline_tuning {
            let message = "Policies are not tuned from alerts here. An administrator switches it on: updateSettings with \
                           inlineTuning: true.";
            return Err(invalid(Problem::new(&["input"], ProblemCode::NotEnabled, message)));
        }
        let stored = self.store.policies_by_id(&[alert.policy]).await?.remove(&alert.policy).ok_or_else(unknown)?;
        if stored.deleted_at.is_some() {
            let message = "The policy that raised the alert was deleted.";
            return Err(invalid(Problem::new(&ALERT, ProblemCode::NotAllowed, message)));
        }
        if stored.policy.version != asked.policy_version {
            return Err(invalid(stale()));
        }
        let mut draft = policy::tune(&stored.policy, &asked.code, asked.change, asked.thresholds).map_err(invalid)?;
        let current = stored.policy.spec.indicator(&asked.code).cloned().ok_or_else(unknown)?;
        let enabled = self.store.enabled_indicators().await?;
        let organisation = self.thresholds(&mut draft, &settings).await?;
        let next = policy::tuned(&stored.policy, draft, &enabled, &organisation).map_err(ServiceError::Invalid)?;
        Ok(Prepared { alert, stored, current, next, enabled })
    }

    async fn effect(&self, sight: &Sight, prepared: &Prepared) -> Result<TuningEffect, ServiceError> {
        let Prepared { alert, stored, current, next, enabled } = prepared;
        let policies = [&stored.policy, next];
        let minimum = self.store.settings().await?.1.minimum_daily_events;
        let counting = policies.map(|policy| Counting::of(policy, enabled).or_minimum(minimum));
        let now = self.clock.now();
        let first = now.day().plus(1 - limits::TUNING_PREVIEW_DAYS);
        let mut seen = [Preview::default(), Preview::default()];
        let (mut last, mut subjects, mut complete) = (None, 0, true);
        let size = usize::try_from(limits::SCORING_SUBJECTS).map_err(anyhow::Error::from)?;
        while complete {
            // Both have the same scope and content: what is loaded for the one does for the other.
            let batch = self.store.work_after(sight, last, size, std::slice::from_ref(&stored.policy), now).await?;
            let Some(end) = batch.last() else { break };
            last = Some(end.context.id);
            for work in batch.iter().filter(|work| work.covered.at(now) && next.covers(&work.context)) {
                if subjects == limits::TUNING_PREVIEW_SUBJECTS {
                    complete = false;
                    break;
                }
                subjects += 1;
                for ((policy, counting), seen) in policies.into_iter().zip(&counting).zip(&mut seen) {
                    Watched { policy, counting, first, now }.over(work, seen);
                }
            }
            // Other requests have their turn.
            tokio::task::yield_now().await;
        }
        let own = self.store.work_of(alert.subject, std::slice::from_ref(&stored.policy), now).await?;
        let own = own.filter(|work| work.covered.at(now) && next.covers(&work.context));
        let score = own.map(|work| {
            let readings = reading::read_all(&work.all_days(now), |day| work.norms(day, now));
            outcome(&work, (next, &counting[1]), &readings, now).score
        });
        let versions = self.store.versions(&[stored.policy.id]).await?.remove(&stored.policy.id).unwrap_or_default();
        let [before, after] = seen.map(|seen| seen.alerts);
        Ok(TuningEffect {
            current: current.clone(),
            proposed: next.spec.indicator(&current.code).cloned(),
            edits: edits(&versions, &current.code),
            subjects,
            complete,
            before,
            after,
            score,
        })
    }
}

/// Whether a preview has nothing to show, rather than a wrong input to tell of.
fn is_nothing(problem: &Problem) -> bool {
    matches!(problem.code, ProblemCode::NotFound | ProblemCode::Stale)
}

fn may_dismiss(alert: &StoredAlert, asked: &Tuning) -> Result<(), ServiceError> {
    match asked.dismiss.map(|_| alert::dismiss(alert.status)) {
        Some(Err(problem)) => Err(invalid(problem.within(&ALERT))),
        Some(Ok(_)) | None => Ok(()),
    }
}

/// What the notes of the alert say.
fn said(policy: &Policy, changes: &[Change], dismiss: Option<DismissReason>) -> (String, Option<String>) {
    let sentences: Vec<String> = changes.iter().map(Change::sentence).collect();
    let tuned = format!("The policy was tuned, to version {}. {}", policy.version, sentences.join(" "));
    (tuned, dismiss.map(|reason| format!("Dismissed as {reason}.")))
}

/// The versions that changed the indicator, the newest first, as `versions` are.
fn edits(versions: &[StoredVersion], code: &str) -> Vec<IndicatorEdit> {
    let edit = |(version, earlier): (&StoredVersion, &StoredVersion)| {
        let (was, is) = (earlier.spec.indicator(code).cloned(), version.spec.indicator(code).cloned());
        let by = version.created_by.clone();
        (was != is).then_some(IndicatorEdit { version: version.version, at: version.created_at, by, was, is })
    };
    versions.iter().zip(versions.iter().skip(1)).filter_map(edit).take(limits::TUNING_EDITS).collect()
}

fn stale() -> Problem {
    let message = "The policy was changed in the meantime: read it again and decide anew.";
    Problem::new(&["input", "policyVersion"], ProblemCode::Stale, message)
}
