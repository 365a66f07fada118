//! The rows that are already there: their ids, the legacy records they stand for, their addresses and digests, read
//! completely and counted.

use super::catalog::for_lines;
use super::copy::decode_row;
use super::{Target, discriminated, failed, quoted, quoted_text};
use crate::config::LegacyIdIn;
use crate::entity::Entity;
use crate::entity::catalog::{Catalog, ExistingRow, SAID};
use crate::entity::metadata;
use crate::error::{Error, Result};

/// What the survey has to know of a table before it can tell whose rows it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The expression that gives the legacy id as text, over the alias `t`.
    legacy_id: String,
    /// The expression that says where it was found.
    origin: String,
    email: String,
    /// The expression for the legacy id that the metadata say, where it is another one.
    other: String,
    /// The expressions for what the row says of itself.
    said: String,
    joins: String,
}

/// A practice without a legacy id, as far as it can be known by what it says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NamedPractice {
    /// The row's id.
    pub target_id: String,
    /// Name, city, phone, postal code and address, in this order.
    pub fields: [Option<String>; 5],
}

impl Target {
    /// How the rows of an entity tell which record they stand for; `None` when the table cannot be read row by row. `is_first` says
    /// that no load of the staging file has written any: what another file's load wrote may be another system's.
    pub fn mapping(
        &mut self,
        catalog: &Catalog,
        entity: &Entity,
        from: &LegacyIdIn,
        is_first: bool,
    ) -> Result<Option<Mapping>> {
        let has = |name: &str| catalog.column(entity.target_table, name).is_some();
        let tells = entity.discriminator.is_none_or(|(column, _)| has(column));
        if !has("id") || !tells {
            return Ok(None);
        }
        let is_json = catalog.columns.iter().any(|column| {
            column.table == entity.target_table
                && column.name == "metadata"
                && matches!(column.type_name.as_str(), "json" | "jsonb")
        });
        let mut places: Vec<(&str, String)> = Vec::new();
        let mut joins = String::new();
        let is_kept = !entity.has_key_column() && self.has_keys()?;
        if has("legacy_id") || is_kept {
            places.push(("column", "t.legacy_id::text".to_owned()));
        }
        match from {
            LegacyIdIn::Metadata(key) if has("metadata") => {
                places.push(("metadata", format!("t.metadata::jsonb ->> {}", quoted_text(key))));
            }
            LegacyIdIn::FallbackAddress if has("email") => {
                let given =
                    "substring(t.email::text collate \"C\" from '\\.([0-9]+)(?:-[0-9]+)?@migrated\\.local$')";
                places.push(("fallback_address", given.to_owned()));
            }
            LegacyIdIn::Column | LegacyIdIn::Metadata(_) | LegacyIdIn::FallbackAddress => {}
            LegacyIdIn::MigrationMappings => {
                joins = self.mapping_join(entity)?;
                places.push(("migration_mappings", "m.legacy_id".to_owned()));
            }
        }
        let listed: Vec<&str> = places.iter().map(|(_, expression)| expression.as_str()).collect();
        let origins: String = places
            .iter()
            .map(|(name, expression)| format!(" when {expression} is not null then '{name}'"))
            .collect();
        let none = || "null::text".to_owned();
        let legacy_id = if listed.is_empty() { none() } else { format!("coalesce({})", listed.join(", ")) };
        let of_metadata = "t.metadata::jsonb ->> 'legacy_id'";
        let other = if is_json {
            format!("case when btrim({of_metadata}) <> btrim({legacy_id}) then {of_metadata} end")
        } else {
            none()
        };
        // what a load of this file wrote tells nothing of who had been there
        let is_free = if is_json && !is_first {
            let ours = format!("t.metadata::jsonb -> '{}'", metadata::KEY);
            format!("coalesce({ours}, '{{}}') = '{{}}'")
        } else {
            "true".to_owned()
        };
        let said = SAID.map(|name| {
            if has(name) {
                format!(", case when {is_free} then t.{}::text end", quoted(name))
            } else {
                format!(", {}", none())
            }
        });
        Ok(Some(Mapping {
            origin: if listed.is_empty() { none() } else { format!("case{origins} end") },
            legacy_id,
            email: if has("email") { format!("t.{}", quoted("email")) } else { none() },
            other,
            said: said.concat(),
            joins,
        }))
    }

    /// How many rows of the entity a place would find the record of.
    pub fn count_found(&mut self, catalog: &Catalog, entity: &Entity, from: &LegacyIdIn) -> Result<u64> {
        let Ok(Some(mapping)) = self.mapping(catalog, entity, from, true) else { return Ok(0) };
        let sql = format!(
            "select count(*) from {} t{} where ({}) ~ '^ *[0-9]+ *$' and {}",
            self.table(entity),
            mapping.joins,
            mapping.legacy_id,
            discriminated(entity)
        );
        self.count(&format!("looking at the rows of {}", entity.target_table), &sql)
    }

