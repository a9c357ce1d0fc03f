//! Gathers the templates and static files into the binary, and names the source they came from.
//!
//! A page is rendered anew when its data change or when what renders it changes; the second is told
//! by a digest over these files and the code beside them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let templates = here.join("../templates");
    let mut list = String::from(
        "/// Every file under `templates/`, by its path there.\npub static FILES: &[(&str, &[u8])] = &[\n",
    );
    for file in files(&templates) {
        let name =
            file.strip_prefix(&templates).expect("listed under it").to_string_lossy().replace('\\', "/");
        let path = file.canonicalize().expect("just listed");
        writeln!(list, "    ({name:?}, include_bytes!({path:?})),").expect("writing to a string");
    }
    list.push_str("];\n");

    let source = name(&[templates, here.join("src"), here.join("../policy/src"), here.join("fonts")]);
    writeln!(
        list,
        "/// Changes with the templates and the code that fills them.\npub const SOURCE: &str = \"{source}\";"
    )
    .expect("writing to a string");
    // The lock file names the versions of what draws.
    let painter = name(&[here.join("src/card.rs"), here.join("fonts"), here.join("../Cargo.lock")]);
    writeln!(
        list,
        "/// Changes with what makes a picture of a card.\npub const PAINTER: &str = \"{painter}\";"
    )
    .expect("writing to a string");
    let out = PathBuf::from(env::var("OUT_DIR").expect("cargo sets it"));
    fs::write(out.join("files.rs"), list).expect("the build folder is writable");
}

/// A name that changes when one of the files does: FNV-1a, which is no proof.
fn name(sources: &[PathBuf]) -> String {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for source in sources {
        println!("cargo::rerun-if-changed={}", source.display());
        let listed = if source.is_dir() { files(source) } else { vec![source.clone()] };
        for file in listed {
            println!("cargo::rerun-if-changed={}", file.display());
            for byte in fs::read(&file).unwrap_or_default() {
                hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
    }
    format!("{hash:016x}")
}

/// Every file under `folder`, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
