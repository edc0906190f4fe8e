//! The served schema: as it is published in `schema.graphql`, and as the contract with clients says.

use async_graphql_parser::types::{FieldDefinition, ServiceDocument, TypeDefinition, TypeKind, TypeSystemDefinition};
use std::{collections::BTreeMap, path::Path};
use vizard_server::graphql::{directive, rules, schema};

/// Everything that a client can name, with its type: `Alert.score: Float!`, `Query.alerts(first): Int`, `Severity.HIGH`.
fn names(sdl: &str) -> BTreeMap<String, String> {
    let document: ServiceDocument = async_graphql_parser::parse_schema(sdl).expect("a schema");
    let mut names = BTreeMap::new();
    for definition in document.definitions {
        if let TypeSystemDefinition::Type(definition) = definition {
            add(&mut names, &definition.node);
        }
    }
    names
}

fn add(names: &mut BTreeMap<String, String>, definition: &TypeDefinition) {
    let of = definition.name.node.to_string();
    let mut fields = |fields: &[async_graphql_parser::Positioned<FieldDefinition>]| {
        for field in fields.iter().map(|field| &field.node) {
            names.insert(format!("{of}.{}", field.name.node), field.ty.node.to_string());
            for argument in field.arguments.iter().map(|argument| &argument.node) {
                names.insert(format!("{of}.{}({})", field.name.node, argument.name.node), argument.ty.node.to_string());
            }
        }
    };
    match &definition.kind {
        TypeKind::Object(object) => fields(&object.fields),
        TypeKind::Interface(interface) => fields(&interface.fields),
        TypeKind::InputObject(input) => {
            for field in input.fields.iter().map(|field| &field.node) {
                names.insert(format!("{of}.{}", field.name.node), field.ty.node.to_string());
            }
        }
        TypeKind::Enum(words) => {
            for word in &words.values {
                names.insert(format!("{of}.{}", word.node.value.node), "value".to_owned());
            }
        }
        TypeKind::Scalar | TypeKind::Union(_) => {
            names.insert(of, "type".to_owned());
        }
    }
}

fn contract() -> BTreeMap<String, String> {
    names(&std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/api-contract.graphql")).unwrap())
}

#[test]
fn the_schema_file_is_what_the_server_serves() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema.graphql");
    let served = format!("{}\n", schema::sdl().trim_end());
    if std::env::var_os("VIZARD_BLESS").is_some() {
        std::fs::write(&file, &served).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        kept == served,
        "schema.graphql is not what the code serves: run the tests once with VIZARD_BLESS=1 and review"
    );
}

#[test]
fn nothing_of_the_contract_is_served_otherwise() {
    let served = names(&schema::sdl());
    let other: Vec<String> = contract()
        .into_iter()
        .filter_map(|(name, ty)| {
            let have = served.get(&name)?;
            (*have != ty).then(|| format!("{name}: {have}, not {ty}"))
        })
        .collect();
    assert!(other.is_empty(), "{}", other.join("\n"));
}

/// What later versions bring; this list may only shrink.
#[test]
fn what_the_contract_has_and_this_version_does_not_is_known() {
    let served = names(&schema::sdl());
    let missing: Vec<String> = contract().into_keys().filter(|name| !served.contains_key(name)).collect();
    insta::assert_snapshot!(missing.join("\n"));
}

#[test]
fn every_rule_guards_a_field_that_the_schema_prints() {
    assert_eq!(directive::unprinted(&schema::sdl(), rules::RULES), []);
}

#[test]
fn every_name_of_the_schema_is_described() {
    let document = async_graphql_parser::parse_schema(schema::sdl()).expect("a schema");
    let mut bare = Vec::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        let of = &definition.node.name.node;
        if definition.node.description.is_none() {
            bare.push(of.to_string());
        }
        let fields = match &definition.node.kind {
            TypeKind::Object(object) => &object.fields,
            TypeKind::Interface(interface) => &interface.fields,
            TypeKind::Enum(of_enum) => {
                let values = of_enum.values.iter().filter(|value| value.node.description.is_none());
                bare.extend(values.map(|value| format!("{of}.{}", value.node.value.node)));
                continue;
            }
            TypeKind::InputObject(input) => {
                let fields = input.fields.iter().filter(|field| field.node.description.is_none());
                bare.extend(fields.map(|field| format!("{of}.{}", field.node.name.node)));
                continue;
            }
            _ => continue,
        };
        for field in fields {
            let arguments = field.node.arguments.iter().filter(|argument| argument.node.description.is_none());
            bare.extend(
                arguments.map(|argument| format!("{of}.{}({})", field.node.name.node, argument.node.name.node)),
            );
        }
        bare.extend(
            fields
                .iter()
                .filter(|field| field.node.description.is_none())
                .map(|field| format!("{of}.{}", field.node.name.node)),
        );
    }
    // The library's own.
    bare.retain(|name| {
        !name.starts_with("PageInfo")
            && !["Query", "Mutation", "Boolean", "Float", "ID", "Int", "String"].contains(&name.as_str())
    });
    assert!(bare.is_empty(), "{}", bare.join("\n"));
}
