//! The `wick` program: collects the arguments, runs, ends with the exit code.

fn main() -> std::process::ExitCode {
    wick::cli::main(std::env::args_os().collect()).into()
}
