//! What the GraphQL specification asks of a response and the library leaves out: a failed field is null under its key,
//! the null of a non-null field moves up to the nearest nullable one, keys come in the order of the document, and an object
//! of which `@skip`, `@include` or fragments for other types leave nothing is an empty one.
//! Never: invents or hides an error; it only moves nulls.

use async_graphql::{
    Name, Pos, Positioned, QueryPathNode, QueryPathSegment, Response, ServerError, ServerResult, Value, Variables,
    extensions::{
        Extension, ExtensionContext, ExtensionFactory, NextExecute, NextParseQuery, NextResolve, ResolveInfo,
    },
    indexmap::IndexMap,
    parser::types::{
        DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
    },
};
use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

/// The extension; give it to the schema's builder.
pub struct Spec;

impl ExtensionFactory for Spec {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(OneRequest::default())
    }
}

#[derive(Default)]
struct OneRequest {
    document: OnceLock<ExecutableDocument>,
    /// Whether anything failed: without it a field costs one load.
    failed: AtomicBool,
    faults: Mutex<Faults>,
}

#[derive(Default)]
struct Faults {
    errors: Vec<ServerError>,
    /// Objects that must become null because a non-null field below them failed.
    nulled: HashSet<Vec<Step>>,
    /// Fields whose list has a null from a failure. The library takes items for non-null whatever the schema says, so
    /// the field decides, which knows its type.
    lists: HashSet<Vec<Step>>,
}

#[derive(PartialEq, Eq, Hash)]
enum Step {
    Item(usize),
    Key(String),
}

