//! The one integration binary.
//! Never: a second one; each would be linked by itself.

mod tidy;

mod deliveries;
mod privacy;
mod schema;
mod story;
