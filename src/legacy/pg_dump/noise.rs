//! What others put into a script on its way into a file: what a program said on standard error, and what a console made of
//! letters. Pure.

use memchr::{memchr, memmem};

/// Where what `pg_dump -v` says of its work begins in a line.
pub(super) fn noise(line: &[u8]) -> Option<usize> {
    const SAID: [&[u8]; 8] = [
        b"dumping contents of table ",
        b"processing ",
        b"creating ",
        b"reading ",
        b"finding ",
        b"saving ",
        b"last built-in OID ",
        b"warning: ",
    ];
    let at = memmem::find(line, b"pg_dump: ").or_else(|| memmem::find(line, b"pg_restore: "))?;
    let said = &line[at + memchr(b' ', &line[at..])? + 1..];
    SAID.iter().any(|words| said.starts_with(words)).then_some(at)
}

/// Whether a line among rows that are copied has the words that `pg_dump -v` says between them. A table of one column may hold
/// them as well.
pub(super) fn is_noise_among_rows(line: &[u8], columns: Option<&[String]>) -> bool {
    let Some(at) = noise(line) else { return false };
    let said = &line[at..];
    columns.is_none_or(|columns| columns.len() > 1)
        && (memmem::find(said, b"dumping contents of table ").is_some()
            || memmem::find(said, b"processing data for table ").is_some())
}

/// Whether a text that was UTF-8 was read by the code page of a console, in which each byte of a letter became a character of
/// its own: `├®` in place of `é`, `Ã©` on a console that was set to Western text.
pub(super) fn is_garbled(line: &[u8]) -> bool {
    if line.is_ascii() {
        return false;
    }
    let text = String::from_utf8_lossy(line);
    let pairs = text.chars().zip(text.chars().skip(1));
    let is_pair = |(first, second): (char, char)| {
        matches!(first, '├' | '┬') && !second.is_ascii()
            || matches!(first, 'Ã' | 'Â') && ('\u{80}'..='\u{bf}').contains(&second)
    };
    pairs.into_iter().any(is_pair)
}
