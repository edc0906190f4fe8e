//! The house rules hold for the checkout.

use std::{io, path::Path};
use vizard_tests::tidy;

/// What git holds of this checkout.
fn checkout() -> io::Result<Vec<tidy::File>> {
    tidy::files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
}

#[test]
fn the_source_tree_follows_the_house_rules() {
    let files = checkout().expect("the checkout is read with git");
    assert!(files.iter().filter(|file| file.is_rust()).count() > 20, "the tree was not found");
    let found: Vec<String> = tidy::findings(&files).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn every_area_that_an_import_rule_speaks_of_exists() {
    let files = checkout().expect("the checkout is read with git");
    for area in tidy::rules().iter().flat_map(|rule| rule.within) {
        let exists = files.iter().any(|file| file.is_rust() && file.is_in(area));
        assert!(exists, "no source file in {area}: the rule guards nothing");
    }
}
