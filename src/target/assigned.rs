//! What triggers before a row is written may make of it, as far as their functions can be read: what they assign to columns of
//! the new row. A trigger that sets `updated_at`, which every project has, is no reason not to ask what constraints say of the
//! other columns.

use std::collections::BTreeSet;

use super::{Target, failed};
use crate::entity::Entity;
use crate::error::Result;

/// One row is one trigger for each row, before it is written: $1 the table, quoted.
const TRIGGERS: &str = "\
select t.tgname::text, l.lanname::text, p.proname::text, p.prosrc, t.tgargs, t.tgtype & 4 > 0 \
from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_language l on l.oid = p.prolang \
where t.tgrelid = to_regclass($1) and not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & 3 = 3 and t.tgtype & 20 > 0 \
order by 1";

/// What may become of a row before it is inserted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MadeOver {
    /// These columns, by our names, may get other values; none where there is no such trigger.
    Columns(BTreeSet<String>),
    /// Nobody can tell.
    Anything,
}

impl MadeOver {
    /// Whether one of the columns may be another when the row is written.
    pub fn touches(&self, columns: &[String]) -> bool {
        match self {
            MadeOver::Columns(assigned) => columns.iter().any(|column| assigned.contains(column)),
            MadeOver::Anything => true,
        }
    }
}

struct RowTrigger {
    name: String,
    fires_on_insert: bool,
    /// None where its function cannot be read.
    assigned: Option<BTreeSet<String>>,
}

impl Target {
    /// What triggers that fire may make of a row of the entity before it is inserted.
    pub fn made_over(&mut self, entity: &Entity) -> Result<MadeOver> {
        let mut all = BTreeSet::new();
        if self.are_triggers_off() {
            return Ok(MadeOver::Columns(all));
        }
        for trigger in self.row_triggers(entity)?.into_iter().filter(|trigger| trigger.fires_on_insert) {
            match trigger.assigned {
                Some(columns) => all.extend(columns),
                None => return Ok(MadeOver::Anything),
            }
        }
        Ok(MadeOver::Columns(all))
    }

    /// Triggers that set columns which are loaded, where the role may not switch them off to set that back: each a sentence.
    pub(super) fn unsilenced(&mut self) -> Result<Vec<String>> {
        let mut problems = Vec::new();
        if self.are_triggers_off() || self.may_silence() || !self.is_any_watched() {
            return Ok(problems);
        }
        for entity in self.all_entities() {
            for trigger in self.row_triggers(entity)? {
                let Some(assigned) = &trigger.assigned else { continue };
                let Some(column) = entity.columns.iter().find(|column| assigned.contains(column.name)) else {
                    continue;
                };
                let table = self.names.table(entity.target_table);
                let sentence = format!(
                    "trigger {} of table {table} sets {}, and this role may not switch triggers off to set that back: grant set on \
                     parameter session_replication_role to it, or leave the column out ([target.columns.{}])",
                    trigger.name,
                    self.names.column(entity.target_table, column.name),
                    entity.target_table
                );
                if !problems.contains(&sentence) {
                    problems.push(sentence);
                }
            }
        }
        Ok(problems)
    }

    fn row_triggers(&mut self, entity: &Entity) -> Result<Vec<RowTrigger>> {
        let what = format!("looking at the triggers of {}", entity.target_table);
        let rows = self
            .client
            .query(TRIGGERS, &[&self.real(entity.target_table)])
            .map_err(|cause| failed(&what, &cause))?;
        let found = rows.iter().map(|row| {
            let (language, function): (&str, &str) = (row.get(1), row.get(2));
            let arguments: &[u8] = row.get(4);
            let mut arguments =
                arguments.split(|byte| *byte == 0).map(|name| String::from_utf8_lossy(name).into_owned());
            let theirs = match (language, function) {
                ("plpgsql", _) => assigned(row.get(3)),
                // each of these two writes the column that it is given
                ("c" | "internal", "moddatetime" | "tsvector_update_trigger") => {
                    arguments.next().map(|name| [name].into())
                }
                _ => None,
            };
            RowTrigger {
                name: row.get(0),
                fires_on_insert: row.get(5),
                assigned: theirs.map(|theirs| {
                    theirs.iter().map(|name| self.names.our_column(entity.target_table, name)).collect()
                }),
            }
        });
        Ok(found.collect())
    }
}

