//! Write one file into another: transfer copy|read FROM TO.
use std::{env, fs, io, process};

fn transfer(kind: &str, from: &str, to: &str) -> io::Result<()> {
    match kind {
        "read" => fs::write(to, fs::read(from)?),
        _ => fs::copy(from, to).map(|_| ()),
    }
}

fn main() {
    let words: Vec<String> = env::args().collect();
    if let Err(error) = transfer(&words[1], &words[2], &words[3]) {
        eprintln!("{}", error);
        process::exit(1);
    }
}
