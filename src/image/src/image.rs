//! The database in the making, page by page.

use crate::field::Field;
use crate::number::{put_u16, put_u32, put_varint, varint_len};

/// The largest page that SQLite knows.
const PAGE: usize = 65_536;

/// The page header of a leaf, and of an inner page.
const LEAF_HEADER: usize = 8;
const INNER_HEADER: usize = 12;

/// The file's own header, on the first page before that page's.
const FILE_HEADER: usize = 100;

/// The pages before the leaves: the schema, and the inner page over the leaves.
const BEFORE_LEAVES: usize = 2;

/// SQLite refuses to read a longer row.
const LONGEST: usize = 1_000_000_000;

/// An inner page has room for far more leaves than a batch has.
const MOST_LEAVES: usize = 2_000;

/// A database in the making.
#[derive(Debug)]
pub struct Image {
    table: String,
    create: String,
    /// Memory for pages, and how much of it is used: an image that is filled again does not clear what it had.
    bytes: Vec<u8>,
    used: usize,
    rows: usize,
    last_key: i64,
    /// The present leaf: where it begins, its rows, and where the first byte of their cells is.
    leaf: usize,
    cells: usize,
    content: usize,
    /// The page and the last key of every leaf before the present one.
    full_leaves: Vec<(usize, i64)>,
    /// The kinds of the fields of the row at hand.
    kinds: Vec<u64>,
}

impl Image {
    /// An empty image of the table; `create` is its SQL, which names it, and gives it a row id.
    pub fn new(table: &str, create: String) -> Self {
        let mut image = Self {
            table: table.to_owned(),
            create,
            bytes: Vec::new(),
            used: 0,
            rows: 0,
            last_key: i64::MIN,
            leaf: 0,
            cells: 0,
            content: 0,
            full_leaves: Vec::new(),
            kinds: Vec::new(),
        };
        image.clear();
        image
    }

    /// Forgets the rows, and keeps the memory.
    pub fn clear(&mut self) {
        self.used = 0;
        (0..BEFORE_LEAVES).for_each(|_| _ = self.add_page());
        (self.rows, self.cells, self.content) = (0, 0, 0);
        self.full_leaves.clear();
    }