/// The columns of the new row to which a function of PL/pgSQL may assign something; none where it may make it another row.
fn assigned(source: &str) -> Option<BTreeSet<String>> {
    const BEGINS: [&str; 6] = [";", "begin", "then", "else", "loop", "declare"];
    let tokens = tokens(source);
    let at = |place: usize| tokens.get(place).map_or("", String::as_str);
    let mut assigned = BTreeSet::new();
    let mut is_into = false;
    for (place, token) in tokens.iter().enumerate() {
        match token.as_str() {
            "into" => is_into = true,
            ";" | "from" | "where" | "values" | "select" | "using" => is_into = false,
            "new" if at(place + 1) == "." => {
                let is_assigned = matches!(at(place + 3), ":=" | "=") || is_into;
                // what is compared counts as well: better one column too many
                if is_assigned {
                    assigned.insert(at(place + 2).trim_start_matches('"').to_owned());
                }
            }
            "new" if is_into || at(place + 1) == ":=" => return None,
            "new" if at(place + 1) == "=" && (place == 0 || BEGINS.contains(&at(place - 1))) => return None,
            _ => {}
        }
    }
    (!assigned.contains("*")).then_some(assigned)
}

/// The words and signs of a function, in lower case but for names in quotes, which keep the first quote; without texts and comments.
fn tokens(source: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = source;
    while let Some(first) = rest.chars().next() {
        let after = |mark: &str, from: usize| {
            rest[from..].find(mark).map_or(rest.len(), |found| from + found + mark.len())
        };
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '$';
        let length = if rest.starts_with("--") {
            after("\n", 2)
        } else if rest.starts_with("/*") {
            after("*/", 2)
        } else if first == '\'' {
            after("'", 1)
        } else if first == '"' {
            let end = after("\"", 1);
            tokens.push(rest[..end].trim_end_matches('"').to_owned());
            end
        } else if first == '$' && rest[1..].contains('$') {
            let tag = &rest[..after("$", 1)];
            if tag[1..tag.len() - 1].chars().all(is_word) { after(tag, tag.len()) } else { 1 }
        } else if first.is_alphabetic() || first == '_' {
            let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len());
            tokens.push(rest[..end].to_lowercase());
            end
        } else if rest.starts_with(":=") {
            tokens.push(":=".to_owned());
            2
        } else {
            if !first.is_whitespace() {
                tokens.push(first.to_string());
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(source: &str) -> Option<Vec<String>> {
        assigned(source).map(|columns| columns.into_iter().collect())
    }

    #[test]
    fn what_a_function_assigns_to_the_new_row_is_read() {
        let columns = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(told("begin new.updated_at = now(); return new; end"), columns(&["updated_at"]));
        assert_eq!(
            told(
                "BEGIN IF NEW.\"At\" IS NULL THEN NEW.\"At\" := now(); END IF; -- new := old\n NEW . by := 'new.x = 1'; RETURN NEW; END"
            ),
            columns(&["At", "by"])
        );
        assert_eq!(
            told("begin if new.email = 'x' then raise exception 'no'; end if; return new; end"),
            columns(&["email"])
        );
        assert_eq!(
            told("begin select count(*), 1 into new.number, new.rank from t; return new; end"),
            columns(&["number", "rank"])
        );
        assert_eq!(
            told("begin insert into log select new.*; perform to_jsonb(new); return new; end"),
            columns(&[])
        );
        assert_eq!(
            told("begin execute $q$ update x set a = $1 $q$ using new.id; return coalesce(new, old); end"),
            columns(&[])
        );
        for whole in [
            "begin new := jsonb_populate_record(new, '{}'); return new; end",
            "begin new = old; return new; end",
            "begin select * into new from other; return new; end",
            "begin execute 'x' into new using 1; return new; end",
        ] {
            assert_eq!(told(whole), None, "{whole}");
        }
    }

    #[test]
    fn an_odd_text_is_read_to_its_end() {
        for odd in ["'", "\"", "$$", "$a", "/*", "--", "é new.é := 1", "$", "$1 $2", ""] {
            let _ = told(odd);
        }
    }
}
