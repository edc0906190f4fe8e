//! Reads everything that the schema offers, to one viewer, and searches it. The documents are made from the printed
//! schema: a new type or field is read without anybody adding it here.
//! Never: a field by name, but for the arguments that a look-up needs.

use super::canary::{Found, Search};
use async_graphql_parser::{
    parse_schema,
    types::{BaseType, Type, TypeKind, TypeSystemDefinition},
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use vizard_core::time::SECOND;
use vizard_server::graphql::schema;
use vizard_tests::{Caller, World};

/// A field of an object type.
pub(crate) struct Field {
    pub(crate) name: String,
    /// Names and types of its arguments.
    arguments: Vec<(String, Type)>,
    /// The type beneath lists and marks.
    pub(crate) of: String,
}

/// The printed schema.
pub(crate) struct Api {
    pub(crate) objects: BTreeMap<String, Vec<Field>>,
    inputs: BTreeMap<String, Vec<(String, Type)>>,
    enums: BTreeMap<String, String>,
    /// Object types with a global id.
    nodes: BTreeSet<String>,
}

fn named(of: &Type) -> String {
    match &of.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => named(inner),
    }
}

impl Api {
    pub(crate) fn read() -> Self {
        let document = parse_schema(schema::sdl()).unwrap();
        let mut api =
            Self { objects: BTreeMap::new(), inputs: BTreeMap::new(), enums: BTreeMap::new(), nodes: BTreeSet::new() };
        for definition in document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            match definition.node.kind {
                TypeKind::Object(object) => {
                    if object.implements.iter().any(|of| of.node == "Node") {
                        api.nodes.insert(name.clone());
                    }
                    let fields = object.fields.into_iter().map(|field| Field {
                        name: field.node.name.node.to_string(),
                        arguments: field
                            .node
                            .arguments
                            .into_iter()
                            .map(|argument| (argument.node.name.node.to_string(), argument.node.ty.node))
                            .collect(),
                        of: named(&field.node.ty.node),
                    });
                    api.objects.insert(name, fields.collect());
                }
                TypeKind::InputObject(input) => {
                    let fields = input.fields.into_iter();
                    let fields = fields.map(|field| (field.node.name.node.to_string(), field.node.ty.node));
                    api.inputs.insert(name, fields.collect());
                }
                TypeKind::Enum(of) => {
                    api.enums.insert(name, of.values[0].node.value.node.to_string());
                }
                TypeKind::Union(_) => panic!("{name} is a union: teach the crawler to read it"),
                TypeKind::Interface(_) => assert_eq!(name, "Node", "an interface that the crawler cannot read"),
                TypeKind::Scalar => {}
            }
        }
        api
    }

    /// Every output field as type and name. The roots of the interface are read through its types.
    pub(crate) fn fields(&self) -> BTreeSet<(String, String)> {
        let all = self.objects.iter().flat_map(|(of, fields)| fields.iter().map(move |field| (of, field)));
        all.map(|(of, field)| (of.clone(), field.name.clone())).collect()
    }

    fn is_composite(&self, field: &Field) -> bool {
        self.objects.contains_key(&field.of)
    }

    pub(crate) fn field(&self, of: &str, name: &str) -> &Field {
        self.objects[of].iter().find(|field| field.name == name).unwrap()
    }

    /// An input with what is required in it, and of the rest what `given` knows.
    pub(crate) fn input(&self, of: &str, given: &dyn Fn(&str, &str, &str) -> Option<Value>) -> Value {
        let mut filled = Map::new();
        for (name, ty) in &self.inputs[of] {
            let value = match given(of, name, &named(ty)) {
                Some(value) => Some(value),
                None if ty.nullable => None,
                None => Some(self.filler(ty, given)),
            };
            filled.extend(value.map(|value| (name.clone(), value)));
        }
        filled.into()
    }

    /// An input with a text in every place where one can stand, or in every place at all.
    pub(crate) fn filled_with(&self, of: &str, text: &str, only_texts: bool) -> Value {
        let fields = self.inputs[of].iter().map(|(name, ty)| (name.clone(), self.text_in(ty, text, only_texts)));
        fields.collect::<Map<_, _>>().into()
    }

    fn text_in(&self, ty: &Type, text: &str, only_texts: bool) -> Value {
        match &ty.base {
            BaseType::List(inner) => json!([self.text_in(inner, text, only_texts)]),
            BaseType::Named(name) => match name.as_str() {
                "String" | "ID" => json!(text),
                "JSON" => json!({text: text}),
                _ if self.inputs.contains_key(name.as_str()) => self.filled_with(name, text, only_texts),
                _ if only_texts => self.filler(ty, &|_, _, _| None),
                _ => json!(text),
            },
        }
    }

    fn filler(&self, ty: &Type, given: &dyn Fn(&str, &str, &str) -> Option<Value>) -> Value {
        match &ty.base {
            BaseType::List(inner) => json!([self.filler(inner, given)]),
            BaseType::Named(name) => match name.as_str() {
                "String" | "ID" => json!("Something"),
                "Int" => json!(5),
                "Float" => json!(1.5),
                "Boolean" => json!(true),
                "Date" => json!("2026-06-01"),
                "DateTime" => json!("2026-06-01T00:00:00Z"),
                "JSON" => json!({}),
                other => match self.enums.get(other) {
                    Some(first) => json!(first),
                    None => self.input(other, given),
                },
            },
        }
    }

    /// The composite fields below a type that lead on, as paths. No type twice on a path, but for subjects and cases:
    /// what one leads to from the other is where a mask could slip.
    fn paths(&self, of: &str, path: &mut Vec<String>, seen: &mut Vec<String>, left: usize, out: &mut Vec<Vec<String>>) {
        out.push(path.clone());
        let is_node = self.nodes.contains(of);
        if is_node && left == 0 {
            return;
        }
        // What is below an edge's node is read below `nodes`.
        if of.ends_with("Edge") {
            out.push([path.as_slice(), &["node".to_owned()]].concat());
            return;
        }
        for field in self.objects[of].iter().filter(|field| self.is_composite(field)) {
            let again = seen.iter().filter(|known| **known == field.of).count();
            let most =
                if matches!(field.of.as_str(), "Subject" | "Case" | "AlertConnection" | "Alert") { 2 } else { 1 };
            if again >= most {
                continue;
            }
            path.push(field.name.clone());
            seen.push(field.of.clone());
            self.paths(&field.of, path, seen, left - usize::from(is_node), out);
            seen.pop();
            path.pop();
        }
    }

    /// Selections that together read everything below a type, through at most `nodes` things with ids, each small enough
    /// for one document.
    pub(crate) fn plans(&self, of: &str, nodes: usize, is_page: bool) -> Vec<Plan> {
        let mut paths = Vec::new();
        self.paths(of, &mut Vec::new(), &mut vec![of.to_owned()], nodes, &mut paths);
        let mut plans: Vec<Plan> = vec![Plan::default()];
        for path in paths {
            let mut grown = plans.last().unwrap().clone();
            grown.add(&path);
            let (fields, mut pages) = self.cost(of, &grown, usize::from(is_page));
            if is_page {
                pages = (pages + 1) * size(of, 0);
            }
            if fields > 1_200 || pages > 40_000 {
                grown = Plan::default();
                grown.add(&path);
                plans.push(grown);
            } else {
                *plans.last_mut().unwrap() = grown;
            }
        }
        plans
    }

    /// Fields, and the most nodes on its pages as the server counts them.
    fn cost(&self, of: &str, plan: &Plan, level: usize) -> (usize, usize) {
        let leaves = self.objects[of].len();
        plan.0.iter().fold((leaves, 0), |(fields, nodes), (name, below)| {
            let field = self.field(of, name);
            let page = field.pages();
            let (more, inner) = self.cost(&field.of, below, level + usize::from(page));
            let inner = if page { (inner + 1) * size(&field.of, level) } else { inner };
            (fields + more + 1, nodes + inner)
        })
    }

    /// The selection in the query language. Fields with required arguments are left out: they are read by themselves.
    fn selection(&self, of: &str, plan: &Plan, level: usize, text: &mut String) {
        text.push('{');
        for field in self.objects[of].iter().filter(|field| !field.needs_arguments()) {
            if !self.is_composite(field) {
                text.push_str(&field.name);
                text.push(' ');
            } else if let Some(below) = plan.0.get(&field.name) {
                text.push_str(&field.name);
                if field.pages() {
                    text.push_str(&format!("(first: {})", size(&field.of, level)));
                }
                self.selection(&field.of, below, level + usize::from(field.pages()), text);
            }
        }
        if text.ends_with('{') {
            text.push_str("__typename");
        }
        text.push('}');
    }
}

