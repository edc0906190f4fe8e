//! What passes, what is refused and by which limit, and that refusing takes no time.
//! Never: a bound written here as a number; it comes from the limits.

use super::*;
use proptest::prelude::*;
use std::time::{Duration, Instant};
use vizard_core::limits::*;

fn check(text: &str) -> Result<ExecutableDocument, ServerError> {
    super::check(text, &Variables::default())
}

fn refusal(text: &str) -> Option<String> {
    check(text).err().map(|error| error.message)
}

fn repeat(count: usize, text: impl Fn(usize) -> String) -> String {
    (0..count).map(text).collect()
}

/// Each limit with documents just inside it and just outside it.
#[test]
fn every_limit_holds_exactly() {
    let nested = |count: usize| format!("{}a{}", "{a".repeat(count - 1) + "{", "}".repeat(count));
    let fields = |count: usize| format!("{{ r {{ {} }} }}", "a ".repeat(count - 1));
    let aliases = |count: usize| format!("{{ r {{ {} }} }}", repeat(count, |at| format!("a{at}: a ")));
    let directives = |count: usize| format!("{{ r {} }}", "@d ".repeat(count));
    let roots = |count: usize| format!("{{ {} }}", "a ".repeat(count));
    let operations = |count: usize| repeat(count, |at| format!("query Q{at} {{ a }} "));
    let fragments = |count: usize| format!("{{ a }} {}", repeat(count, |at| format!("fragment F{at} on T {{ a }} ")));
    let lists = |count: usize| format!("{{ __schema {}a{} }}", "{ fields ".repeat(count) + "{ ", "}".repeat(count + 1));
    let tokens = |count: usize| format!("{{ a(b: [{}]) }}", "1 ".repeat(count - 9));
    let brackets = |count: usize| format!("{{ a(b: {}1{}) }}", "[".repeat(count - 2), "]".repeat(count - 2));
    type Make<'a> = &'a dyn Fn(usize) -> String;
    let cases: [(&str, usize, Make<'_>); 10] = [
        ("fields below each other", GRAPHQL_DEPTH, &nested),
        ("fields and fragments", GRAPHQL_FIELDS, &fields),
        ("aliases", GRAPHQL_ALIASES, &aliases),
        ("directives", GRAPHQL_DIRECTIVES, &directives),
        ("fields of the root", GRAPHQL_ROOT_FIELDS, &roots),
        ("operations", GRAPHQL_OPERATIONS, &operations),
        ("fragments in one document", GRAPHQL_FRAGMENTS, &fragments),
        ("lists of the introspection schema", GRAPHQL_INTROSPECTION_LISTS, &lists),
        ("words and signs", GRAPHQL_TOKENS, &tokens),
        ("brackets open at once", GRAPHQL_NESTING, &brackets),
    ];
    for (name, most, make) in cases {
        assert_eq!(refusal(&make(most)), None, "{name}");
        let message = refusal(&make(most + 1)).unwrap_or_default();
        assert!(message.contains(&format!("too many {name}")), "{name}: {message}");
        assert!(message.contains(&most.to_string()) && message.contains("split"), "{message}");
    }
}

#[test]
fn pages_below_each_other_multiply() {
    let refused = |text: &str| refusal(text).is_some_and(|message| message.contains("nodes on the pages"));
    let three = |size: &str| {
        format!(
            "{{ a(first: {size}) {{ nodes {{ b(last: {size}) {{ nodes {{ c(first: {size}) {{ nodes {{ id }} }} }} }} }} }} }}"
        )
    };
    // 36 + 36^2 + 36^3 is below the limit, 37 + 37^2 + 37^3 above.
    assert!(!refused(&three("36")) && refused(&three("37")));
    assert!(refused(&three("1000000000000000000000")) && refused(&three("-1")) && refused(&three("$n")));
    // Without arguments a page is one of the default size, here also behind a fragment.
    let four = "{ a { ...P } } fragment P on A { edges { node { b { ...Q } } } } \
                fragment Q on B { nodes { c { nodes { d { nodes { id } } } } } }";
    assert!(refused(four) && !refused(&four.replace("d { nodes { id } }", "d { id }")));
}

#[test]
fn a_variable_says_the_size_of_a_page() {
    let text =
        "query ($n: Int) { a(first: $n) { nodes { b(first: $n) { nodes { c(first: $n) { nodes { id } } } } } } }";
    let check = |variables| super::check(text, &Variables::from_json(variables)).is_ok();
    assert!(check(serde_json::json!({"n": 36})));
    for variables in [serde_json::json!({"n": 37}), serde_json::json!({"n": null}), serde_json::json!({})] {
        assert!(!check(variables));
    }
}

#[test]
fn a_fragment_bomb_is_refused_at_once() {
    let bomb = |levels: usize| {
        let folds = repeat(levels, |at| format!("fragment F{at} on T {{ ...F{0} ...F{0} }} ", at + 1));
        format!("{{ ...F0 }} {folds} fragment F{levels} on T {{ a }}")
    };
    let start = Instant::now();
    for levels in [12, 40, 90] {
        assert!(refusal(&bomb(levels)).is_some_and(|message| message.contains("fields and fragments")), "{levels}");
    }
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[test]
fn aliases_and_directives_inside_fragments_count_every_time() {
    let folds = format!("{{ r {{ {} }} }} fragment F on T {{ x: a @d }}", "...F ".repeat(GRAPHQL_ALIASES + 1));
    assert!(refusal(&folds).is_some_and(|message| message.contains("aliases")));
    let roots = format!("{{ {} }} fragment F on T {{ a b c }}", "...F ".repeat(GRAPHQL_ROOT_FIELDS / 3 + 1));
    assert!(refusal(&roots).is_some_and(|message| message.contains("fields of the root")));
}

#[test]
fn a_fragment_that_contains_itself_is_refused_even_unused() {
    for text in ["{ ...A } fragment A on T { ...B } fragment B on T { a { ...A } }", "{ a } fragment A on T { ...A }"] {
        assert_eq!(refusal(text).as_deref(), Some("a fragment contains itself"));
    }
}

#[test]
fn brackets_and_signs_inside_texts_do_not_count() {
    let many = "{[(".repeat(GRAPHQL_NESTING * 50);
    for text in [
        format!("{{ a(b: \"{many}\") }}"),
        format!("{{ a(b: \"\\\"{many}\") }}"),
        format!("{{ a(b: \"\"\"{many}\n\\\"\"\"{many}\" \"\"\") }}"),
        format!("{{ a # {many}\n }}"),
        "{ a(b: \"\", c: \"\"\"\"\"\") }".to_owned(),
    ] {
        assert_eq!(refusal(&text), None, "{}", &text[..40.min(text.len())]);
    }
    for text in ["{ a(b: \"x", "{ a(b: \"x\n\") }", "{ a(b: \"\"\"x\") }", "{ a(b: \"x\\"] {
        assert_eq!(refusal(text).as_deref(), Some("a text in the document does not end"), "{text}");
    }
}

#[test]
fn a_syntax_error_tells_its_place_and_repeats_nothing() {
    let error = check("{ alerts(subject: Ada Example").unwrap_err();
    assert_eq!(error.message, "the document is not GraphQL: a syntax error");
    assert_eq!(error.locations.len(), 1);
    assert!(!serde_json::to_string(&error).unwrap().contains("Ada"));
    assert!(check("").is_err());
}

#[test]
fn the_introspection_query_of_the_common_tools_passes() {
    let kind = repeat(9, |_| " ofType { kind name".to_owned()) + &" }".repeat(9);
    let text = format!(
        "query IntrospectionQuery {{ __schema {{ description queryType {{ name kind }} mutationType {{ name }} \
         subscriptionType {{ name }} types {{ ...FullType }} directives {{ name description isRepeatable locations \
         args(includeDeprecated: true) {{ ...InputValue }} }} }} }} fragment FullType on __Type {{ kind name description \
         specifiedByURL isOneOf fields(includeDeprecated: true) {{ name description args(includeDeprecated: true) \
         {{ ...InputValue }} type {{ ...TypeRef }} isDeprecated deprecationReason }} inputFields(includeDeprecated: true) \
         {{ ...InputValue }} interfaces {{ ...TypeRef }} enumValues(includeDeprecated: true) {{ name description \
         isDeprecated deprecationReason }} possibleTypes {{ ...TypeRef }} }} fragment InputValue on __InputValue {{ name \
         description type {{ ...TypeRef }} defaultValue isDeprecated deprecationReason }} \
         fragment TypeRef on __Type {{ kind name {kind} }}"
    );
    assert_eq!(refusal(&text), None);
}

/// The parser behind is recursive and backtracks: the worst documents that get through to it must be cheap.
#[test]
fn no_document_within_the_limits_keeps_the_parser_busy() {
    let deep = GRAPHQL_NESTING - 2;
    let start = Instant::now();
    for text in [
        format!("{{ a(b: {}1", "[".repeat(deep)),
        format!("{{ a(b: {}1", "{c: ".repeat(deep)),
        "{ ... on T ".repeat(GRAPHQL_NESTING),
        "{ ... @d(x: 1) ".repeat(GRAPHQL_NESTING - 1),
        "{ a @d ".repeat(GRAPHQL_NESTING),
        format!("query ($a: {}T", "[".repeat(deep)),
        format!("query ($a: T = {}1", "[".repeat(deep)),
        format!("{{ a(b: \"{}", "\\u00".repeat(20_000)),
    ] {
        assert!(check(&text).is_err());
    }
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_measured_without_a_panic(text in "\\PC{0,200}") {
        let _ = check(&text);
    }

    #[test]
    fn any_mix_of_signs_is_measured_without_a_panic(text in "[{}()\\[\\]\"\\\\# \n.a:@$!]{0,200}") {
        let _ = check(&text);
    }
}
