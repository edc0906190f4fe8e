//! Where a connector may reach: what its manifest asks for, what the operator grants, and whether an address is one of
//! those. `https://host[:port][/path]`, `*.` before a host for all below it, `*` for any host; a grant may end with
//! ` private`: the host may then be one of the local network, and may be spoken to without TLS.
//! Never: compares texts where two spellings lead to one place; a destination is taken apart first, by the same code that
//! the connection is made with.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use ureq::http::Uri;

/// A destination that is asked for or granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    tls: bool,
    host: Host,
    port: u16,
    /// Empty, or beginning with `/` and without one at the end.
    path: String,
    private: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    One(String),
    Below(String),
    Any,
}

/// What a request goes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Destination {
    /// Reads one as a manifest or a grant has it; says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, private) = match text.trim().split_once(' ') {
            Some((address, "private")) => (address, true),
            Some(_) => return Err("after the address only the word `private` may follow".to_owned()),
            None => (text.trim(), false),
        };
        // A star is no part of any address: what stands in for it is taken out again.
        let (address, wild) = match address.split_once("://") {
            Some((scheme, rest)) if rest.starts_with("*.") => (format!("{scheme}://below.{}", &rest[2..]), "below."),
            Some((scheme, rest)) if rest.starts_with('*') => (format!("{scheme}://any{}", &rest[1..]), "any"),
            _ => (address.to_owned(), ""),
        };
        let Target { tls, host, port, path } = Target::parse(&address)?;
        if address.contains(['?', '#']) {
            return Err("a destination has no query".to_owned());
        }
        let host = match wild {
            "below." => Host::Below(host.strip_prefix(wild).unwrap_or(&host).to_owned()),
            "any" if host == "any" => Host::Any,
            "any" => return Err("a star stands for a whole host, or before a dot".to_owned()),
            _ => Host::One(host),
        };
        if matches!(&host, Host::Below(domain) if !domain.contains('.')) {
            return Err("a star needs a domain of at least two parts after it".to_owned());
        }
        if !tls && !private {
            return Err(
                "without TLS only a private destination may be reached: https://, or ` private` at the end".to_owned()
            );
        }
        Ok(Self { tls, host, port, path: path.trim_end_matches('/').to_owned(), private })
    }

    /// Whether this grant is one of what `asked` asks for. The operator's own network is nothing that a vendor can know: a
    /// private destination needs no more than the operator's word.
    pub fn is_within(&self, asked: &Self) -> bool {
        let host = match (&self.host, &asked.host) {
            (_, Host::Any) => return true,
            (Host::One(host), Host::One(asked)) => host == asked,
            (Host::One(host), Host::Below(domain)) => is_below(host, domain),
            (Host::Below(host), Host::Below(domain)) => host == domain || is_below(host, domain),
            (Host::Any, _) | (Host::Below(_), Host::One(_)) => false,
        };
        self.private || host && self.tls == asked.tls && self.port == asked.port && is_at(&self.path, &asked.path)
    }

    /// Whether a request may go there by this grant.
    pub(crate) fn reaches(&self, target: &Target) -> bool {
        let host = match &self.host {
            Host::One(host) => target.host == *host,
            Host::Below(domain) => is_below(&target.host, domain),
            Host::Any => true,
        };
        host && self.tls == target.tls && self.port == target.port && is_at(&target.path, &self.path)
    }

    /// Whether it may be an address of the local network.
    pub(crate) const fn is_private(&self) -> bool {
        self.private
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.tls { "https://" } else { "http://" })?;
        match &self.host {
            Host::One(host) => f.write_str(host)?,
            Host::Below(domain) => write!(f, "*.{domain}")?,
            Host::Any => f.write_str("*")?,
        }
        if self.port != default_port(self.tls) {
            write!(f, ":{}", self.port)?;
        }
        f.write_str(&self.path)?;
        f.write_str(if self.private { " private" } else { "" })
    }
}

