//! A reader with the bytes of the record in hand kept together, and no more than a record of them.
//! Never: grows beyond one record and one read.

use std::io::{self, ErrorKind, Read};
use vizard_core::limits::RECORD_BYTES;

const READ_BYTES: usize = 128 * 1024;

/// `buffer[mark..at]` is the record so far, `buffer[at..end]` is read but not looked at.
pub(super) struct Window<R> {
    reader: R,
    buffer: Vec<u8>,
    mark: usize,
    at: usize,
    end: usize,
    /// The record in hand outgrew the limit, and its beginning was dropped.
    dropped: bool,
    /// Bytes of the stream before `buffer[0]`.
    before: u64,
}

impl<R: Read> Window<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, buffer: vec![0; READ_BYTES], mark: 0, at: 0, end: 0, dropped: false, before: 0 }
    }

    /// What is read but not looked at; empty only at the end of the stream.
    pub(super) fn ahead(&mut self) -> io::Result<&[u8]> {
        if self.at == self.end {
            self.fill()?;
        }
        Ok(&self.buffer[self.at..self.end])
    }

    pub(super) fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.ahead()?.first().copied())
    }

    /// The next bytes up to `count`, fewer only at the end of the stream.
    pub(super) fn peek_many(&mut self, count: usize) -> io::Result<&[u8]> {
        while self.end - self.at < count && self.fill()? {}
        let end = self.end.min(self.at + count);
        Ok(&self.buffer[self.at..end])
    }

    /// Passes over `count` bytes of [`Self::ahead`].
    pub(super) fn pass(&mut self, count: usize) {
        self.at = self.end.min(self.at + count);
        if self.at - self.mark > RECORD_BYTES {
            self.dropped = true;
            self.mark = self.at;
        }
    }

    /// A record begins here.
    pub(super) fn begin(&mut self) {
        self.mark = self.at;
        self.dropped = false;
    }

    /// The record from [`Self::begin`] to here; nothing where it was larger than a record may be.
    pub(super) fn record(&self) -> Option<&[u8]> {
        (!self.dropped).then(|| &self.buffer[self.mark..self.at])
    }

    /// Bytes of the stream passed over so far.
    pub(super) fn passed(&self) -> u64 {
        self.before + self.at as u64
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// Reads more. False at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        if self.mark > 0 && self.buffer.len() - self.end < READ_BYTES {
            self.buffer.copy_within(self.mark..self.end, 0);
            self.before += self.mark as u64;
            self.at -= self.mark;
            self.end -= self.mark;
            self.mark = 0;
        }
        if self.buffer.len() - self.end < READ_BYTES {
            // Doubling, so that copying a growing record stays linear in its size.
            self.buffer.resize(self.buffer.len().max(READ_BYTES) * 2, 0);
        }
        loop {
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}
