//! What every column of every table may hold, and what becomes of it in a redacted copy. A test holds the list against the
//! schema; a column that is not in it is left out of the copy and named in its manifest.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::entity::{self, Column, Holds};

/// What becomes of a column's values. Null and '' stay as they are: that a value is missing is what an auditor looks for.
/// Whatever a value is not shaped as its column's treatment expects is replaced by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Treatment {
    /// Kept: a whole number or a uuid.
    Id,
    /// Kept: true or false, in any spelling.
    Flag,
    /// Kept: a number of up to three digits, or a word for a sex.
    Code,
    /// Kept: words that the program writes, and numbers.
    Word,
    /// A JSON array, each of its words kept as above.
    Words,
    /// JSON of the program's own words and numbers; any other word in it becomes a token.
    Evidence,
    /// Kept: what an issue says beside its code, where it names another record or nothing.
    Context,
    /// Kept: a moment of the migration itself.
    Moment,
    /// Kept: a country's name or code.
    Country,
    /// Replaced by a token.
    Name,
    /// Replaced by a token.
    Email,
    /// Replaced by a token.
    Phone,
    /// Replaced by a token.
    Address,
    /// Replaced by a token.
    Username,
    /// Replaced by a token.
    Text,
    /// Cut to the year; early years of birth are put together.
    Birth,
    /// Cut to the year.
    Date,
    /// Keys that are known stay, and each value is treated by its key.
    Json,
    /// Replaced by a digest of the digest, under a key that is not in the copy.
    Digest,
    /// Treated as what the row's field is.
    ByField,
    /// Treated as what the fact's name says.
    ByFact,
}

impl Treatment {
    /// What becomes of what a column holds.
    pub const fn of(holds: Holds) -> Self {
        match holds {
            Holds::Identifier => Self::Id,
            Holds::Flag => Self::Flag,
            Holds::Code | Holds::Sex => Self::Code,
            Holds::Label => Self::Word,
            Holds::Country => Self::Country,
            Holds::Name => Self::Name,
            Holds::Email => Self::Email,
            Holds::Phone => Self::Phone,
            Holds::Address => Self::Address,
            Holds::Username => Self::Username,
            Holds::FreeText | Holds::Number => Self::Text,
            Holds::Birthdate => Self::Birth,
            Holds::Moment => Self::Date,
            Holds::Json => Self::Json,
        }
    }

    /// What the manifest calls it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Id => "kept if a number or a uuid, else a token",
            Self::Flag => "kept if true or false, else a token",
            Self::Code => "kept if a short code, else a token",
            Self::Word => "kept if the program's own words and numbers, else a token",
            Self::Words => "a list, each kept if the program's own words and numbers, else a token",
            Self::Evidence => "word by word, each kept if the program's own, else a token",
            Self::Context => "kept if it names another record, else a token",
            Self::Moment => "kept if a moment, else a token",
            Self::Country => "kept if a country, else a token",
            Self::Name | Self::Email | Self::Phone | Self::Address | Self::Username | Self::Text => "token",
            Self::Birth => "year, early years together; a token where it is no date",
            Self::Date => "year; a token where it is no date",
            Self::Json => "value by value",
            Self::Digest => "keyed digest",
            Self::ByField => "by the row's field",
            Self::ByFact => "by the fact's name",
        }
    }

    /// What its tokens begin with.
    pub const fn token(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Address | Self::Country => "address",
            Self::Username => "username",
            Self::Birth | Self::Date | Self::Moment => "date",
            Self::Id => "id",
            Self::Flag | Self::Code => "code",
            _ => "text",
        }
    }
}

/// The columns of a table.
type Columns = &'static [(&'static str, Treatment)];

macro_rules! tables {
    ($($table:literal: $($column:literal $treatment:ident),+;)+) => {
        &[$(($table, &[$(($column, Treatment::$treatment)),+])),+]
    };
}

