//! What the values of a column say about a person: from this a redacted copy knows what may stay.

/// What a column holds, of a raw row or of a resolved one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A key: a whole number or a uuid.
    Identifier,
    /// True or false, in any spelling.
    Flag,
    /// A number of up to three digits.
    Code,
    /// A code or a word for a sex.
    Sex,
    /// A decimal number.
    Number,
    /// A word of ours or of the target's.
    Label,
    /// The name of a country, or its code.
    Country,
    /// A name of a person or a practice.
    Name,
    /// An email address.
    Email,
    /// A telephone number.
    Phone,
    /// A part of a postal address.
    Address,
    /// What somebody signs in with, or is known by elsewhere.
    Username,
    /// Anything that somebody wrote.
    FreeText,
    /// A day of birth.
    Birthdate,
    /// When something happened.
    Moment,
    /// JSON, of which each key says what its value is.
    Json,
}