    /// The keys of the entity's metadata that hold whole numbers and whose name says that they are somebody's old ones.
    pub fn old_keys(&mut self, catalog: &Catalog, entity: &Entity) -> Result<Vec<String>> {
        let is_json = catalog.columns.iter().any(|column| {
            column.table == entity.target_table && column.name == "metadata" && column.type_name == "jsonb"
        });
        if !is_json {
            return Ok(Vec::new());
        }
        let sql = format!(
            "select e.key from {} t cross join lateral jsonb_each_text(case when jsonb_typeof(t.metadata) = 'object' \
                 then t.metadata else '{{}}' end) e \
             where e.value ~ '^[0-9]+$' and e.key ~* 'legacy|old|source|external|django|original' \
             group by 1 order by count(*) desc, 1 limit 5",
            self.table(entity)
        );
        let what = format!("looking at the metadata of {}", entity.target_table);
        let rows = self.client.query(&sql, &[]).map_err(|cause| failed(&what, &cause))?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// How many rows the entity's table holds.
    pub fn count_rows(&mut self, entity: &Entity) -> Result<u64> {
        let what = format!("counting the rows of {}", entity.target_table);
        self.count(
            &what,
            &format!("select count(*) from {} t where {}", self.table(entity), discriminated(entity)),
        )
    }

    /// Hands over every row that the entity's table already holds, and proves that none was left out.
    pub fn for_existing_rows(
        &mut self,
        entity: &Entity,
        mapping: &Mapping,
        mut each: impl FnMut(&ExistingRow) -> Result<()>,
    ) -> Result<u64> {
        let what = format!("reading the rows of {}", entity.target_table);
        let expected = self.count_rows(entity)?;
        let sql = format!(
            "copy (select t.id::text, {}, {}, {}, encode(sha256(convert_to({}, 'UTF8')), 'hex'), {}{} from {} t{} \
             where {}) to stdout",
            mapping.legacy_id,
            mapping.origin,
            mapping.email,
            self.whole_row(),
            mapping.other,
            mapping.said,
            self.table(entity),
            mapping.joins,
            discriminated(entity)
        );
        let reader = self.client.copy_out(&sql).map_err(|cause| failed(&what, &cause))?;
        let mut fields = Vec::new();
        let mut read = 0;
        for_lines(reader, &what, |line| {
            decode_row(line, &mut fields)?;
            let mut fields = fields.drain(..).chain(std::iter::repeat(None));
            let mut next = || fields.next().flatten();
            let (target_id, legacy_id) =
                (next().unwrap_or_default(), next().and_then(|id| id.trim().parse().ok()));
            let legacy_id_from = next().filter(|_| legacy_id.is_some());
            let email = next();
            let digest = next().unwrap_or_default();
            let said_legacy_id = next().filter(|_| legacy_id.is_some());
            let said = std::array::from_fn(|_| next());
            let row =
                ExistingRow { target_id, legacy_id, legacy_id_from, email, digest, said_legacy_id, said };
            each(&row)?;
            read += 1;
            Ok(())
        })?;
        if read == expected {
            return Ok(read);
        }
        Err(Error::target(format!("{} has {expected} rows and {read} arrived", entity.target_table))
            .hint("run survey again; if it happens again, report it"))
    }

    /// The practices with what they say of themselves.
    pub fn named_practices(&mut self, catalog: &Catalog, entity: &Entity) -> Result<Vec<NamedPractice>> {
        let table = entity.target_table;
        let listed: String = ["name", "city", "phone", "zip_code", "address"]
            .iter()
            .map(|name| {
                if catalog.column(table, name).is_some() {
                    format!(", t.{}::text", quoted(name))
                } else {
                    ", null".to_owned()
                }
            })
            .collect();
        let what = format!("reading the names of {table}");
        let sql = format!("copy (select t.id::text{listed} from {} t) to stdout", self.table(entity));
        let reader = self.client.copy_out(&sql).map_err(|cause| failed(&what, &cause))?;
        let (mut practices, mut fields) = (Vec::new(), Vec::new());
        for_lines(reader, &what, |line| {
            decode_row(line, &mut fields)?;
            let mut fields = fields.drain(..).chain(std::iter::repeat(None));
            let target_id = fields.next().flatten().unwrap_or_default();
            let fields = std::array::from_fn(|_| fields.next().flatten());
            practices.push(NamedPractice { target_id, fields });
            Ok(())
        })?;
        Ok(practices)
    }
}
