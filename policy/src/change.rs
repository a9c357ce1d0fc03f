//! What differs between two versions, and whether the publisher made the difference.
