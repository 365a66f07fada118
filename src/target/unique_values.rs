//! What existing rows hold under the target's unique keys, as digests: no record may be resolved to the same values, whosever
//! row they are in.

use super::catalog::for_lines;
use super::copy::decode_row;
use super::{Target, failed, quoted};
use crate::entity::catalog::CatalogKey;
use crate::error::Result;

impl Target {
    /// Hands over the id of every row that has a value in each column of the key, with the digest of those values.
    pub fn for_unique_values(
        &mut self,
        key: &CatalogKey,
        mut each: impl FnMut(&str, &str) -> Result<()>,
    ) -> Result<()> {
        let what = format!("reading the values of {}", key.name);
        let columns: Vec<String> = key.columns.iter().map(|column| format!("t.{}", quoted(column))).collect();
        let texts: Vec<String> = columns.iter().map(|column| format!("{column}::text")).collect();
        let are_set: Vec<String> = columns.iter().map(|column| format!("{column} is not null")).collect();
        let sql = format!(
            "copy (select t.id::text, md5(concat_ws(chr({}), {})) from {} t where {}) to stdout",
            u32::from(CatalogKey::BETWEEN_VALUES),
            texts.join(", "),
            self.named(&key.table),
            are_set.join(" and ")
        );
        let reader = self.client.copy_out(&sql).map_err(|cause| failed(&what, &cause))?;
        let mut fields = Vec::new();
        for_lines(reader, &what, |line| {
            decode_row(line, &mut fields)?;
            let mut fields = fields.drain(..).map(Option::unwrap_or_default);
            let (target_id, digest) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            each(&target_id, &digest)
        })
    }
}
