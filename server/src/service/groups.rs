//! Priority user groups: people whose acts deserve a closer look.
//! Never: a member by name; whoever saves a group names accounts and hears only how many members it has.

use super::Services;
pub(crate) use crate::store::StoredGroup;
use crate::{
    error::ServiceError,
    permit::Permit,
    store::{Entry, GroupSaved, GroupWrite},
};
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::{
    access::{Action, Resource},
    audit::{AuditActivity, AuditCategory},
    case::name_of,
    ids::{PriorityGroupId, SubjectId},
    limits,
    problem::{Problem, ProblemCode},
};

/// What a viewer asks a group to be.
#[derive(Clone, Debug, Default)]
pub struct GroupEdit {
    /// Which; none for a new one. The inner `None` is an id that cannot be one.
    pub id: Option<Option<PriorityGroupId>>,
    /// Its name.
    pub name: String,
    /// Accounts of people to add.
    pub add: Vec<String>,
    /// Accounts of people to take out.
    pub remove: Vec<String>,
    /// Ids of the viewers who may see the members: `None` leaves it, the inner `None` lets everybody with the role.
    pub viewers: Option<Option<Vec<String>>>,
}

impl Services {
    /// All groups in the order of their names.
    pub(crate) async fn groups(&self, permit: &Permit) -> Result<Vec<StoredGroup>, ServiceError> {
        permit.require(Resource::Settings, Action::Read)?;
        Ok(self.store.groups().await?)
    }

    /// The groups that these subjects are in.
    pub(crate) async fn groups_of(
        &self,
        permit: &Permit,
        ids: &[SubjectId],
    ) -> Result<BTreeMap<SubjectId, Vec<StoredGroup>>, ServiceError> {
        permit.require(Resource::PriorityGroups, Action::Read)?;
        let all: BTreeMap<PriorityGroupId, StoredGroup> =
            self.store.groups().await?.into_iter().map(|group| (group.id, group)).collect();
        let of = self.store.groups_of(ids).await?;
        let known = |groups: Vec<PriorityGroupId>| groups.iter().filter_map(|id| all.get(id).cloned()).collect();
        Ok(of.into_iter().map(|(subject, groups)| (subject, known(groups))).collect())
    }

    /// Adds or changes a group; everybody is scored again.
    pub(crate) async fn save_group(&self, permit: &Permit, edit: GroupEdit) -> Result<StoredGroup, ServiceError> {
        let viewer = permit.require(Resource::Settings, Action::Change)?;
        let mut problems = Vec::new();
        let name = name_of("priority user group", &edit.name, &["input", "name"]);
        let name = name.map_err(|problem| problems.push(problem)).unwrap_or_default();
        let viewers = edit.viewers.map(|viewers| viewers.map(|viewers| listed(viewers, &mut problems)));
        let add = self.known(&edit.add, &["input", "addAccounts"], &mut problems).await?;
        let remove = self.known(&edit.remove, &["input", "removeAccounts"], &mut problems).await?;
        let known: BTreeSet<PriorityGroupId> = self.store.groups().await?.into_iter().map(|group| group.id).collect();
        let id = match edit.id {
            None => Some(self.ids.draw(PriorityGroupId::new)),
            Some(id) => id.filter(|id| known.contains(id)),
        };
        let Some(id) = id.filter(|_| problems.is_empty()) else {
            if problems.is_empty() {
                let message = "There is no priority user group of that id.";
                problems.push(Problem::new(&["input", "id"], ProblemCode::NotFound, message));
            }
            return Err(ServiceError::Invalid(problems));
        };
        let once = |subjects: Vec<Option<SubjectId>>| -> Vec<SubjectId> {
            let once: BTreeSet<SubjectId> = subjects.into_iter().flatten().collect();
            once.into_iter().collect()
        };
        let (add, remove) = (once(add), once(remove));
        let detail = serde_json::json!({"group": id, "added": add, "removed": remove, "viewers": viewers});
        let activity = if edit.id.is_none() { AuditActivity::Added } else { AuditActivity::Edited };
        let entry = Entry::by(viewer, activity, AuditCategory::Settings, id, &detail);
        let write =
            GroupWrite { id, name: &name, add: &add, remove: &remove, viewers: viewers.as_ref().map(Option::as_deref) };
        match self.store.save_group(&write, entry, self.clock.now()).await? {
            GroupSaved::Done => self.bell.scoring.notify_one(),
            GroupSaved::NameTaken => {
                let message = "Another priority user group has this name. Names are unique.";
                return Err(ServiceError::invalid(&["input", "name"], ProblemCode::Conflict, message));
            }
            GroupSaved::TooMany => {
                let (groups, members) = (limits::PRIORITY_GROUPS, limits::POLICY_SCOPE_ITEMS);
                let message = format!("There are at most {groups} groups, and {members} members in one.");
                return Err(ServiceError::invalid(&["input"], ProblemCode::LimitExceeded, message));
            }
        }
        let saved = self.store.groups().await?.into_iter().find(|group| group.id == id);
        saved.ok_or_else(|| ServiceError::Internal(anyhow::anyhow!("a priority user group vanished")))
    }
}

/// The list of viewers as it is kept: each once; problems at their places.
fn listed(viewers: Vec<String>, problems: &mut Vec<Problem>) -> Vec<String> {
    if viewers.len() > limits::LISTED_VIEWERS {
        let message = format!("A list has at most {} viewers.", limits::LISTED_VIEWERS);
        problems.push(Problem::new(&["input", "viewers"], ProblemCode::LimitExceeded, message));
        return Vec::new();
    }
    let mut once = BTreeSet::new();
    for (at, viewer) in viewers.into_iter().enumerate() {
        match name_of("viewer", &viewer, &["input", "viewers", &at.to_string()]) {
            Ok(viewer) => drop(once.insert(viewer)),
            Err(problem) => problems.push(problem),
        }
    }
    once.into_iter().collect()
}
