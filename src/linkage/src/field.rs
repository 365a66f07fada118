//! Fields: a column after folding, as a code per record and the distinct values behind the codes. Equal codes are equal
//! values, so most comparisons end before they begin, and what a value costs to prepare is paid once.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use drydock_random::scramble;

use crate::codes::{MISSING, number};
use crate::date::{Date, Order};
use crate::digest::{ByDigest, digest};
use crate::error::{Error, Result};
use crate::names::Names;
use crate::records::{Cells, Column, Texts};
use crate::shares::{exact_share, mean_count};
use crate::text::Letters;
use crate::{Kind, category, fold, nameless};

/// The distinct values of a field; index 0 stands for the missing one.
#[derive(Debug)]
pub(crate) enum Values {
    /// Given and family names share one list, so that swapped names can be seen.
    Names(Arc<Names>),
    Dates(Vec<Date>),
    Emails(Texts),
    /// Telephone numbers and identifiers.
    Codes(Texts),
    /// Values that agree or do not.
    Categories,
    /// Places, addresses, free text.
    Words(Words),
}

/// Texts of several words, with the words numbered across the field.
#[derive(Debug, Default)]
pub(crate) struct Words {
    /// The text without spaces.
    pub(crate) texts: Texts,
    numbers: Vec<u32>,
    ends: Vec<u32>,
    /// In how many records each word occurs.
    pub(crate) frequency: Vec<u32>,
    /// What sharing the word says.
    pub(crate) says: Vec<f32>,
}

impl Words {
    /// The sorted words of a value.
    pub(crate) fn of(&self, code: u32) -> &[u32] {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] as usize };
        &self.numbers[start..self.ends[code] as usize]
    }
}

/// One field of the comparison.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    /// A code per record, in the order of ids, until the records are compared: then the codes of a record are side by side.
    pub(crate) codes: Vec<u32>,
    /// How many records hold each code.
    pub(crate) counts: Vec<u32>,
    /// How many records share the value of a record in the mean, and the share of all pairs of records that do; without
    /// records that repeat others word for word.
    pub(crate) mean: f64,
    pub(crate) share: f64,
    pub(crate) values: Values,
    /// How many records hold each code when one that repeats another word for word is the same person; empty where none does.
    pub(crate) people: Vec<u32>,
    /// What is known of the column as a whole.
    pub(crate) column: Whole,
}

/// What is known of a column as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Whole {
    #[default]
    Plain,
    /// A name that was a part of a full one, where nobody knows which part is the family's.
    OfFullName,
    /// Generations and nothing else: Jr, III.
    Suffix,
    /// Sexes.
    Sex,
}

impl Field {
    fn new(name: String, kind: Kind, codes: Vec<u32>, values: Values, distinct: usize) -> Self {
        let counts = vec![0u32; distinct];
        let mut field = Self {
            name,
            kind,
            codes,
            counts,
            mean: 1.0,
            share: 0.0,
            values,
            people: Vec::new(),
            column: Whole::Plain,
        };
        field.recount();
        field
    }

    /// Counts anew who holds what, after codes have changed.
    pub(crate) fn recount(&mut self) {
        self.counts.fill(0);
        for &code in &self.codes {
            self.counts[code as usize] += 1;
        }
        self.counts[MISSING as usize] = 0;
        (self.mean, self.share) = (mean_count(&self.counts), exact_share(&self.counts));
    }

    /// The letters of each value; nothing where values are not compared letter by letter.
    pub(crate) fn letters(&self) -> Vec<Letters> {
        let texts = match &self.values {
            Values::Names(names) => return names.letters(self.kind == Kind::Surname),
            Values::Words(words) => &words.texts,
            Values::Emails(texts) | Values::Codes(texts) => texts,
            Values::Dates(_) | Values::Categories => return Vec::new(),
        };
        // two addresses that agree on the local part alone still resemble each other
        let compared = |text: &str| match &self.values {
            Values::Emails(_) => Letters::of(text.split('@').next().unwrap_or_default()),
            _ => Letters::of(text),
        };
        (0..texts.len()).map(|code| compared(texts.get(code))).collect()
    }

