//! Which spellings are one, and what a patient is to whoever opened the record.
//! Never: a person who exists; all are invented.

use super::*;
use proptest::prelude::*;

/// A digest that tells the texts: in the clear, for tests alone.
fn digest(texts: &[&str]) -> [u8; 16] {
    let mut hash = Sha256::new();
    for text in texts {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    let mut out = [0; 16];
    out.copy_from_slice(&hash.finalize()[..16]);
    out
}

type Person<'a> = (&'a str, &'a str, &'a str, &'a str);

const MARA: Person<'_> = ("Mara", "Lindt", "Birch Lane 9", "1767");

fn marks((first, last, street, zip): Person<'_>) -> Marks {
    Traits::of(first, last, street, zip).unwrap_or_else(|| panic!("{last} {zip}")).marks(digest)
}

fn seen(patient: Person<'_>, profile: Person<'_>, is_actors_own: bool) -> &'static str {
    relation(&marks(patient), &marks(profile), is_actors_own).unwrap_or("")
}

#[test]
fn the_same_surname_and_postal_code_are_family_and_oneself_is_not() {
    assert_eq!(seen(("Jonas", "LINDT", "Harbour Road 1", "N-1767"), MARA, true), FAMILY);
    assert_eq!(seen(("mara", "lindt", "elsewhere", "1767"), MARA, true), "", "one's own record, whatever the street");
    assert_eq!(seen(("Mara Sofie", "Lindt", "9 Birch Ln", "1767"), MARA, true), "");
    assert_eq!(seen(("Jonas", "Lindt", "Birch Lane 9", "1768"), MARA, true), "");
    assert_eq!(seen(("", "Lindt", "Birch Lane 9", "1767"), MARA, true), "", "it may be one's own");
}

#[test]
fn another_surname_in_the_same_street_is_a_neighbour() {
    assert_eq!(seen(("Ines", "Falkenrath", "12 Birch Ln.", "1767"), MARA, true), NEIGHBOUR);
    assert_eq!(seen(("", "Falkenrath", "12 Birch Ln.", "1767"), MARA, true), NEIGHBOUR);
    assert_eq!(seen(("Ines", "Falkenrath", "12 Birch Ln.", "1768"), MARA, true), "");
    assert_eq!(seen(("Ines", "Falkenrath", "12 Beech Ln.", "1767"), MARA, true), "");
    assert_eq!(seen(("Ines", "Falkenrath", "", "1767"), ("Mara", "Lindt", "", "1767"), true), "", "no street is none");
    assert_eq!(seen(("Ines", "Falkenrath", "PO Box 7", "1767"), ("Mara", "Lindt", "P.O. Box 8", "1767"), true), "");
}

#[test]
fn a_person_of_hr_other_than_the_actor_is_a_colleague() {
    let otto = ("Otto", "Brekke", "Harbour Road 4", "1771");
    assert_eq!(seen(("OTTO", "Brekke", "elsewhere", "1771"), otto, false), COLLEAGUE);
    assert_eq!(seen(("Ole", "Brekke", "Harbour Road 4", "1771"), otto, false), "", "a colleague's family is nothing");
    assert_eq!(seen(("Otto", "Brekke", "Harbour Road 4", "1772"), otto, false), "");
    assert_eq!(seen(("", "Brekke", "", "1771"), ("", "Brekke", "", "1771"), false), "");
}

#[test]
fn spellings_of_a_street_are_one() {
    for (text, want) in [
        ("12 Main Street", "mainstreet"),
        ("Main St. 12", "mainstreet"),
        ("12a MAIN ST, Apt 4", "mainstreet"),
        ("Apt. 4, 12 Main St", "mainstreet"),
        ("12-14 Main St", "mainstreet"),
        ("221 B Baker Street", "bakerstreet"),
        ("221B Baker St", "bakerstreet"),
        ("1 St. James Rd", "saintjamesroad"),
        ("350 5th Ave", "5thavenue"),
        ("5th Avenue 350", "5thavenue"),
        ("400 N Elm Blvd", "northelmboulevard"),
        ("12 Highway 50", "highway50"),
        ("Hauptstr. 3a", "hauptstrasse"),
        ("Hauptstraße 3 a", "hauptstrasse"),
        ("Haupt Str. 17", "hauptstrasse"),
        ("Straße des 17. Juni 135", "strassedes17juni"),
        ("Königsallee 1", "koenigsallee"),
        ("Koenigsallee 1", "koenigsallee"),
        ("7 Flat Rock Road", "flatrockroad"),
        ("Rue de l'Église 4", "ruedeleglise"),
        ("Postfach 12", ""),
        ("P.O. Box 7", ""),
        ("", ""),
        ("12", "12"),
    ] {
        assert_eq!(street(text), want, "{text}");
    }
}

