//! Opens a delivery: unpacks gzip, and bounds what comes out of it.
//! Never: trusts what a compressed stream says of its size.

use flate2::bufread::MultiGzDecoder;
use std::io::{self, BufRead, BufReader, ErrorKind, Read};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZIP: &[u8] = b"PK\x03\x04";
const UTF16: [&[u8]; 2] = [b"\xff\xfe", b"\xfe\xff"];
const BUFFER_BYTES: usize = 64 * 1024;

/// The delivery's own bytes: unpacked where it is gzip (told by its first bytes; several members are one stream), at
/// most `limit_unpacked` of them, and an error that says so beyond.
pub fn open(reader: impl Read + Send + 'static, limit_unpacked: u64) -> io::Result<Box<dyn Read + Send>> {
    let (start, reader) = peek(reader)?;
    if start.starts_with(GZIP) {
        let unpacked = Gzip(MultiGzDecoder::new(reader));
        let (start, unpacked) = peek(unpacked)?;
        refuse(&start)?;
        return Ok(Box::new(Bounded { reader: unpacked, left: limit_unpacked, limit: limit_unpacked }));
    }
    refuse(&start)?;
    Ok(Box::new(Bounded { reader, left: limit_unpacked, limit: limit_unpacked }))
}

type Peeked<R> = BufReader<io::Chain<io::Cursor<Vec<u8>>, R>>;

/// The first four bytes, and a reader that still has them.
fn peek<R: Read>(mut reader: R) -> io::Result<(Vec<u8>, Peeked<R>)> {
    let mut start = Vec::with_capacity(4);
    (&mut reader).take(4).read_to_end(&mut start)?;
    let whole = BufReader::with_capacity(BUFFER_BYTES, io::Cursor::new(start.clone()).chain(reader));
    Ok((start, whole))
}

fn refuse(start: &[u8]) -> io::Result<()> {
    let refused = if start.starts_with(ZIP) {
        "a zip archive: unpack it and deliver the files in it (gzip is understood)"
    } else if start.starts_with(GZIP) {
        "gzip within gzip: unpack it once"
    } else if UTF16.iter().any(|mark| start.starts_with(mark)) {
        "UTF-16 text: save it as UTF-8"
    } else {
        return Ok(());
    };
    Err(io::Error::new(ErrorKind::InvalidData, format!("the delivery is {refused}")))
}

/// Says what is wrong in words of the delivery.
struct Gzip<R>(MultiGzDecoder<R>);

impl<R: BufRead> Read for Gzip<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => io::Error::new(ErrorKind::UnexpectedEof, "the gzip data ends early"),
            ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                io::Error::new(ErrorKind::InvalidData, "the gzip data is damaged")
            }
            _ => error,
        })
    }
}

struct Bounded<R> {
    reader: R,
    left: u64,
    limit: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !into.is_empty() {
            return match self.reader.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::new(
                    ErrorKind::FileTooLarge,
                    format!("the delivery unpacks to more than {} bytes", self.limit),
                )),
            };
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let count = self.reader.read(&mut into[..most])?;
        self.left -= count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: Vec<u8>, limit: u64) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        open(io::Cursor::new(bytes), limit)?.read_to_end(&mut out)?;
        Ok(out)
    }

    fn refusal(bytes: Vec<u8>, limit: u64) -> String {
        read(bytes, limit).unwrap_err().to_string()
    }

    #[test]
    fn plain_bytes_pass_unchanged() {
        for plain in [&b""[..], b"a", b"\x1f", b"a,b\n1,2\n"] {
            assert_eq!(read(plain.to_vec(), 100).unwrap(), plain);
        }
    }

    #[test]
    fn gzip_members_one_after_another_are_one_stream() {
        assert_eq!(read([gzip(b"first "), gzip(b"second")].concat(), 100).unwrap(), b"first second");
    }

    #[test]
    fn a_stream_may_unpack_to_the_limit_but_not_beyond() {
        assert_eq!(read(gzip(&[7; 100]), 100).unwrap().len(), 100);
        assert_eq!(refusal(gzip(&[7; 101]), 100), "the delivery unpacks to more than 100 bytes");
        assert_eq!(refusal(vec![b'a'; 101], 100), "the delivery unpacks to more than 100 bytes");
    }

    #[test]
    fn damaged_and_truncated_gzip_say_so() {
        let whole = gzip(&[7; 1_000]);
        assert_eq!(refusal(whole[..whole.len() - 9].to_vec(), 2_000), "the gzip data ends early");
        let mut damaged = whole.clone();
        let checksum = damaged.len() - 6;
        damaged[checksum] ^= 0xff;
        assert_eq!(refusal(damaged, 2_000), "the gzip data is damaged");
    }

    #[test]
    fn what_is_not_understood_is_refused_with_advice() {
        assert!(refusal(b"PK\x03\x04....".to_vec(), 100).contains("zip archive"));
        assert!(refusal(b"\xff\xfea\0,\0".to_vec(), 100).contains("UTF-8"));
        assert!(refusal(gzip(b"\xff\xfea\0,\0"), 100).contains("UTF-8"));
        assert!(refusal(gzip(&gzip(b"twice")), 100).contains("gzip within gzip"));
    }
}
