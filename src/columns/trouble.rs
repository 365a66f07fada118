//! Why a column cannot be read, and what an operator can say about it.

use super::dates::Order;
use super::profile::Reads;

/// Why a column cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// More values than may be are none of the column's kind.
    Unreadable,
    /// Two orders explain the days, and say different ones.
    Ambiguous(Order, Order),
    /// Values in two forms stand beside each other, so that a program has converted some of them and not others.
    Mixed(&'static str, &'static str),
    /// Days with a time that is not midnight: in which zone they were days is not known.
    Timed,
    /// Some flags say yes, none says no, and the others say nothing.
    NothingOrNo,
    /// The words for the sexes mean different ones in different languages, or the code for neither is as frequent as one.
    Sexes,
    /// Names whose letters beyond ASCII are question marks.
    Letters,
    /// Texts of which a spreadsheet has kept a few digits.
    Exponents,
    /// Rows whose key is no whole number.
    Keys,
}

impl Trouble {
    /// The word in the file.
    pub fn word(self) -> String {
        match self {
            Trouble::Unreadable => "unreadable".to_owned(),
            Trouble::Ambiguous(one, other) => format!("{} or {}", one.as_str(), other.as_str()),
            Trouble::Mixed(one, other) => format!("{one} and {other} mixed"),
            Trouble::Timed => "dates with a time".to_owned(),
            Trouble::NothingOrNo => "nothing or no".to_owned(),
            Trouble::Sexes => "words for the sexes unclear".to_owned(),
            Trouble::Letters => "letters lost".to_owned(),
            Trouble::Exponents => "digits lost".to_owned(),
            Trouble::Keys => "keys unreadable".to_owned(),
        }
    }

    /// What is the matter with so many values of a kind.
    pub fn matter(self, reads: Reads, given: u64, unreadable: u64) -> String {
        let kind = reads.as_str();
        match self {
            Trouble::Unreadable => format!("{unreadable} of {given} values are no {kind}"),
            Trouble::Ambiguous(one, other) => {
                format!(
                    "{given} values may be {} or {}, which say different {kind}s",
                    one.as_str(),
                    other.as_str()
                )
            }
            Trouble::Mixed(one, other) => format!("{given} values are partly {one} and partly {other}"),
            Trouble::Timed => {
                format!("many of {given} dates have a time of day, and may be days of another zone")
            }
            Trouble::NothingOrNo => format!("of {given} flags none says no, and the other rows say nothing"),
            Trouble::Sexes => format!("what the words of {given} values mean is not clear"),
            Trouble::Letters => {
                format!("{unreadable} of {given} values have a question mark where a letter was")
            }
            Trouble::Exponents => {
                format!("{unreadable} of {given} values are numbers of which a spreadsheet kept a few digits")
            }
            Trouble::Keys => format!("{unreadable} of {given} rows have no whole number for a key"),
        }
    }

    /// What can be said under the column's key in the configuration, or done.
    pub fn remedy(self, reads: Reads) -> String {
        match self {
            Trouble::Unreadable if reads == Reads::Moment => {
                "how its values are written (dates), or with unreadable = 100 that they may be lost; a name of a zone behind a moment \
                 (CEST) is not read: export again with `set datestyle = iso`"
                    .to_owned()
            }
            Trouble::Unreadable => "how its values are written (dates, decimal, yes, no, male, female, nulls), or with \
                                    unreadable = 100 that they may be lost"
                .to_owned(),
            Trouble::Ambiguous(one, other) => {
                format!("dates = \"{}\" or dates = \"{}\"", one.as_str(), other.as_str())
            }
            Trouble::Mixed(..) => "dates = \"dmy\", \"mdy\" or \"ymd\" if the converted ones are right too; a spreadsheet turns day and \
                                   month round where it converts some and leaves others: better export again with every date as text"
                .to_owned(),
            Trouble::Timed => "zone = \"…\", in which they were days (\"UTC\" takes the days as they stand)".to_owned(),
            Trouble::NothingOrNo => "no = [\"\"] if nothing means no, or yes = [\"\"] if it means yes".to_owned(),
            Trouble::Sexes => "male = [\"…\"] and female = [\"…\"] (other = [\"0\"] keeps the legacy's codes)".to_owned(),
            Trouble::Letters => "unreadable = 100 if they may be lost; better export again as UTF-8 (in Windows PowerShell: Export-Csv \
                                 -Encoding UTF8; in Excel: CSV UTF-8)"
                .to_owned(),
            Trouble::Exponents => "unreadable = 100 if the digits may be lost; better export again from the database, or with the column \
                                   formatted as text"
                .to_owned(),
            Trouble::Keys => "nothing: export the keys again as whole numbers".to_owned(),
        }
    }
}
