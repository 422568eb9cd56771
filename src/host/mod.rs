//! The programs that load plugins: what each of them accepts. One folder per host; `wick` is the first-class one.
//! A trait joins when the second host arrives.

pub mod wick;
