//! From a bearer token to a viewer: what the token claims, the roles that grants add, and which subjects the viewer is.
//! Never: a refused token that leaves no trace, more traces than a minute may hold, or an address kept beyond a minute.

use super::{Services, credentials::CREDENTIAL_PREFIX, rate::Rate, shares::SHARE_TOKEN_PREFIX};
use crate::{
    auth::{AuthError, Refused, Verifier},
    permit::Viewer,
    store::{Entry, NoCredential, NoShare},
};
use std::{
    collections::{BTreeSet, HashMap},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
};
use vizard_core::{access::duties, audit::AuditCategory, limits, time::Micros};

const MINUTE: i64 = 60 * vizard_core::time::SECOND;

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// The token is no good.
    #[error("{0}")]
    Refused(AuthError),
    /// Too many bad tokens came from the same address.
    #[error("too many refused tokens from this address: try again in {retry_after_seconds} s")]
    TooMany {
        /// Until the end of the minute.
        retry_after_seconds: u64,
    },
    /// A share was used too often within a minute.
    #[error("a share answers {most} requests a minute: try again in {retry_after_seconds} s", most = limits::SHARE_REQUESTS_A_MINUTE)]
    ShareTooOften {
        /// Until the end of the minute.
        retry_after_seconds: u64,
    },
    /// Somebody asked too often within a minute.
    #[error("this server answers {most} requests a minute of one viewer: try again in {retry_after_seconds} s")]
    TooOften {
        /// As the configuration says.
        most: u32,
        /// Until the end of the minute.
        retry_after_seconds: u64,
    },
    /// The database is away.
    #[error("internal error")]
    Failed(anyhow::Error),
}

/// Tells who is behind a token, for every door.
#[async_trait::async_trait]
pub trait SignIn: Send + Sync {
    /// The viewer whose token this is. `peer` is the address that sent it, where it is known.
    async fn sign_in(&self, bearer: &str, peer: Option<IpAddr>) -> Result<Viewer, SignInError>;

    /// The same viewer as they are now, on a connection that they opened with this token. It is no new use of the token,
    /// so one that no longer counts leaves no trace.
    async fn again(&self, bearer: &str) -> Result<Viewer, SignInError>;

    /// What a request gets whose Authorization header holds no token at all.
    async fn refuse(&self, why: AuthError, peer: Option<IpAddr>) -> SignInError;
}

/// The product's own [`SignIn`].
pub struct Door {
    services: Services,
    verifier: Verifier,
    refusals: Mutex<Refusals>,
    shares: Rate,
    viewers: Rate,
    most: u32,
}

impl Door {
    /// Signs in with the tokens that `verifier` accepts, each viewer at `most` so many times a minute.
    pub fn new(services: Services, verifier: Verifier, most: u32) -> Self {
        let (shares, viewers) = (Rate::default(), Rate::default());
        Self { services, verifier, refusals: Mutex::default(), shares, viewers, most }
    }

    /// Whoever holds a share token; the use is counted and audited before anything is answered.
    async fn holder(&self, token: &str, peer: Option<IpAddr>, now: Micros) -> Result<Viewer, SignInError> {
        let refuse = |why| self.refused(Refused { why, issuer: None }, peer);
        if token.len() > limits::BEARER_BYTES {
            return Err(refuse(AuthError::TooLong).await);
        }
        self.shares
            .count(token.as_bytes(), limits::SHARE_REQUESTS_A_MINUTE, now)
            .map_err(|retry_after_seconds| SignInError::ShareTooOften { retry_after_seconds })?;
        match self.services.store.use_share(token, &self.services.clock).await.map_err(SignInError::Failed)? {
            Ok(viewer) => Ok(viewer),
            Err(NoShare::Unknown) => Err(refuse(AuthError::UnknownShare).await),
            Err(NoShare::Expired) => Err(refuse(AuthError::ExpiredShare).await),
            Err(NoShare::Revoked) => Err(refuse(AuthError::RevokedShare).await),
        }
    }