impl Field {
    fn pages(&self) -> bool {
        self.arguments.iter().any(|(name, _)| name == "first")
    }

    /// The type of the one argument of a mutation.
    pub(crate) fn input(&self) -> Option<String> {
        self.arguments.iter().find(|(name, _)| name == "input").map(|(_, ty)| named(ty))
    }

    fn needs_arguments(&self) -> bool {
        self.arguments.iter().any(|(_, ty)| !ty.nullable)
    }
}

/// Long enough for everything that was planted where it is looked for, short enough for the server's limits.
fn size(of: &str, level: usize) -> usize {
    match (of, level) {
        // Below the timeline of a share's case, and below an insight by its id.
        ("ActivityConnection", 1) => 100,
        (_, 0) => 20,
        (_, 1) => 6,
        _ => 2,
    }
}

/// Which composite fields are read, below each other.
#[derive(Clone, Default, Debug)]
pub(crate) struct Plan(BTreeMap<String, Plan>);

impl Plan {
    fn add(&mut self, path: &[String]) {
        if let Some((first, rest)) = path.split_first() {
            self.0.entry(first.clone()).or_default().add(rest);
        }
    }
}

/// Where a text came out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hit {
    /// To whom.
    pub(crate) viewer: String,
    /// Type and field; `errors` where it was an error.
    pub(crate) field: String,
    /// The things on the way, as type and id.
    pub(crate) below: Vec<(String, String)>,
    pub(crate) found: Found,
}

