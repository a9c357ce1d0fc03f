//! What to watch: services, their policies, and the source documents these are read from.
