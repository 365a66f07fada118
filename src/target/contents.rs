//! Rows read back: as digests of key ranges, which the server computes, and as text in the form in which PostgreSQL prints
//! each type, in legacy id order. What a check's query finds is read here too.

use std::io::BufRead;

use postgres::CopyOutReader;

use super::catalog::{copy_failed, for_lines};
use super::copy::{Field, decode_row};
use super::{Target, discriminated, failed, quoted, quoted_text};
use crate::connect::Copying;
use crate::entity::{Column, Entity, Kind, metadata};
use crate::error::{Error, Result};
use crate::record::LegacyId;

/// A range of legacy ids: more than `after`, at most `to`. The first has no lower end and the last no upper one, so that
/// every row of the target is in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// The last id of the range before.
    pub after: Option<LegacyId>,
    /// The last id of this one.
    pub to: Option<LegacyId>,
}

/// What the server says about the rows of one range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeDigest {
    /// Rows in it.
    pub rows: u64,
    /// MD5 of the rows as the server prints a composite value, a line feed between two, in legacy id order.
    pub digest: String,
}

/// The rows of one entity, one at a time and never twice.
pub struct Contents<'a> {
    reader: Copying<'a, CopyOutReader<'a>>,
    what: String,
    line: Vec<u8>,
    fields: Vec<Field>,
    legacy_id: Option<LegacyId>,
}

impl Range {
    /// All there is.
    pub const ALL: Range = Range { after: None, to: None };

    /// The condition on the alias `t` of an entity's rows.
    fn condition(self, entity: &Entity) -> String {
        let within = |alias: &str| {
            let after = self.after.map(|id| format!(" and {alias}.legacy_id > {id}")).unwrap_or_default();
            let to = self.to.map(|id| format!(" and {alias}.legacy_id <= {id}")).unwrap_or_default();
            format!("{alias}.legacy_id is not null{after}{to}")
        };
        if entity.has_key_column() {
            return within("t");
        }
        // the legacy id is looked up row by row: only those of the range are
        let table = quoted_text(entity.target_table);
        format!("t.id in (select k.id from drydock.keys k where k.table_name = {table} and {})", within("k"))
    }
}

impl Target {
    /// The digest of the entity's rows in a range, over the legacy id and the columns given.
    pub fn range_digest(
        &mut self,
        entity: &Entity,
        columns: &[&Column],
        range: Range,
    ) -> Result<RangeDigest> {
        let listed: String = columns.iter().map(|column| format!(", {}", canonical(column))).collect();
        let sql = format!(
            "select count(*), coalesce(md5(string_agg(row(t.legacy_id{listed})::text, e'\\n' order by t.legacy_id)), '') \
             from {} t where {} and {}",
            self.table(entity),
            range.condition(entity),
            discriminated(entity)
        );
        let what = format!("reading {} back", entity.target_table);
        let row = self.client.query_one(&sql, &[]).map_err(|cause| failed(&what, &cause))?;
        Ok(RangeDigest { rows: u64::try_from(row.get::<_, i64>(0)).unwrap_or(0), digest: row.get(1) })
    }

