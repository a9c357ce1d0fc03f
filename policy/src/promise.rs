//! Which statements bind the service, and what a change did to them.
