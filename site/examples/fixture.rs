//! Builds the tests' small site with its search: `cargo run -p site --example fixture -- OUT [BASE_URL]`.
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
    let out = std::path::Path::new(&out);
    let histories = support::histories();
    let report = support::build(out, &histories, &input);
    println!("{report:?}");
    let folder = tempfile::tempdir().expect("a folder for the index");
    let stamps = histories.iter().map(|history| (history.policy.clone(), String::new())).collect();
    let mut read = |id: &policy::id::PolicyId| Ok(histories.iter().find(|one| one.policy == *id).cloned());
    site::search::index::update(folder.path(), &stamps, &mut read, &input.events).expect("an index");
    let index = site::search::Index::open(folder.path()).expect("an index");
    println!("{:?}", site::search::export::write(&index, out).expect("its export"));
}