    /// The entity's rows in a range that stand for a legacy record, from the first.
    pub fn contents(&mut self, entity: &Entity, columns: &[&Column], range: Range) -> Result<Contents<'_>> {
        let listed: String = columns.iter().map(|column| format!(", {}", printed(column))).collect();
        let what = format!("reading {} back", entity.target_table);
        let sql = format!(
            "copy (select t.legacy_id{listed} from {} t where {} and {} order by t.legacy_id) to stdout",
            self.table(entity),
            range.condition(entity),
            discriminated(entity)
        );
        let reader = self.client.copy_out(&sql).map_err(|cause| failed(&what, &cause))?;
        let mut contents = Contents { reader, what, line: Vec::new(), fields: Vec::new(), legacy_id: None };
        contents.advance()?;
        Ok(contents)
    }

    /// Hands over every row that a check's query returns: entity, legacy id, field.
    pub fn for_found_rows(
        &mut self,
        what: &str,
        sql: &str,
        mut each: impl FnMut(&str, Option<LegacyId>, &str) -> Result<()>,
    ) -> Result<()> {
        let sql = format!("copy ({}) to stdout", self.checked(sql));
        let reader = self.client.copy_out(&sql).map_err(|cause| failed(what, &cause))?;
        let mut fields = Vec::new();
        for_lines(reader, what, |line| {
            decode_row(line, &mut fields)?;
            let field = |place: usize| fields.get(place).and_then(Option::as_deref);
            let legacy_id = field(1).and_then(|id| id.parse().ok());
            each(field(0).unwrap_or_default(), legacy_id, field(2).unwrap_or_default())
        })
    }

    /// The digests of the receipts that a staging file has in the target, as `phase entity digest`.
    pub fn receipts(&mut self, staging_id: &str) -> Result<Vec<String>> {
        let what = "reading the receipts";
        let is_there = self.count(what, "select count(to_regclass('drydock.receipts'))")?;
        if is_there == 0 {
            return Ok(Vec::new());
        }
        let rows = self
            .client
            .query(
                "select phase || ' ' || entity || ' ' || digest from drydock.receipts where staging_id = $1",
                &[&staging_id],
            )
            .map_err(|cause| failed(what, &cause))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}

/// One text for one value, where a type has several: a number without the zeros that change nothing, of the metadata
/// only what is this migration's.
fn canonical(column: &Column) -> String {
    let name = format!("t.{}", quoted(column.name));
    match column.kind {
        Kind::Metadata => format!("({name} -> '{}')::text", metadata::KEY),
        Kind::Numeric => format!(
            "case when {name}::text like '%.%' then rtrim(rtrim({name}::text, '0'), '.') else {name}::text end"
        ),
        _ => printed(column),
    }
}

/// A column as its type prints it; a moment with its zone, also where the column has none.
fn printed(column: &Column) -> String {
    let name = format!("t.{}", quoted(column.name));
    match column.kind {
        Kind::Timestamp => format!("{name}::timestamptz::text"),
        _ => format!("{name}::text"),
    }
}

impl Target {
    /// How many rows of the entity stand for a legacy record.
    pub fn count_ours(&mut self, entity: &Entity) -> Result<u64> {
        let sql = format!(
            "select count(*) from {} t where t.legacy_id is not null and {}",
            self.table(entity),
            discriminated(entity)
        );
        self.count(&format!("counting {}", entity.target_table), &sql)
    }

    /// Hands over the legacy id and the id of every row that stands for a legacy record, in legacy id order.
    pub fn for_our_ids(
        &mut self,
        entity: &Entity,
        each: &mut dyn FnMut(LegacyId, &str) -> Result<()>,
    ) -> Result<()> {
        let Some(id) = entity.column("id") else { return Ok(()) };
        let mut contents = self.contents(entity, &[id], Range::ALL)?;
        while let Some(legacy_id) = contents.legacy_id() {
            each(legacy_id, contents.fields()[0].as_deref().unwrap_or_default())?;
            contents.advance()?;
        }
        Ok(())
    }
}

impl Contents<'_> {
    /// The legacy id of the present row; `None` after the last.
    pub fn legacy_id(&self) -> Option<LegacyId> {
        self.legacy_id
    }

    /// The present row's values in the order of the columns asked for.
    pub fn fields(&self) -> &[Field] {
        &self.fields[1..]
    }

    /// Goes on to the next row.
    pub fn advance(&mut self) -> Result<()> {
        self.line.clear();
        let length =
            self.reader.read_until(b'\n', &mut self.line).map_err(|cause| copy_failed(&self.what, &cause))?;
        self.legacy_id = None;
        if length == 0 {
            return Ok(());
        }
        decode_row(&self.line, &mut self.fields)?;
        let legacy_id = self.fields[0].as_deref().and_then(|id| id.parse().ok());
        self.legacy_id = Some(legacy_id.ok_or_else(|| {
            Error::target(format!("{}: a legacy id is not an integer", self.what))
                .hint("the column legacy_id must hold the legacy database's keys")
        })?);
        Ok(())
    }
}
