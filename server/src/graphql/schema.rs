//! The roots of the API and the schema made of them.
//! Never: a schema without the precheck, the permits and the rules of the specification; see [`super`].

use super::{directive, request::PerRequest, spec::Spec, viewer::ViewerQuery};
use crate::service::Services;
use async_graphql::{EmptyMutation, EmptySubscription, MergedObject, SDLExportOptions, SchemaBuilder};

/// What can be asked.
#[derive(MergedObject, Default)]
pub struct Query(ViewerQuery);

/// The schema with its resolvers.
pub type Schema = async_graphql::Schema<Query, EmptyMutation, EmptySubscription>;

/// The schema on top of `services`.
pub fn schema(services: Services) -> Schema {
    finish(builder().extension(PerRequest(services)))
}

/// The schema in the schema definition language, with `@requires` on every guarded field. Needs no services.
pub fn sdl() -> String {
    let options = SDLExportOptions::new().include_specified_by().use_space_ident().indent_width(2);
    finish(builder()).sdl_with_options(options)
}

fn builder() -> SchemaBuilder<Query, EmptyMutation, EmptySubscription> {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription).extension(Spec).disable_suggestions()
}

fn finish(builder: SchemaBuilder<Query, EmptyMutation, EmptySubscription>) -> Schema {
    directive::print_requires(builder).finish()
}