/// Every table of the schema but the raw ones, those of resolved rows, and the seal's own.
const TABLES: &[(&str, Columns)] = tables! {
    "facts": "name" Word, "value" ByFact;
    "entities": "entity" Word, "position" Id, "entity_type" Word, "legacy_table" Word, "target_table" Word,
        "phase" Word, "in_use" Id, "allowed_rejects" Id;
    "runs": "run_id" Id, "verb" Word, "tool_version" Word, "started_at" Moment, "finished_at" Moment,
        "outcome" Word, "exit_code" Id;
    "progress": "only_row" Id, "operation" Word, "done" Id, "total" Id, "updated_at" Moment,
        "started_at" Moment;
    "legacy_tables": "table_name" Word, "position" Id, "columns" Words, "excluded_columns" Words,
        "missing_columns" Words, "rows" Id, "unreadable" Id, "bytes" Id, "digest" Digest,
        "file" Text;
    "source_columns": "table_name" Word, "position" Id, "column_name" Word, "reads" Word, "rows" Id, "nulls" Id,
        "empty" Id, "markers" Id, "readable" Id, "unreadable" Id, "distinct_values" Id, "distinct_is_exact" Id,
        "format" Word, "evidence" Word, "stated" Text, "shapes" Word, "smallest" Text, "largest" Text, "trouble" Word;
    "legacy_unreadable": "table_name" Word, "number" Id, "reason" Word, "legacy_id" Id, "file" Text, "line" Id,
        "byte" Id, "raw" Text;
    "target_columns": "table_name" Word, "column_name" Word, "position" Id, "type_name" Word, "type_kind" Word,
        "max_length" Id, "precision" Id, "scale" Id, "type_text" Word, "is_nullable" Id, "has_default" Id,
        "default_text" Text, "is_generated" Id;
    "target_enums": "type_name" Word, "position" Id, "label" Word;
    "target_keys": "table_name" Word, "key_name" Word, "kind" Word, "columns" Words, "references_table" Word,
        "references_columns" Words, "definition" Text;
    "target_tables": "table_name" Word, "owner" Username, "is_owner" Id, "row_security" Id,
        "forces_row_security" Id, "rights" Words, "policies" Id;
    "target_triggers": "table_name" Word, "trigger_name" Word, "is_enabled" Id, "definition" Text;
    "target_rows": "entity" Word, "target_id" Id, "legacy_id" Id, "legacy_id_from" Word, "email" Email,
        "digest" Digest, "said_legacy_id" Id, "first_name" Name, "last_name" Name, "date_of_birth" Birth,
        "name" Name, "city" Address;
    "target_unique_values": "table_name" Word, "key_name" Word, "digest" Digest, "target_id" Id;
    "target_matches": "entity" Word, "legacy_id" Id, "target_id" Id, "confidence_level" Word, "evidence" Word,
        "is_applied" Id, "reason" Word;
    "records": "entity" Word, "legacy_id" Id, "fate" Word, "merged_into" Id, "batch_id" Id;
    "merged_across": "entity" Word, "legacy_id" Id, "into_entity" Word;
    "changes": "entity" Word, "legacy_id" Id, "position" Id, "field" Word, "rule" Word, "before" ByField,
        "after" ByField;
    "migration_errors": "error_id" Id, "phase" Word, "severity" Word, "entity_type" Word, "entity" Word,
        "entity_id" Id, "error_code" Word, "error_category" Word, "field" Word, "error_message" Word,
        "error_context" Context, "suggested_resolution" Word, "resolution_strategy" Word,
        "resolution_status" Word, "batch_id" Id, "retry_count" Id, "created_at" Moment, "resolved_at" Moment;
    "associations": "entity" Word, "legacy_id" Id, "legacy_user_id" Id, "profile_id" Id,
        "practice_legacy_id" Id, "practice_id" Id, "association_method" Word, "confidence_level" Word,
        "requires_manual_review" Id, "evidence" Word, "other_practices" Words;
    "loads": "entity" Word, "phase" Word, "legacy_id" Id, "outcome" Word, "run_id" Id;
    "receipts": "receipt_id" Id, "run_id" Id, "number" Id, "phase" Word, "entity" Word, "first_legacy_id" Id,
        "last_legacy_id" Id, "rows" Id, "inserted" Id, "updated" Id, "unchanged" Id, "digest" Digest,
        "loaded_at" Moment;
    "retries": "retry_id" Id, "run_id" Id, "phase" Word, "entity" Word, "attempt" Id, "reason" Word,
        "waited_ms" Id, "retried_at" Moment;
    "checkpoints": "checkpoint_id" Id, "checkpoint" Id, "run_id" Id, "folder" Text, "rollback" Word,
        "taken_at" Moment;
    "checks": "position" Id, "level" Word, "name" Word, "sentence" Word, "expected" Id, "found" Id, "wrong" Id,
        "exceptions" Id;
    "findings": "name" Word, "entity" Word, "legacy_id" Id, "field" Word, "is_exception" Id;
    "proofs": "part" Word, "name" Word, "side" Word, "rows" Id, "digest" Digest, "is_equal" Id;
    "differences": "entity" Word, "legacy_id" Id, "field" Word, "kind" Word;
    "survival": "position" Id, "entity" Word, "field" Word, "source" Word, "given" Id, "as_it_was" Id, "changed" Id,
        "replaced" Id, "emptied" Id, "left_out" Id, "differs" Id, "rules" Word;
    "missing_profiles": "legacy_user_id" Id, "batch_id" Id, "cause" Word, "error_category" Word,
        "evidence" Word, "fate" Word;
    "phase_one_batches": "batch_id" Id, "first_legacy_id" Id, "last_legacy_id" Id, "users" Id, "missing" Id,
        "without_address" Id;
    "remediation": "position" Id, "resolution_strategy" Word, "error_category" Word, "error_code" Word,
        "records" Id, "missing" Id, "action" Word;
    "gate_approvals": "approval_id" Id, "gate" Id, "approved_by" Name, "approved_at" Moment, "subject" Digest,
        "note" Text;
    "gate_overrides": "override_id" Id, "gate" Id, "reason" Text, "missing" Word, "run_id" Id,
        "overridden_at" Moment;
    "duplicate_pairs": "entity" Word, "legacy_id" Id, "other_legacy_id" Id, "score" Id, "weight" Id, "band" Word,
        "look_value" Id, "evidence" Evidence,
        "verdict" Word;
    "duplicate_clusters": "entity" Word, "cluster_id" Id, "legacy_id" Id;
    "duplicate_passes": "key" Word, "blocks" Id, "pairs" Id, "blocks_left_out" Id, "pairs_left_out" Id;
    "duplicate_levels": "field" Word, "position" Id, "level" Word, "same" Id, "different" Id, "bits" Id;
    "duplicate_search": "records" Id, "compared_pairs" Id, "largest_block" Id, "high" Id, "medium" Id, "low" Id,
        "unreported" Id, "looks" Id, "expected_pairs" Id, "expected_share_high" Id, "expected_share_review" Id,
        "clusters" Id, "sure_clusters" Id;
    "created_records": "entity" Word, "legacy_id" Id, "reason" Word;
    "other_records": "entity" Word, "legacy_id" Id, "noted_at" Moment, "was_id" Id;
    "gone_records": "entity" Word, "legacy_id" Id, "target_id" Id, "outcome" Word, "by_whom" Word, "phase" Word,
        "run_id" Id, "settled_at" Moment;
    "schema_findings": "position" Id, "table_name" Word, "column_name" Word, "error_category" Word,
        "sentence" Word;
    "decisions": "decision_id" Id, "entity" Word, "legacy_id" Id, "question" Word, "action" Word,
        "value" ByField, "refers_to" Word, "reason" Text, "decided_by" Name, "decided_at" Moment, "run_id" Id,
        "said" Digest, "state" Word, "superseded_by" Id;
    "closed_errors": "entity" Word, "entity_id" Id, "field" Word, "error_code" Word, "severity" Word,
        "resolution_status" Word, "closed_because" Word, "created_at" Moment, "resolved_at" Moment;
    "earlier_errors": "phase" Word, "severity" Word, "entity_type" Word, "entity" Word, "entity_id" Id,
        "error_code" Word, "error_category" Word, "field" Word, "error_message" Word, "error_context" Context,
        "suggested_resolution" Word, "resolution_status" Word, "created_at" Moment, "resolved_at" Moment,
        "retry_count" Id;
    // the chain holds nothing of anybody; it is copied as it is, or nobody could check it
    "journal": "sequence" Id, "at" Moment, "kind" Word, "run_id" Id, "content" Word, "previous_hash" Word,
        "hash" Word;
};

