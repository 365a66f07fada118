//! What people are asked and shown, what they decided, and what became of the issues that they decided about.

pub(super) mod decisions;
pub(super) mod desk;
pub(super) mod error_life;
pub(super) mod said;
