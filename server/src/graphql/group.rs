//! Priority user groups.
//! Never: a member; a group shows how many it has.

use super::{
    guard::{Guarded, guarded},
    request::{self, Fault, Reader},
    rules,
    scalars::int,
    user_error::{UserError, outcome},
};
use crate::{
    error::ServiceError,
    service::groups::{GroupEdit, StoredGroup},
};
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject, dataloader::Loader};
use std::collections::HashMap;
use vizard_core::{
    access::{Action, Resource},
    ids::SubjectId,
};

/// People whose acts deserve a closer look: policies can cover them, and being one of them raises a score.
#[derive(Clone)]
pub struct PriorityUserGroup(StoredGroup);

impl From<StoredGroup> for PriorityUserGroup {
    fn from(stored: StoredGroup) -> Self {
        Self(stored)
    }
}

/// People whose acts deserve a closer look: policies can cover them, and being one of them raises a score.
#[Object]
impl PriorityUserGroup {
    /// Global id.
    pub(super) async fn id(&self) -> ID {
        self.0.id.into()
    }

    /// Its name, unique.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// How many members it has.
    async fn size(&self) -> i32 {
        int(self.0.size)
    }

    /// Ids of the viewers who may see its members: in lists, counts, look-ups and decisions. Null where everybody with the
    /// role may; an empty list is nobody.
    async fn viewers(&self, ctx: &Context<'_>) -> Guarded<Vec<String>, rules::PriorityUserGroupViewers> {
        guarded(ctx, async |_| Ok::<_, ServiceError>(self.0.viewers.clone())).await
    }
}

/// The key of the groups that a subject is in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct GroupsOf(pub(super) SubjectId);

impl Loader<GroupsOf> for Reader {
    type Value = Vec<StoredGroup>;
    type Error = Fault;

    async fn load(&self, keys: &[GroupsOf]) -> Result<HashMap<GroupsOf, Vec<StoredGroup>>, Fault> {
        let permit = self.permit(Resource::PriorityGroups, Action::Read)?;
        let ids: Vec<SubjectId> = keys.iter().map(|key| key.0).collect();
        let found = self.services.groups_of(&permit, &ids).await?;
        Ok(found.into_iter().map(|(subject, groups)| (GroupsOf(subject), groups)).collect())
    }
}

/// The part of the root about priority user groups.
#[derive(Default)]
pub struct GroupQuery;

#[Object]
impl GroupQuery {
    /// All priority user groups, by name.
    async fn priority_user_groups(
        &self,
        ctx: &Context<'_>,
    ) -> Guarded<Vec<PriorityUserGroup>, rules::QueryPriorityUserGroups> {
        guarded(ctx, async |permit| {
            let found = request::services(ctx)?.groups(&permit).await?;
            Ok::<_, ServiceError>(found.into_iter().map(PriorityUserGroup).collect::<Vec<_>>())
        })
        .await
    }
}

/// What `savePriorityUserGroup` takes.
#[derive(InputObject)]
pub struct SavePriorityUserGroupInput {
    /// Which group to change; left out: a new one.
    id: Option<ID>,
    /// Its name, unique.
    name: String,
    /// People to add, by their accounts: an address or a sign-in name that a connector has delivered.
    add_accounts: Option<Vec<String>>,
    /// People to take out, by their accounts.
    remove_accounts: Option<Vec<String>>,
    /// Ids of the viewers who may see the members, all of them; null for everybody with the role; left out: as it was.
    /// Somebody in several groups with a list is seen by who is on all of these lists. Contributors of a case about a member
    /// see that member.
    viewers: MaybeUndefined<Vec<String>>,
}

/// What `savePriorityUserGroup` answers.
#[derive(SimpleObject)]
pub struct SavePriorityUserGroupPayload {
    /// The group as it is now; null where something was wrong.
    group: Option<PriorityUserGroup>,
    /// Everything that was wrong with the input. Nothing was changed then.
    user_errors: Vec<UserError>,
}

/// The part of the mutations about priority user groups.
#[derive(Default)]
pub struct GroupMutation;

#[Object]
impl GroupMutation {
    /// Adds a priority user group, renames one, or changes who is in it. Names people by their account, answers with a
    /// number only.
    async fn save_priority_user_group(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The group as it is to be.")] input: SavePriorityUserGroupInput,
    ) -> Guarded<SavePriorityUserGroupPayload, rules::SavePriorityUserGroup> {
        guarded(ctx, async |permit| {
            let edit = GroupEdit {
                id: input.id.map(|id| id.parse().ok()),
                name: input.name,
                add: input.add_accounts.unwrap_or_default(),
                remove: input.remove_accounts.unwrap_or_default(),
                viewers: input.viewers.into(),
            };
            let (made, user_errors) = outcome(request::services(ctx)?.save_group(&permit, edit).await)?;
            Ok::<_, ServiceError>(SavePriorityUserGroupPayload { group: made.map(PriorityUserGroup), user_errors })
        })
        .await
    }
}
