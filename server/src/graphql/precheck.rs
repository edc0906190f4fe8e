//! Measures a GraphQL document before the library validates it, in time linear in its length.
//! Never: repeats the document in an error, or lets arithmetic wrap.

mod tokens;

use super::errors::{INVALID, LIMIT_EXCEEDED, refused};
use async_graphql::{
    ServerError, Value as ConstValue, Variables,
    parser::{
        parse_query,
        types::{ExecutableDocument, Field, OperationType, Selection, SelectionSet},
    },
};
use std::collections::HashMap;
use vizard_core::limits;

/// Parses a document that is within every `GRAPHQL_*` limit; the variables matter where they say the size of a page.
pub fn check(text: &str, variables: &Variables) -> Result<ExecutableDocument, ServerError> {
    tokens::check(text)?;
    let document = parse_query(text).map_err(|error| {
        let mut shown = refused("the document is not GraphQL: a syntax error", INVALID);
        shown.locations = error.positions().collect();
        shown
    })?;
    at_most("operations in one document", document.operations.iter().len(), limits::GRAPHQL_OPERATIONS)?;
    at_most("fragments in one document", document.fragments.len(), limits::GRAPHQL_FRAGMENTS)?;
    let mut measure = Measure { document: &document, variables, known: HashMap::new() };
    for (_, operation) in document.operations.iter() {
        let mut cost = measure.set(&operation.node.selection_set.node)?;
        cost.directives = cost.directives.saturating_add(operation.node.directives.len());
        for variable in &operation.node.variable_definitions {
            cost.directives = cost.directives.saturating_add(variable.node.directives.len());
        }
        cost.check()?;
        at_most("fields of the root", cost.own_fields, limits::GRAPHQL_ROOT_FIELDS)?;
        if operation.node.ty == OperationType::Subscription && cost.own_fields != 1 {
            return Err(refused("a subscription has one field at its root", INVALID));
        }
    }
    // Fragments that no operation uses are validated too.
    for name in document.fragments.keys() {
        measure.fragment(name.as_str())?.check()?;
    }
    Ok(document)
}

/// The size of a selection set, fragments unfolded.
#[derive(Clone, Copy, Default)]
struct Cost {
    fields: usize,
    own_fields: usize,
    aliases: usize,
    directives: usize,
    depth: usize,
    introspection_lists: usize,
    nodes: usize,
    /// Whether `nodes` or `edges` are asked for at this level.
    is_page: bool,
}

impl Cost {
    fn add(&mut self, other: Self) {
        self.fields = self.fields.saturating_add(other.fields);
        self.own_fields = self.own_fields.saturating_add(other.own_fields);
        self.aliases = self.aliases.saturating_add(other.aliases);
        self.directives = self.directives.saturating_add(other.directives);
        self.depth = self.depth.max(other.depth);
        self.introspection_lists = self.introspection_lists.max(other.introspection_lists);
        self.nodes = self.nodes.saturating_add(other.nodes);
        self.is_page |= other.is_page;
    }

    fn check(&self) -> Result<(), ServerError> {
        at_most("fields below each other", self.depth, limits::GRAPHQL_DEPTH)?;
        at_most("fields and fragments of an operation, fragments unfolded", self.fields, limits::GRAPHQL_FIELDS)?;
        at_most("nodes on the pages of an operation", self.nodes, limits::GRAPHQL_NODES)?;
        at_most("aliases of an operation, fragments unfolded", self.aliases, limits::GRAPHQL_ALIASES)?;
        at_most("directives of an operation, fragments unfolded", self.directives, limits::GRAPHQL_DIRECTIVES)
    }
}

struct Measure<'a> {
    document: &'a ExecutableDocument,
    variables: &'a Variables,
    /// The cost of every fragment met; `None` while it is being measured.
    known: HashMap<&'a str, Option<Cost>>,
}

impl<'a> Measure<'a> {
    /// The nesting of brackets and the number of fragments bound the recursion.
    fn set(&mut self, set: &'a SelectionSet) -> Result<Cost, ServerError> {
        let mut total = Cost::default();
        for selection in &set.items {
            let mut cost = match &selection.node {
                Selection::Field(field) => {
                    let mut below = self.set(&field.node.selection_set.node)?;
                    let name = field.node.name.node.as_str();
                    let is_list = matches!(name, "fields" | "interfaces" | "possibleTypes" | "inputFields");
                    below.introspection_lists += usize::from(is_list);
                    if matches!(name, "__schema" | "__type") {
                        let most = limits::GRAPHQL_INTROSPECTION_LISTS;
                        at_most("lists of the introspection schema below each other", below.introspection_lists, most)?;
                    }
                    below.depth = below.depth.saturating_add(1);
                    below.aliases = below.aliases.saturating_add(usize::from(field.node.alias.is_some()));
                    below.own_fields = 1;
                    if let Some(size) = self.page_size(&field.node, below.is_page) {
                        below.nodes = below.nodes.saturating_add(1).saturating_mul(size);
                    }
                    below.is_page = matches!(name, "nodes" | "edges");
                    below
                }
                Selection::InlineFragment(fragment) => self.set(&fragment.node.selection_set.node)?,
                Selection::FragmentSpread(spread) => self.fragment(spread.node.fragment_name.node.as_str())?,
            };
            cost.fields = cost.fields.saturating_add(1);
            cost.directives = cost.directives.saturating_add(selection.node.directives().len());
            total.add(cost);
        }
        Ok(total)
    }

    /// The nodes that a connection may hold; `None` for other fields. A connection is known by its paging arguments or
    /// by the `nodes` or `edges` asked of it.
    fn page_size(&self, field: &Field, asked_as_page: bool) -> Option<usize> {
        let Some(value) = field.get_argument("first").or_else(|| field.get_argument("last")) else {
            return asked_as_page.then_some(limits::PAGE_NODES_DEFAULT);
        };
        let value = value
            .node
            .clone()
            .into_const_with(|name| Ok::<_, ()>(self.variables.get(&name).cloned().unwrap_or_default()));
        let size = match value {
            Ok(ConstValue::Number(number)) => number.as_u64().and_then(|number| usize::try_from(number).ok()),
            _ => None,
        };
        // More than a page holds is refused by the field; null may stand for a default in the document.
        Some(size.unwrap_or(limits::PAGE_NODES).min(limits::PAGE_NODES))
    }

    fn fragment(&mut self, name: &str) -> Result<Cost, ServerError> {
        match self.known.get(name) {
            Some(Some(cost)) => return Ok(*cost),
            Some(None) => return Err(refused("a fragment contains itself", INVALID)),
            None => {}
        }
        // A fragment that does not exist is left to validation.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else { return Ok(Cost::default()) };
        self.known.insert(name.as_str(), None);
        let mut cost = self.set(&fragment.node.selection_set.node)?;
        cost.directives = cost.directives.saturating_add(fragment.node.directives.len());
        self.known.insert(name.as_str(), Some(cost));
        Ok(cost)
    }
}

fn at_most(what: &str, have: usize, most: usize) -> Result<(), ServerError> {
    if have <= most {
        return Ok(());
    }
    Err(refused(format!("too many {what}: at most {most}; split the document into several requests"), LIMIT_EXCEEDED))
}

#[cfg(test)]
mod tests;
