//! The one integration binary. Empty until there is a server to drive.
//! Never: more than one.

fn main() {}