    /// How many records have a value.
    pub(crate) fn present(&self) -> usize {
        self.counts.iter().map(|&count| count as usize).sum()
    }
}

/// The given name and surname that may stand in each other's place; they share one list of names.
pub(crate) fn names(fields: &[Field]) -> Option<(usize, usize)> {
    let first = |kind| fields.iter().position(|field| field.kind == kind);
    first(Kind::GivenName).zip(first(Kind::Surname))
}

/// Numbers distinct texts from 1; 0 is the empty one.
struct Interner {
    texts: Texts,
    codes: ByDigest<u32>,
}

impl Interner {
    fn new() -> Result<Self> {
        let mut texts = Texts::default();
        texts.push("")?;
        Ok(Self { texts, codes: ByDigest::default() })
    }

    /// The code of a text. Texts are told apart by a 64-bit digest: among a million, two fall together with a
    /// probability of 3 in 10⁸.
    fn code(&mut self, text: &str) -> Result<u32> {
        if text.is_empty() {
            return Ok(MISSING);
        }
        let next = u32::try_from(self.texts.len())
            .map_err(|_| Error::TooMuch("more than four thousand million distinct values"))?;
        let code = *self.codes.entry(digest(text.as_bytes())).or_insert(next);
        if code == next {
            self.texts.push(text)?;
        }
        Ok(code)
    }
}

/// Raw values that are remembered with their code. A column with more of them hardly repeats any, and to fold a value twice
/// costs less than to remember a million.
const REMEMBERED: usize = 100_000;

/// Folds a column: a code per record in `order`. `fold` gives equal texts equal codes, however often it is asked.
fn intern(
    cells: &Cells,
    order: &[u32],
    mut fold: impl FnMut(&str, &mut dyn FnMut(&str) -> Result<u32>) -> Result<u32>,
    interner: &mut Interner,
) -> Result<Vec<u32>> {
    let mut seen: ByDigest<u32> = ByDigest::default();
    let mut codes = Vec::with_capacity(order.len());
    for &record in order {
        let raw = cells.text(record);
        if fold::is_missing(raw) {
            codes.push(MISSING);
            continue;
        }
        let key = digest(raw.as_bytes());
        let code = if let Some(&code) = seen.get(&key) {
            code
        } else {
            let code = fold(raw, &mut |text| interner.code(text))?;
            if seen.len() < REMEMBERED {
                seen.insert(key, code);
            }
            code
        };
        codes.push(code);
    }
    Ok(codes)
}

