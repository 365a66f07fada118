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
    /// The plan's `suggested_resolution`: what was done, or is to be done.
    resolution: &'static str,
    /// What helps with that beyond the resolution; '' where it says all.
    advice: &'static str,
}

macro_rules! codes {
    ($($name:ident $word:literal $category:ident $severity:ident $automatic:ident $message:literal
        => $resolution:literal, $advice:literal;)+) => {
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
                        advice: $advice,
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
    EmailMissing "email_missing" ValidationFailure Low automatic "no email address"
        => "a fallback address was given; ask for the real one", "nothing is broken: enter the address in the application, or at the source before the cut-over";
    EmailInvalid "email_invalid" ValidationFailure Medium automatic "the email address is not valid"
        => "a fallback address was given, the original is kept in metadata; correct it at the source", "extract again after correcting it, or leave the fallback";
    EmailShared "email_shared" EmailConflict Medium automatic "the email address is shared and another profile keeps it"
        => "a fallback address was given and the profile is linked to the keeper; confirm who owns the address", "the context names the keeper; members of a household may share an address, and then there is nothing to do";
    EmailTakenInTarget "email_taken_in_target" EmailConflict High automatic "the email address belongs to a row of the target that is not of this migration"
        => "a fallback address was given; confirm who owns the address", "find out whether the holder in the target is the same person who joined since; then give that row the legacy id, and survey and transform again";
    EmailRefusedByTarget "email_refused_by_target" ConstraintViolation High automatic "a CHECK constraint of the target refuses the email address"
        => "a fallback address was given, the original is kept in metadata; change the constraint or the address", "the context names the constraint: many refuse what is a valid address, such as one with an apostrophe; after changing it survey and transform again";
    EmailTypoDomain "email_typo_domain" ValidationFailure Low manual "the email's domain looks like a typing error"
        => "kept unchanged; correct it at the source if it is wrong", "the context has a proposal for the domain";
    EmailTestDomain "email_test_domain" ValidationFailure Low automatic "the email is at the company's own domain: a test or staff account"
        => "kept and flagged", "there is nothing to do unless test accounts are not wanted: patients may point at them, so they are never dropped";
    // names
    NameMissing "name_missing" ValidationFailure Low automatic "first or last name is missing"
        => "left empty; nothing is put in its place", "enter the name at the source";
    NameMojibake "name_mojibake" ValidationFailure Medium manual "the name looks like text read in the wrong encoding"
        => "kept unchanged; the repaired proposal is in the error's context", "compare it with the proposal and correct it at the source";
    // dates
    DateMissing "date_missing" ValidationFailure Low automatic "no birthdate"
        => "left empty", "ask for the birthdate";
    DateInvalid "date_invalid" ValidationFailure Medium automatic "the birthdate is not a date"
        => "left empty, the original is kept in metadata; correct it at the source", "";
    DateInFuture "date_in_future" ValidationFailure Medium automatic "the birthdate is in the future"
        => "left empty, the original is kept in metadata; correct it at the source", "";
    DateTooEarly "date_too_early" ValidationFailure Medium automatic "the birthdate is before 1900"
        => "left empty, the original is kept in metadata; correct it at the source", "";
    DateImplausible "date_implausible" ValidationFailure Low manual "the birthdate makes an implausible age"
        => "kept; confirm it", "ask whether the person is really that old";
    DatePossiblySwapped "date_possibly_swapped" ValidationFailure Medium manual "day and month of the birthdate may be swapped"
        => "kept; confirm it", "compare it with the patient's papers";
    TimestampInvalid "timestamp_invalid" ValidationFailure Medium automatic "a timestamp cannot be read"
        => "the next timestamp of the rule was taken, the original is kept in metadata", "there is nothing to do unless the moment matters";
    TimestampMissing "timestamp_missing" ValidationFailure High manual "no timestamp of the record can be read"
        => "correct one at the source: nothing says when the record was made", "look at the raw row, and extract again after the correction";
    // other values
    GenderUnknown "gender_unknown" ValidationFailure Low automatic "the sex code is missing or not known"
        => "stored as unknown, the raw code is kept in metadata", "nothing is broken";
    BooleanInvalid "boolean_invalid" ValidationFailure Medium manual "a flag is neither true nor false"
        => "treated as not set; correct it at the source", "";
    NumberInvalid "number_invalid" ValidationFailure Medium manual "a number cannot be read"
        => "left empty, the original is kept in metadata", "correct it at the source";
    JsonMalformed "json_malformed" ValidationFailure Low automatic "a JSON text cannot be parsed"
        => "kept as text in metadata", "nothing is lost";
    CountryUnknown "country_unknown" ValidationFailure Low automatic "the country name is not known"
        => "kept as it is", "correct the country's name at the source, or leave it";
    RoleUnknown "role_unknown" ValidationFailure Medium manual "no group or flag says which role the user has"
        => "stored as unknown; choose a role", "put the user into a group at the source, or set the role in a review";
    // references
    ReferenceInvalid "reference_invalid" ConstraintViolation High manual "a reference is not an id"
        => "the rules went on without it; fix the source", "the context has the reference as it stands";
    ReferenceDangling "reference_dangling" ConstraintViolation High manual "a reference points to a row that does not exist"
        => "the rules went on without it; fix the source or choose another row", "the context has the reference: restore the row that it names, or choose another one in a review";
    ReferenceNotReady "reference_not_ready" ConstraintViolation High manual "a reference points to a record that will not be loaded"
        => "resolve the referenced record first", "then transform again";
    UserShared "user_shared" ConstraintViolation Medium manual "another patient record has the same user"
        => "kept; confirm which one is current", "";
    TargetRowUncertain "target_row_uncertain" ConstraintViolation Medium manual "a row of the target without a legacy id looks like this record and is not certain to be it"
        => "accept, and the record becomes a new row; or set the id of the row that it is", "compare the rows in target_matches with the record first";
    TargetRowMismatch "target_row_mismatch" ConstraintViolation High manual "the target holds several rows for the same legacy record"
        => "keep one in the target, then survey again", "transform after the survey";
    IdOfAnother "id_of_another" ConstraintViolation High manual "the id belonged to another person, or another place, in the snapshot before"
        => "the record waits, and the row in the target stays; accept where it is the same one after all, and the row is updated; answer not_a_duplicate where it is another one, who gets a row of their own", "compare the raw row with the row in the target; an id that was given again belongs to somebody new, who must not get the other's row";
    // what the surveyed target would refuse; the context names table and column, and holds no value
    ValueTooLong "value_too_long" SchemaMismatch High manual "a value is longer than the target's column allows"
        => "widen the column, or shorten the value at the source; the record waits in quarantine", "survey again after a change of the target";
    NumberOutOfRange "number_out_of_range" SchemaMismatch High manual "a number does not fit the target's column"
        => "widen the column, or fix the source; the record waits in quarantine", "the raw row has the number; survey again after a change of the target";
    TextRefused "text_refused" SchemaMismatch High manual "a text holds a character that the target cannot store"
        => "fix the source; the record waits in quarantine", "find the character in the raw row, such as a NUL in a JSON text";
    LabelMissing "label_missing" SchemaMismatch High manual "the target's enum type lacks the label"
        => "map it in [policy.roles], [policy.genders] or [maps], or add the label; no load starts before that", "run `drydock transform --reconfigure` after mapping it, or survey again after adding the label";
    NullRefused "null_refused" ConstraintViolation High manual "the target's column does not allow null and the record has nothing there"
        => "allow null, or fix the source; the record waits in quarantine", "policy.email = \"fallback\" fills in addresses; survey again after a change of the target";
    KeyTaken "key_taken" ConstraintViolation High manual "another record has the same values under a unique key of the target"
        => "decide which one stays, or drop the key; the record waits in quarantine", "the context names the key; compare the two records with `drydock explain`";
    // associations
    PracticeByGeography "practice_by_geography" ValidationFailure Medium manual "the practice was inferred from a city"
        => "confirm the practice", "the evidence is in v_review; accept the practice or choose another in a review";
    PracticeDefaulted "practice_defaulted" ValidationFailure High manual "no rule found a practice: the configured default was taken"
        => "choose the practice", "the evidence is in v_review; choose it in a review";
    PracticeUnresolved "practice_unresolved" ConstraintViolation High manual "no rule found a practice and no default is configured"
        => "choose the practice, or set policy.default_practice", "the issue's context has the candidates, if there are any";
    // cases, projects and states
    CaseWithoutPatient "case_without_patient" ConstraintViolation High manual "no plan of the case leads to a patient"
        => "the case waits; name its patient, or reject it", "a plan leads to an order, and the order to its patient; `drydock explain case ID` shows the plans";
    PatientAmbiguous "patient_ambiguous" ConstraintViolation High manual "the plans of the case lead to different patients"
        => "the case waits; name its patient", "`drydock explain case ID` shows the plans; the project stays without a case until then";
    PlanRepeated "plan_repeated" ValidationFailure Low automatic "several plans name the project"
        => "the original one counts, then the lowest number, then the lowest id; the others stay in metadata", "there is nothing to do";
    StateWithoutCase "state_without_case" ConstraintViolation High manual "no plan of the state's order leads to a case that is loaded"
        => "the state waits; name its case, or reject it", "where the case itself waits for its patient, name that first";
    ActorUnknown "actor_unknown" ValidationFailure Low automatic "nobody is named who changed the state"
        => "left empty", "there is nothing to do";
    CreatorDefaulted "creator_defaulted" ValidationFailure Medium automatic "the target demands a creator and nobody is known"
        => "the profile of policy.system_profile stands in, the original is kept in metadata", "";
    CreatorUnresolved "creator_unresolved" ConstraintViolation High manual "the target demands a creator and nobody is known"
        => "set policy.system_profile, or let the column be null; the project waits", "survey again after a change of the target";
    UidInvalid "uid_invalid" ValidationFailure Medium manual "a uid is no uuid"
        => "left empty, the original is kept in metadata", "correct it at the source";
    // codes: one of these for each code, about the first record that has it; the context has the code and the number of records
    CodeUnmapped "code_unmapped" ValidationFailure Medium manual "no map of the configuration names the code"
        => "accept what stands in for it, or map the code in [maps]; the raw code is kept in metadata", "the context has the code and how many records have it; after mapping it run `drydock transform --config FILE --reconfigure`";
    CodeAssumed "code_assumed" ValidationFailure Medium manual "what the code means is an assumption"
        => "accept it for all records that have the code, or map the code in [maps]", "scripts took the codes of states for different things; one answer is for all records";
    CodeWaits "code_waits" SchemaMismatch High manual "the target demands a label, and no map names the record's code"
        => "map the code in [maps]; the record waits", "the question about the code is asked once, as code_unmapped";
    // rows that could not be placed by their key
    RowUnreadable "row_unreadable" SchemaMismatch Critical manual "the row could not be read as a record of its table"
        => "fix the dump at the line given and extract again", "legacy_unreadable has the file, the line and the reason";
    // what the target itself said when the record was to be loaded; SQLSTATE, table, column and constraint are its context
    TargetEmailTaken "target_email_taken" EmailConflict High manual "the target already has the email address in another row"
        => "free the address in the target or correct it at the source, then run `drydock load --retry-failed`", "find out whose address it is first";
    TargetDuplicate "target_duplicate" ConstraintViolation High manual "the target refuses the record as a duplicate of another row"
        => "remove one of the two, then run `drydock load --retry-failed`", "the context names the constraint; compare the row in the target with `drydock explain`";
    TargetReference "target_reference" ConstraintViolation High manual "the record refers to a row that the target does not have"
        => "load the row it refers to first, then run `drydock load --retry-failed`", "the context names the constraint; where the reference is wrong, correct it";
    TargetCheck "target_check" ConstraintViolation High manual "the record breaks a rule of the target's table"
        => "correct the value at the source or change the rule, then run `drydock load --retry-failed`", "the context names the constraint; read its rule in the target";
    TargetNull "target_null" ConstraintViolation High manual "the target requires a value that the record does not have"
        => "give the column a default or the record a value, then run `drydock load --retry-failed`", "the context names the column";
    TargetValue "target_value" ValidationFailure High manual "a value does not fit the target's column"
        => "correct the value at the source or widen the column, then run `drydock load --retry-failed`", "the context has SQLSTATE and column; compare the ready row with the column's type";
    TargetTrigger "target_trigger" ConstraintViolation High manual "a trigger of the target refuses the record"
        => "ask who keeps the trigger what it wants, or set target.triggers to off, then run `drydock load --retry-failed`", "a trigger that changes rows as they arrive stops the load as well";
    TargetRowMissing "target_row_missing" ConstraintViolation High manual "the target does not have the row that this phase adds to"
        => "load the record's own phase first, then run `drydock load --retry-failed`", "the row of an earlier phase is gone from the target";
    TargetType "target_type" SchemaMismatch High manual "the target's table cannot take the record as it is made"
        => "compare the table with the configuration, survey again, then run `drydock load --retry-failed`", "the survey lists the columns that cannot take the records; transform after it";
    // a defect of ours, isolated to the record that met it
    RulePanicked "rule_panicked" SchemaMismatch Critical manual "a rule failed on this record"
        => "report it; the record waits in quarantine", "give the code and the field, never the value";
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

    /// The plan's `suggested_resolution`: what was done, or is to be done.
    pub const fn resolution(self) -> &'static str {
        self.facts().resolution
    }

    /// What helps with that beyond the resolution; '' where it says all.
    pub const fn advice(self) -> &'static str {
        self.facts().advice
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
