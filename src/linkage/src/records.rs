//! The records to be compared, as they come: text by column in a few large buffers, so that a million persons cost
//! little more than their file.

use std::cmp::Ordering;

use drydock_random::{GOLDEN, scramble};
use rayon::prelude::*;

use crate::Kind;
use crate::codes::number;
use crate::date::Date;
use crate::digest::digest;
use crate::error::{Error, Result};

/// Columns that are compared at most; a pair's agreement is packed into one 64-bit word.
pub const MAX_COLUMNS: usize = 14;

/// Records that are more than the fast memory holds.
const MANY: usize = 100_000;

/// A column: what it is called and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The name that reports use.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

/// Texts one after another in one buffer.
#[derive(Debug, Default, Clone)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) -> Result<()> {
        self.bytes.push_str(text);
        let end = u32::try_from(self.bytes.len())
            .map_err(|_| Error::TooMuch("a column holds more than 4 GiB of text"))?;
        self.ends.push(end);
        Ok(())
    }

    #[inline]
    pub(crate) fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] as usize };
        &self.bytes[start..self.ends[index] as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Adds empty texts until there are so many.
    fn fill_up(&mut self, count: usize) {
        let end = self.ends.last().copied().unwrap_or(0);
        self.ends.resize(count.max(self.ends.len()), end);
    }
}

/// What the records say in one column. The last records may be left away where they say nothing, so that an empty column
/// costs nothing.
#[derive(Debug)]
pub(crate) enum Cells {
    /// As typed.
    Texts(Texts),
    /// Read already; without a year there is none.
    Dates(Vec<Date>),
    /// Equal numbers are equal values, 0 is none.
    Numbers(Vec<u32>),
}

impl Cells {
    /// A digest of what a record says.
    fn digest(&self, record: u32) -> u64 {
        match self {
            Cells::Texts(_) => digest(self.text(record).as_bytes()),
            Cells::Dates(dates) => dates.get(record as usize).map_or(0, |date| date.digest()),
            Cells::Numbers(numbers) => numbers.get(record as usize).map_or(0, |&number| number.into()),
        }
    }

    /// What a record says, empty when nothing.
    pub(crate) fn text(&self, record: u32) -> &str {
        match self {
            Cells::Texts(texts) if (record as usize) < texts.len() => texts.get(record as usize),
            _ => "",
        }
    }
}

/// The records of one file or table. Push them in any order: the result depends only on ids and values.
#[derive(Debug)]
pub struct Records {
    columns: Vec<Column>,
    ids: Texts,
    /// Empty where no record says anything.
    registers: Vec<u32>,
    cells: Vec<Cells>,
}

impl Records {
    /// No records yet, with these columns.
    pub fn new(columns: Vec<Column>) -> Result<Self> {
        if columns.is_empty() {
            return Err(Error::NoColumns);
        }
        if columns.len() > MAX_COLUMNS {
            return Err(Error::TooManyColumns { found: columns.len(), most: MAX_COLUMNS });
        }
        let cells = columns.iter().map(|_| Cells::Texts(Texts::default())).collect();
        Ok(Self { columns, ids: Texts::default(), registers: Vec::new(), cells })
    }

    /// Adds a record: its id, unique among the records, and a value per column, empty when missing; values beyond the
    /// columns are ignored, absent ones are missing.
    ///
    /// `register` numbers the register the record comes from, when records of one register are known to be distinct
    /// people: then a cluster holds at most one record of each. 0 says nothing is known.
    pub fn push<'a>(
        &mut self,
        id: &str,
        register: u32,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Result<()> {
        let before = self.len();
        self.ids.push(id)?;
        if register != 0 {
            self.registers.resize(before, 0);
            self.registers.push(register);
        }
        for (column, value) in self.cells.iter_mut().zip(values).filter(|(_, value)| !value.is_empty()) {
            if let Cells::Texts(texts) = column {
                texts.fill_up(before);
                texts.push(value)?;
            }
        }
        Ok(())
    }

    /// Gives every record its date in a column of dates, in the order in which the records were added: year, month and day,
    /// the year 0 for none. What the column held before is gone.
    pub fn fill_dates(&mut self, column: usize, dates: impl Iterator<Item = (u16, u8, u8)>) -> Result<()> {
        let dates = dates.map(|(year, month, day)| Date { year, month, day }).take(self.len()).collect();
        self.fill(column, Kind::Date, Cells::Dates(dates))
    }

    /// Gives every record its value in a column of categories, in the order in which the records were added. Equal numbers
    /// are equal values and say nothing else. What the column held before is gone.
    pub fn fill_categories(
        &mut self,
        column: usize,
        values: impl Iterator<Item = Option<i64>>,
    ) -> Result<()> {
        let values = values.take(self.len());
        let numbers = number(values, |value| scramble(value.cast_unsigned()), &mut vec![0]);
        self.fill(column, Kind::Category, Cells::Numbers(numbers))
    }

    fn fill(&mut self, column: usize, kind: Kind, values: Cells) -> Result<()> {
        let of_kind = self.columns.get(column).filter(|column| column.kind == kind);
        let cells = self.cells.get_mut(column).filter(|_| of_kind.is_some());
        *cells.ok_or(Error::OtherKind { column, filled: kind })? = values;
        Ok(())
    }

    /// The id of a record, in the order in which they were added.
    pub fn id(&self, position: usize) -> &str {
        self.ids.get(position)
    }