#[test]
fn spellings_of_a_postal_code_are_one_and_codes_with_letters_keep_them() {
    for (text, want) in [
        ("62704", "62704"),
        ("62704-1201", "62704"),
        ("D-31832", "31832"),
        ("LT 01234", "01234"),
        ("SW1A 1AA", "sw1a1aa"),
        ("k1a 0b1", "k1a0b1"),
        ("1767", "1767"),
        (" ", ""),
    ] {
        assert_eq!(postal_code(text), want, "{text}");
    }
}

#[test]
fn whoever_has_no_surname_or_postal_code_is_compared_with_nobody() {
    assert!(Traits::of("Ada", "", "Elm St 1", "1767").is_none());
    assert!(Traits::of("Ada", "Quill", "Elm St 1", " - ").is_none());
    assert!(Traits::of("Ada", "'", "Elm St 1", "1767").is_none());
}

#[test]
fn umlauts_are_those_that_a_system_without_them_spells_out() {
    assert_eq!(spelling("Müller-Lüdenscheidt"), spelling("MUELLER LUEDENSCHEIDT"));
    assert_eq!(spelling("O'Brien"), spelling("OBrien"));
    assert_eq!(spelling("Núñez"), spelling("Nunez"));
    assert_ne!(spelling("Baur"), spelling("Bauer"), "two names");
}

#[test]
fn a_derived_key_is_of_its_access_and_kind() {
    let (one, two) = (EventKey([1; 16]), EventKey([2; 16]));
    assert_eq!(derived_key(one, FAMILY), derived_key(one, FAMILY));
    assert_ne!(derived_key(one, FAMILY), derived_key(one, COLLEAGUE));
    assert_ne!(derived_key(one, FAMILY), derived_key(two, FAMILY));
}

fn person() -> impl Strategy<Value = (String, String, String, String)> {
    let few = |of: &'static [&'static str]| prop::sample::select(of).prop_map(str::to_owned);
    (
        few(&["Ada", "Bo", ""]),
        few(&["Quill", "Müller", "Brekke"]),
        few(&["Elm St 1", "Elm Street 7", "Oak Rd 2", ""]),
        few(&["1767", "31832"]),
    )
}

proptest! {
    #[test]
    fn case_and_separators_and_the_composition_of_letters_change_nothing(
        (first, last, street, zip) in person(),
        noise in prop::sample::select(vec![" ", "  ", ". ", ", "]),
    ) {
        use unicode_normalization::UnicodeNormalization as _;
        let plain = Traits::of(&first, &last, &street, &zip);
        let loud = |text: &str| text.to_uppercase().replace(' ', noise);
        let apart = |text: &str| text.nfd().collect::<String>();
        prop_assert!(plain == Traits::of(&loud(&first), &loud(&last), &loud(&street), &loud(&zip)));
        prop_assert!(plain == Traits::of(&apart(&first), &apart(&last), &apart(&street), &apart(&zip)));
    }

    #[test]
    fn the_rules_say_what_they_say_of_the_texts(patient in person(), profile in person(), own: bool) {
        let of = |(first, last, street, zip): &(String, String, String, String)| {
            Traits::of(first, last, street, zip).unwrap_or_else(|| panic!("{last}"))
        };
        let (patient, profile) = (of(&patient), of(&profile));
        let found = relation(&patient.marks(digest), &profile.marks(digest), own);
        let area = patient.postal_code == profile.postal_code;
        let (surname, first) = (patient.surname == profile.surname, patient.first_name == profile.first_name);
        let named = patient.first_name.is_some() && profile.first_name.is_some();
        let street = patient.street.is_some() && patient.street == profile.street;
        let want = match own {
            true if area && surname => (named && !first).then_some(FAMILY),
            true => (area && street).then_some(NEIGHBOUR),
            false => (area && surname && named && first).then_some(COLLEAGUE),
        };
        prop_assert_eq!(found, want);
    }

    #[test]
    fn any_text_is_answered(first in any::<String>(), last in any::<String>(), line in any::<String>(), zip in any::<String>()) {
        let _ = Traits::of(&first, &last, &line, &zip).map(|traits| traits.marks(digest));
    }

    #[test]
    fn a_street_is_its_own_spelling(words in prop::collection::vec("[a-zA-Zäöüß]{1,9}", 1..4)) {
        let once = street(&words.join(" "));
        prop_assert!(once.chars().all(char::is_alphanumeric));
    }
}
