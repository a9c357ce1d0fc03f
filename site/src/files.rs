//! The templates and static files, carried in the binary.

include!(concat!(env!("OUT_DIR"), "/files.rs"));