    /// How many records there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The order in which records are told: by id, as numbers when all ids are numbers.
    pub(crate) fn order_by_id(&self) -> Result<Vec<u32>> {
        let count = u32::try_from(self.len())
            .ok()
            .filter(|&count| count < 1 << 31)
            .ok_or(Error::TooMuch("more than two thousand million records"))?;
        let numbers: Option<Vec<i64>> =
            (0..self.len()).map(|index| self.ids.get(index).parse().ok()).collect();
        let mut order: Vec<u32> = (0..count).collect();
        if numbers.as_ref().is_some_and(|numbers| numbers.is_sorted_by(|one, other| one < other)) {
            return Ok(order);
        }
        let text = |a: u32, b: u32| self.ids.get(a as usize).cmp(self.ids.get(b as usize));
        let compare = |a: &u32, b: &u32| -> Ordering {
            let by_number = numbers
                .as_ref()
                .map_or(Ordering::Equal, |numbers| numbers[*a as usize].cmp(&numbers[*b as usize]));
            by_number.then_with(|| text(*a, *b))
        };
        order.sort_unstable_by(compare);
        let repeated = order.windows(2).filter(|pair| text(pair[0], pair[1]) == Ordering::Equal).count();
        if repeated > 0 {
            return Err(Error::RepeatedIds(repeated));
        }
        Ok(order)
    }

    /// The order in which records are handled: by what they say, and by id where they say the same. Everything that could
    /// depend on an order depends on this one, so that neither another order of the input nor other ids give another result.
    /// Of many records, those whose surnames begin alike are close to each other, because they are compared most: what two of
    /// them need is then in the fast memory.
    pub(crate) fn order_by_value(&self, by_id: &[u32]) -> Vec<u32> {
        let mut digests = vec![0u64; self.len()];
        for column in &self.cells {
            digests.par_iter_mut().enumerate().for_each(|(record, state)| {
                *state = scramble(*state ^ column.digest(record as u32)).wrapping_mul(GOLDEN);
            });
        }
        let is_surname = |column: &Column| column.kind == Kind::Surname && self.len() >= MANY;
        let surname = self.columns.iter().position(is_surname);
        let start = |record: u32| surname.map_or(0, |at| letters_at_start(self.cells[at].text(record)));
        let mut order: Vec<(u32, u64, u32)> = (0u32..)
            .zip(by_id)
            .map(|(rank, &record)| (start(record), digests[record as usize], rank))
            .collect();
        order.par_sort_unstable();
        order.into_iter().map(|(.., rank)| by_id[rank as usize]).collect()
    }

    /// The parts: columns, ids, registers, cells.
    pub(crate) fn into_parts(self) -> (Vec<Column>, Texts, Vec<u32>, Vec<Cells>) {
        (self.columns, self.ids, self.registers, self.cells)
    }
}

/// The first letters of a text, in lower case, as a number that sorts as they do.
fn letters_at_start(text: &str) -> u32 {
    let letters = text.bytes().filter(u8::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase());
    letters.chain(std::iter::repeat(0)).take(4).fold(0, |start, letter| start << 8 | u32::from(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(ids: &[&str]) -> Records {
        let mut records =
            Records::new(vec![Column { name: "name".to_owned(), kind: Kind::Surname }]).expect("one column");
        for id in ids {
            records.push(id, 0, ["x"]).expect("small");
        }
        records
    }

    #[test]
    fn ids_order_as_numbers_when_all_are() {
        assert_eq!(records(&["10", "9", "-1"]).order_by_id().ok(), Some(vec![2, 1, 0]));
        assert_eq!(records(&["10", "9", "b"]).order_by_id().ok(), Some(vec![0, 1, 2]));
    }

    #[test]
    fn a_repeated_id_is_refused() {
        assert!(records(&["1", "2", "1"]).order_by_id().is_err());
        // 1 and 01 are the same number and still two ids
        assert!(records(&["1", "01"]).order_by_id().is_ok());
    }

    #[test]
    fn what_was_read_already_is_the_same_as_what_is_typed() {
        let column = |kind: Kind| Column { name: kind.to_string(), kind };
        let columns = [Kind::Date, Kind::Category, Kind::Email].map(column).to_vec();
        // the second and the last record say nothing, and nobody has an address
        let said = [(1980, 3, 14, 7), (0, 0, 0, 0), (1975, 12, 1, 9), (1980, 3, 14, 7), (0, 0, 0, 0)];
        let (mut typed, mut filled) =
            (Records::new(columns.clone()).expect("three"), Records::new(columns).expect("three"));
        for (id, (year, month, day, practice)) in said.iter().enumerate() {
            let [date, practice] = [format!("{year}-{month:02}-{day:02}"), practice.to_string()];
            let values = if *year == 0 { ["", ""] } else { [date.as_str(), &practice] };
            typed.push(&id.to_string(), 0, values).expect("small");
            filled.push(&id.to_string(), 0, []).expect("small");
        }
        let dates = said.iter().map(|&(year, month, day, _)| (year, month, day));
        filled.fill_dates(0, dates).expect("a date");
        let practices = said.iter().map(|&(.., practice)| (practice > 0).then_some(practice));
        filled.fill_categories(1, practices).expect("a category");
        assert!(filled.fill_categories(2, std::iter::empty()).is_err() && filled.len() == 5);
        let fields = |records: Records| {
            let (columns, _, _, cells) = records.into_parts();
            let fields = crate::find::fields(columns, cells, &[4, 3, 2, 1, 0]).expect("small");
            fields.into_iter().map(|field| format!("{field:?}")).collect::<Vec<_>>()
        };
        assert_eq!(fields(typed), fields(filled));
    }

    #[test]
    fn too_many_columns_are_refused() {
        let column = Column { name: "x".to_owned(), kind: Kind::Text };
        assert!(Records::new(vec![column.clone(); MAX_COLUMNS]).is_ok());
        assert!(Records::new(vec![column; MAX_COLUMNS + 1]).is_err());
        assert!(Records::new(Vec::new()).is_err());
    }
}
