//! Guarded fields: the permit is asked for before the resolver's body runs, and a denial leaves the rest intact.
//! Never: a guard by attribute. The library drops a denied field's key and skips such guards behind an interface; here
//! the permission is part of the value's type, so no path to the field goes past it.
//!
//! A field is guarded by one line in the table of rules and by its return type:
//!
//! ```ignore
//! // rules.rs, the only place that joins a field to the access matrix
//! rules! {
//!     QueryAlerts = "Query"."alerts": Alerts, Read;
//! }
//!
//! #[Object]
//! impl Query {
//!     /// Alerts, newest first.
//!     async fn alerts(&self, ctx: &Context<'_>, first: Option<i32>) -> Guarded<AlertConnection, QueryAlerts> {
//!         guarded(ctx, async |permit| {
//!             let page = Page::asked(..)?;                     // anything that may fail, with `?`
//!             alerts_service(ctx).list(&permit, &page).await   // Result<V, ServiceError>, V: T or Option<T>
//!         })
//!         .await
//!     }
//! }
//! ```
//!
//! The schema shows the field as nullable and prints `@requires(anyOf: [ANALYST, INVESTIGATOR])` from the matrix
//! ([`super::directive`]). A rule that no field uses is not printed, which its test notices; a field cannot be guarded
//! without a rule. Fields that need no role return [`Answer`], so that their errors look alike.

use super::{directive, errors, request};
use crate::{
    error::ServiceError,
    permit::{Permit, Viewer},
};
use async_graphql::{
    Context, ContextSelectionSet, Error, OutputType, Positioned, ServerResult, Value, parser::types::Field,
    registry::Registry,
};
use std::{borrow::Cow, marker::PhantomData};
use vizard_core::access::{Action, Resource, matrix};

/// One guarded field and what reading it means. Made by [`rules!`](crate::rules).
pub trait Rule: Send + Sync + 'static {
    /// The object type.
    const TYPE: &'static str;
    /// Its field.
    const FIELD: &'static str;
    /// What the field acts on.
    const RESOURCE: Resource;
    /// What it does to it.
    const ACTION: Action;
}

/// Declares the guarded fields: `Name = "Type"."field": Resource, Action;`. Each becomes a type that implements
/// [`Rule`]; `RULES` lists them all as `("Type", "field")`.
#[macro_export]
macro_rules! rules {
    ($($name:ident = $type:literal . $field:literal : $resource:ident, $action:ident;)*) => {
        $(
            #[doc = concat!("`", $type, ".", $field, "`.")]
            #[derive(Clone, Copy)]
            pub struct $name;
            impl $crate::graphql::guard::Rule for $name {
                const TYPE: &'static str = $type;
                const FIELD: &'static str = $field;
                const RESOURCE: vizard_core::access::Resource = vizard_core::access::Resource::$resource;
                const ACTION: vizard_core::access::Action = vizard_core::access::Action::$action;
            }
        )*
        /// Every rule as its type and field.
        pub const RULES: &[(&str, &str)] = &[$(($type, $field)),*];

        /// The row of the access matrix that a field goes by; nothing where it is not guarded.
        pub fn of(of: &str, field: &str) -> Option<(vizard_core::access::Resource, vizard_core::access::Action)> {
            match (of, field) {
                $(($type, $field) => {
                    Some((vizard_core::access::Resource::$resource, vizard_core::access::Action::$action))
                })*
                _ => None,
            }
        }
    };
}

/// A nullable field: a value, nothing, or null with one error at its path.
pub struct Answer<T>(Result<Option<T>, Error>);

/// A nullable field whose value exists only where the rule `R` gave a permit.
pub struct Guarded<T, R>(Answer<T>, PhantomData<R>);

/// Asks for the permit of `R` and only then runs `body`.
pub async fn guarded<T, R, V, F>(ctx: &Context<'_>, body: F) -> Guarded<T, R>
where
    R: Rule,
    V: Into<Option<T>>,
    F: AsyncFnOnce(Permit) -> Result<V, ServiceError>,
{
    let answer = match Permit::check(ctx.data_opt::<Viewer>(), R::RESOURCE, R::ACTION) {
        Ok(permit) => Answer::from(body(permit).await),
        Err(denied) => {
            if R::TYPE == "Mutation"
                && let Ok(services) = request::services(ctx)
            {
                services.denied(ctx.data_opt::<Viewer>(), R::RESOURCE, R::FIELD).await;
            }
            Answer(Err(errors::denied(&denied, matrix::roles(R::RESOURCE, R::ACTION))))
        }
    };
    Guarded(answer, PhantomData)
}

impl<T, V: Into<Option<T>>> From<Result<V, ServiceError>> for Answer<T> {
    fn from(result: Result<V, ServiceError>) -> Self {
        Self(result.map(Into::into).map_err(|error| errors::failed(&error)))
    }
}

impl<T: OutputType> OutputType for Answer<T> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        Option::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        Option::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        match &self.0 {
            Ok(value) => value.resolve(ctx, field).await,
            Err(error) => {
                ctx.add_error(ctx.set_error_path(error.clone().into_server_error(field.pos)));
                Ok(Value::Null)
            }
        }
    }
}

impl<T: OutputType, R: Rule> OutputType for Guarded<T, R> {
    fn type_name() -> Cow<'static, str> {
        T::type_name()
    }

    fn qualified_type_name() -> String {
        Answer::<T>::qualified_type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        directive::note::<R>();
        Answer::<T>::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, field: &Positioned<Field>) -> ServerResult<Value> {
        if field.node.name.node != R::FIELD {
            let cause = anyhow::anyhow!("the rule of {}.{} guards another field", R::TYPE, R::FIELD);
            let fault: Answer<T> = Answer::from(Err::<T, _>(ServiceError::Internal(cause)));
            return fault.resolve(ctx, field).await;
        }
        self.0.resolve(ctx, field).await
    }
}

#[cfg(test)]
mod tests;