impl OneRequest {
    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl Extension for OneRequest {
    async fn parse_query(
        &self,
        ctx: &ExtensionContext<'_>,
        query: &str,
        variables: &Variables,
        next: NextParseQuery<'_>,
    ) -> ServerResult<ExecutableDocument> {
        let mut document = next.run(ctx, query, variables).await?;
        // A request is parsed once.
        let _ = self.document.set(document.clone());
        pad(&mut document);
        Ok(document)
    }

    async fn resolve(
        &self,
        ctx: &ExtensionContext<'_>,
        info: ResolveInfo<'_>,
        next: NextResolve<'_>,
    ) -> ServerResult<Option<Value>> {
        let (node, ty) = (info.path_node, info.return_type);
        let result = next.run(ctx, info).await;
        if result.is_ok() && !self.failed.load(Ordering::Acquire) {
            return result;
        }
        let mut path = path(node);
        let mut faults = self.faults();
        let mut settled = match result {
            Ok(value) if faults.lists.contains(&path) => settle(value.unwrap_or_default(), ty),
            Ok(value) if !faults.nulled.contains(&path) => return Ok(value),
            Ok(_) => settle(Value::Null, ty),
            Err(error) => {
                faults.errors.push(error);
                settle(Value::Null, ty)
            }
        };
        if matches!(node.segment, QueryPathSegment::Index(_)) {
            path.truncate(path.iter().rposition(|step| matches!(step, Step::Key(_))).map_or(0, |at| at + 1));
            faults.lists.insert(path);
            self.failed.store(true, Ordering::Release);
            settled = settled.or(Some(Value::Null));
        } else if settled.is_none() {
            path.pop();
            faults.nulled.insert(path);
            self.failed.store(true, Ordering::Release);
        }
        Ok(Some(settled.unwrap_or_default()))
    }

    async fn execute(&self, ctx: &ExtensionContext<'_>, name: Option<&str>, next: NextExecute<'_>) -> Response {
        let mut response = next.run(ctx, name).await;
        {
            let mut faults = self.faults();
            if faults.nulled.contains(&Vec::new()) {
                response.data = Value::Null;
            }
            response.errors.append(&mut faults.errors);
        }
        if let Some((document, operation)) =
            self.document.get().and_then(|document| Some((document, pick(document, name)?)))
        {
            let mut order = Order::default();
            order.add(document, &operation.selection_set.node);
            order.apply(&mut response.data);
        }
        response
    }
}

/// `value` as the type `ty` allows it; `None` where it would be null and may not be.
fn settle(value: Value, ty: &str) -> Option<Value> {
    let (ty, nullable) = ty.strip_suffix('!').map_or((ty, true), |ty| (ty, false));
    let value = match (value, ty.strip_prefix('[').and_then(|ty| ty.strip_suffix(']'))) {
        (Value::List(items), Some(item_type)) => {
            let items: Option<Vec<_>> = items.into_iter().map(|item| settle(item, item_type)).collect();
            items.map_or(Value::Null, Value::List)
        }
        (value, _) => value,
    };
    (nullable || value != Value::Null).then_some(value)
}

/// The key of a field that is added where a selection may come to nothing, and taken out of the answer again: the library
/// takes an object without fields for null.
const PAD: &str = "__nothing";

fn pad(document: &mut ExecutableDocument) {
    for fragment in document.fragments.values_mut() {
        pad_set(&mut fragment.node.selection_set.node, false);
    }
    let operations: Vec<&mut OperationDefinition> = match &mut document.operations {
        DocumentOperations::Single(operation) => vec![&mut operation.node],
        DocumentOperations::Multiple(operations) => {
            operations.values_mut().map(|operation| &mut operation.node).collect()
        }
    };
    for operation in operations {
        // A subscription has one field, and that is it.
        let root = operation.ty != OperationType::Subscription;
        pad_set(&mut operation.selection_set.node, root);
    }
}

fn pad_set(set: &mut SelectionSet, object: bool) {
    let mut always = false;
    for selection in &mut set.items {
        match &mut selection.node {
            Selection::Field(field) => {
                always |= field.node.directives.is_empty();
                let below = &mut field.node.selection_set.node;
                pad_set(below, !below.items.is_empty());
            }
            Selection::InlineFragment(fragment) => pad_set(&mut fragment.node.selection_set.node, false),
            Selection::FragmentSpread(_) => {}
        }
    }
    if object && !always {
        let at = Pos::default();
        let field = Field {
            alias: Some(Positioned::new(Name::new(PAD), at)),
            name: Positioned::new(Name::new("__typename"), at),
            arguments: Vec::new(),
            directives: Vec::new(),
            selection_set: Positioned::new(SelectionSet::default(), at),
        };
        set.items.push(Positioned::new(Selection::Field(Positioned::new(field, at)), at));
    }
}

fn path(node: &QueryPathNode<'_>) -> Vec<Step> {
    let mut path = node.parent.map(path).unwrap_or_default();
    path.push(match &node.segment {
        QueryPathSegment::Index(at) => Step::Item(*at),
        QueryPathSegment::Name(name) => Step::Key((*name).to_owned()),
    });
    path
}

fn pick<'a>(document: &'a ExecutableDocument, name: Option<&str>) -> Option<&'a OperationDefinition> {
    match &document.operations {
        DocumentOperations::Single(operation) => Some(&operation.node),
        DocumentOperations::Multiple(operations) => name.and_then(|name| operations.get(name)).map(|found| &found.node),
    }
}

/// The response keys of one selection set in the order of the document, fragments unfolded. [`super::precheck`] has
/// bounded how many there can be.
#[derive(Default)]
struct Order<'a> {
    keys: IndexMap<&'a Name, Order<'a>>,
}

