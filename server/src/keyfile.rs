//! Secret keys on disk: 32 bytes as hexadecimal, readable to their owner alone.
//! Never: overwrites a key, or uses one that others can read.

use anyhow::{Context as _, ensure};
use std::{
    fs,
    io::{ErrorKind, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, PermissionsExt as _},
    path::Path,
};
use zeroize::Zeroizing;

const KEY_BYTES: usize = 32;

/// The key at `path`, drawn at random and saved there if there is none.
pub(crate) fn open_or_create(path: &Path) -> anyhow::Result<Zeroizing<[u8; KEY_BYTES]>> {
    match read(path) {
        Err(error) if is_missing(&error) => {
            create(path).with_context(|| format!("cannot create the key {}", path.display()))?;
            read(path)
        }
        key => key,
    }
    .with_context(|| format!("cannot use the key {}", path.display()))
}

fn is_missing(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::NotFound)
}

fn read(path: &Path) -> anyhow::Result<Zeroizing<[u8; KEY_BYTES]>> {
    let file = fs::File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    ensure!(mode & 0o077 == 0, "others can read it: its permissions must be 600, not {:o}", mode & 0o777);
    let mut text = Zeroizing::new(String::new());
    file.take(2 * KEY_BYTES as u64 + 2).read_to_string(&mut text)?;
    let hex = text.trim_end();
    ensure!(
        hex.len() == 2 * KEY_BYTES && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
        "it is not {} hexadecimal digits",
        2 * KEY_BYTES
    );
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hex[2 * at..2 * at + 2], 16)?;
    }
    Ok(key)
}

/// Writes a new key beside `path` and links it there. Where two processes do it at once, one key stays.
fn create(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut key = Zeroizing::new([0u8; KEY_BYTES]);
    rand::Rng::fill_bytes(&mut rand::rng(), key.as_mut_slice());
    let mut text = Zeroizing::new(String::with_capacity(2 * KEY_BYTES + 1));
    for byte in key.iter() {
        text.push_str(&format!("{byte:02x}"));
    }
    text.push('\n');
    // Made with permissions 600 by the crate.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(fs::File::open(folder)?.sync_all()?),
        Err(error) if error.error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error.error.into()),
    }
}
