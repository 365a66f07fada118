//! COPY's text format: rows cut at line ends, fields at tabs, escapes undone. Pure: bytes in, rows out, on any chunk
//! boundaries. A server's `copy … to stdout` and a `pg_dump` script speak it alike.
//!
//! Undoing an escape never makes a field longer, so rows are decoded in place and fields are slices of the buffer that the
//! bytes arrived in: nothing is allocated per row.

mod escape;

use memchr::{memchr, memchr2, memrchr};

use self::escape::unescape;

use crate::error::Result;
use crate::legacy::encoding::Encoding;
use crate::legacy::projection::legacy_id;
use crate::legacy::{Place, Projection, Sink, Unreadable};
use crate::record::LegacyId;

/// Rows are decoded when this many bytes have come together.
const CHUNK: usize = 64 * 1024;

/// Reads one table. Push bytes as they come, then finish.
#[derive(Debug)]
pub struct Decoder<'p> {
    projection: &'p Projection,
    delimiter: u8,
    null: Vec<u8>,
    encoding: Encoding,
    /// What is no row, although it stands on a line of its own among the rows.
    is_noise: fn(&[u8]) -> bool,
    place: Place,
    buffer: Vec<u8>,
    /// How many bytes of the buffer were looked at for the end of a row, and hold none.
    looked_at: usize,
    rows: u64,
    ended: bool,
}

impl<'p> Decoder<'p> {
    /// A decoder whose first row stands at `place`; line and byte are counted on where they are given.
    pub fn new(projection: &'p Projection, place: Place) -> Self {
        Self {
            projection,
            delimiter: b'\t',
            null: b"\\N".to_vec(),
            encoding: Encoding::Utf8,
            is_noise: |_| false,
            place,
            buffer: Vec::with_capacity(2 * CHUNK),
            looked_at: 0,
            rows: 0,
            ended: false,
        }
    }

    /// With another sign between fields, and another text for null.
    #[must_use]
    pub(super) fn written(self, delimiter: u8, null: &[u8]) -> Self {
        Self { delimiter, null: null.to_vec(), ..self }
    }

    /// Bytes that were in this encoding, so that places are counted in it.
    #[must_use]
    pub(super) fn encoded(self, encoding: Encoding) -> Self {
        Self { encoding, ..self }
    }

    /// Passing over lines that are no rows.
    #[must_use]
    pub(super) fn without(self, is_noise: fn(&[u8]) -> bool) -> Self {
        Self { is_noise, ..self }
    }

    /// Whether the end marker `\.` was seen; what came after it is ignored.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Takes bytes that may begin and end anywhere.
    pub fn push(&mut self, bytes: &[u8], sink: &mut dyn Sink) -> Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK { self.drain(false, sink) } else { Ok(()) }
    }

    /// Hands over what is left, and says how many rows there were.
    pub fn finish(mut self, sink: &mut dyn Sink) -> Result<u64> {
        self.drain(true, sink)?;
        Ok(self.rows)
    }

    /// Hands over every complete row of the buffer; at the end of the input a last line needs no line end.
    fn drain(&mut self, at_end: bool, sink: &mut dyn Sink) -> Result<()> {
        if self.ended {
            self.buffer.clear();
            self.looked_at = 0;
            return Ok(());
        }
        let new = &self.buffer[self.looked_at..];
        let limit = match memrchr(b'\n', new) {
            _ if at_end => self.buffer.len(),
            Some(at) => self.looked_at + at + 1,
            None => 0,
        };
        // One look at the whole chunk; only a chunk with something wrong in it is looked at row by row.
        let suspect = not_text(&self.buffer[..limit]).is_some();
        let mut rest = &mut self.buffer[..limit];
        let mut used = 0;
        // One allocation each per chunk: the slices in them live as long as the chunk.
        let mut row = Row::default();
        let mut fields = Vec::with_capacity(self.projection.width());
        let mut picked = Vec::new();
        while !rest.is_empty() {
            let Some((len, lines)) = row_end(rest, at_end) else { break };
            let (line, tail) = std::mem::take(&mut rest).split_at_mut(len);
            rest = tail;
            used += len;
            let source_len = self.encoding.source_len(line);
            let line = without_line_end(line);
            if *line == *b"\\." {
                self.ended = true;
                break;
            }
            if (self.is_noise)(line) {
                self.place.line = self.place.line.map(|line| line + lines);
                self.place.byte = self.place.byte.map(|byte| byte + source_len);
                continue;
            }
            row.cut(line, self.delimiter);
            if let Some(reason) = row.fault(line, suspect, self.projection.width()) {
                let (key, raw) = row.raw(line, reason, self.projection, self.delimiter);
                sink.unreadable(reason, key, raw, &self.place)?;
            } else {
                row.decode(line, &self.null, &mut fields);
                sink.row(self.projection.pick(&fields, &mut picked), &self.place)?;
            }
            self.rows += 1;
            self.place.line = self.place.line.map(|line| line + lines);
            self.place.byte = self.place.byte.map(|byte| byte + source_len);
        }
        self.buffer.drain(..used);
        self.looked_at = self.buffer.len();
        Ok(())
    }
}

