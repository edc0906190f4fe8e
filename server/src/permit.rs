//! Permission as a value: a service takes a `Permit`, and only the access matrix hands permits out.
//! Never: a permit without a row of the matrix, except the operator's own, which has an alarming name.

use crate::error::ServiceError;
use std::{fmt, sync::Arc};
use vizard_core::{
    access::{Action, Resource, Role, matrix, share, share::ShareSection},
    ids::{CaseId, ConnectorId, ShareId, SubjectId},
    time::Micros,
};

/// What a share token opens: one case, for a time. Looked up anew with every request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SharedCase {
    /// The share.
    pub id: ShareId,
    /// The only case there is for its holder.
    pub case: CaseId,
    /// Whom it is about.
    pub subject: SubjectId,
    /// The label of the subject in this share and nowhere else.
    pub pseudonym: String,
    /// What of the case is opened.
    pub sections: Vec<ShareSection>,
    /// Whether the identity is shown at this moment.
    pub identity: bool,
    /// What ids are veiled with, so that they name nothing outside of this share.
    pub veil: VeilKey,
}

/// A key that is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct VeilKey(pub [u8; 32]);

impl fmt::Debug for VeilKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VeilKey")
    }
}

/// Whose data a viewer sees. What lies outside does not exist for them: in lists, counts, look-ups and decisions alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Sight {
    /// Everybody's: the operator on the machine itself.
    Everybody,
    /// Everybody's but one's own, and that of members of restricted priority user groups whose list one is not on, unless
    /// one contributes to a case about them.
    Staff {
        /// The viewer's id.
        viewer: String,
        /// The subjects that the viewer is.
        own: Vec<SubjectId>,
    },
    /// One case's.
    Case(CaseId, SubjectId),
}

/// Whoever calls the API: staff, a connector's service account, or the holder of a share token.
#[derive(Clone, PartialEq, Eq)]
pub struct Viewer {
    /// Stable id from the sign-in, such as `dev:ada`.
    pub id: String,
    /// Display name, for the viewer's own eyes and for notes they sign. Never logged.
    pub name: String,
    /// Roles from the sign-in and from grants, without repeats.
    pub roles: Vec<Role>,
    /// Those of them that the token itself claims, whatever was granted.
    pub claimed: Vec<Role>,
    /// The subjects that the viewer is, by the accounts that their token names: nobody sees or decides about themselves.
    pub own: Vec<SubjectId>,
    /// When the token that the viewer signed in with is over; nothing where it is no token with an end.
    pub until: Option<Micros>,
    /// The one connector that a connector's credential delivers to; nothing where the role CONNECTOR reaches all of them.
    pub connector: Option<ConnectorId>,
    /// The one case that a share token opens; the holder has no roles.
    pub share: Option<Arc<SharedCase>>,
}

impl Viewer {
    /// Somebody whom no connector knows, and who holds no share.
    pub fn new(id: impl Into<String>, name: impl Into<String>, roles: &[Role]) -> Self {
        let (id, name) = (id.into(), name.into());
        Self {
            id,
            name,
            roles: roles.to_vec(),
            claimed: Vec::new(),
            own: Vec::new(),
            until: None,
            connector: None,
            share: None,
        }
    }

    fn may(&self, resource: Resource, action: Action) -> bool {
        match &self.share {
            Some(share) => share::allows(&share.sections, share.identity, resource, action),
            None => self.roles.iter().any(|role| matrix::allows(*role, resource, action)),
        }
    }
}

/// Without the id, which development tokens derive from the name.
impl fmt::Debug for Viewer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Viewer({})", words(&self.roles))
    }
}

/// Why there is no permit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// Nobody is signed in.
    #[error("sign in first")]
    Unauthenticated,
    /// The viewer has none of the roles that may do this.
    #[error("{}", needs(.requires))]
    Forbidden {
        /// The roles any one of which would do.
        requires: Vec<Role>,
    },
}

impl From<Denied> for ServiceError {
    fn from(_: Denied) -> Self {
        Self::Forbidden
    }
}

/// The viewer id of the operator on the machine. No sign-in gives it: ids of theirs have a colon.
const OPERATOR: &str = "operator";

/// Proof that `viewer` may do `action` to `resource`.
#[derive(Clone, Debug)]
pub struct Permit {
    viewer: Viewer,
    resource: Resource,
    action: Action,
}