    /// How many rows it has.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Adds a row whose key is above those before; the column that is the key is null. False when the image is full, or the
    /// row longer than SQLite takes: then nothing was added.
    pub fn push<'f>(&mut self, key: i64, fields: impl Iterator<Item = Field<'f>> + Clone) -> bool {
        debug_assert!(self.rows == 0 || key > self.last_key, "keys ascend");
        self.kinds.clear();
        let (mut kinds_len, mut body) = (0, 0);
        for field in fields.clone() {
            let kind = field.kind();
            kinds_len += varint_len(kind);
            body += field.len();
            self.kinds.push(kind);
        }
        // the header's length counts itself
        let mut head = kinds_len + 1;
        if varint_len(head as u64) > 1 {
            head = kinds_len + varint_len(kinds_len as u64 + 2);
        }
        let payload = head + body;
        if payload > LONGEST {
            return false;
        }
        let local = local_len(payload);
        let link = if local < payload { 4 } else { 0 };
        let cell = varint_len(payload as u64) + varint_len(key.cast_unsigned()) + local + link;
        if self.rows == 0 || LEAF_HEADER + 2 * (self.cells + 1) + cell > self.content {
            if self.full_leaves.len() + 1 >= MOST_LEAVES {
                return false;
            }
            if self.rows > 0 {
                self.end_leaf();
                self.full_leaves.push((self.leaf / PAGE + 1, self.last_key));
            }
            self.leaf = self.add_page();
            (self.cells, self.content) = (0, PAGE);
        }
        self.content -= cell;
        let leaf = &mut self.bytes[self.leaf..self.leaf + PAGE];
        put_u16(leaf, LEAF_HEADER + 2 * self.cells, self.content);
        let mut at = self.content;
        at = put_varint(leaf, at, payload as u64);
        at = put_varint(leaf, at, key.cast_unsigned());
        if link == 0 {
            put_record(leaf, at, head, &self.kinds, fields);
        } else {
            let mut record = vec![0; payload];
            put_record(&mut record, 0, head, &self.kinds, fields);
            let (here, rest) = record.split_at(local);
            leaf[at..at + local].copy_from_slice(here);
            let next = self.used / PAGE + 1;
            put_u32(&mut self.bytes[self.leaf..], at + local, next);
            self.push_overflow(rest);
        }
        self.cells += 1;
        self.rows += 1;
        self.last_key = key;
        true
    }

    /// Where a page more begins; what an earlier row left there stays in its gaps.
    fn add_page(&mut self) -> usize {
        let start = self.used;
        self.used += PAGE;
        if self.bytes.len() < self.used {
            self.bytes.resize(self.used, 0);
        }
        start
    }

    /// What of a record does not fit on its leaf, in a chain of pages at the end.
    fn push_overflow(&mut self, rest: &[u8]) {
        let mut parts = rest.chunks(PAGE - 4).peekable();
        while let Some(part) = parts.next() {
            let start = self.add_page();
            let page = &mut self.bytes[start..];
            put_u32(page, 0, if parts.peek().is_some() { start / PAGE + 2 } else { 0 });
            page[4..4 + part.len()].copy_from_slice(part);
        }
    }

    /// The bytes of the database, which has a row at least.
    pub fn finish(&mut self) -> &[u8] {
        debug_assert!(self.rows > 0, "an image without rows has no leaf");
        self.end_leaf();
        // an inner page has at least two leaves; one alone is the root itself
        let root = if self.full_leaves.is_empty() { BEFORE_LEAVES + 1 } else { BEFORE_LEAVES };
        self.write_schema(root);
        self.write_inner_page();
        &self.bytes[..self.used]
    }

    fn end_leaf(&mut self) {
        let (cells, content) = (self.cells, self.content);
        let leaf = &mut self.bytes[self.leaf..];
        leaf[..LEAF_HEADER].fill(0);
        leaf[0] = 13;
        put_u16(leaf, 3, cells);
        put_u16(leaf, 5, content);
    }

    /// The first page: the file's header, and the one row of the schema.
    fn write_schema(&mut self, root: usize) {
        let pages = self.used / PAGE;
        let page = &mut self.bytes[..PAGE];
        page[..16].copy_from_slice(b"SQLite format 3\0");
        // 1 stands for 65,536; then the versions, and the fractions that are fixed
        page[16..24].copy_from_slice(&[0, 1, 1, 1, 0, 64, 32, 32]);
        // change counter, pages, schema cookie, schema format, UTF-8, and the change counter that the pages are valid for
        for (at, value) in [(24, 1), (28, pages), (40, 1), (44, 4), (56, 1), (92, 1)] {
            put_u32(page, at, value);
        }
        let texts = ["table", &self.table, &self.table].map(str::as_bytes);
        let sql = self.create.as_bytes();
        let sql_kind = 13 + 2 * sql.len() as u64;
        let head = 1 + texts.len() + 1 + varint_len(sql_kind);
        let payload = head + texts.iter().map(|text| text.len()).sum::<usize>() + 1 + sql.len();
        let content = PAGE - varint_len(payload as u64) - 1 - payload;
        let mut at = put_varint(page, content, payload as u64);
        at = put_varint(page, at, 1);
        at = put_varint(page, at, head as u64);
        for text in texts {
            at = put_varint(page, at, 13 + 2 * text.len() as u64);
        }
        // the root page's number, in one byte
        at = put_varint(page, at, 1);
        at = put_varint(page, at, sql_kind);
        for text in texts {
            page[at..at + text.len()].copy_from_slice(text);
            at += text.len();
        }
        page[at] = root.to_le_bytes()[0];
        page[at + 1..at + 1 + sql.len()].copy_from_slice(sql);
        page[FILE_HEADER] = 13;
        put_u16(page, FILE_HEADER + 3, 1);
        put_u16(page, FILE_HEADER + 5, content);
        put_u16(page, FILE_HEADER + LEAF_HEADER, content);
    }

    /// The page over the leaves: for each but the last one its number and its last key.
    fn write_inner_page(&mut self) {
        let page = &mut self.bytes[PAGE..2 * PAGE];
        page[..INNER_HEADER].fill(0);
        page[0] = 5;
        let mut content = PAGE;
        for (at, (leaf, key)) in self.full_leaves.iter().enumerate() {
            let key = key.cast_unsigned();
            content -= 4 + varint_len(key);
            put_u32(page, content, *leaf);
            put_varint(page, content + 4, key);
            put_u16(page, INNER_HEADER + 2 * at, content);
        }
        put_u16(page, 3, self.full_leaves.len());
        put_u16(page, 5, content);
        put_u32(page, 8, self.leaf / PAGE + 1);
    }
}

/// Writes a record: its header's length, the kinds of its fields, and the fields.
fn put_record<'f>(
    page: &mut [u8],
    start: usize,
    head: usize,
    kinds: &[u64],
    fields: impl Iterator<Item = Field<'f>>,
) {
    let mut at = put_varint(page, start, head as u64);
    for &kind in kinds {
        at = put_varint(page, at, kind);
    }
    for field in fields {
        at = field.put(page, at);
    }
}

