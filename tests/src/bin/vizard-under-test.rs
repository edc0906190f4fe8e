//! The `vizard` command as this package builds it: with the features that the tests have compiled anyway, so that no
//! second set of dependencies is built for the sake of a process of its own.
//! Never: anything but what the command does.

fn main() -> std::process::ExitCode {
    vizard_server::cli::main()
}
