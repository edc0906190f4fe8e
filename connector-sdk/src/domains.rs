//! Domains as a configuration lists them: the organisation's own, and others that a connector asks about.
//! Never: a domain without a normal form; they are compared for every record.

use crate::{Problem, identifier};
use serde::{Deserialize, Deserializer};

/// A list of domains, each with everything below it. In a configuration it is a list of texts.
#[derive(Debug, Clone, Default)]
pub struct Domains(Vec<String>);

impl Domains {
    /// Whether `domain` is one of them or below one.
    #[must_use]
    pub fn have(&self, domain: &str) -> bool {
        identifier::within(domain, self.0.iter().map(String::as_str))
    }

    /// The domain of `address` where it is none of these, so of somebody outside; `None` for those inside, and for what
    /// is no address.
    #[must_use]
    pub fn outside(&self, address: &str) -> Option<String> {
        let address = identifier::address(address)?;
        identifier::domain(&address).filter(|domain| !self.have(domain))
    }

    /// Whether the list is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with the list `name` of a configuration.
    #[must_use]
    pub fn problems(&self, name: &str) -> Vec<Problem> {
        let wrong = self.0.iter().enumerate().filter(|(_, domain)| !identifier::is_domain(domain));
        wrong
            .map(|(at, domain)| Problem { at: format!("/{name}/{at}"), message: format!("{domain:?} is not a domain") })
            .collect()
    }
}

impl<'de> Deserialize<'de> for Domains {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let normal = |domain: &String| domain.trim().trim_start_matches('@').to_lowercase();
        Ok(Self(Vec::<String>::deserialize(from)?.iter().map(normal).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::Domains;

    fn ours() -> Domains {
        serde_json::from_str(r#"[" @NorthWind.example "]"#).unwrap()
    }

    #[test]
    fn a_domain_counts_with_all_below_it_and_without_lookalikes() {
        assert!(ours().have("northwind.example") && ours().have("eu.northwind.example"));
        assert!(!ours().have("evilnorthwind.example"));
    }

    #[test]
    fn outside_is_an_address_of_another_domain() {
        assert_eq!(ours().outside("Bo <Bo@Fabrikam.example>").as_deref(), Some("fabrikam.example"));
        assert_eq!(ours().outside("bo@northwind.example"), None);
        assert_eq!(ours().outside("bo"), None);
    }

    #[test]
    fn what_is_no_domain_is_a_problem_with_its_place() {
        let wrong: Domains = serde_json::from_str(r#"["northwind.example","https://northwind.example"]"#).unwrap();
        let problems: Vec<_> = wrong.problems("internal_domains").into_iter().map(|p| p.at).collect();
        assert_eq!(problems, ["/internal_domains/1"]);
    }
}