impl Target {
    /// Takes an address apart; refuses what could mean two things.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let refuse = |why: &str| Err(why.to_owned());
        let uri: Uri = url.parse().map_err(|_| "it is no address such as https://api.example.com/v1".to_owned())?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return refuse("an address begins with https://"),
        };
        let authority = uri.authority().map(ureq::http::uri::Authority::as_str).unwrap_or_default();
        if authority.contains('@') {
            return refuse("an address holds no credentials");
        }
        let host = uri.host().unwrap_or_default().to_ascii_lowercase();
        let name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let number = |c: char| c.is_ascii_hexdigit() || ":.".contains(c);
        let plain = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            Some(inside) => inside.chars().all(number),
            None => host.chars().all(name),
        };
        if host.is_empty() || !plain || host.ends_with('.') || host.contains("..") {
            return refuse("an address names a host, in ASCII and without a dot at the end");
        }
        // `http://host:/` and `http://host:0x50/` are not written by anybody who means well.
        let port = match authority.strip_prefix(uri.host().unwrap_or_default()) {
            Some("") => default_port(tls),
            Some(_) => match uri.port_u16() {
                Some(port) if port > 0 => port,
                _ => return refuse("a port is a number from 1 to 65535"),
            },
            None => return refuse("an address names a host"),
        };
        let path = uri.path().to_owned();
        let lower = path.to_ascii_lowercase();
        let dots = path.split('/').any(|part| part == "." || part == "..");
        if dots || ["%2e", "%2f", "%5c"].iter().any(|coded| lower.contains(coded)) || path.contains('\\') {
            return refuse("a path has no dots that lead elsewhere, and no slash in disguise");
        }
        Ok(Self { tls, host, port, path })
    }

    /// The grant that would allow a request: its origin. The path may hold ids.
    pub(crate) fn grant(&self) -> String {
        let host = Host::One(self.host.clone());
        let (tls, port) = (self.tls, self.port);
        Destination { tls, host, port, path: String::new(), private: !tls }.to_string()
    }
}

