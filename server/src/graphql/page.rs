//! Pages of lists: what a client may ask for, cursors that tell it nothing, and connections.
//! Never: more than the documented number of nodes, or a cursor of one list used in another.

use crate::{
    error::ServiceError,
    service::{Page as Listed, Slice},
};
use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName, connection::PageInfo};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};
use std::borrow::Cow;
use vizard_core::{limits, problem::ProblemCode};

/// The paging arguments of a field, as they came.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "the arguments of Relay's connections")]
pub struct PageArgs {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

/// Which part of a list is wanted. `K` is the key that the list is ordered by, down to a unique column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<K> {
    /// How many, at most.
    pub limit: usize,
    /// The first ones after `from`, or the last ones before it.
    pub direction: Direction,
    /// The key to start beyond; from the very end of the list where there is none.
    pub from: Option<K>,
    list: &'static str,
}

/// Where a page lies, seen from its cursor. Items come in the order of the list either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `first`, `after`.
    Forward,
    /// `last`, `before`.
    Backward,
}

impl<K: Serialize + DeserializeOwned> Page<K> {
    /// Reads the arguments. `list` names the list and its order, such as `alerts/raised_at_desc`: a cursor is good only
    /// for the list that made it.
    pub fn asked(list: &'static str, args: PageArgs) -> Result<Self, ServiceError> {
        let invalid = |field: &str, message: &str| Err(ServiceError::invalid(&[field], ProblemCode::Invalid, message));
        let (field, count, direction, cursor) = match args {
            PageArgs { first: Some(_), last: Some(_), .. } => {
                return invalid("first", "ask for `first` or for `last`, not both");
            }
            PageArgs { first: Some(_), before: Some(_), .. } => {
                return invalid("before", "`before` goes with `last`; `first` goes with `after`");
            }
            PageArgs { last: Some(_), after: Some(_), .. } => {
                return invalid("after", "`after` goes with `first`; `last` goes with `before`");
            }
            PageArgs { after: Some(_), before: Some(_), .. } => {
                return invalid("before", "give `after` or `before`, not both");
            }
            PageArgs { last: None, before: None, first, after } => ("first", first, Direction::Forward, after),
            PageArgs { last, before, .. } => ("last", last, Direction::Backward, before),
        };
        let limit = match count.map(usize::try_from) {
            None => limits::PAGE_NODES_DEFAULT,
            Some(Ok(count @ 1..=limits::PAGE_NODES)) => count,
            Some(_) => return invalid(field, &format!("a page has 1 to {} nodes", limits::PAGE_NODES)),
        };
        let from = match cursor {
            None => None,
            Some(cursor) => match read_cursor(list, &cursor) {
                Some(key) => Some(key),
                None => {
                    let field = if direction == Direction::Forward { "after" } else { "before" };
                    return invalid(field, "not a cursor of this list in this order");
                }
            },
        };
        Ok(Self { limit, direction, from, list })
    }
}

impl<K: Clone> Page<K> {
    /// The page as a service takes it; `count` tells whether the total is wanted ([`wants`]).
    pub fn slice(&self, count: bool) -> Slice<K> {
        let Self { limit, direction, from, .. } = self.clone();
        let from_end = direction == Direction::Backward;
        let (after, before) = if from_end { (None, from) } else { (from, None) };
        Slice { after, before, limit, from_end, count }
    }
}

/// Whether the client asked for `field` of what the current field returns: `totalCount` may cost a query.
pub fn wants(ctx: &Context<'_>, field: &str) -> bool {
    ctx.look_ahead().field(field).exists()
}

/// A page of a list.
pub struct Connection<N: OutputType> {
    edges: Vec<Edge<N>>,
    page_info: PageInfo,
    total_count: i32,
}

/// A node and its place in the list.
#[derive(SimpleObject)]
#[graphql(name_type)]
pub struct Edge<N: OutputType> {
    /// Hand it back as `after` or `before`.
    cursor: String,
    /// The item.
    node: N,
}

