//! What every column of every table may hold, and what becomes of it in a redacted copy. Of raw and resolved rows the columns
//! themselves say it (`entity`), of the rest this list does. A test holds it against the schema; a column that is in neither is
//! left out of the copy and named in its manifest.

use crate::entity::{self, Column, Entity, Holds, Kind, ReadWith, patients, practices, profiles};

/// Whose id it is: ids of one kind are others than the same ids of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Space {
    /// Rows of this table.
    Of(&'static str),
    /// Records of the row's entity.
    Entity,
    /// Records of the entity that the row's record was merged into.
    Keeper,
    /// Records of the row's entity that are compared with each other: that two are alike would tell the name of the one to whoever
    /// knows the other, so these ids lead to no record unless equal values may be told.
    Pair,
    /// Rows of the row's table.
    Table,
    /// Rows of the target.
    Target,
}

/// What becomes of a column's values. Null and '' stay as they are: that a value is missing is what an auditor looks for.
/// Whatever a value is not shaped as its column's treatment expects is replaced by a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Treatment {
    /// Another id in its place, the same throughout the copy.
    Id(Space),
    /// The same; of a patient it says the practice, which may be put together with others.
    Practice(Space),
    /// The same; of a patient it says who treats, and with that the practice.
    Provider(Space),
    /// Offices, as a JSON array.
    Practices,
    /// Kept: a number that the program counted or gave.
    Count,
    /// Left out: where a row stood, or among whom.
    Position,
    /// Replaced by 0, where a column has to say something: from which record to which.
    Range,
    /// Kept: the number of a version.
    Version,
    /// Kept in round figures: what evidence weighs says how frequent a name is.
    Weight,
    /// The same, of a probability.
    Share,
    /// Kept: true or false, in any spelling.
    Flag,
    /// Kept: a number of up to three digits.
    Code,
    /// Kept: a word or code for a sex.
    Sex,
    /// Kept: a word of ours.
    Word,
    /// Kept: several words of ours.
    Words,
    /// Kept: how often each of our rules was applied.
    Tally,
    /// Kept: a role of the domain.
    Label,
    /// Kept: one of the groups that mean a role.
    Group,
    /// Kept: names of tables and columns that are known.
    Schema,
    /// A JSON array of these.
    Schemas,
    /// A phrase of ours, with other ids in it.
    Phrase,
    /// What a decision is about.
    Question,
    /// What each field says about a pair, without its weight.
    Evidence,
    /// How values are written: digits, letters and signs.
    Shapes,
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
    /// Cut to the year, or to a band of years; early years of birth are put together.
    Birth,
    /// Cut to the year, or to a band of years.
    Date,
    /// Replaced by a token as a whole.
    Json,
    /// Keys of ours stay, and each value is treated by its key; everything else is a token.
    Metadata,
    /// Replaced by a digest of the digest, under a key that is not in the copy.
    Digest,
    /// The same, another one for each record.
    RecordDigest,
    /// The journal's own.
    Chain,
    /// Treated as what the row's field is.
    ByField,
    /// Treated as what the fact's name says.
    ByFact,
}

impl Treatment {
    /// A record of the row's entity.
    const RECORD: Self = Self::Id(Space::Entity);
    /// A record that is compared with another one.
    const PAIR: Self = Self::Id(Space::Pair);
    /// The record that the row's is merged into.
    const KEEPER: Self = Self::Id(Space::Keeper);
    /// A row of the row's table.
    pub const ROW: Self = Self::Id(Space::Table);
    /// A row of the target.
    const TARGET: Self = Self::Id(Space::Target);
    /// A user.
    const USER: Self = Self::Id(Space::Of("auth_user"));
    /// An issue.
    const ISSUE: Self = Self::Id(Space::Of("migration_errors"));
    /// A batch of phase 1.
    const BATCH: Self = Self::Id(Space::Of("phase_one_batches"));
    /// A row that could not be read.
    const UNREADABLE: Self = Self::Id(Space::Of("legacy_unreadable"));
    /// The practice that somebody belongs to, as an office.
    pub const OFFICE: Self = Self::Practice(Space::Of("dispatch_office"));
    /// The same as a row of the target.
    const PRACTICE: Self = Self::Practice(Space::Target);
    /// A patient.
    const PATIENT: Self = Self::Id(Space::Of("dispatch_patient"));
    /// What an order is for.
    const COURSE: Self = Self::Id(Space::Of("dispatch_course"));
    /// An order.
    const INSTRUCTION: Self = Self::Id(Space::Of("dispatch_instruction"));
    /// A plan.
    const PLAN: Self = Self::Id(Space::Of("dispatch_plan"));

