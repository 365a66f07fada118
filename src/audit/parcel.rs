//! The names of what is in the folder that a sealed copy is shipped in.

/// The sealed copy.
pub const FILE: &str = "staging.drydock";
/// The sealed copy, encrypted.
pub const ENCRYPTED: &str = "staging.drydock.age";
/// The manifest.
pub const MANIFEST: &str = "manifest.json";
/// The 64 bytes of its signature.
pub const SIGNATURE: &str = "manifest.json.sig";

/// Everything that such a folder may hold.
pub const NAMES: [&str; 4] = [FILE, ENCRYPTED, MANIFEST, SIGNATURE];