impl<N: OutputType> Connection<N> {
    /// The page that was asked for. `items` come in the order of the list; `more` tells whether there are others beyond
    /// the page in its direction; `total` is 0 where it was not asked for ([`wants`]).
    pub fn new<K: Serialize>(asked: &Page<K>, items: Vec<(K, N)>, more: bool, total: u64) -> Self {
        let edges: Vec<_> =
            items.into_iter().map(|(key, node)| Edge { cursor: write_cursor(asked.list, &key), node }).collect();
        // On the side of the cursor there was at least the item that made it.
        let behind = asked.from.is_some();
        let (has_previous_page, has_next_page) = match asked.direction {
            Direction::Forward => (behind, more),
            Direction::Backward => (more, behind),
        };
        let page_info = PageInfo {
            has_previous_page,
            has_next_page,
            start_cursor: edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: edges.last().map(|edge| edge.cursor.clone()),
        };
        Self { edges, page_info, total_count: i32::try_from(total).unwrap_or(i32::MAX) }
    }

    /// The page as a service listed it.
    pub fn of<K: Serialize, T>(
        asked: &Page<K>,
        listed: Listed<T>,
        key: impl Fn(&T) -> K,
        node: impl Fn(T) -> N,
    ) -> Self {
        let items = listed.items.into_iter().map(|item| (key(&item), node(item))).collect();
        Self::new(asked, items, listed.more, listed.total)
    }

    /// The page out of a short list that is whole in memory, in the order of the keys.
    pub fn cut<K: Serialize + Ord>(asked: &Page<K>, all: impl Iterator<Item = (K, N)>) -> Self {
        let mut items: Vec<(K, N)> = all.collect();
        items.sort_by(|a, b| a.0.cmp(&b.0));
        let total = items.len() as u64;
        let forward = asked.direction == Direction::Forward;
        if let Some(from) = &asked.from {
            items.retain(|(key, _)| if forward { key > from } else { key < from });
        }
        let beyond = items.len().saturating_sub(asked.limit);
        if forward {
            items.truncate(asked.limit);
        } else {
            items.drain(..beyond);
        }
        Self::new(asked, items, beyond > 0, total)
    }
}

/// A page of a list.
#[Object(name_type)]
impl<N: OutputType> Connection<N> {
    /// The nodes with their cursors.
    async fn edges(&self) -> &[Edge<N>] {
        &self.edges
    }

    /// The nodes.
    async fn nodes(&self) -> Vec<&N> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Whether there is more, and from where.
    async fn page_info(&self) -> &PageInfo {
        &self.page_info
    }

    /// How many there are on all pages together.
    async fn total_count(&self) -> i32 {
        self.total_count
    }
}

impl<N: OutputType> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::type_name()).into()
    }
}

impl<N: OutputType> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::type_name()).into()
    }
}

fn write_cursor<K: Serialize>(list: &str, key: &K) -> String {
    // A key is numbers and texts; were it not, the cursor would be refused when it comes back.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(&(list, key)).unwrap_or_default())
}

