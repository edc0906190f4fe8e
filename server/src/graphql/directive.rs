//! `@requires(anyOf: [Role!]!)` in the printed schema, taken from the guards themselves and the access matrix.
//! Never: a list of roles typed beside a field.

use super::guard::Rule;
use async_graphql::{
    ContextSelectionSet, Enum, ObjectType, OutputType, Positioned, SchemaBuilder, ServerResult, SubscriptionType,
    TypeDirective, Value,
    parser::{
        parse_schema,
        types::{Field, TypeKind, TypeSystemDefinition},
    },
    registry::{MetaType, Registry},
};
use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};
use vizard_core::access::{self, Action, Resource, matrix};

/// What a viewer may hold.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(remote = "access::Role")]
pub enum Role {
    /// Policies, settings, connectors; no alerts.
    Admin,
    /// Triage of alerts and cases.
    Analyst,
    /// The analyst's work, evidence, reveals and shares.
    Investigator,
    /// The audit log and how the system is set up.
    Auditor,
    /// Decides on reveals.
    Approver,
    /// A machine that delivers records.
    Connector,
}

/// Who may read the field: viewers with any one of the roles. For others it is null, with one error at its path.
#[TypeDirective(location = "FieldDefinition", location = "Object")]
fn requires(#[graphql(desc = "Any one of them will do.")] any_of: Vec<Role>) {}

/// What `anyOf` says of itself, once more: the library keeps it for introspection alone.
pub(super) const ANY_OF: &str = "Any one of them will do.";

/// Type and field, and what reading the field means.
type Met = BTreeMap<(&'static str, &'static str), (Resource, Action)>;

thread_local! {
    /// The rules of the guarded fields met since the last schema was finished: a schema is built on one thread, and the
    /// library tells a field's type nothing about the field, so the rules wait here for [`print_requires`].
    static MET: RefCell<Met> = const { RefCell::new(BTreeMap::new()) };
}

/// Called by a guarded field's type while the schema is built.
pub(super) fn note<R: Rule>() {
    MET.with_borrow_mut(|met| met.insert((R::TYPE, R::FIELD), (R::RESOURCE, R::ACTION)));
}

/// Puts `@requires` on every guarded field of the schema that `builder` builds. Call it last, on the thread that made
/// the builder.
pub fn print_requires<Q, M, S>(builder: SchemaBuilder<Q, M, S>) -> SchemaBuilder<Q, M, S>
where
    Q: ObjectType + 'static,
    M: ObjectType + 'static,
    S: SubscriptionType + 'static,
{
    builder.register_output_type::<Printer>()
}

/// Of the rules in `rules`, those that are not printed in `sdl` on a nullable field or one of the root of subscriptions,
/// whose denial is no event at all: declared but guarding nothing.
pub fn unprinted(sdl: &str, rules: &[(&'static str, &'static str)]) -> Vec<(&'static str, &'static str)> {
    let mut printed = BTreeSet::new();
    let types = parse_schema(sdl).map(|document| document.definitions).unwrap_or_default();
    for definition in types {
        let TypeSystemDefinition::Type(object) = definition else { continue };
        let TypeKind::Object(fields) = object.node.kind else { continue };
        for field in fields.fields {
            let may_be_denied = field.node.ty.node.nullable || object.node.name.node == "Subscription";
            if may_be_denied && field.node.directives.iter().any(|d| d.node.name.node == "requires") {
                printed.insert((object.node.name.node.to_string(), field.node.name.node.to_string()));
            }
        }
    }
    rules.iter().copied().filter(|(ty, field)| !printed.contains(&((*ty).to_owned(), (*field).to_owned()))).collect()
}

/// Not a type of the schema: a way to reach the registry once all types are in it.
struct Printer;

impl OutputType for Printer {
    fn type_name() -> Cow<'static, str> {
        "Printer".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        for ((ty, field), (resource, action)) in MET.take() {
            let Some(MetaType::Object { fields, .. }) = registry.types.get_mut(ty) else { continue };
            if let Some(field) = fields.get_mut(field) {
                let roles = matrix::roles(resource, action).iter().map(|role| (*role).into()).collect();
                field.directive_invocations.push(requires::apply(roles));
            }
        }
        async_graphql::TypeDirective::register(&requires, registry);
        String::new()
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Ok(Value::Null)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::resolver_utils::EnumType as _;

    #[test]
    fn roles_have_the_same_words_as_in_the_matrix() {
        let shown: Vec<&str> = Role::items().iter().map(|item| item.name).collect();
        let words: Vec<&str> = access::Role::ALL.iter().map(|role| role.as_str()).collect();
        assert_eq!(shown, words);
    }
}