impl Permit {
    /// Asks the matrix.
    pub fn check(viewer: Option<&Viewer>, resource: Resource, action: Action) -> Result<Self, Denied> {
        let viewer = viewer.ok_or(Denied::Unauthenticated)?;
        if viewer.may(resource, action) {
            Ok(Self { viewer: viewer.clone(), resource, action })
        } else {
            Err(Denied::Forbidden { requires: matrix::roles(resource, action).to_vec() })
        }
    }

    /// For commands that the operator runs on the machine itself (`vizard import`, the demo): whoever can read the
    /// data directory and its keys needs no role. Not reachable from `http` or `graphql`.
    pub fn of_the_operator_bypassing_roles(resource: Resource, action: Action) -> Self {
        let viewer = Viewer::new(OPERATOR, OPERATOR, &[]);
        Self { viewer, resource, action }
    }

    /// What a service asks first: is this the permit for what I do? A permit for something else is a fault of ours.
    pub fn require(&self, resource: Resource, action: Action) -> Result<&Viewer, ServiceError> {
        if (self.resource, self.action) == (resource, action) {
            return Ok(&self.viewer);
        }
        Err(ServiceError::Internal(anyhow::anyhow!(
            "a permit for {:?}/{:?} was used for {resource:?}/{action:?}",
            self.resource,
            self.action
        )))
    }

    /// The same where either row would do.
    pub fn require_either(&self, one: (Resource, Action), other: (Resource, Action)) -> Result<&Viewer, ServiceError> {
        if (self.resource, self.action) == one { Ok(&self.viewer) } else { self.require(other.0, other.1) }
    }

    /// Who acts.
    pub fn viewer(&self) -> &Viewer {
        &self.viewer
    }

    /// Whose data it reaches.
    pub fn sight(&self) -> Sight {
        match &self.viewer.share {
            Some(share) => Sight::Case(share.case, share.subject),
            None if self.viewer.id == OPERATOR => Sight::Everybody,
            None => Sight::Staff { viewer: self.viewer.id.clone(), own: self.viewer.own.clone() },
        }
    }
}

fn needs(roles: &[Role]) -> String {
    match roles {
        // Whoever may has something else: a share that asks.
        [] => "no role allows this".to_owned(),
        roles => format!("this needs one of the roles {}", words(roles)),
    }
}

fn words(roles: &[Role]) -> String {
    roles.iter().map(|role| role.as_str()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ada(roles: &[Role]) -> Viewer {
        Viewer::new("dev:ada", "Ada", roles)
    }

    #[test]
    fn a_permit_is_given_to_who_has_a_role_of_the_row() {
        let viewer = ada(&[Role::Auditor, Role::Analyst]);
        let permit = Permit::check(Some(&viewer), Resource::Alerts, Action::Read).unwrap();
        assert_eq!(permit.viewer(), &viewer);
        assert!(permit.require(Resource::Alerts, Action::Read).is_ok());
    }

    #[test]
    fn nobody_is_asked_to_sign_in_and_others_are_told_the_roles() {
        let check =
            |viewer: Option<Viewer>| Permit::check(viewer.as_ref(), Resource::Alerts, Action::Read).unwrap_err();
        assert_eq!(check(None), Denied::Unauthenticated);
        let requires = vec![Role::Analyst, Role::Investigator];
        assert_eq!(check(Some(ada(&[Role::Admin]))), Denied::Forbidden { requires });
        assert_eq!(check(Some(ada(&[]))).to_string(), "this needs one of the roles ANALYST, INVESTIGATOR");
    }

    #[test]
    fn a_permit_for_one_thing_is_none_for_another() {
        let permit = Permit::check(Some(&ada(&[Role::Analyst])), Resource::Alerts, Action::Read).unwrap();
        for (resource, action) in [(Resource::Alerts, Action::Change), (Resource::Subjects, Action::Read)] {
            assert_eq!(permit.require(resource, action).unwrap_err().code(), "INTERNAL");
        }
    }

    #[test]
    fn a_viewer_printed_for_debugging_has_no_name() {
        assert_eq!(format!("{:?}", ada(&[Role::Admin])), "Viewer(ADMIN)");
    }
}
