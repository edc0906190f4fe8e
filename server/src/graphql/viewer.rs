//! Who is calling.
//! Never: tells a caller about another.

use super::{
    directive::Role,
    guard::Answer,
    share::{self, CaseShare},
};
use crate::permit;
use async_graphql::{Context, ID, Object};

/// Whoever calls the API.
pub struct Viewer(Option<permit::Viewer>);

/// Whoever calls the API.
#[Object]
impl Viewer {
    /// Stable id from the sign-in; `anonymous` where nobody is signed in.
    async fn id(&self) -> ID {
        self.0.as_ref().map_or("anonymous", |viewer| &viewer.id).into()
    }

    /// Name to show; empty where nobody is signed in.
    async fn name(&self) -> &str {
        self.0.as_ref().map_or("", |viewer| &viewer.name)
    }

    /// What the viewer may hold. Fields with `@requires` answer to viewers with one of its roles.
    async fn roles(&self) -> Vec<Role> {
        self.0.iter().flat_map(|viewer| &viewer.roles).map(|role| (*role).into()).collect()
    }

    /// Set when the caller holds a case-sharing token: what it opens and until when.
    async fn share(&self, ctx: &Context<'_>) -> Answer<CaseShare> {
        share::held(ctx).await
    }
}

/// The part of the root about who is calling.
#[derive(Default)]
pub struct ViewerQuery;

#[Object]
impl ViewerQuery {
    /// Who is calling, and with which roles.
    async fn viewer(&self, ctx: &Context<'_>) -> Viewer {
        Viewer(ctx.data_opt::<permit::Viewer>().cloned())
    }
}
