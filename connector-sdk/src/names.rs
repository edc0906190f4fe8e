//! Names of files and hosts, taken apart.
//! Never: reads a file or asks for a host.

use crate::identifier;

/// The extension of a file's name in lower case, without the dot; only what looks like one, because anything may follow
/// the last dot of a name.
#[must_use]
pub fn extension(name: &str) -> Option<String> {
    let (before, last) = last(name).rsplit_once('.')?;
    let plain = !before.is_empty()
        && !last.is_empty()
        && last.len() <= 16
        && last.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| last.to_ascii_lowercase())
}

/// The last segment of a path, with either slash.
#[must_use]
pub fn last(path: &str) -> &str {
    path.trim_end_matches(['\\', '/']).rsplit(['\\', '/']).next().unwrap_or(path)
}

/// The domain in an address of the web, or the text itself where it is one. Numbers (`192.0.2.1`) are none.
#[must_use]
pub fn host(address: &str) -> Option<String> {
    let rest = address.trim();
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#', '\\']).next().unwrap_or(rest);
    let rest = rest.rsplit('@').next().unwrap_or(rest);
    let rest = rest.split(':').next().unwrap_or(rest).trim_end_matches('.');
    let numbers = rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (!numbers && identifier::is_domain(rest)).then(|| rest.to_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_short_and_plain_and_follows_a_name() {
        assert_eq!(extension("Offer.DOCX").as_deref(), Some("docx"));
        assert_eq!(extension("C:\\a.b\\archive.tar.gz").as_deref(), Some("gz"));
        for name in ["", "Offer", ".bashrc", "a.", "C:\\a.b\\Offer", "Offer for ada.quill@example com", "x.ünï"] {
            assert_eq!(extension(name), None, "{name}");
        }
    }

    #[test]
    fn the_last_segment_has_no_slash() {
        assert_eq!((last("C:\\a\\b.txt"), last("/a/b/"), last("b"), last("")), ("b.txt", "b", "b", ""));
    }

    #[test]
    fn a_host_is_a_domain_without_what_is_around_it() {
        for text in
            ["https://u:p@Drive.Example.com:443/x?y", "drive.example.com", "drive.example.com.", "drive.example.com/x"]
        {
            assert_eq!(host(text).as_deref(), Some("drive.example.com"), "{text}");
        }
        for text in ["", "localhost", "192.0.2.1", "https://[2001:db8::1]/x", "about:blank", "https://a b.example/"] {
            assert_eq!(host(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,40}") {
            let _ = (extension(&text), last(&text), host(&text));
        }
    }
}