fn read_cursor<K: DeserializeOwned>(list: &str, cursor: &str) -> Option<K> {
    if cursor.len() > limits::CURSOR_BYTES {
        return None;
    }
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    let (of, key): (String, K) = serde_json::from_slice(&bytes).ok()?;
    (of == list).then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::{EmptyMutation, EmptySubscription, Schema};
    use proptest::prelude::*;

    fn ask(args: PageArgs) -> Result<Page<(i64, String)>, String> {
        Page::asked("alerts/newest", args).map_err(|error| error.to_string())
    }

    fn first(count: i32) -> PageArgs {
        PageArgs { first: Some(count), ..PageArgs::default() }
    }

    fn cursor(key: i64) -> Option<String> {
        Some(write_cursor("alerts/newest", &(key, "id")))
    }

    #[test]
    fn a_page_has_1_to_100_nodes_and_20_when_nobody_says() {
        assert_eq!(ask(PageArgs::default()).unwrap().limit, 20);
        assert_eq!(ask(first(1)).unwrap().limit, 1);
        assert_eq!(ask(first(100)).unwrap().limit, 100);
        for count in [0, -1, i32::MIN, 101, i32::MAX] {
            assert_eq!(ask(first(count)).unwrap_err(), "first: a page has 1 to 100 nodes");
            let last = PageArgs { last: Some(count), ..PageArgs::default() };
            assert_eq!(ask(last).unwrap_err(), "last: a page has 1 to 100 nodes");
        }
    }

    #[test]
    fn arguments_of_both_directions_do_not_mix() {
        let all = PageArgs { first: Some(1), last: Some(1), after: cursor(1), before: cursor(2) };
        let cases = [
            (PageArgs { after: None, before: None, ..all.clone() }, "first: "),
            (PageArgs { last: None, after: None, ..all.clone() }, "before: "),
            (PageArgs { first: None, before: None, ..all.clone() }, "after: "),
            (PageArgs { first: None, last: None, ..all.clone() }, "before: "),
            (all, "first: "),
        ];
        for (args, field) in cases {
            let error = ask(args.clone()).unwrap_err();
            assert!(error.starts_with(field), "{args:?}: {error}");
        }
    }

    #[test]
    fn a_cursor_leads_back_to_its_key_in_its_own_list_only() {
        let forward = PageArgs { after: cursor(5), ..first(3) };
        let page = ask(forward.clone()).unwrap();
        assert_eq!((page.from, page.direction), (Some((5, "id".into())), Direction::Forward));
        let backward = ask(PageArgs { before: cursor(5), ..PageArgs::default() }).unwrap();
        assert_eq!((backward.from, backward.direction), (Some((5, "id".into())), Direction::Backward));
        assert!(Page::<(i64, String)>::asked("alerts/oldest", forward.clone()).is_err());
        assert!(Page::<(String, i64)>::asked("alerts/newest", forward).is_err());
    }

    #[test]
    fn a_broken_cursor_is_refused_and_not_repeated() {
        for text in ["", "Ada", "====", &"A".repeat(600)] {
            let error = ask(PageArgs { after: Some(text.to_owned()), ..PageArgs::default() }).unwrap_err();
            assert_eq!(error, "after: not a cursor of this list in this order");
        }
    }

    #[test]
    fn the_page_info_tells_where_there_is_more() {
        let info = |args, more| {
            let page = ask(args).unwrap();
            let items = vec![((1, "a".to_owned()), 1), ((2, "b".to_owned()), 2)];
            let info = Connection::new(&page, items, more, 9).page_info;
            assert_eq!((info.start_cursor.is_some(), info.start_cursor == info.end_cursor), (true, false));
            (info.has_previous_page, info.has_next_page)
        };
        assert_eq!(info(first(2), true), (false, true));
        assert_eq!(info(PageArgs { after: cursor(5), ..first(2) }, false), (true, false));
        let last = PageArgs { last: Some(2), ..PageArgs::default() };
        assert_eq!(info(last.clone(), true), (true, false));
        assert_eq!(info(PageArgs { before: cursor(5), ..last }, false), (false, true));
    }

    struct Number(i32);

    #[Object]
    impl Number {
        async fn value(&self) -> i32 {
            self.0
        }
    }

    struct Query;

    #[Object]
    impl Query {
        async fn numbers(&self, ctx: &Context<'_>) -> Connection<Number> {
            let page = Page::asked("numbers", PageArgs::default()).unwrap();
            let total = if wants(ctx, "totalCount") { 41 } else { 0 };
            Connection::new(&page, vec![(1, Number(1)), (2, Number(2))], true, total)
        }
    }

    #[tokio::test]
    async fn a_connection_has_the_shape_of_the_contract() {
        let schema = Schema::new(Query, EmptyMutation, EmptySubscription);
        insta::assert_snapshot!(schema.sdl());
        let query = "{ numbers { edges { node { value } } nodes { value } pageInfo { hasNextPage } totalCount } }";
        let answer = schema.execute(query).await.data.into_json().unwrap();
        let nodes = serde_json::json!([{"value": 1}, {"value": 2}]);
        assert_eq!(answer["numbers"]["nodes"], nodes);
        assert_eq!(answer["numbers"]["edges"][1]["node"], nodes[1]);
        assert_eq!(answer["numbers"]["pageInfo"]["hasNextPage"], true);
        assert_eq!(answer["numbers"]["totalCount"], 41);
    }

    proptest! {
        #[test]
        fn any_arguments_give_a_page_within_the_limit_or_an_error(
            first in any::<Option<i32>>(), last in any::<Option<i32>>(),
            after in proptest::option::of("\\PC{0,20}"), before in proptest::option::of("\\PC{0,20}"),
        ) {
            if let Ok(page) = ask(PageArgs { first, after, last, before }) {
                prop_assert!((1..=limits::PAGE_NODES).contains(&page.limit));
            }
        }
    }
}