/// How much of a record stands on its leaf; the rest goes on elsewhere.
fn local_len(payload: usize) -> usize {
    const MOST: usize = PAGE - 35;
    const LEAST: usize = (PAGE - 12) * 32 / 255 - 23;
    if payload <= MOST {
        return payload;
    }
    let even = LEAST + (payload - LEAST) % (PAGE - 4);
    if even <= MOST { even } else { LEAST }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rusqlite::Connection;

    fn arrived(columns: usize) -> Image {
        let listed: String = (0..columns).map(|column| format!(", c{column} text")).collect();
        Image::new("arrived", format!("create table arrived (legacy_id integer primary key{listed})"))
    }

    fn image(columns: usize, rows: &[(i64, Vec<Option<String>>)]) -> Vec<u8> {
        let mut image = arrived(columns);
        for (key, fields) in rows {
            let fields = fields.iter().map(|field| Field::from(field.as_deref()));
            assert!(image.push(*key, std::iter::once(Field::Null).chain(fields)));
        }
        image.finish().to_vec()
    }

    fn opened(bytes: &[u8]) -> Connection {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.deserialize_read_exact("main", bytes, bytes.len(), true).unwrap();
        connection
    }

    fn read(connection: &Connection, columns: usize) -> Vec<(i64, Vec<Option<String>>)> {
        let mut statement = connection.prepare("select * from arrived order by legacy_id").unwrap();
        let row = |row: &rusqlite::Row<'_>| {
            Ok((row.get(0)?, (1..=columns).map(|at| row.get(at)).collect::<Result<_, _>>()?))
        };
        statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
    }

    fn is_sound(connection: &Connection) -> bool {
        connection.query_row("pragma integrity_check", [], |row| row.get::<_, String>(0)).unwrap() == "ok"
    }

    #[test]
    fn numbers_of_every_size_come_back() {
        let sizes = [0, 1, 127, 128, 32_767, 32_768, 8_388_608, 1 << 31, 1 << 47, i64::MAX];
        let numbers: Vec<i64> = sizes.iter().flat_map(|size| [*size, !size]).collect();
        let mut image = Image::new("n", "create table n (a integer, b integer)".to_owned());
        for (key, number) in (1..).zip(&numbers) {
            let other = if key == 3 { Field::Null } else { Field::Number(number / 2) };
            assert!(image.push(key, [Field::Number(*number), other].into_iter()));
        }
        let connection = opened(image.finish());
        let mut statement = connection.prepare("select a, b from n").unwrap();
        let read: Vec<(i64, Option<i64>)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        let expected = (1..).zip(&numbers).map(|(key, number)| (*number, (key != 3).then_some(number / 2)));
        assert_eq!(read, expected.collect::<Vec<_>>());
    }

    #[test]
    fn many_leaves_and_rows_of_every_length_are_a_sound_database() {
        let rows: Vec<_> = (0..4_000_i64)
            .map(|n| {
                let long = "x".repeat(usize::try_from(n).unwrap() * 37 % 9_000);
                (n * 1_000_003, vec![Some(long), None, Some(String::new()), Some(n.to_string())])
            })
            .collect();
        let connection = opened(&image(4, &rows));
        // the inner page of an image with one leaf is never used; here there are many
        assert!(is_sound(&connection));
        assert_eq!(read(&connection, 4), rows);
    }

    #[test]
    fn a_row_longer_than_a_page_goes_on_in_others() {
        let most = PAGE - 35;
        let lengths = [most - 100, most - 6, most, PAGE, PAGE + 8_000, 2 * PAGE - 9, 3 * PAGE, 1_000_000];
        let row = |(key, len): (i64, &usize)| {
            [(2 * key, vec![Some("x".repeat(*len))]), (2 * key + 1, vec![Some("short".to_owned())])]
        };
        let rows: Vec<_> = (1..).zip(&lengths).flat_map(row).collect();
        let connection = opened(&image(1, &rows));
        // with an inner page over them, and over one leaf alone
        assert!(is_sound(&connection));
        assert_eq!(read(&connection, 1), rows);
        for row in &rows {
            let alone = opened(&image(1, std::slice::from_ref(row)));
            assert_eq!(read(&alone, 1), std::slice::from_ref(row));
        }
    }

    #[test]
    fn a_full_image_takes_no_more() {
        let mut image = arrived(1);
        let long = vec![b'x'; PAGE / 2];
        let most = (1..9_999)
            .take_while(|key| image.push(*key, [Field::Null, Field::Text(&long)].into_iter()))
            .count();
        assert_eq!((most, image.rows()), (MOST_LEAVES, MOST_LEAVES));
        assert!(is_sound(&opened(image.finish())));
    }

    proptest! {
        #[test]
        fn sqlite_reads_what_was_put_in(
            keys in prop::collection::btree_set(any::<i64>(), 1..40),
            texts in prop::collection::vec(prop::option::of("[^\0]{0,300}"), 1..20),
            columns in 1..130_usize,
        ) {
            let rows: Vec<_> = keys
                .into_iter()
                .enumerate()
                .map(|(at, key)| {
                    (key, (0..columns).map(|column| texts[(at * 7 + column) % texts.len()].clone()).collect())
                })
                .collect();
            prop_assert_eq!(read(&opened(&image(columns, &rows)), columns), rows);
        }
    }
}