impl<'a> Order<'a> {
    fn add(&mut self, document: &'a ExecutableDocument, set: &'a SelectionSet) {
        for selection in &set.items {
            match &selection.node {
                Selection::Field(field) => {
                    let below = self.keys.entry(&field.node.response_key().node).or_default();
                    below.add(document, &field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.add(document, &fragment.node.selection_set.node),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }

    fn apply(&self, value: &mut Value) {
        match value {
            Value::List(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Object(fields) if !self.keys.is_empty() => {
                fields.shift_remove(PAD);
                let place = |name: &Name| self.keys.get_index_of(name).unwrap_or(usize::MAX);
                if !fields.keys().map(place).is_sorted() {
                    fields.sort_by_cached_key(|name, _| place(name));
                }
                for (name, below) in fields.iter_mut() {
                    if let Some(order) = self.keys.get(name) {
                        order.apply(below);
                    }
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema};
    use serde_json::json;
    use std::time::Duration;

    struct Leaf;

    #[Object]
    impl Leaf {
        async fn fine(&self) -> i32 {
            1
        }
        async fn bad(&self) -> async_graphql::Result<i32> {
            Err("bad".into())
        }
        async fn maybe(&self) -> async_graphql::Result<Option<i32>> {
            Err("maybe".into())
        }
        async fn slow(&self) -> i32 {
            tokio::time::sleep(Duration::from_millis(5)).await;
            2
        }
        async fn leaf(&self) -> Leaf {
            Leaf
        }
        async fn some(&self) -> Option<Leaf> {
            Some(Leaf)
        }
        async fn none(&self) -> Option<Leaf> {
            None
        }
        async fn list(&self) -> Vec<Leaf> {
            vec![Leaf, Leaf]
        }
        async fn grid(&self) -> Vec<Option<Vec<Leaf>>> {
            vec![Some(vec![Leaf]), Some(vec![Leaf])]
        }
        async fn gaps(&self) -> Vec<Option<Leaf>> {
            vec![Some(Leaf), Some(Leaf)]
        }
    }

    async fn ask(query: &str) -> (String, usize) {
        let schema = Schema::build(Leaf, EmptyMutation, EmptySubscription).extension(Spec).finish();
        let response = schema.execute(query).await;
        (serde_json::to_string(&response.data).unwrap(), response.errors.len())
    }

    #[tokio::test]
    async fn a_failed_nullable_field_is_null_under_its_key() {
        assert_eq!(ask("{ fine maybe }").await, (json!({"fine": 1, "maybe": null}).to_string(), 1));
        assert_eq!(ask("{ maybe }").await, (json!({"maybe": null}).to_string(), 1));
    }

    #[tokio::test]
    async fn the_null_of_a_non_null_field_moves_up_to_the_nearest_nullable_one() {
        for (query, data) in [
            ("{ some { fine bad } fine }", r#"{"some":null,"fine":1}"#),
            ("{ some { leaf { bad } } fine }", r#"{"some":null,"fine":1}"#),
            ("{ some { list { bad } } fine }", r#"{"some":null,"fine":1}"#),
            ("{ gaps { bad } fine }", r#"{"gaps":[null,null],"fine":1}"#),
            ("{ a: gaps { fine } b: some { bad } }", r#"{"a":[{"fine":1},{"fine":1}],"b":null}"#),
            ("{ some { grid { bad } } fine }", r#"{"some":{"grid":[null,null]},"fine":1}"#),
            ("{ leaf { bad } fine }", "null"),
            ("{ bad }", "null"),
        ] {
            let (have, errors) = ask(query).await;
            assert_eq!(have, data, "{query}");
            assert!((1..=2).contains(&errors), "{query}");
        }
    }

    #[tokio::test]
    async fn an_object_of_which_nothing_is_left_is_an_empty_one() {
        for (query, data) in [
            ("{ some { fine @skip(if: true) } }", r#"{"some":{}}"#),
            ("{ some { fine @include(if: true) } }", r#"{"some":{"fine":1}}"#),
            ("{ list { fine @include(if: false) } fine }", r#"{"list":[{},{}],"fine":1}"#),
            ("{ some { ...F @skip(if: true) } } fragment F on Leaf { fine }", r#"{"some":{}}"#),
            ("{ some { ... @skip(if: true) { fine } leaf { slow } } }", r#"{"some":{"leaf":{"slow":2}}}"#),
            ("{ some @skip(if: true) { fine } }", "{}"),
            ("{ none { fine @skip(if: true) } }", r#"{"none":null}"#),
            ("{ __typename @skip(if: true) }", "{}"),
        ] {
            assert_eq!(ask(query).await, (data.to_owned(), 0), "{query}");
        }
    }

    #[tokio::test]
    async fn keys_come_in_the_order_of_the_document() {
        let query = "query A { list { slow ...F fine } ... { z: slow } fine } fragment F on Leaf { y: slow x: fine }";
        let item = r#"{"slow":2,"y":2,"x":1,"fine":1}"#;
        assert_eq!(ask(query).await.0, format!(r#"{{"list":[{item},{item}],"z":2,"fine":1}}"#));
    }
}