/// Why bytes are not text that can be stored, if they are not.
pub(super) fn not_text(bytes: &[u8]) -> Option<Unreadable> {
    if memchr(0, bytes).is_some() {
        Some(Unreadable::Nul)
    } else if std::str::from_utf8(bytes).is_err() {
        Some(Unreadable::Encoding)
    } else {
        None
    }
}

/// The length of the first row with its line end, and the lines it spans; `None` when its end is not there yet. A line end
/// after a backslash belongs to the data: `PostgreSQL` reads that form, although it no longer writes it.
pub(super) fn row_end(bytes: &[u8], at_end: bool) -> Option<(usize, u64)> {
    let mut from = 0;
    let mut lines = 1;
    while let Some(found) = memchr(b'\n', &bytes[from..]) {
        let at = from + found;
        let backslashes = bytes[..at].iter().rev().take_while(|&&byte| byte == b'\\').count();
        if backslashes % 2 == 0 {
            return Some((at + 1, lines));
        }
        lines += 1;
        from = at + 1;
    }
    at_end.then_some((bytes.len(), lines))
}

/// A row without its `\n` or `\r\n`: a carriage return of the data is always written `\r`, so a bare one at the end comes
/// from a tool that rewrote the line ends.
fn without_line_end(line: &mut [u8]) -> &mut [u8] {
    let len = match line {
        [.., b'\r', b'\n'] => line.len() - 2,
        [.., b'\n'] => line.len() - 1,
        _ => line.len(),
    };
    &mut line[..len]
}

/// How one row is cut; the room is used again for the next one.
#[derive(Debug, Default)]
struct Row {
    cuts: Vec<Cut>,
    /// Whether an escape names a byte by its number, so that the decoded row has to be looked at again.
    numeric: bool,
    spare: Vec<u8>,
}

/// One field of a row: where it ends, and whether it has escapes.
#[derive(Debug, Clone, Copy)]
struct Cut {
    start: usize,
    end: usize,
    escaped: bool,
}

impl Row {
    /// Finds the fields.
    fn cut(&mut self, line: &[u8], delimiter: u8) {
        self.cuts.clear();
        self.numeric = false;
        let (mut start, mut from, mut escaped) = (0, 0, false);
        loop {
            match memchr2(delimiter, b'\\', &line[from..]) {
                Some(found) if line[from + found] == b'\\' => {
                    escaped = true;
                    self.numeric |= matches!(line.get(from + found + 1), Some(b'0'..=b'7' | b'x'));
                    // The escaped byte is skipped with its backslash: it may be a tab or another backslash.
                    from = (from + found + 2).min(line.len());
                }
                Some(found) => {
                    self.cuts.push(Cut { start, end: from + found, escaped });
                    start = from + found + 1;
                    (from, escaped) = (start, false);
                }
                None => {
                    self.cuts.push(Cut { start, end: line.len(), escaped });
                    return;
                }
            }
        }
    }

