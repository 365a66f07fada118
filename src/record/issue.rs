//! What can be wrong with a record: a closed list. A code is stable, means one thing, and is stored in the file with
//! its category, severity and suggested resolution in the plan's words; it never stops a run.

use serde::Serialize;

use super::Text;

/// The plan's error categories.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// An address that several profiles share, or that the target already holds.
    EmailConflict,
    /// A value that fails its rule.
    ValidationFailure,
    /// A reference or a key that the target would refuse.
    ConstraintViolation,
    /// A column or type that is not what was expected.
    SchemaMismatch,
}

impl Category {
    /// Every category, in the plan's order.
    pub const ALL: [Category; 4] = [
        Category::EmailConflict,
        Category::ValidationFailure,
        Category::ConstraintViolation,
        Category::SchemaMismatch,
    ];

    /// The word in the staging file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Category::EmailConflict => "email_conflict",
            Category::ValidationFailure => "validation_failure",
            Category::ConstraintViolation => "constraint_violation",
            Category::SchemaMismatch => "schema_mismatch",
        }
    }
}

/// The plan's severities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Blocks progress.
    Critical,
    /// Hurts integrity.
    High,
    /// Quality.
    Medium,
    /// Cosmetic.
    Low,
}

impl Severity {
    /// Every severity, the worst first.
    pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];

    /// The word in the staging file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }
}

/// The facts of one issue code, owned by the table in [`codes!`].
struct Facts {
    word: &'static str,
    category: Category,
    severity: Severity,
    /// Resolved by the rule itself (true), or waiting for a person (false).
    automatic: bool,
    /// What the issue means, free of values.
    message: &'static str,
    /// The plan's `suggested_resolution`.
    resolution: &'static str,
}

macro_rules! codes {
    ($($name:ident $word:literal $category:ident $severity:ident $automatic:ident $message:literal => $resolution:literal;)+) => {
        /// Everything that can be wrong with a record.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $message] $name,)+
        }

        impl Code {
            /// Every code; tests walk it.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            const fn facts(self) -> Facts {
                match self {
                    $(Code::$name => Facts {
                        word: $word,
                        category: Category::$category,
                        severity: Severity::$severity,
                        automatic: codes!(@flag $automatic),
                        message: $message,
                        resolution: $resolution,
                    },)+
                }
            }
        }
    };
    (@flag automatic) => { true };
    (@flag manual) => { false };
}

