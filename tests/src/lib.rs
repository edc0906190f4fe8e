//! The harness of the integration tests. Empty until there is a server to drive.
//! Never: product code.