/// What a crawl has found so far.
pub(crate) struct Crawl {
    pub(crate) api: Api,
    pub(crate) search: Search,
    /// Fields that answered, with a value or null, but not with an error.
    pub(crate) reached: BTreeSet<(String, String)>,
    /// Those that answered with a value.
    pub(crate) filled: BTreeSet<(String, String)>,
    /// Ids by type, whoever was told them.
    pub(crate) ids: BTreeMap<String, BTreeSet<String>>,
    pub(crate) hits: Vec<Hit>,
    pub(crate) requests: usize,
}

/// Somebody who reads everything.
pub(crate) struct Reader {
    pub(crate) name: String,
    pub(crate) caller: Caller,
}

impl Crawl {
    pub(crate) fn new() -> Self {
        Self {
            api: Api::read(),
            search: Search::new(),
            reached: BTreeSet::new(),
            filled: BTreeSet::new(),
            ids: BTreeMap::new(),
            hits: Vec::new(),
            requests: 0,
        }
    }

    /// Everything that the reader can reach: from each root, and by each id that anybody was told.
    pub(crate) async fn everything(&mut self, world: &World, reader: &Reader) {
        let roots: Vec<(String, String)> = self.api.objects["Query"]
            .iter()
            .filter(|root| self.api.is_composite(root))
            .map(|root| (root.name.clone(), root.of.clone()))
            .collect();
        for (root, of) in roots {
            let is_page = self.api.field("Query", &root).pages();
            for plan in self.api.plans(&of, NODES, is_page) {
                for arguments in self.arguments("Query", &root) {
                    self.root(world, reader, ("Query", &root, &of), &plan, arguments).await;
                }
            }
        }
        // Roots without anything below that cannot be asked for beside others: they need an argument.
        let leaves: Vec<String> = self.api.objects["Query"]
            .iter()
            .filter(|root| !self.api.is_composite(root) && root.needs_arguments())
            .map(|root| root.name.clone())
            .collect();
        for root in leaves {
            for arguments in self.arguments("Query", &root) {
                let field = self.api.field("Query", &root);
                let declared: Vec<String> = field.arguments.iter().map(|(name, ty)| format!("${name}: {ty}")).collect();
                let passed: Vec<String> = field.arguments.iter().map(|(name, _)| format!("{name}: ${name}")).collect();
                let document = format!("query({}) {{ {root}({}) }}", declared.join(", "), passed.join(", "));
                let body = self.ask(world, reader, &document, arguments).await;
                let filled = !body["data"][&root].is_null();
                let failed = failures(&body);
                let mut walk =
                    Walk { crawl: self, reader: &reader.name, failed: &failed, at: Vec::new(), below: Vec::new() };
                if filled {
                    walk.reached("Query", &root, true);
                }
            }
        }
        let known: Vec<(String, Vec<String>)> =
            self.ids.iter().map(|(of, ids)| (of.clone(), ids.iter().cloned().collect())).collect();
        for (of, ids) in known {
            for plan in self.api.plans(&of, 1, false) {
                for some in ids.chunks(100) {
                    self.by_id(world, reader, &of, &plan, some).await;
                }
            }
        }
    }

