//! What git may hold: text, but for a few packed samples, and no address of a registry.
//! Never: looks at what a file means.

use super::{File, Finding};

/// Packed sample data, by folder; everything else is text that a reviewer can read.
const PACKED: &[&str] = &["demo", "plugins/*/samples"];

/// Hosts that a build asks through its package manager's own settings: naming one here would override them.
/// (Written in two halves, so that this file does not name them.)
const HOSTS: &[&str] = &[
    concat!("crates", ".io/api"),
    concat!("index.crates", ".io"),
    concat!("static.crates", ".io"),
    concat!("pypi", ".org"),
    concat!("registry", ".npmjs"),
    concat!("deb.debian", ".org"),
];

/// Pictures of pages, small enough to be looked at in a review.
const PICTURE_BYTES: usize = 200 * 1_024;

/// A file with a NUL byte that is neither a packed sample nor a picture of the documentation.
pub fn binaries(file: &File) -> Vec<Finding> {
    let packed = file.path.ends_with(".gz") && PACKED.iter().any(|area| file.is_in(area));
    let picture = file.path.ends_with(".png") && file.is_in("docs/images") && file.bytes.len() <= PICTURE_BYTES;
    if packed || picture || !file.bytes.contains(&0) {
        return Vec::new();
    }
    vec![Finding::new(
        file,
        0,
        "is binary: git holds sources, packed samples under demo/ and plugins/*/samples/, and pictures under docs/images/ of at most 200 KiB",
    )]
}

/// Lines that name a registry's host.
pub fn hosts(file: &File) -> Vec<Finding> {
    let text = file.text();
    let of_cargo = |line: &str| file.path.ends_with("Cargo.lock") && line.starts_with("source = \"registry+");
    text.lines()
        .enumerate()
        .filter(|(_, line)| !of_cargo(line) && HOSTS.iter().any(|host| line.contains(host)))
        .map(|(i, _)| Finding::new(file, i + 1, "names the host of a registry"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_found_unless_it_is_a_packed_sample() {
        let found = |path: &str, bytes: &[u8]| binaries(&File { path: path.into(), bytes: bytes.into() }).len();
        assert_eq!(found("plugins/hr/hr.wasm", b"\0asm"), 1);
        assert_eq!(found("server/src/a.rs", b"text \0 text"), 1);
        assert_eq!(found("server/a.gz", b"\x1f\x8b\0"), 1);
        assert_eq!(found("demo/a.bin", b"\0"), 1);
        assert_eq!(found("demo/a.jsonl.gz", b"\x1f\x8b\0"), 0);
        assert_eq!(found("plugins/m365/samples/a.gz", b"\x1f\x8b\0"), 0);
        assert_eq!(found("server/src/a.rs", "text, \u{e9}".as_bytes()), 0);
    }

    #[test]
    fn the_host_of_a_registry_is_found_but_for_the_lock_files_own_lines() {
        let found = |path: &str, text: &str| hosts(&File::new(path, text)).len();
        for host in HOSTS {
            assert_eq!(found("README.md", &format!("one\nsee https://{host}/x\n")), 1, "{host}");
        }
        let source = format!("source = \"registry+https://{}/\"", HOSTS[1]);
        assert_eq!(found("Cargo.lock", &source), 0);
        assert_eq!(found("README.md", &source), 1);
        assert_eq!(found("Cargo.lock", &format!("# {source}")), 1);
        assert_eq!(found("README.md", "nothing"), 0);
    }
}