codes! {
    // emails (an auth_user.email is '' when missing)
    EmailMissing "email_missing" ValidationFailure Low automatic "no email address" => "a fallback address was given; ask for the real one";
    EmailInvalid "email_invalid" ValidationFailure Medium automatic "the email address is not valid" => "a fallback address was given, the original is kept in metadata; correct it at the source";
    EmailShared "email_shared" EmailConflict Medium automatic "the email address is shared and another profile keeps it" => "a fallback address was given and the profile is linked to the keeper; confirm who owns the address";
    EmailTakenInTarget "email_taken_in_target" EmailConflict High automatic "the email address belongs to a row of the target that is not of this migration" => "a fallback address was given; confirm who owns the address";
    EmailTypoDomain "email_typo_domain" ValidationFailure Low manual "the email's domain looks like a typing error" => "kept unchanged; correct it at the source if it is wrong";
    EmailTestDomain "email_test_domain" ValidationFailure Low automatic "the email is at the company's own domain: a test or staff account" => "kept and flagged";
    // names
    NameMissing "name_missing" ValidationFailure Low automatic "first or last name is missing" => "left empty; nothing is put in its place";
    NameMojibake "name_mojibake" ValidationFailure Medium manual "the name looks like text read in the wrong encoding" => "kept unchanged; the repaired proposal is in the error's context";
    // dates
    DateMissing "date_missing" ValidationFailure Low automatic "no birthdate" => "left empty";
    DateInvalid "date_invalid" ValidationFailure Medium automatic "the birthdate is not a date" => "left empty, the original is kept in metadata; correct it at the source";
    DateInFuture "date_in_future" ValidationFailure Medium automatic "the birthdate is in the future" => "left empty, the original is kept in metadata; correct it at the source";
    DateTooEarly "date_too_early" ValidationFailure Medium automatic "the birthdate is before 1900" => "left empty, the original is kept in metadata; correct it at the source";
    DateImplausible "date_implausible" ValidationFailure Low manual "the birthdate makes an implausible age" => "kept; confirm it";
    DatePossiblySwapped "date_possibly_swapped" ValidationFailure Medium manual "day and month of the birthdate may be swapped" => "kept; confirm it";
    TimestampInvalid "timestamp_invalid" ValidationFailure Medium automatic "a timestamp cannot be read" => "the next timestamp of the rule was taken, the original is kept in metadata";
    TimestampMissing "timestamp_missing" ValidationFailure High manual "no timestamp of the record can be read" => "correct one at the source: nothing says when the record was made";
    // other values
    GenderUnknown "gender_unknown" ValidationFailure Low automatic "the sex code is missing or not known" => "stored as unknown, the raw code is kept in metadata";
    BooleanInvalid "boolean_invalid" ValidationFailure Medium manual "a flag is neither true nor false" => "treated as not set; correct it at the source";
    NumberInvalid "number_invalid" ValidationFailure Medium manual "a number cannot be read" => "left empty, the original is kept in metadata";
    JsonMalformed "json_malformed" ValidationFailure Low automatic "a JSON text cannot be parsed" => "kept as text in metadata";
    CountryUnknown "country_unknown" ValidationFailure Low automatic "the country name is not known" => "kept as it is";
    RoleUnknown "role_unknown" ValidationFailure Medium manual "no group or flag says which role the user has" => "stored as unknown; choose a role";
    // references
    ReferenceInvalid "reference_invalid" ConstraintViolation High manual "a reference is not an id" => "the rules went on without it; mend the source";
    ReferenceDangling "reference_dangling" ConstraintViolation High manual "a reference points to a row that does not exist" => "the rules went on without it; mend the source or choose another row";
    ReferenceNotReady "reference_not_ready" ConstraintViolation High manual "a reference points to a record that will not be loaded" => "resolve the referenced record first";
    UserShared "user_shared" ConstraintViolation Medium manual "another patient record has the same user" => "kept; confirm which one is current";
    TargetRowUncertain "target_row_uncertain" ConstraintViolation Medium manual "a row of the target without a legacy id looks like this record and is not certain to be it" => "accept, and the record becomes a new row; or set the id of the row that it is";
    TargetRowMismatch "target_row_mismatch" ConstraintViolation High manual "the target holds several rows for the same legacy record" => "keep one in the target, then survey again";
    // what the surveyed target would refuse; the context names table and column, and holds no value
    ValueTooLong "value_too_long" SchemaMismatch High manual "a value is longer than the target's column allows" => "widen the column, or shorten the value at the source; the record waits in quarantine";
    NumberOutOfRange "number_out_of_range" SchemaMismatch High manual "a number does not fit the target's column" => "widen the column, or mend the source; the record waits in quarantine";
    TextRefused "text_refused" SchemaMismatch High manual "a text holds a character that the target cannot store" => "mend the source; the record waits in quarantine";
    LabelMissing "label_missing" SchemaMismatch High manual "the target's enum type lacks the label" => "map it in [policy.roles] or [policy.genders], or add the label; no load starts before that";
    NullRefused "null_refused" ConstraintViolation High manual "the target's column does not allow null and the record has nothing there" => "allow null, or mend the source; the record waits in quarantine";
    KeyTaken "key_taken" ConstraintViolation High manual "another record has the same values under a unique key of the target" => "decide which one stays, or drop the key; the record waits in quarantine";
    // associations
    PracticeByGeography "practice_by_geography" ValidationFailure Medium manual "the practice was inferred from a city" => "confirm the practice";
    PracticeDefaulted "practice_defaulted" ValidationFailure High manual "no rule found a practice: the configured default was taken" => "choose the practice";
    PracticeUnresolved "practice_unresolved" ConstraintViolation High manual "no rule found a practice and no default is configured" => "choose the practice, or set policy.default_practice";
    // rows that could not be placed by their key
    RowUnreadable "row_unreadable" SchemaMismatch Critical manual "the row could not be read as a record of its table" => "mend the dump at the line given and extract again";
    // what the target itself said when the record was to be loaded; SQLSTATE, table, column and constraint are its context
    TargetEmailTaken "target_email_taken" EmailConflict High manual "the target already has the email address in another row" => "free the address in the target or correct it at the source, then run `drydock load --retry-failed`";
    TargetDuplicate "target_duplicate" ConstraintViolation High manual "the target refuses the record as a duplicate of another row" => "remove one of the two, then run `drydock load --retry-failed`";
    TargetReference "target_reference" ConstraintViolation High manual "the record refers to a row that the target does not have" => "load the row it refers to first, then run `drydock load --retry-failed`";
    TargetCheck "target_check" ConstraintViolation High manual "the record breaks a rule of the target's table" => "correct the value at the source or change the rule, then run `drydock load --retry-failed`";
    TargetNull "target_null" ConstraintViolation High manual "the target requires a value that the record does not have" => "give the column a default or the record a value, then run `drydock load --retry-failed`";
    TargetValue "target_value" ValidationFailure High manual "a value does not fit the target's column" => "correct the value at the source or widen the column, then run `drydock load --retry-failed`";
    TargetTrigger "target_trigger" ConstraintViolation High manual "a trigger of the target refuses the record" => "ask who keeps the trigger what it wants, or set target.triggers to off, then run `drydock load --retry-failed`";
    TargetRowMissing "target_row_missing" ConstraintViolation High manual "the target does not have the row that this phase adds to" => "load the record's own phase first, then run `drydock load --retry-failed`";
    TargetType "target_type" SchemaMismatch High manual "the target's table cannot take the record as it is made" => "compare the table with the configuration, survey again, then run `drydock load --retry-failed`";
    // a defect of ours, isolated to the record that met it
    RulePanicked "rule_panicked" SchemaMismatch Critical manual "a rule failed on this record" => "report it; the record waits in quarantine";
}