    /// The id of a record of an entity.
    pub const fn id_of(entity: &'static Entity) -> Self {
        Self::Id(Space::Of(entity.legacy.name))
    }

    /// What becomes of what a column holds.
    const fn of(holds: Holds, space: Space) -> Self {
        match holds {
            Holds::Identifier => Self::Id(space),
            Holds::Flag => Self::Flag,
            Holds::Code => Self::Code,
            Holds::Sex => Self::Sex,
            Holds::Label => Self::Group,
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
            Self::Id(_) => "another id",
            Self::Practice(_) => "another id; of a patient as said under anonymity",
            Self::Provider(_) => "another id; of a patient as said under anonymity of the practice",
            Self::Practices => "other ids",
            Self::Count => "kept if a number",
            Self::Position | Self::Range => "left out",
            Self::Version => "kept if numbers",
            Self::Weight | Self::Share => "rounded",
            Self::Flag => "kept if true or false, else a token",
            Self::Code => "kept if a number of up to three digits, else a token",
            Self::Sex => "kept if a word or code for a sex, else a token; as said under anonymity",
            Self::Word | Self::Words | Self::Tally => "kept if a word of the program, else a token",
            Self::Label => "kept if a role, else a token",
            Self::Group => "kept if a group that means a role, else a token",
            Self::Schema | Self::Schemas => "kept if known names of tables and columns, else a token",
            Self::Phrase => "kept if a phrase of the program, with other ids, else a token",
            Self::Question => "kept if a field, with another id, else a token",
            Self::Evidence => "kept if words of the program, without what they weigh, else a token",
            Self::Shapes => "kept if digits, letters and signs stand for them, else a token",
            Self::Moment => "kept if a moment, else a token",
            Self::Country => "kept if a country, else a token",
            Self::Name
            | Self::Email
            | Self::Phone
            | Self::Address
            | Self::Username
            | Self::Text
            | Self::Json => "token",
            Self::Birth => "year or years, early ones together; a token where it is no date",
            Self::Date => "year or years; a token where it is no date",
            Self::Metadata => "by key; a token where the key is not known",
            Self::Digest | Self::RecordDigest => "keyed digest",
            Self::Chain => "kept: it holds no value",
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
            Self::Id(_) | Self::Practice(_) | Self::Provider(_) => "id",
            Self::Flag | Self::Code | Self::Sex | Self::Label | Self::Group => "code",
            Self::Json | Self::Metadata => "json",
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
    "entities": "entity" Word, "position" Count, "entity_type" Word, "legacy_table" Schema, "target_table" Schema,
        "phase" Word, "in_use" Count, "allowed_rejects" Count;
    "runs": "run_id" Count, "verb" Word, "tool_version" Version, "started_at" Moment, "finished_at" Moment,
        "outcome" Word, "exit_code" Count;
    "progress": "only_row" Count, "operation" Word, "done" Count, "total" Count, "updated_at" Moment,
        "started_at" Moment;
    "legacy_tables": "table_name" Schema, "position" Count, "columns" Schemas, "excluded_columns" Schemas,
        "missing_columns" Schemas, "rows" Count, "unreadable" Count, "bytes" Count, "digest" Digest,
        "file" Text;
    "source_columns": "table_name" Schema, "position" Count, "column_name" Schema, "reads" Word, "rows" Count, "nulls" Count,
        "empty" Count, "markers" Count, "readable" Count, "unreadable" Count, "distinct_values" Count, "distinct_is_exact" Count,
        "format" Phrase, "evidence" Phrase, "stated" Text, "shapes" Shapes, "smallest" Text, "largest" Text, "trouble" Phrase;
    "legacy_unreadable": "table_name" Schema, "number" UNREADABLE, "reason" Word, "legacy_id" ROW, "file" Text, "line" Position,
        "byte" Position, "raw" Text;
    "target_columns": "table_name" Schema, "column_name" Schema, "position" Count, "type_name" Schema, "type_kind" Word,
        "max_length" Count, "precision" Count, "scale" Count, "type_text" Schema, "is_nullable" Count, "has_default" Count,
        "default_text" Text, "is_generated" Count;
    "target_enums": "type_name" Schema, "position" Count, "label" Label;
    "target_keys": "table_name" Schema, "key_name" Schema, "kind" Word, "columns" Schemas, "references_table" Schema,
        "references_columns" Schemas, "definition" Text;
    "target_tables": "table_name" Schema, "owner" Username, "is_owner" Count, "row_security" Count,
        "forces_row_security" Count, "rights" Schemas, "policies" Count;
    "target_triggers": "table_name" Schema, "trigger_name" Schema, "is_enabled" Count, "definition" Text;
    "target_rows": "entity" Word, "target_id" TARGET, "legacy_id" RECORD, "legacy_id_from" Word, "email" Email,
        "digest" RecordDigest, "said_legacy_id" RECORD, "first_name" Name, "last_name" Name, "date_of_birth" Birth,
        "name" Name, "city" Address;
    "target_unique_values": "table_name" Schema, "key_name" Schema, "digest" Digest, "target_id" TARGET;
    "target_matches": "entity" Word, "legacy_id" RECORD, "target_id" TARGET, "confidence_level" Word, "evidence" Words,
        "is_applied" Count, "reason" Word;
    "records": "entity" Word, "legacy_id" RECORD, "fate" Word, "merged_into" KEEPER, "batch_id" Position;
    "merged_across": "entity" Word, "legacy_id" RECORD, "into_entity" Word;
    "changes": "entity" Word, "legacy_id" RECORD, "position" Count, "field" Word, "rule" Word, "before" ByField,
        "after" ByField;
    "migration_errors": "error_id" ISSUE, "phase" Word, "severity" Word, "entity_type" Word, "entity" Word,
        "entity_id" RECORD, "error_code" Word, "error_category" Word, "field" Word, "error_message" Word,
        "error_context" Phrase, "suggested_resolution" Word, "resolution_strategy" Word,
        "resolution_status" Word, "batch_id" Position, "retry_count" Count, "created_at" Moment, "resolved_at" Moment;
    "associations": "entity" Word, "legacy_id" RECORD, "legacy_user_id" USER, "profile_id" TARGET,
        "practice_legacy_id" OFFICE, "practice_id" PRACTICE, "association_method" Word, "confidence_level" Word,
        "requires_manual_review" Count, "evidence" Phrase, "other_practices" Practices;
    "loads": "entity" Word, "phase" Word, "legacy_id" RECORD, "outcome" Word, "run_id" Count;
    "receipts": "receipt_id" Count, "run_id" Count, "number" Count, "phase" Word, "entity" Word, "first_legacy_id" Range,
        "last_legacy_id" Range, "rows" Count, "inserted" Count, "updated" Count, "unchanged" Count, "digest" Digest,
        "loaded_at" Moment;
    "retries": "retry_id" Count, "run_id" Count, "phase" Word, "entity" Word, "attempt" Count, "reason" Phrase,
        "waited_ms" Count, "retried_at" Moment;
    "checkpoints": "checkpoint_id" Count, "checkpoint" Count, "run_id" Count, "folder" Text, "rollback" Word,
        "taken_at" Moment;
    "checks": "position" Count, "level" Word, "name" Schema, "sentence" Phrase, "expected" Count, "found" Count, "wrong" Count,
        "exceptions" Count;
    "findings": "name" Schema, "entity" Schema, "legacy_id" RECORD, "field" Schema, "is_exception" Count;
    "proofs": "part" Word, "name" Schema, "side" Word, "rows" Count, "digest" Digest, "is_equal" Count;
    "differences": "entity" Word, "legacy_id" RECORD, "field" Word, "kind" Word;
    "survival": "position" Count, "entity" Word, "field" Word, "source" Words, "given" Count, "as_it_was" Count, "changed" Count,
        "replaced" Count, "emptied" Count, "left_out" Count, "differs" Count, "rules" Tally;
    "missing_profiles": "legacy_user_id" USER, "batch_id" Position, "cause" Word, "error_category" Word,
        "evidence" Phrase, "fate" Word;
    "phase_one_batches": "batch_id" BATCH, "first_legacy_id" Range, "last_legacy_id" Range, "users" Count, "missing" Count,
        "without_address" Count;
    "remediation": "position" Count, "resolution_strategy" Word, "error_category" Word, "error_code" Word,
        "records" Count, "missing" Count, "action" Word;
    "gate_approvals": "approval_id" Count, "gate" Count, "approved_by" Name, "approved_at" Moment, "subject" Digest,
        "note" Text;
    "gate_overrides": "override_id" Count, "gate" Count, "reason" Text, "missing" Phrase, "run_id" Count,
        "overridden_at" Moment;
    "duplicate_pairs": "entity" Word, "legacy_id" PAIR, "other_legacy_id" PAIR, "score" Share, "weight" Weight, "band" Word,
        "look_value" Share, "evidence" Evidence,
        "verdict" Word;
    "duplicate_clusters": "entity" Word, "cluster_id" PAIR, "legacy_id" PAIR;
    "duplicate_passes": "key" Words, "blocks" Count, "pairs" Count, "blocks_left_out" Count, "pairs_left_out" Count;
    "duplicate_levels": "field" Word, "position" Count, "level" Word, "same" Count, "different" Count, "bits" Count;
    "duplicate_search": "records" Count, "compared_pairs" Count, "largest_block" Count, "high" Count, "medium" Count, "low" Count,
        "unreported" Count, "looks" Count, "expected_pairs" Count, "expected_share_high" Count, "expected_share_review" Count,
        "clusters" Count, "sure_clusters" Count;
    "created_records": "entity" Word, "legacy_id" RECORD, "reason" Word;
    "other_records": "entity" Word, "legacy_id" RECORD, "noted_at" Moment, "was_id" TARGET;
    "gone_records": "entity" Word, "legacy_id" RECORD, "target_id" TARGET, "outcome" Word, "by_whom" Text, "phase" Word,
        "run_id" Count, "settled_at" Moment;
    "schema_findings": "position" Count, "table_name" Schema, "column_name" Schema, "error_category" Word,
        "sentence" Word;
    "decisions": "decision_id" Count, "entity" Word, "legacy_id" RECORD, "question" Question, "action" Word,
        "value" ByField, "refers_to" Word, "reason" Text, "decided_by" Name, "decided_at" Moment, "run_id" Count,
        "said" RecordDigest, "state" Word, "superseded_by" Count;
    "closed_errors": "entity" Word, "entity_id" RECORD, "field" Word, "error_code" Word, "severity" Word,
        "resolution_status" Word, "closed_because" Word, "created_at" Moment, "resolved_at" Moment;
    "earlier_errors": "phase" Word, "severity" Word, "entity_type" Word, "entity" Word, "entity_id" RECORD,
        "error_code" Word, "error_category" Word, "field" Word, "error_message" Word, "error_context" Phrase,
        "suggested_resolution" Word, "resolution_status" Word, "created_at" Moment, "resolved_at" Moment,
        "retry_count" Count;
    // the chain holds nothing of anybody; it is copied as it is, or nobody could check it
    "journal": "sequence" Chain, "at" Chain, "kind" Chain, "run_id" Chain, "content" Chain, "previous_hash" Chain,
        "hash" Chain;
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
    let of_entity = resolved.map(|entity| {
        let columns = entity.columns.iter();
        columns.map(|column| (column.name, resolved_column(entity, column))).collect()
    });
    of_entity.or_else(|| TABLES.iter().find(|(name, _)| *name == table).map(|(_, columns)| columns.to_vec()))
}

/// The known columns of a legacy table; none where the table is not known.
pub fn legacy_columns_of(table: &str) -> Vec<(&'static str, Treatment)> {
    let of_rules = entity::legacy_tables().into_iter().find(|known| known.name == table);
    match of_rules {
        Some(known) => {
            let columns = known.columns();
            columns.map(|(name, holds)| (name, raw_column(known.name, name, holds))).collect()
        }
        None => Vec::new(),
    }
}

/// What a field of this name holds of an entity's records, wherever it stands: in a change, in a decision, as a key of the
/// metadata.
pub fn of_field(entity: Option<&'static Entity>, field: &str) -> Treatment {
    // names that mean one thing in the metadata and decisions
    match field {
        "email_status" | "created_by" | "created_for" => return Treatment::Word,
        "groups" => return Treatment::Group,
        "practice" => return Treatment::OFFICE,
        "provider" => return Treatment::Provider(Space::Of(profiles::ENTITY.legacy.name)),
        "user" | "owner" | "member" | "email_keeper_legacy_id" => return Treatment::USER,
        "email_holder_id" => return Treatment::TARGET,
        "plan" => return Treatment::PLAN,
        "instruction" => return Treatment::INSTRUCTION,
        "patient" => return Treatment::PATIENT,
        "course" => return Treatment::COURSE,
        "state" => return Treatment::Code,
        "state_on" => return Treatment::Flag,
        _ => {}
    }
    let Some(entity) = entity else { return Treatment::Text };
    if let Some(column) = entity.column(field) {
        return resolved_column(entity, column);
    }
    let named = entity.named().map(|(table, _)| table.name);
    let raw = [Some(entity.legacy.name), named].into_iter().flatten();
    let found = raw.flat_map(legacy_columns_of).find(|(name, _)| *name == field);
    found.map_or(Treatment::Text, |(_, treatment)| treatment)
}

fn resolved_column(entity: &Entity, column: &Column) -> Treatment {
    match column.kind {
        Kind::Uuid if column.references == Some(&practices::ENTITY) => Treatment::PRACTICE,
        // whoever treats a patient is somebody of the practice; the patient's own profile is not
        Kind::Uuid
            if *entity == patients::ENTITY
                && column.references == Some(&profiles::ENTITY)
                && column.nullable =>
        {
            Treatment::Provider(Space::Target)
        }
        Kind::Uuid => Treatment::TARGET,
        Kind::Integer if column.name == "legacy_id" => Treatment::Id(Space::Of(entity.legacy.name)),
        Kind::Enum("gender") => Treatment::Sex,
        Kind::Enum(_) => Treatment::Label,
        Kind::Metadata => Treatment::Metadata,
        _ => Treatment::of(column.holds, Space::Of("")),
    }
}

/// What becomes of a column of a raw row: whose ids it holds is what the entities say of their references.
fn raw_column(table: &'static str, column: &'static str, holds: Holds) -> Treatment {
    if holds != Holds::Identifier {
        return Treatment::of(holds, Space::Of(""));
    }
    if column == "id" {
        return Treatment::Id(Space::Of(table));
    }
    for entity in entity::ALL {
        if entity.legacy.name == table
            && let Some(reference) = entity.references.iter().find(|reference| reference.field == column)
        {
            let space = Space::Of(reference.to.legacy.name);
            return match () {
                () if *reference.to == practices::ENTITY => Treatment::Practice(space),
                () if **entity == patients::ENTITY && reference.field != patients::USER.field => {
                    Treatment::Provider(space)
                }
                () => Treatment::Id(space),
            };
        }
        for with in entity.read_with {
            match *with {
                ReadWith::Naming { table: naming, by } if naming == table && by == column => {
                    return Treatment::Id(Space::Of(entity.legacy.name));
                }
                _ => {}
            }
        }
    }
    // a table that is named after what its rows are
    let tables = entity::legacy_tables().into_iter().map(|table| table.name);
    let named =
        |name: &&str| name.split_once('_').is_some_and(|(_, what)| column.strip_suffix("_id") == Some(what));
    Treatment::Id(Space::Of(tables.into_iter().find(named).unwrap_or(column)))
}
