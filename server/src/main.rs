//! The `vizard` command.
//! Never: logic; it is in the library, where tests reach it.

fn main() -> std::process::ExitCode {
    vizard_server::cli::main()
}
