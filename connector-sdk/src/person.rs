//! A person, by what a record calls them.
//! Never: a person without a name.

/// Identifiers of one person, each with its scheme, the most telling first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Person(Vec<(&'static str, String)>);

impl Person {
    /// Whoever has these identifiers, or why there is nobody.
    pub fn named(names: Vec<(&'static str, String)>) -> Result<Self, &'static str> {
        if names.is_empty() { Err("no person's account") } else { Ok(Self(names)) }
    }

    /// As [`crate::NewEvent::actor`] takes them.
    #[must_use]
    pub fn identifiers(&self) -> Vec<(&str, &str)> {
        self.0.iter().map(|(scheme, value)| (*scheme, value.as_str())).collect()
    }

    /// The first of them, for ids.
    #[must_use]
    pub fn key(&self) -> &str {
        self.0.first().map_or("", |(_, value)| value)
    }
}

#[cfg(test)]
mod tests {
    use super::Person;
    use crate::identifier::{SAM, UPN};

    #[test]
    fn a_person_has_a_name_and_the_first_is_the_key() {
        let ada = Person::named(vec![(UPN, "ada@example.com".into()), (SAM, "corp\\ada".into())]).unwrap();
        assert_eq!(ada.identifiers(), [(UPN, "ada@example.com"), (SAM, "corp\\ada")]);
        assert_eq!(ada.key(), "ada@example.com");
        assert_eq!(Person::named(vec![]), Err("no person's account"));
    }
}
