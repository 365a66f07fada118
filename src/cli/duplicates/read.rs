//! The file: which bytes mean what, which columns are which, and its records.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{BufRead, BufReader};

use drydock_linkage::{Column, Kind, Records};

use super::Arguments;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::legacy::{CsvFile, CsvOptions, Place, Shape, Sink, Unreadable};
use crate::record::LegacyId;

/// Lines with repeated ids that are named.
const NAMED: usize = 5;

/// What was read.
pub(super) struct Read {
    pub(super) records: Records,
    /// Who each record is, by the column with the truth; empty without one.
    pub(super) truth: HashMap<String, u32>,
    pub(super) encoding: String,
}

/// What the columns hold; a column is named once.
pub(super) fn columns(map: &[String]) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    for part in map {
        let (name, kind) = part.split_once('=').ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("`{part}` does not map a column to a kind"))
                .hint("write COLUMN=KIND, several separated by commas")
        })?;
        let (name, kind) = (name.trim(), kind_named(kind.trim())?);
        if columns.iter().any(|column| column.name == name) {
            return Err(Error::new(ErrorKind::Usage, format!("`{name}` is mapped twice"))
                .hint("give each column one kind; a value counted twice is no second witness"));
        }
        columns.push(Column { name: name.to_owned(), kind });
    }
    Ok(columns)
}

fn kind_named(word: &str) -> Result<Kind> {
    Kind::named(word).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        Error::new(ErrorKind::Usage, format!("unknown kind of column `{word}`"))
            .hint(format!("the kinds are {}", known.join(", ")))
    })
}

/// What is done with each record: its line, and its values.
type Each<'a> = dyn FnMut(u64, &[&[u8]]) -> Result<()> + 'a;

/// The file with its header read.
struct Opened {
    shown: String,
    file: CsvFile,
    headers: Vec<String>,
}

impl Opened {
    fn new(arguments: &Arguments) -> Result<Self> {
        // text in another encoding than UTF-8 is read as Western, so that no record is lost for a letter
        let options =
            CsvOptions { encoding: Some("windows-1252".to_owned()), is_loose: true, ..CsvOptions::default() };
        let file = CsvFile::open(&arguments.file, &options).map_err(Error::of_precondition)?;
        let headers = file.columns().to_vec();
        Ok(Self { shown: arguments.file.display().to_string(), file, headers })
    }

    /// The place of a column, which is named once.
    fn position(&self, name: &str) -> Result<usize> {
        let mut places = (0..self.headers.len()).filter(|&at| self.headers[at] == name);
        let refused = |what: &str| {
            Error::new(ErrorKind::Usage, format!("{} has {what} `{name}`", self.shown))
                // not by their names: where the header is missing, these are values of the first record
                .hint(format!("its first line has {} names: `head -n 1` shows them", self.headers.len()))
        };
        let place = places.next().ok_or_else(|| refused("no column"))?;
        if places.next().is_some() { Err(refused("several columns")) } else { Ok(place) }
    }

    fn positions(&self, columns: &[Column]) -> Result<Vec<usize>> {
        columns.iter().map(|column| self.position(&column.name)).collect()
    }

    /// Hands over every record with its line.
    fn each(self, each: &mut Each<'_>) -> Result<()> {
        let all = Shape { table: String::new(), columns: self.headers.clone() };
        let mut filling = Filling { file: self.shown, width: self.headers.len(), each };
        self.file.read(&all, &mut filling).map_err(Error::of_precondition)?;
        Ok(())
    }
}

/// The records of a file on their way.
struct Filling<'a, 'b> {
    file: String,
    width: usize,
    each: &'a mut Each<'b>,
}

impl Sink for Filling<'_, '_> {
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()> {
        let (wanted, found) = (self.width, fields.len());
        if found != wanted {
            return self.unreadable(Unreadable::Ragged { wanted, found }, None, &[], place);
        }
        let fields: Vec<&[u8]> = fields.iter().map(|field| field.unwrap_or_default()).collect();
        (self.each)(place.line.unwrap_or_default(), &fields)
    }

    fn unreadable(
        &mut self,
        reason: Unreadable,
        _key: Option<LegacyId>,
        _raw: &[u8],
        place: &Place,
    ) -> Result<()> {
        let line = place.line.unwrap_or_default();
        Err(Error::precondition(format!(
            "{} is not a CSV file with equal records: line {line}: {reason}",
            self.file
        ))
        .hint("check the quotes and the number of fields there"))
    }
}