    /// Whoever delivers to a connector with its credential.
    async fn machine(&self, token: &str, peer: Option<IpAddr>) -> Result<Viewer, SignInError> {
        let refuse = |why| self.refused(Refused { why, issuer: None }, peer);
        if token.len() > limits::BEARER_BYTES {
            return Err(refuse(AuthError::TooLong).await);
        }
        match self.services.store.use_credential(token, &self.services.clock).await.map_err(SignInError::Failed)? {
            Ok(viewer) => Ok(viewer),
            Err(NoCredential::Unknown) => Err(refuse(AuthError::UnknownCredential).await),
            Err(NoCredential::Over) => Err(refuse(AuthError::CredentialOver).await),
        }
    }

    /// Staff behind a token, with the roles that grants add.
    async fn viewer(&self, bearer: &str, now: Micros) -> anyhow::Result<Result<Viewer, Refused>> {
        let claimed = match self.verifier.verify(bearer, now).await {
            Ok(claimed) => claimed,
            Err(refused) => return Ok(Err(refused)),
        };
        let mut roles = claimed.roles.clone();
        for granted in self.services.store.roles_granted(&claimed.id, now).await? {
            if !roles.contains(&granted) {
                roles.push(granted);
            }
        }
        if let Some((one, other)) = duties::conflict(&roles) {
            let why = AuthError::Conflict(one.as_str(), other.as_str());
            let issuer = claimed.id.split_once(':').map(|(issuer, _)| issuer.to_owned());
            return Ok(Err(Refused { why, issuer }));
        }
        let own = if claimed.accounts.is_empty() {
            vec![]
        } else {
            let found = self.services.store.find_subjects(&claimed.accounts).await?;
            found.into_iter().flatten().collect::<BTreeSet<_>>().into_iter().collect()
        };
        let viewer = Viewer::new(claimed.id, claimed.name, &roles);
        Ok(Ok(Viewer { own, claimed: claimed.roles, until: Some(claimed.until), ..viewer }))
    }

    async fn refused(&self, refused: Refused, peer: Option<IpAddr>) -> SignInError {
        let now = self.services.clock.now();
        let code = refused.why.code();
        self.services.metrics.add_refused_token(code);
        let noted = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).note(peer, now);
        let issuer = refused.issuer.unwrap_or_default();
        let mut entries: Vec<Entry> = noted.others.map(in_one).into_iter().collect();
        if noted.audited {
            entries.push(Entry::by_nobody(AuditCategory::Roles, &issuer, &serde_json::json!({"reason": code})));
        }
        if !entries.is_empty()
            && let Err(cause) = self.services.store.audit(&entries, now).await
        {
            return SignInError::Failed(cause);
        }
        if noted.too_many {
            let left = MINUTE - now.0.rem_euclid(MINUTE);
            return SignInError::TooMany { retry_after_seconds: left.unsigned_abs().div_ceil(1_000_000) };
        }
        SignInError::Refused(refused.why)
    }

    /// Writes down what the minute before refused beyond its entries. A good token may be the first to come after it.
    async fn settle(&self, now: Micros) -> anyhow::Result<()> {
        let others = self.refusals.lock().unwrap_or_else(PoisonError::into_inner).turn(now);
        match others {
            Some(others) => self.services.store.audit(&[in_one(others)], now).await,
            None => Ok(()),
        }
    }
}

fn in_one(others: u64) -> Entry {
    Entry::by_nobody(AuditCategory::Roles, "", &serde_json::json!({"reason": "MORE", "count": others}))
}

#[async_trait::async_trait]
impl SignIn for Door {
    async fn sign_in(&self, bearer: &str, peer: Option<IpAddr>) -> Result<Viewer, SignInError> {
        let now = self.services.clock.now();
        self.settle(now).await.map_err(SignInError::Failed)?;
        if bearer.starts_with(SHARE_TOKEN_PREFIX) {
            return self.holder(bearer, peer, now).await;
        }
        if bearer.starts_with(CREDENTIAL_PREFIX) {
            return self.machine(bearer, peer).await;
        }
        match self.viewer(bearer, now).await.map_err(SignInError::Failed)? {
            Ok(viewer) => match self.viewers.count(viewer.id.as_bytes(), self.most, now) {
                Ok(()) => Ok(viewer),
                Err(retry_after_seconds) => Err(SignInError::TooOften { most: self.most, retry_after_seconds }),
            },
            Err(refused) => Err(self.refused(refused, peer).await),
        }
    }

    async fn again(&self, bearer: &str) -> Result<Viewer, SignInError> {
        let found = self.viewer(bearer, self.services.clock.now()).await.map_err(SignInError::Failed)?;
        found.map_err(|refused| SignInError::Refused(refused.why))
    }

