//! What a column holds. The kind decides how two values are compared, what is assumed before the data have spoken, and
//! which keys bring records together; nothing else about a file is configured.

use std::fmt;

/// The kind of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// First name or first names.
    GivenName,
    /// Family name, with or without particles.
    Surname,
    /// First and family name in one value, in either order with a comma.
    FullName,
    /// A calendar date, as a rule the birthdate; the first such column is taken for the birthdate.
    Date,
    /// An email address.
    Email,
    /// A telephone number.
    Phone,
    /// One of a few values, such as a sex, a state or a doctor.
    Category,
    /// A city, suburb or postcode.
    Place,
    /// A street address, or a part of one.
    Address,
    /// A number or code that belongs to one person.
    Identifier,
    /// Anything else in words.
    Text,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 11] = [
        Kind::GivenName,
        Kind::Surname,
        Kind::FullName,
        Kind::Date,
        Kind::Email,
        Kind::Phone,
        Kind::Category,
        Kind::Place,
        Kind::Address,
        Kind::Identifier,
        Kind::Text,
    ];

    /// The word on the command line and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::GivenName => "given_name",
            Kind::Surname => "surname",
            Kind::FullName => "full_name",
            Kind::Date => "date",
            Kind::Email => "email",
            Kind::Phone => "phone",
            Kind::Category => "category",
            Kind::Place => "place",
            Kind::Address => "address",
            Kind::Identifier => "identifier",
            Kind::Text => "text",
        }
    }

    /// The kind that a word names.
    pub fn named(word: &str) -> Option<Self> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_reads_back_from_its_word() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.as_str()), Some(kind));
        }
        assert_eq!(Kind::named("name"), None);
    }
}
