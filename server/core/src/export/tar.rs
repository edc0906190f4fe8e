//! The container: an uncompressed tar (POSIX ustar), which every system opens and which can be written and read as a stream.
//! Never: a header that can be written in two ways; a reader writes it again and compares the bytes.

/// Everything in a tar is in blocks of this size.
pub(super) const BLOCK: usize = 512;
/// What a tar ends with: two blocks of zeros.
pub(super) const END: usize = 2 * BLOCK;

/// Zeros after the content of a file of that length.
pub(super) fn padding(bytes: u64) -> usize {
    usize::try_from(bytes.next_multiple_of(BLOCK as u64) - bytes).unwrap_or(0)
}

/// The header of a file: a regular one, readable for everybody, of nobody. `modified` in seconds since 1970.
pub(super) fn header(name: &str, bytes: u64, modified: u64) -> [u8; BLOCK] {
    let mut block = [0u8; BLOCK];
    let mut put = |at: usize, text: &[u8]| block[at..at + text.len()].copy_from_slice(text);
    put(0, &name.as_bytes()[..name.len().min(100)]);
    put(100, b"0000644\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, format!("{:011o}\0", bytes & 0o77_777_777_777).as_bytes());
    put(136, format!("{:011o}\0", modified & 0o77_777_777_777).as_bytes());
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\0");
    put(263, b"00");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    block
}

/// Name, length and time of change of a file whose header is exactly as [`header`] writes it.
pub(super) fn read(block: &[u8; BLOCK]) -> Option<(String, u64, u64)> {
    let name = name(block)?;
    let number = |at: usize| u64::from_str_radix(std::str::from_utf8(&block[at..at + 11]).ok()?, 8).ok();
    let (bytes, modified) = (number(124)?, number(136)?);
    (header(&name, bytes, modified) == *block).then_some((name, bytes, modified))
}

/// The name that a header has, whatever else is in it.
pub(super) fn name(block: &[u8; BLOCK]) -> Option<String> {
    let end = block[..100].iter().position(|byte| *byte == 0)?;
    String::from_utf8(block[..end].to_vec()).ok()
}
