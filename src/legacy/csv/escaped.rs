//! Whether a file is written in COPY's text format, which looks like CSV with tabs: there a backslash escapes, `\N` is null,
//! and a quote is a sign like any other. Pure.

/// What is known of a file so far.
#[derive(Debug, Default)]
pub(super) struct Escaped {
    at: At,
    has_null: bool,
    is_other: bool,
    fields: u64,
    /// Fields in quotes that need none, such as a nickname's: in COPY's format the quotes are the person's own, and few.
    quoted: u64,
    /// Whether quotes within the present field in quotes are doubled.
    has_doubled: bool,
}

/// Where one field in so many or more is quoted, quotes are the format's.
const MOST_QUOTED: u64 = 20;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum At {
    #[default]
    Start,
    Within,
    /// In a field that began with a quote; whether the last byte was one too.
    Quoted {
        closed: bool,
    },
    /// After a backslash; whether the field began with it.
    Escape {
        starts: bool,
    },
    /// After `\N` at the start of a field: it must end there.
    Null,
}

impl Escaped {
    /// Takes the next bytes. False when it is clear that the format is another one.
    pub(super) fn take(&mut self, bytes: &[u8]) -> bool {
        for &byte in bytes {
            let ends = matches!(byte, b'\t' | b'\n' | b'\r');
            self.fields += u64::from(ends);
            self.at = match (self.at, byte) {
                (At::Null, _) => {
                    self.is_other |= !ends;
                    self.has_null |= ends;
                    At::Start
                }
                (At::Escape { starts: true }, b'N') => At::Null,
                (At::Escape { .. }, _) => {
                    // a server writes these and no others; `\.` ends the data
                    self.is_other |= !matches!(byte, b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'.');
                    At::Within
                }
                (at, b'\\') => At::Escape { starts: at == At::Start },
                (At::Start, b'"') => {
                    self.has_doubled = false;
                    At::Quoted { closed: false }
                }
                // a whole field in quotes
                (At::Quoted { closed: true }, _) if ends => {
                    self.quoted += 1;
                    self.is_other |= self.has_doubled;
                    At::Start
                }
                _ if ends => At::Start,
                (At::Quoted { closed: true }, b'"') => {
                    self.has_doubled = true;
                    At::Quoted { closed: false }
                }
                (At::Quoted { closed: false }, _) => At::Quoted { closed: byte == b'"' },
                _ => At::Within,
            };
            if self.is_other {
                return false;
            }
        }
        true
    }

    /// Whether everything agreed with COPY's format, and a null showed that it is no other.
    pub(super) fn is_copy(&self) -> bool {
        let is_quoting = MOST_QUOTED * self.quoted > self.fields;
        let has_null = self.has_null || self.at == At::Null;
        has_null && !self.is_other && !is_quoting && !matches!(self.at, At::Escape { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copy_s_format_is_told_by_its_nulls_and_escapes() {
        for (text, is_copy) in [
            ("1\t\\N\n", true),
            ("1\t\\N", true),
            ("1\t\\N\r\n2\ta\\tb\\\\c\\n\n\\.\n", true),
            ("1\ta \"b\" c\t\\N\n", true),
            ("1\t\"a\"\t\\N\n", false),
            ("1\t\"a\" b\t\\N\n", true),
            (&["1\t\"Bob\"\t\\N\n", &"2\tAnn\t\\N\n".repeat(9)].concat(), true),
            (&["1\t\"say \"\"x\"\"\"\t\\N\n", &"2\tAnn\t\\N\n".repeat(9)].concat(), false),
            ("1\tC:\\new\t\\N\n", true),
            ("1\tC:\\dir\t\\N\n", false),
            ("1\tx\\N\n", false),
            ("1\t\\Nx\n", false),
            ("1\ta\n", false),
        ] {
            for size in [1, 2, 100] {
                let mut escaped = Escaped::default();
                let all = text.as_bytes().chunks(size).all(|bytes| escaped.take(bytes));
                assert_eq!(all && escaped.is_copy(), is_copy, "{text:?}");
            }
        }
    }
}