    /// What is wrong with the row, before it is decoded.
    fn fault(&mut self, line: &[u8], suspect: bool, width: usize) -> Option<Unreadable> {
        if self.cuts.len() != width {
            return Some(Unreadable::Ragged { wanted: width, found: self.cuts.len() });
        }
        if !suspect && !self.numeric {
            return None;
        }
        not_text(line).or_else(|| {
            self.cuts.iter().find_map(|cut| {
                self.spare.clear();
                self.spare.extend_from_slice(&line[cut.start..cut.end]);
                let len = unescape(&mut self.spare);
                not_text(&self.spare[..len])
            })
        })
    }

    /// The key of a faulty row and its bytes, as far as they belong to the columns asked for.
    fn raw<'a>(
        &'a mut self,
        line: &'a [u8],
        reason: Unreadable,
        projection: &Projection,
        delimiter: u8,
    ) -> (Option<LegacyId>, &'a [u8]) {
        let field = |at: usize| &line[self.cuts[at].start..self.cuts[at].end];
        let key = projection.key_of(self.cuts.len(), |at| legacy_id(field(at)));
        let Some(picks) = projection.picks() else { return (key, line) };
        self.spare.clear();
        if !matches!(reason, Unreadable::Ragged { .. }) {
            for &at in picks {
                self.spare.extend_from_slice(field(at));
                self.spare.push(delimiter);
            }
            self.spare.pop();
        }
        (key, &self.spare)
    }

    /// Undoes the escapes in place and lists the fields.
    fn decode<'a>(&self, line: &'a mut [u8], null: &[u8], fields: &mut Vec<Option<&'a [u8]>>) {
        fields.clear();
        let mut rest = line;
        let mut offset = 0;
        for cut in &self.cuts {
            let (field, tail) = rest.split_at_mut(cut.end - offset);
            let field = &mut field[cut.start - offset..];
            (rest, offset) = (tail, cut.end);
            fields.push(if *field == *null {
                None
            } else if !cut.escaped {
                Some(&*field)
            } else {
                let len = unescape(field);
                Some(&field[..len])
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::legacy::collect::{Collected, Collector};

    /// What a server writes for a field.
    fn escaped(field: Option<&str>) -> String {
        let Some(text) = field else { return "\\N".to_owned() };
        let mut out = String::new();
        for c in text.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\u{8}' => out.push_str("\\b"),
                '\u{c}' => out.push_str("\\f"),
                '\n' => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                '\t' => out.push_str("\\t"),
                '\u{b}' => out.push_str("\\v"),
                other => out.push(other),
            }
        }
        out
    }

    fn columns(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    /// Decodes `text`, pushed in pieces of `piece` bytes and drained after each.
    fn decoded(text: &[u8], projection: &Projection, piece: usize) -> Collected {
        let mut sink = Collector::default();
        let place = Place { file: None, line: Some(1), byte: Some(0) };
        let mut decoder = Decoder::new(projection, place);
        for bytes in text.chunks(piece.max(1)) {
            decoder.push(bytes, &mut sink).unwrap();
            decoder.drain(false, &mut sink).unwrap();
        }
        let rows = decoder.finish(&mut sink).unwrap();
        let handed_over = sink.collected.rows.len() + sink.collected.unreadable.len();
        assert_eq!(rows, handed_over as u64);
        sink.collected
    }

    #[test]
    fn escapes() {
        for (raw, value) in [
            ("plain", Some("plain")),
            ("", Some("")),
            ("\\N", None),
            ("\\NN", Some("NN")),
            ("x\\N", Some("xN")),
            ("\\\\N", Some("\\N")),
            ("\\b\\f\\n\\r\\t\\v\\\\", Some("\u{8}\u{c}\n\r\t\u{b}\\")),
            ("\\101\\60z", Some("A0z")),
            ("\\1234", Some("S4")),
            ("\\x41\\x4a4\\x", Some("AJ4x")),
            ("\\.", Some(".")),
            ("a\\\tb", Some("a\tb")),
            ("a\\\nb", Some("a\nb")),
            ("\\xe0\\xb8\\x81", Some("ก")),
        ] {
            let row = decoded(format!("7\t{raw}\n").as_bytes(), &Projection::all(&columns(&["id", "a"])), 1);
            assert_eq!(row.rows, [vec![Some("7".to_owned()), value.map(str::to_owned)]], "{raw:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_row_is_handed_over_with_its_key_and_place() {
        let text = b"1\tx\n2\n3\ta\tb\n4\t\xff\n5\t\0\n6\t\\xff\n7\t\\000\n8\ty\n\\.\n9\tafter the end\n";
        let found = decoded(text, &Projection::all(&columns(&["id", "a"])), 5);
        assert_eq!(found.rows.iter().map(|row| row[0].as_deref().unwrap()).collect::<Vec<_>>(), ["1", "8"]);
        let faults: Vec<_> =
            found.unreadable.iter().map(|bad| (bad.reason.as_str(), bad.key, bad.line, bad.byte)).collect();
        assert_eq!(
            faults,
            [
                ("ragged", Some(2), Some(2), Some(4)),
                ("ragged", Some(3), Some(3), Some(6)),
                ("encoding", Some(4), Some(4), Some(12)),
                ("nul", Some(5), Some(5), Some(16)),
                ("encoding", Some(6), Some(6), Some(20)),
                ("nul", Some(7), Some(7), Some(27)),
            ]
        );
        assert_eq!(found.unreadable[4].raw, b"6\t\\xff");
    }

    #[test]
    fn columns_left_out_do_not_show_in_raw_bytes() {
        let source = crate::legacy::Shape {
            table: "auth_user".into(),
            columns: columns(&["id", "password", "email"]),
        };
        let projection = Projection::new(&source, &source.without(&["password"])).unwrap();
        let found = decoded(b"1\tsecret\ta@b.example\n2\tsecret\t\xff\n3\tsecret\n", &projection, 64);
        assert_eq!(found.rows, [vec![Some("1".to_owned()), Some("a@b.example".to_owned())]]);
        assert_eq!(found.unreadable[0].raw, b"2\t\xff");
        assert_eq!(found.unreadable[1].raw, b"");
    }

    #[test]
    fn carriage_returns_of_rewritten_line_ends_are_no_data() {
        let found = decoded(b"1\ta\r\n2\tb\\r\r\n\\.\r\n", &Projection::all(&columns(&["id", "a"])), 3);
        assert_eq!(found.rows[0][1].as_deref(), Some("a"));
        assert_eq!(found.rows[1][1].as_deref(), Some("b\r"));
    }

    proptest! {
        #[test]
        fn any_text_comes_back(
            rows in prop::collection::vec(prop::collection::vec(prop::option::of("[^\0]*"), 3), 0..20),
            piece in 1..50_usize,
        ) {
            let lines: Vec<String> = rows
                .iter()
                .map(|row| row.iter().map(|field| escaped(field.as_deref())).collect::<Vec<_>>().join("\t") + "\n")
                .collect();
            let found = decoded(lines.concat().as_bytes(), &Projection::all(&columns(&["id", "a", "b"])), piece);
            prop_assert_eq!(found.rows, rows);
            prop_assert!(found.unreadable.is_empty());
        }

        #[test]
        fn any_bytes_give_one_row_per_line(bytes in prop::collection::vec(any::<u8>(), 0..300), piece in 1..50_usize) {
            let whole = decoded(&bytes, &Projection::all(&columns(&["id", "a"])), bytes.len());
            prop_assert_eq!(decoded(&bytes, &Projection::all(&columns(&["id", "a"])), piece), whole);
        }
    }
}
