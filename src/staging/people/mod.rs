//! What people decided, and what became of the issues that they decided about.

pub(super) mod decisions;
pub(super) mod error_life;
pub(super) mod said;