/// What becomes of the columns that are not names; each call stands alone, so that columns are built in parallel.
pub(crate) fn build(column: &Column, cells: Cells, order: &[u32]) -> Result<Field> {
    let mut interner = Interner::new()?;
    let name = column.name.clone();
    match column.kind {
        Kind::Date => build_dates(column, &cells, order),
        Kind::Email => {
            let codes = intern(&cells, order, |raw, code| code(&fold::email(raw)), &mut interner)?;
            let distinct = interner.texts.len();
            Ok(Field::new(name, column.kind, codes, Values::Emails(interner.texts), distinct))
        }
        Kind::Phone | Kind::Identifier => {
            let phone = column.kind == Kind::Phone;
            let fold = |raw: &str, code: &mut dyn FnMut(&str) -> Result<u32>| {
                if phone {
                    // country and trunk prefixes come and go: the last nine digits name the line
                    let digits = fold::phone(raw);
                    code(&digits[digits.len().saturating_sub(9)..])
                } else {
                    code(&fold::squeezed(raw))
                }
            };
            let codes = intern(&cells, order, fold, &mut interner)?;
            let distinct = interner.texts.len();
            Ok(Field::new(name, column.kind, codes, Values::Codes(interner.texts), distinct))
        }
        Kind::Category => {
            if let Cells::Numbers(numbers) = &cells {
                let mut distinct = vec![0];
                let said =
                    |&record: &u32| numbers.get(record as usize).copied().filter(|&number| number != 0);
                let codes = number(order.iter().map(said), |number| scramble(number.into()), &mut distinct);
                return Ok(Field::new(name, column.kind, codes, Values::Categories, distinct.len()));
            }
            let mut codes = intern(&cells, order, |raw, code| code(&fold::name(raw)), &mut interner)?;
            let whole = category::settle(&interner.texts, &mut codes);
            let field = Field::new(name, column.kind, codes, Values::Categories, interner.texts.len());
            Ok(Field { column: whole, ..field })
        }
        Kind::Place | Kind::Address | Kind::Text | Kind::GivenName | Kind::Surname | Kind::FullName => {
            let codes = intern(&cells, order, |raw, code| code(&fold::words(raw)), &mut interner)?;
            if column.kind == Kind::Text && interner.texts.len() <= category::FEW {
                // whoever calls it a text still means a sex
                let field = build(&Column { kind: Kind::Category, ..column.clone() }, cells, order)?;
                if field.column == Whole::Sex {
                    return Ok(field);
                }
            } else {
                drop(cells);
            }
            let Interner { texts, codes: by_text } = interner;
            drop(by_text);
            let is_suffix = category::is_suffix(&texts);
            let mut field = Field::new(name, column.kind, codes, Values::Categories, texts.len());
            field.values = Values::Words(split_words(&texts, &field.counts)?);
            field.column = if is_suffix { Whole::Suffix } else { Whole::Plain };
            Ok(field)
        }
    }
}

fn build_dates(column: &Column, cells: &Cells, order: &[u32]) -> Result<Field> {
    let mut dates = vec![Date::default()];
    let mut codes = if let Cells::Dates(said) = cells {
        let is_said = |date: &Date| date.year != 0 && !date.is_placeholder();
        let said = |&record: &u32| said.get(record as usize).copied().filter(is_said);
        number(order.iter().map(said), Date::digest, &mut dates)
    } else {
        let written = Order::of_column(order.iter().map(|&record| cells.text(record)));
        let mut said = vec![None];
        let fold = |raw: &str, _: &mut dyn FnMut(&str) -> Result<u32>| {
            let place = said.len() as u32;
            said.push(Date::read(raw, written).filter(|date| !date.is_placeholder()));
            Ok(place)
        };
        let read = intern(cells, order, fold, &mut Interner::new()?)?;
        number(read.iter().map(|&place| said[place as usize]), Date::digest, &mut dates)
    };
    let present = codes.iter().filter(|&&code| code != MISSING).count();
    let new_years = codes.iter().filter(|&&code| dates[code as usize].is_new_year()).count();
    // one birth in 365 falls on the first of January; many more mean that only the year was known
    if new_years >= 5 && new_years * 60 > present {
        let years: Vec<Date> = dates.iter().map(|date| date.without_placeholder()).collect();
        let mut first: HashMap<Date, u32> = HashMap::new();
        let renumbered: Vec<u32> =
            (0u32..).zip(&years).map(|(code, &date)| *first.entry(date).or_insert(code)).collect();
        for code in &mut codes {
            *code = renumbered[*code as usize];
        }
        dates = years;
    }
    let distinct = dates.len();
    Ok(Field::new(column.name.clone(), column.kind, codes, Values::Dates(dates), distinct))
}