impl Code {
    /// The stable word in the staging file and in JSON.
    pub const fn as_str(self) -> &'static str {
        self.facts().word
    }

    /// The plan's category.
    pub const fn category(self) -> Category {
        self.facts().category
    }

    /// The plan's severity.
    pub const fn severity(self) -> Severity {
        self.facts().severity
    }

    /// Whether a rule has resolved it; otherwise a person has to.
    pub const fn is_automatic(self) -> bool {
        self.facts().automatic
    }

    /// Whether the issue's context names a place in the target and never holds a value, so that a list may show it.
    pub const fn names_a_place(self) -> bool {
        matches!(
            self,
            Code::ValueTooLong
                | Code::NumberOutOfRange
                | Code::TextRefused
                | Code::LabelMissing
                | Code::NullRefused
                | Code::KeyTaken
        )
    }

    /// What it means, free of values.
    pub const fn message(self) -> &'static str {
        self.facts().message
    }

    /// The plan's `suggested_resolution`.
    pub const fn resolution(self) -> &'static str {
        self.facts().resolution
    }
}

/// One thing that is wrong with one record. The context stays in the file: it may hold values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What is wrong.
    pub code: Code,
    /// The legacy field it is about, such as `email`; '' when it is about the record.
    pub field: &'static str,
    /// Facts needed to decide, such as the reference that dangles; stored in the file only.
    pub context: Option<String>,
}

impl Issue {
    /// An issue about a field.
    pub fn new(code: Code, field: &'static str) -> Self {
        Self { code, field, context: None }
    }

    /// The same with what is needed to decide.
    #[must_use]
    pub fn with_context(mut self, context: impl Into<String>) -> Self {
        self.context = Some(context.into());
        self
    }
}

/// One change that a rule made to one field of one record; `None` is null. Stored in the file only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The field of the resolved row.
    pub field: &'static str,
    /// The stable id of the rule, such as `email.lowercase`.
    pub rule: &'static str,
    /// The value before the rule.
    pub before: Option<Text>,
    /// The value after the rule.
    pub after: Option<Text>,
}

impl Change {
    /// One change of one field.
    pub fn new(field: &'static str, rule: &'static str, before: Option<&str>, after: Option<&str>) -> Self {
        Self { field, rule, before: before.map(Text::from), after: after.map(Text::from) }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn words_are_unique_and_snake_case() {
        let words: HashSet<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }
}