    /// What a root's required arguments can be: each known id of its type.
    fn arguments(&self, parent: &str, root: &str) -> Vec<Value> {
        let field = self.api.field(parent, root);
        let mut all = vec![json!({})];
        for (name, ty) in field.arguments.iter().filter(|(_, ty)| !ty.nullable) {
            let values: Vec<Value> = match named(ty).as_str() {
                "ID" => {
                    let (of, most) = match name.as_str() {
                        "connectorId" => ("Connector", 12),
                        "caseId" => ("Case", 3),
                        "templateId" => ("NoticeTemplate", 3),
                        _ => (field.of.as_str(), 12),
                    };
                    let most = if parent == "Subscription" { usize::MAX } else { most };
                    self.ids.get(of).into_iter().flatten().take(most).map(|id| json!(id)).collect()
                }
                // Of the audit log: its first entry, and two of its sizes.
                "Int" => vec![json!(match name.as_str() {
                    "sequence" => 0,
                    "fromSize" => 1,
                    _ => 2,
                })],
                // Of an alert whose policy selects the indicator and was tuned once; of any other there is no preview.
                "TuneIndicatorInput" => {
                    let of = |id: &String| {
                        json!({"alertId": id, "code": "FILE_DOWNLOADED", "change": "OWN", "policyVersion": 2,
                            "thresholds": {"low": 1, "medium": 2, "high": 3}})
                    };
                    self.ids.get("Alert").into_iter().flatten().take(24).map(of).collect()
                }
                _ => vec![self.api.filler(ty, &|_, name, _| (name == "all").then_some(Value::Bool(true)))],
            };
            let join = |so_far: &Value| {
                values
                    .iter()
                    .map(|value| {
                        let mut more = so_far.clone();
                        more[name] = value.clone();
                        more
                    })
                    .collect::<Vec<_>>()
            };
            all = all.iter().flat_map(join).collect();
        }
        all
    }

    /// One root field with its arguments; what it answered.
    pub(crate) async fn root(
        &mut self,
        world: &World,
        reader: &Reader,
        (parent, root, of): (&str, &str, &str),
        plan: &Plan,
        arguments: Value,
    ) -> Value {
        let document = self.document((parent, root, of), plan, &arguments);
        let body = self.ask(world, reader, &document, arguments).await;
        self.walk(reader, (parent, root), &body, plan);
        body
    }

    /// What every subscription tells the reader when everything that there is changes.
    pub(crate) async fn subscriptions(&mut self, world: &World, reader: &Reader) {
        let roots: Vec<(String, String)> =
            self.api.objects["Subscription"].iter().map(|root| (root.name.clone(), root.of.clone())).collect();
        for (root, of) in roots {
            for arguments in self.arguments("Subscription", &root) {
                if let Some(id) = arguments.get("connectorId") {
                    let ran = "query($id: ID!) { node(id: $id) { ... on Connector { lastRun { id } } } }";
                    let known = reader.caller.ask(ran, json!({"id": id})).await.body;
                    if known["data"]["node"].is_object() && known["data"]["node"]["lastRun"].is_null() {
                        continue;
                    }
                }
                for plan in self.api.plans(&of, 1, false) {
                    if !self.listen(world, reader, (&root, &of), &plan, &arguments).await {
                        break;
                    }
                }
            }
        }
    }