/// What the bytes were taken for.
fn encoding(file: &CsvFile, arguments: &Arguments) -> Result<String> {
    let (name, has_mark) = file.encoding();
    let by_mark = if has_mark { ", by its byte order mark" } else { "" };
    let others = if name == "UTF-8" { other_lines(arguments)? } else { 0 };
    Ok(match others {
        0 => format!("{name}{by_mark}"),
        others => format!("{name}{by_mark}; {others} lines are not, and were taken for windows-1252"),
    })
}

/// The lines that are no UTF-8.
fn other_lines(arguments: &Arguments) -> Result<u64> {
    let unreadable = |cause: std::io::Error| {
        Error::precondition(format!("could not read {}", arguments.file.display()))
            .cause(cause)
            .hint("give a CSV file that you may read")
    };
    // what can be read once only has been read
    if !arguments.file.is_file() {
        return Ok(0);
    }
    let mut file = BufReader::with_capacity(1 << 16, File::open(&arguments.file).map_err(unreadable)?);
    let (mut line, mut others) = (Vec::new(), 0);
    while file.read_until(b'\n', &mut line).map_err(unreadable)? > 0 {
        others += u64::from(std::str::from_utf8(&line).is_err());
        line.clear();
    }
    Ok(others)
}

/// Reads the file.
pub(super) fn read(arguments: &Arguments) -> Result<Read> {
    let columns = columns(&arguments.map)?;
    let opened = Opened::new(arguments)?;
    let (positions, id) = (opened.positions(&columns)?, opened.position(&arguments.id)?);
    let place = |name: &Option<String>| name.as_deref().map(|name| opened.position(name)).transpose();
    let (register, person) = (place(&arguments.register)?, place(&arguments.truth)?);
    let encoding = encoding(&opened.file, arguments)?;
    let number = |known: &mut HashMap<Vec<u8>, u32>, value: &[u8]| {
        let next = u32::try_from(known.len() + 1).unwrap_or(u32::MAX);
        *known.entry(value.to_vec()).or_insert(next)
    };
    let (mut registers, mut people) = (HashMap::new(), HashMap::new());
    let mut truth = HashMap::new();
    let mut records = Records::new(columns)?;
    opened.each(&mut |_, row| {
        let of = register.map_or(0, |at| number(&mut registers, row[at]));
        let values: Vec<_> = positions.iter().map(|&at| String::from_utf8_lossy(row[at])).collect();
        let id = String::from_utf8_lossy(row[id]).trim().to_owned();
        records.push(&id, of, values.iter().map(AsRef::as_ref))?;
        if let Some(at) = person {
            let person = number(&mut people, row[at]);
            truth.insert(id, person);
        }
        Ok(())
    })?;
    Ok(Read { records, truth, encoding })
}

/// The refusal of a file in which ids repeat: by the lines that have them, found in another reading.
pub(super) fn repeated_ids(arguments: &Arguments, count: usize) -> Result<Error> {
    let opened = Opened::new(arguments)?;
    let (id, shown) = (opened.position(&arguments.id)?, opened.shown.clone());
    let mut first: HashMap<Vec<u8>, u64> = HashMap::new();
    let mut lines = Vec::new();
    opened.each(&mut |line, row| {
        let earlier = *first.entry(row[id].trim_ascii().to_vec()).or_insert(line);
        if earlier != line && lines.len() < NAMED {
            lines.push(format!("{line} (as line {earlier})"));
        }
        Ok(())
    })?;
    let more = if count > lines.len() { " and others" } else { "" };
    Ok(Error::precondition(format!(
        "{count} records of {shown} repeat the id of another: line {}{more}",
        lines.join(", ")
    ))
    .hint("name a column whose values are unique"))
}

/// The values of some records in the columns that were compared, each with its column, by id.
pub(super) fn values(
    arguments: &Arguments,
    ids: &HashSet<&str>,
) -> Result<HashMap<String, Vec<(String, String)>>> {
    let columns = columns(&arguments.map)?;
    let opened = Opened::new(arguments)?;
    let (id, positions) = (opened.position(&arguments.id)?, opened.positions(&columns)?);
    let mut values = HashMap::new();
    opened.each(&mut |_, row| {
        let text = |at: usize| String::from_utf8_lossy(row[at]).into_owned();
        let id = text(id).trim().to_owned();
        if ids.contains(id.as_str()) {
            let of = columns.iter().zip(&positions);
            values.insert(id, of.map(|(column, &at)| (column.name.clone(), text(at))).collect());
        }
        Ok(())
    })?;
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_needs_a_column_and_a_known_kind() {
        let columns = |map: &[&str]| columns(&map.iter().map(|&part| part.to_owned()).collect::<Vec<_>>());
        assert!(columns(&["name=surname"]).is_ok());
        assert!(columns(&["name"]).is_err());
        assert!(columns(&["name=nom"]).is_err());
        assert!(columns(&["name=surname", "name=given_name"]).is_err());
    }
}