const fn default_port(tls: bool) -> u16 {
    if tls { 443 } else { 80 }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

fn is_at(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether an address belongs to the internet at large: none of this machine, the local network, or one that leads there
/// through a translation (IANA's registries of special-purpose addresses).
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        || a == 0
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19));
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let [a, b, c, d, e, f, g, h] = address.segments();
    let embedded = |high: u16, low: u16| {
        let ([one, two], [three, four]) = (high.to_be_bytes(), low.to_be_bytes());
        is_public_v4(Ipv4Addr::new(one, two, three, four))
    };
    match a {
        // Translation to IPv4, well known and local.
        0x64 if b == 0xff9b => c == 0 && d == 0 && e == 0 && f == 0 && embedded(g, h),
        // 6to4.
        0x2002 => embedded(b, c),
        // Teredo, benchmarks, documentation and other special uses.
        0x2001 => b >= 0x200 && b != 0xdb8,
        0x3fff => b >= 0x1000,
        _ => (0x2000..0x4000).contains(&a),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(text: &str) -> Destination {
        Destination::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    fn reaches(grant: &str, url: &str) -> bool {
        Target::parse(url).is_ok_and(|target| destination(grant).reaches(&target))
    }

    #[test]
    fn a_grant_reaches_its_host_port_and_path_and_nothing_beside() {
        let grant = "https://api.example.com/v1";
        for url in ["https://api.example.com/v1", "https://API.example.com:443/v1/users?x=/../y"] {
            assert!(reaches(grant, url), "{url}");
        }
        for url in [
            "http://api.example.com/v1",
            "https://api.example.com/v10",
            "https://api.example.com/",
            "https://api.example.com:8443/v1",
            "https://api.example.com.evil.example/v1",
            "https://evil.example/https://api.example.com/v1",
            "https://api.example.com@evil.example/v1",
            "https://evil.example#@api.example.com/v1",
            "https://api.example.com/v1/../admin",
            "https://api.example.com/v1/%2e%2E/admin",
            "https://api.example.com/v1/..%2fadmin",
            "https://api.example.com./v1",
            "https://api.example.com:/v1",
            "https://xapi.example.com/v1",
            "//api.example.com/v1",
            "file:///etc/passwd",
            "",
        ] {
            assert!(!reaches(grant, url), "{url}");
        }
        assert!(reaches("https://*.okta.com", "https://acme.okta.com/api"));
        assert!(!reaches("https://*.okta.com", "https://okta.com/api"));
        assert!(!reaches("https://*.okta.com", "https://acmeokta.com/api"));
        assert!(reaches("http://127.0.0.1:8080 private", "http://127.0.0.1:8080/x"));
        assert!(reaches("https://[2001:db8::1]:8443", "https://[2001:DB8::1]:8443/x"));
    }

    #[test]
    fn what_is_granted_must_have_been_asked_for() {
        let within = |grant: &str, asked: &str| destination(grant).is_within(&destination(asked));
        assert!(within("https://acme.okta.com", "https://*.okta.com"));
        assert!(within("https://acme.okta.com/api", "https://acme.okta.com"));
        assert!(within("https://acme.example:8443/api", "https://*"));
        assert!(within("http://10.0.0.1:9000 private", "https://acme.okta.com"));
        assert!(!within("https://*.okta.com", "https://acme.okta.com"));
        assert!(!within("https://okta.com.evil.example", "https://*.okta.com"));
        assert!(!within("https://acme.okta.com", "https://acme.okta.com/api"));
        assert!(!within("https://acme.okta.com:8443", "https://*.okta.com"));
    }

    #[test]
    fn a_destination_reads_as_it_was_written_or_says_what_is_wrong() {
        for text in
            ["https://api.example.com", "https://*.example.com:8443/v1", "https://*", "http://127.0.0.1:80 private"]
        {
            assert_eq!(destination(&destination(text).to_string()), destination(text), "{text}");
        }
        for text in [
            "",
            "api.example.com",
            "http://api.example.com",
            "https://api.example.com public",
            "https://*.com",
            "https://*example.com",
            "https://a*.example.com",
            "https://user@api.example.com",
            "https://api.example.com/?a=b ",
            "ftp://api.example.com",
        ] {
            let refused = Destination::parse(text);
            assert!(refused.as_ref().is_err_and(|why| !why.is_empty()), "{text}: {refused:?}");
        }
    }

    #[test]
    fn addresses_of_this_machine_and_the_local_network_are_not_public() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "198.18.0.1",
            "192.0.2.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001:0:1::1",
            "2001:db8::1",
            "::7f00:1",
            "3fff::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in
            ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450::1", "64:ff9b::101:101", "2001:4860::8888"]
        {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,60}", rest in "[a-z.*@:/%\\[\\]0-9 ]{0,40}") {
            let _ = Destination::parse(&text);
            let _ = Target::parse(&text);
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{rest}");
                if let Ok(read) = Destination::parse(&url) {
                    proptest::prop_assert_eq!(Destination::parse(&read.to_string()), Ok(read));
                }
            }
        }

        #[test]
        fn whatever_a_narrower_grant_reaches_the_wider_one_does(
            host in "[a-z]{1,3}\\.[a-z]{1,3}\\.com", path in "(/[a-z]{1,3}){0,3}", more in "(/[a-z]{1,3}){0,2}"
        ) {
            let (wide, narrow) = (destination(&format!("https://{host}{path}")), destination(&format!("https://{host}{path}{more}")));
            proptest::prop_assert!(narrow.is_within(&wide));
            let target = Target::parse(&format!("https://{host}{path}{more}/x")).unwrap();
            proptest::prop_assert!(narrow.reaches(&target) && wide.reaches(&target));
        }
    }
}