    /// Opens one subscription and reads what comes of it; false where it is refused. Ids that a share gave out are none.
    async fn listen(
        &mut self,
        world: &World,
        reader: &Reader,
        (root, of): (&str, &str),
        plan: &Plan,
        arguments: &Value,
    ) -> bool {
        self.requests += 1;
        let document = self.document(("Subscription", root, of), plan, arguments);
        let mut stream = reader.caller.events(&document, arguments.clone()).await;
        if let Err(errors) = stream.opened().await {
            let mut found = Found::new();
            each_text(&errors, &mut |text| found.extend(self.search.in_text(text)));
            if !found.is_empty() {
                let viewer = reader.name.clone();
                self.hits.push(Hit { viewer, field: "errors".to_owned(), below: vec![], found });
            }
            let code = errors[0]["extensions"]["code"].as_str().unwrap_or_default();
            assert!(
                matches!(code, "FORBIDDEN" | "UNAUTHENTICATED" | "NOT_FOUND"),
                "{}: {document}\n{errors}",
                reader.name
            );
            return false;
        }
        let now = world.clock.now().0;
        let changes = format!(
            "INSERT INTO changes (kind, thing, owner, at) SELECT 'RUN', id, connector_id, {now} FROM runs \
             UNION ALL SELECT 'CASE', id, NULL, {now} FROM cases UNION ALL SELECT 'ALERT', id, NULL, {now} FROM alerts"
        );
        world.execute(&changes).await;
        // Every alert, those of the canaries among them; of a case or a connector the first event will do.
        let events = if root == "alertRaised" { world.number("SELECT count(*) FROM alerts").await } else { 1 };
        for _ in 0..events {
            let body = stream.next().await;
            self.walk(reader, ("Subscription", root), &body, plan);
        }
        true
    }

    fn walk(&mut self, reader: &Reader, (parent, root): (&str, &str), body: &Value, plan: &Plan) {
        let failed = failures(body);
        let mut walk = Walk { crawl: self, reader: &reader.name, failed: &failed, at: Vec::new(), below: Vec::new() };
        walk.value(parent, root, &body["data"][root], plan);
    }

    fn document(&self, (parent, root, of): (&str, &str, &str), plan: &Plan, arguments: &Value) -> String {
        let field = self.api.field(parent, root);
        let given: Vec<&(String, Type)> =
            field.arguments.iter().filter(|(name, _)| arguments.get(name).is_some()).collect();
        let declared: Vec<String> = given.iter().map(|(name, ty)| format!("${name}: {ty}")).collect();
        let mut passed: Vec<String> = given.iter().map(|(name, _)| format!("{name}: ${name}")).collect();
        if field.pages() {
            passed.push(format!("first: {}", size(of, 0)));
        }
        let brackets =
            |list: Vec<String>| if list.is_empty() { String::new() } else { format!("({})", list.join(", ")) };
        let mut document = format!("{}{} {{ {root}{}", parent.to_lowercase(), brackets(declared), brackets(passed));
        self.api.selection(of, plan, usize::from(field.pages()), &mut document);
        document.push('}');
        document
    }

    async fn by_id(&mut self, world: &World, reader: &Reader, of: &str, plan: &Plan, ids: &[String]) {
        let mut document = format!("query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on {of}");
        self.api.selection(of, plan, 1, &mut document);
        document.push_str("} }");
        let body = self.ask(world, reader, &document, json!({"ids": ids})).await;
        let failed = failures(&body);
        let mut walk = Walk { crawl: self, reader: &reader.name, failed: &failed, at: Vec::new(), below: Vec::new() };
        walk.reached("Query", "nodes", true);
        for (at, node) in body["data"]["nodes"].as_array().into_iter().flatten().enumerate() {
            walk.at = vec![json!("nodes"), json!(at)];
            if !node.is_null() {
                assert_eq!(node["__typename"], of, "an id is of its type");
                walk.object(of, node, plan);
            }
        }
        if let Some(one) = ids.first() {
            // The same thing, alone.
            let alone = document.replace("$ids: [ID!]!", "$id: ID!").replace("nodes(ids: $ids)", "node(id: $id)");
            let body = self.ask(world, reader, &alone, json!({"id": one})).await;
            let failed = failures(&body);
            let mut walk =
                Walk { crawl: self, reader: &reader.name, failed: &failed, at: vec![json!("node")], below: Vec::new() };
            walk.reached("Query", "node", true);
            if !body["data"]["node"].is_null() {
                walk.object(of, &body["data"]["node"], plan);
            }
        }
    }