fn split_words(texts: &Texts, counts: &[u32]) -> Result<Words> {
    let mut words = Words::default();
    let mut numbers: ByDigest<u32> = ByDigest::default();
    let mut squeezed = String::new();
    for (code, &count) in counts.iter().enumerate() {
        let text = texts.get(code);
        squeezed.clear();
        let start = words.numbers.len();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            squeezed.push_str(word);
            let next = u32::try_from(words.frequency.len()).unwrap_or(u32::MAX);
            let number = *numbers.entry(digest(word.as_bytes())).or_insert(next);
            if number == next {
                words.frequency.push(0);
            }
            words.numbers.push(number);
        }
        words.numbers[start..].sort_unstable();
        for at in start..words.numbers.len() {
            // a word counts once a value, also when it is repeated in it
            if at == start || words.numbers[at] != words.numbers[at - 1] {
                words.frequency[words.numbers[at] as usize] += count;
            }
        }
        let end = u32::try_from(words.numbers.len())
            .map_err(|_| Error::TooMuch("more than four thousand million words in one column"))?;
        words.ends.push(end);
        words.texts.push(&squeezed)?;
    }
    words.says = words.frequency.iter().map(|&records| 1.0 / (1.0 + records as f32).ln()).collect();
    Ok(words)
}

/// The name columns, built together over one list of names. A full name becomes a given and a family name; where the
/// file has columns for those too, it only fills their gaps. A name that is none is missing.
pub(crate) fn build_names(columns: Vec<(Column, Cells)>, order: &[u32]) -> Result<Vec<Field>> {
    let mut interner = Interner::new()?;
    let mut parts: Vec<Part> = Vec::new();
    let (full, single): (Vec<_>, Vec<_>) =
        columns.into_iter().partition(|(column, _)| column.kind == Kind::FullName);
    for (column, cells) in single {
        let fold =
            |raw: &str, code: &mut dyn FnMut(&str) -> Result<u32>| code(&named(fold::name(raw), column.kind));
        let codes = intern(&cells, order, fold, &mut interner)?;
        parts.push(Part { name: column.name, kind: column.kind, codes, column: Whole::Plain });
    }
    for (column, cells) in full {
        let mut given: ByDigest<u32> = ByDigest::default();
        let fold = |raw: &str, code: &mut dyn FnMut(&str) -> Result<u32>| {
            let (first, last) = fold::split_full_name(raw);
            let key = digest(raw.as_bytes());
            given.insert(key, code(&named(first, Kind::GivenName))?);
            code(&named(last, Kind::Surname))
        };
        let surnames = intern(&cells, order, fold, &mut interner)?;
        let givens = order
            .iter()
            .map(|&record| given.get(&digest(cells.text(record).as_bytes())).copied().unwrap_or(MISSING))
            .collect();
        for (kind, codes) in [(Kind::GivenName, givens), (Kind::Surname, surnames)] {
            fill(&mut parts, &column.name, kind, codes);
        }
    }
    let Interner { texts, codes } = interner;
    drop(codes);
    let names = Arc::new(Names::of(texts)?);
    let distinct = names.texts.len();
    let field = |Part { name, kind, codes, column }| Field {
        column,
        ..Field::new(name, kind, codes, Values::Names(Arc::clone(&names)), distinct)
    };
    Ok(parts.into_iter().map(field).collect())
}

/// A column of names on its way to a field.
struct Part {
    name: String,
    kind: Kind,
    codes: Vec<u32>,
    column: Whole,
}

/// The name, or nothing where it is none.
fn named(written: String, kind: Kind) -> String {
    let plain = if written.is_ascii() { Cow::Borrowed(&written) } else { Cow::Owned(fold::plain(&written)) };
    let is_none = match kind {
        Kind::Surname => nameless::is_no_surname(&plain),
        _ => nameless::is_no_given_name(&plain),
    };
    if is_none { String::new() } else { written }
}

/// Puts codes into the gaps of the first part of the kind, or adds them as a part of their own.
fn fill(parts: &mut Vec<Part>, column: &str, kind: Kind, codes: Vec<u32>) {
    match parts.iter_mut().find(|part| part.kind == kind) {
        Some(part) => {
            for (code, filler) in part.codes.iter_mut().zip(codes) {
                if *code == MISSING && filler != MISSING {
                    (*code, part.column) = (filler, Whole::OfFullName);
                }
            }
        }
        None => parts.push(Part { name: format!("{column}.{kind}"), kind, codes, column: Whole::OfFullName }),
    }
}