/// The columns that are known of legacy tables which no rule reads; a legacy database has more, and those stay out.
pub const LEGACY: &[(&str, Columns)] = tables! {
    "dispatch_instruction": "id" Id, "patient_id" Id, "course_id" Id, "order" Code, "status" Code,
        "deleted" Flag, "suffix" Text, "notes" Text, "price" Text, "submitted_at" Date, "updated_at" Date;
    "dispatch_plan": "id" Id, "instruction_id" Id, "project_id" Id, "number" Code, "name" Text, "notes" Text,
        "original" Flag;
    "dispatch_project": "id" Id, "uid" Text, "name" Text, "size" Text, "type" Code, "status" Code,
        "public" Flag, "creator_id" Id, "created_at" Date;
    "dispatch_state": "id" Id, "status" Code, "on" Flag, "changed_at" Date, "actor_id" Id, "instruction_id" Id;
};

/// Every table of the schema but the raw ones and the seal's own, with its columns.
pub fn tables() -> Vec<(String, Vec<(&'static str, Treatment)>)> {
    let listed = TABLES.iter().map(|(table, _)| (*table).to_owned());
    let resolved = entity::ALL.iter().map(|entity| entity.ready_table());
    listed.chain(resolved).map(|table| (table.clone(), columns_of(&table).unwrap_or_default())).collect()
}

/// The columns of a table of the schema.
pub fn columns_of(table: &str) -> Option<Vec<(&'static str, Treatment)>> {
    let resolved = table.strip_prefix("ready_").and_then(entity::find);
    let of_entity = resolved.map(|entity| entity.columns.iter().map(resolved_column).collect());
    of_entity.or_else(|| TABLES.iter().find(|(name, _)| *name == table).map(|(_, columns)| columns.to_vec()))
}

/// The known columns of a legacy table; none where the table is not known.
pub fn legacy_columns_of(table: &str) -> Vec<(&'static str, Treatment)> {
    let of_rules = entity::legacy_tables().into_iter().find(|known| known.name == table);
    match of_rules {
        Some(known) => known.columns().map(|(name, holds)| (name, Treatment::of(holds))).collect(),
        None => LEGACY
            .iter()
            .find(|(name, _)| *name == table)
            .map_or_else(Vec::new, |(_, columns)| columns.to_vec()),
    }
}

/// What a field of this name holds, wherever it stands: in a change, in a decision, as a key of the metadata.
pub fn of_field(field: &str) -> Treatment {
    // names that mean one thing in the metadata and decisions
    match field {
        "email_status" | "groups" => return Treatment::Word,
        "practice" | "provider" | "user" | "owner" | "member" => return Treatment::Id,
        "legacy" => return Treatment::Json,
        _ => {}
    }
    FIELDS.get(field).copied().unwrap_or(Treatment::Text)
}

/// What the fields of resolved rows hold, then those of raw ones; of several with one name the first says it.
static FIELDS: LazyLock<HashMap<&str, Treatment>> = LazyLock::new(|| {
    let resolved = entity::ALL.iter().flat_map(|entity| entity.columns).map(resolved_column);
    let raw = entity::legacy_tables().into_iter().flat_map(|table| legacy_columns_of(table.name));
    let others = LEGACY.iter().flat_map(|(_, columns)| columns.iter().copied());
    let mut fields = HashMap::new();
    for (name, treatment) in resolved.chain(raw).chain(others) {
        fields.entry(name).or_insert(treatment);
    }
    fields
});

fn resolved_column(column: &Column) -> (&'static str, Treatment) {
    (column.name, Treatment::of(column.holds))
}