    /// An answer; its errors are searched. A document that the server does not take is a fault of the crawler.
    async fn ask(&mut self, world: &World, reader: &Reader, document: &str, variables: Value) -> Value {
        self.requests += 1;
        let mut answer = reader.caller.ask(document, variables.clone()).await;
        if answer.status == 429 {
            world.clock.advance(60 * SECOND);
            answer = reader.caller.ask(document, variables).await;
        }
        assert_eq!(answer.status, 200, "{}: {document}\n{}", reader.name, answer.body);
        let mut found = Found::new();
        each_text(&answer.body["errors"], &mut |text| found.extend(self.search.in_text(text)));
        each_text(&answer.body["extensions"], &mut |text| found.extend(self.search.in_text(text)));
        if !found.is_empty() {
            self.hits.push(Hit { viewer: reader.name.clone(), field: "errors".to_owned(), below: vec![], found });
        }
        for error in answer.body["errors"].as_array().into_iter().flatten() {
            let code = error["extensions"]["code"].as_str().unwrap_or_default();
            let expected = matches!(code, "FORBIDDEN" | "UNAUTHENTICATED") && error["path"].is_array();
            assert!(expected, "{}: {document}\n{error}", reader.name);
        }
        answer.body
    }
}

/// How many things with ids a path from a root leads through.
const NODES: usize = 4;

/// Paths at which there is an error.
fn failures(body: &Value) -> BTreeSet<String> {
    body["errors"].as_array().into_iter().flatten().map(|error| error["path"].to_string()).collect()
}

/// Every text in a value, keys too.
pub(crate) fn each_text(value: &Value, seen: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) => seen(text),
        Value::Number(number) => seen(&number.to_string()),
        Value::Array(items) => items.iter().for_each(|item| each_text(item, seen)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| {
            seen(key);
            each_text(value, seen);
        }),
        Value::Null | Value::Bool(_) => {}
    }
}

/// Along one answer.
struct Walk<'a> {
    crawl: &'a mut Crawl,
    reader: &'a str,
    failed: &'a BTreeSet<String>,
    at: Vec<Value>,
    below: Vec<(String, String)>,
}

impl Walk<'_> {
    fn reached(&mut self, of: &str, field: &str, filled: bool) {
        let key = (of.to_owned(), field.to_owned());
        if filled {
            self.crawl.filled.insert(key.clone());
        }
        self.crawl.reached.insert(key);
    }

    fn object(&mut self, of: &str, object: &Value, plan: &Plan) {
        let has_id = self.crawl.api.nodes.contains(of);
        if let Some(id) = object["id"].as_str().filter(|_| has_id) {
            self.crawl.ids.entry(of.to_owned()).or_default().insert(id.to_owned());
            self.below.push((of.to_owned(), id.to_owned()));
        }
        for (name, value) in object.as_object().unwrap() {
            if name != "__typename" {
                let below = plan.0.get(name).cloned().unwrap_or_default();
                self.value(of, name, value, &below);
            }
        }
        if has_id {
            self.below.pop();
        }
    }

    fn value(&mut self, of: &str, name: &str, value: &Value, plan: &Plan) {
        self.at.push(json!(name));
        if value.is_null() {
            if !self.failed.contains(&Value::from(self.at.clone()).to_string()) {
                self.reached(of, name, false);
            }
        } else {
            self.reached(of, name, true);
            let field = self.crawl.api.field(of, name);
            if self.crawl.api.is_composite(field) {
                let of = field.of.clone();
                self.items(&of, value, plan);
            } else {
                let mut found = Found::new();
                each_text(value, &mut |text| found.extend(self.crawl.search.in_text(text)));
                if !found.is_empty() {
                    let (viewer, field) = (self.reader.to_owned(), format!("{of}.{name}"));
                    self.crawl.hits.push(Hit { viewer, field, below: self.below.clone(), found });
                }
            }
        }
        self.at.pop();
    }

    fn items(&mut self, of: &str, value: &Value, plan: &Plan) {
        match value {
            Value::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    self.at.push(json!(at));
                    self.items(of, item, plan);
                    self.at.pop();
                }
            }
            Value::Null => {}
            object => self.object(of, object, plan),
        }
    }
}
