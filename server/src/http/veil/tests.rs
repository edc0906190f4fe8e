//! Ids and cursors through the veil and back.
//! Never: an id of a kind that the veil does not know; the property draws from its own list.

use super::*;
use async_graphql::value;
use proptest::prelude::*;

fn veil(byte: u8) -> Veil {
    Veil::new(&VeilKey([byte; 32]))
}

const CASE: &str = "case_0197c0ffee0197c0ffee0197c0ffee01";

#[test]
fn an_id_is_another_in_each_share_and_is_read_back() {
    let (one, other) = (veil(1), veil(2));
    let covered = one.cover(CASE).unwrap();
    assert_ne!(covered, CASE);
    assert_ne!(Some(&covered), other.cover(CASE).as_ref());
    assert!(covered.starts_with("case_") && covered.len() == CASE.len());
    assert_eq!(one.read(&covered).as_deref(), Some(CASE));
    assert_ne!(other.read(&covered).as_deref(), Some(CASE));
}

#[test]
fn an_id_in_a_sentence_is_covered_and_the_sentence_stays() {
    let text = format!("Case opened from {} of severity HIGH.", CASE.replace("case", "alert"));
    let covered = veil(1).cover(&text).unwrap();
    assert!(covered.starts_with("Case opened from alert_") && covered.ends_with(" of severity HIGH."), "{covered}");
    assert!(!covered.contains("c0ffee"));
    assert_eq!(veil(1).cover("risk_level is_high"), None);
}

#[test]
fn a_cursor_is_sealed_and_read_back_by_its_share_alone() {
    let cursor = URL_SAFE_NO_PAD.encode(r#"["case/timeline",[20000,"0197c0ff-ee01-97c0-ffee-0197c0ffee01"]]"#);
    let covered = veil(1).cover(&cursor).unwrap();
    assert_eq!(veil(1).read(&covered).as_deref(), Some(cursor.as_str()));
    assert_eq!(veil(2).read(&covered), None);
    assert!(!covered.contains(&cursor[..20]));
}

#[test]
fn the_whole_of_a_document_and_of_an_answer_is_walked() {
    let veil = veil(1);
    let mine = veil.cover(CASE).unwrap();
    let text = format!(
        "query($id: ID = \"{mine}\") {{ a: case(id: \"{mine}\") {{ ...F }} nodes(ids: [$id, \"{mine}\"]) {{ id }} }} \
         fragment F on Case {{ ... on Case {{ x(input: {{id: \"{mine}\"}}) {{ id }} }} }}"
    );
    let mut document = async_graphql::parser::parse_query(text).unwrap();
    let mut variables = Variables::from_value(value!({"id": mine.as_str(), "list": [mine.as_str()]}));
    veil.lift(&mut document, &mut variables);
    let shown = format!("{document:?}{variables:?}");
    assert!(!shown.contains(&mine) && shown.matches(CASE).count() == 6, "{shown}");
    let answer = veil.over(Response::new(value!({"a": {"id": CASE, "list": [{"deep": CASE}]}, "n": 3})));
    assert_eq!(answer.data, value!({"a": {"id": mine.as_str(), "list": [{"deep": mine.as_str()}]}, "n": 3}));
}

#[test]
fn every_kind_of_id_is_veiled() {
    let missing: Vec<_> = vizard_core::ids::PREFIXES.iter().filter(|kind| !KINDS.contains(kind)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

proptest! {
    #[test]
    fn no_text_breaks_the_veil(text in "\\PC{0,60}", kind in prop::sample::select(KINDS), id in any::<u128>()) {
        let veil = veil(3);
        let _ = (veil.read(&text), veil.cover(&text));
        let id = format!("{kind}_{id:032x}");
        prop_assert_eq!(veil.read(&veil.cover(&id).unwrap()), Some(id));
    }
}