    async fn refuse(&self, why: AuthError, peer: Option<IpAddr>) -> SignInError {
        self.refused(Refused { why, issuer: None }, peer).await
    }
}

/// Refused tokens of the current minute.
#[derive(Default)]
struct Refusals {
    minute: i64,
    audited: u32,
    /// Beyond those that were audited.
    others: u64,
    peers: HashMap<IpAddr, u32>,
    /// From all addresses that found no place in `peers`.
    elsewhere: u32,
}

struct Noted {
    /// Whether it gets an entry of its own.
    audited: bool,
    /// Whether its sender has sent too many.
    too_many: bool,
    /// What the minute before left to be written down.
    others: Option<u64>,
}

impl Refusals {
    /// Starts a new minute where it is time; tells how many of the last one were not audited.
    fn turn(&mut self, now: Micros) -> Option<u64> {
        let minute = now.0.div_euclid(MINUTE);
        if minute == self.minute {
            return None;
        }
        let others = std::mem::replace(self, Self { minute, ..Self::default() }).others;
        (others > 0).then_some(others)
    }

    fn note(&mut self, peer: Option<IpAddr>, now: Micros) -> Noted {
        let others = self.turn(now);
        let count = match peer.map(network) {
            Some(peer) if self.peers.len() < limits::PEERS_COUNTED || self.peers.contains_key(&peer) => {
                self.peers.entry(peer).or_default()
            }
            _ => &mut self.elsewhere,
        };
        *count = count.saturating_add(1);
        let too_many = *count > limits::REFUSED_TOKENS_A_PEER;
        let audited = self.audited < limits::REFUSED_TOKENS_A_MINUTE;
        if audited {
            self.audited += 1;
        } else {
            self.others = self.others.saturating_add(1);
        }
        Noted { audited, too_many, others }
    }
}

/// An address of IPv6 stands for its network: whoever has one has all of it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Micros = Micros(1_800_000_000 * 1_000_000);

    fn address(text: &str) -> Option<IpAddr> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn a_minute_has_so_many_entries_and_the_rest_are_one() {
        let mut refusals = Refusals::default();
        let most = u64::from(limits::REFUSED_TOKENS_A_MINUTE);
        for at in 0..most + 7 {
            assert_eq!(refusals.note(None, NOW).audited, at < most);
        }
        let next = Micros(NOW.0 + MINUTE);
        assert_eq!(refusals.turn(NOW), None);
        let noted = refusals.note(None, next);
        assert_eq!((noted.audited, noted.others), (true, Some(7)));
        assert_eq!(refusals.turn(Micros(next.0 + MINUTE)), None, "nothing was left over");
    }

    #[test]
    fn an_address_is_told_to_wait_after_so_many_and_others_are_not() {
        let mut refusals = Refusals::default();
        for _ in 0..limits::REFUSED_TOKENS_A_PEER {
            assert!(!refusals.note(address("192.0.2.1"), NOW).too_many);
        }
        assert!(refusals.note(address("192.0.2.1"), NOW).too_many);
        assert!(refusals.note(address("::ffff:192.0.2.1"), NOW).too_many, "the same address, written for IPv6");
        assert!(!refusals.note(address("192.0.2.2"), NOW).too_many);
        assert!(!refusals.note(address("192.0.2.1"), Micros(NOW.0 + MINUTE)).too_many, "a new minute");
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_the_map_is_bounded() {
        let mut refusals = Refusals::default();
        for host in 0..limits::REFUSED_TOKENS_A_PEER {
            assert!(!refusals.note(address(&format!("2001:db8::{host:x}")), NOW).too_many);
        }
        assert!(refusals.note(address("2001:db8::ffff"), NOW).too_many);
        assert!(!refusals.note(address("2001:db8:0:1::1"), NOW).too_many);
        for at in 0..u32::try_from(limits::PEERS_COUNTED + 200).unwrap() {
            refusals.note(Some(IpAddr::V4(at.into())), NOW);
        }
        assert_eq!(refusals.peers.len(), limits::PEERS_COUNTED);
        assert!(refusals.elsewhere > limits::REFUSED_TOKENS_A_PEER, "what finds no place is counted together");
        assert!(refusals.note(address("203.0.113.9"), NOW).too_many);
    }
}
