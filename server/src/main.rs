//! The `vizard` command. Not wired yet: it does nothing.
//! Never: anything until the server behind it exists.

fn main() {}
