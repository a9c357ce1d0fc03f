//! Builds the tests' small site: `cargo run -p site --example fixture -- OUT [BASE_URL]`.
//! The browser tests look at it.

#[path = "../tests/support/mod.rs"]
mod support;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(out) = arguments.next() else {
        eprintln!("name the folder to build into");
        std::process::exit(2);
    };
    let mut input = support::input();
    input.base_url = arguments.next().map(|url| url.parse().expect("a link"));
    let report = support::build(std::path::Path::new(&out), &support::histories(), &input);
    println!("{report:?}");
}
