//! What `high` asks for beside a high probability. A model can be wrong, and data hold what no model knows: twins of nearly
//! one name, a father and a son, a birthdate that stands for none. So a pair is certain only where first name, surname and
//! birthdate are known and the same, and nothing that is a person's own speaks against it. What a household shares may stand
//! in for a slip, never for a value that is missing.

use std::collections::HashMap;

use crate::Kind;
use crate::codes::MISSING;
use crate::compare::{Comparer, Pattern};
use crate::date::Agreement;
use crate::field::{Values, Whole};
use crate::model::{Bond, Model};
use crate::nameless::is_example;
use crate::names::Names;
use crate::scale::{name, word};

/// A contact that more records have is nobody's own.
const SHARED_BY: u32 = 8;

/// The columns by what they say of a person.
#[derive(Debug)]
pub(crate) struct Certain<'f> {
    comparer: &'f Comparer<'f>,
    given: Option<usize>,
    surname: Option<usize>,
    birth: Option<usize>,
    /// First names after the first one.
    middle: Vec<usize>,
    sexes: Vec<usize>,
    suffixes: Vec<usize>,
    identifiers: Vec<usize>,
    /// Those of them that name one of a family: a policy may be everybody's.
    own: Vec<usize>,
    /// Email, telephone and address, each with its columns.
    contacts: [Vec<usize>; 3],
    places: Vec<usize>,
    /// Practices, doctors, and what else people have in common with some others.
    practices: Vec<usize>,
}

impl<'f> Certain<'f> {
    pub(crate) fn new(comparer: &'f Comparer<'f>, model: &Model) -> Self {
        let all = |wanted: &dyn Fn(usize, Kind) -> bool| -> Vec<usize> {
            let fields = comparer.fields.iter().enumerate();
            fields.filter(|&(at, field)| wanted(at, field.kind)).map(|(at, _)| at).collect()
        };
        let of = |kind: Kind| all(&|_, of| of == kind);
        let mut given = of(Kind::GivenName).into_iter();
        Self {
            given: given.next(),
            middle: given.collect(),
            surname: of(Kind::Surname).first().copied(),
            birth: of(Kind::Date).first().copied(),
            sexes: all(&|at, kind| kind == Kind::Category && model.fields[at].bond == Bond::Own),
            suffixes: all(&|at, _| comparer.fields[at].column == Whole::Suffix),
            own: of(Kind::Identifier).into_iter().filter(|&at| is_own(comparer, at)).collect(),
            identifiers: of(Kind::Identifier),
            places: of(Kind::Place),
            practices: all(&|at, kind| kind == Kind::Category && model.fields[at].bond == Bond::Shared),
            contacts: [of(Kind::Email), of(Kind::Phone), of(Kind::Address)],
            comparer,
        }
    }

    /// How many records there are.
    pub(crate) fn count(&self) -> usize {
        self.comparer.count()
    }

    /// Whether the records are one person beyond doubt, as far as values can say so.
    pub(crate) fn is(&self, pattern: Pattern, a: u32, b: u32) -> bool {
        let (Some(given), Some(surname)) = (self.given, self.surname) else { return false };
        let (Some(given_level), Some(surname_level)) = (pattern.level(given), pattern.level(surname)) else {
            return false;
        };
        let names = self.names(given);
        let is_named = |record| {
            let (first, last) = (self.comparer.code(record, given), self.comparer.code(record, surname));
            // one word in both places is a word for somebody
            names.is_some_and(|names| {
                names.is_whole(first)
                    // where nobody knows which is which, either is a first name
                    && (!self.is_of_full_name(surname) || names.is_whole(last))
                    && names.plain(first) != names.plain(last)
                    && !is_example(names.plain(first), names.plain(last))
            })
        };
        if given_level != name::EXACT || !is_named(a) || !is_named(b) || self.are_apart(pattern, a, b) {
            return false;
        }
        let identified = self.own.iter().any(|&at| pattern.level(at) == Some(0) && self.is_rare(at, a));
        let witness = || identified || self.has_witness(pattern, a);
        let is_same_surname = match surname_level {
            name::EXACT => true,
            name::FORM => self.are_surnames(surname, a, b),
            // half of a double name is a hint: a word more may as well say which generation it is
            name::PART => self.are_surnames(surname, a, b) && identified,
            name::SLIP => self.are_surnames(surname, a, b) && self.is_letter(surname, a, b) && witness(),
            _ => false,
        };
        is_same_surname
            && self.is_born_once(pattern, (a, b), surname_level == name::EXACT, identified, witness)
    }

    /// Whether the birthdate is one, or a slip within a year beside one surname and something that speaks for it.
    fn is_born_once(
        &self,
        pattern: Pattern,
        (a, b): (u32, u32),
        is_one_surname: bool,
        identified: bool,
        witness: impl Fn() -> bool,
    ) -> bool {
        const EXACT: u8 = Agreement::Exact as u8;
        const SWAPPED: u8 = Agreement::Swapped as u8;
        const SLIP: u8 = Agreement::Slip as u8;
        let Some(birth) = self.birth else { return is_one_surname && identified };
        let Values::Dates(dates) = &self.comparer.fields[birth].values else { return false };
        let date = |record| dates[self.comparer.code(record, birth) as usize];
        match pattern.level(birth) {
            Some(EXACT) => {
                let born = date(a);
                born.is_real() && !born.is_doubtful() && (!born.is_year_end() || self.are_copies(a, b))
            }
            Some(SWAPPED | SLIP)
                if !pattern.is_swapped() && is_one_surname && date(a).is_real() && date(b).is_real() =>
            {
                // a year is another child, a cousin, a namesake
                date(a).year == date(b).year && witness() || identified
            }
            // a date that is missing on one side is missing
            None => is_one_surname && identified,
            Some(_) => false,
        }
    }

    /// Whether something that is a person's own says that these are two.
    pub(crate) fn are_apart(&self, pattern: Pattern, a: u32, b: u32) -> bool {
        let level = |at: &usize| pattern.level(*at);
        let generation = |record| {
            let of =
                |at: Option<usize>| at.and_then(|at| Some((self.names(at)?, self.comparer.code(record, at))));
            of(self.given)
                .into_iter()
                .chain(of(self.surname))
                .map(|(names, code)| names.generation(code))
                .max()
        };
        let code = |record, at: &usize| self.comparer.code(record, *at);
        let others = |columns: &[usize]| {
            let differ = |at: &usize| level(at).is_some_and(|level| self.is_another(*at, level));
            columns.iter().any(differ) && !columns.iter().any(|at| level(at) == Some(0))
        };
        let [email, phone, address] = &self.contacts;
        // a town is a part of an address, a doctor of a practice
        let where_from = if address.iter().any(|at| level(at).is_some()) { address } else { &self.places };
        let others = [others(email), others(phone), others(where_from), others(&self.practices)];
        let shared = self.contacts.iter().chain([&self.practices, &self.own]).flatten();
        let shares_contact = shared.into_iter().any(|at| level(at) == Some(0));
        generation(a) != generation(b)
            || self.sexes.iter().any(|at| level(at).is_some_and(|level| level > 0))
            || self.suffixes.iter().any(|at| code(a, at) != code(b, at))
            || self.middle.iter().any(|at| level(at).is_some_and(|level| !matches!(level, name::EXACT | name::PART)))
            // another identifier is another person, or a mistake that a person has to see
            || self.identifiers.iter().any(|at| level(at).is_some_and(|level| level > 1))
            || (others[0] && others[1])
            // a namesake born on the same day agrees on no more than that
            || (others.contains(&true) && !shares_contact)
    }

    /// Whether two records that are joined through others cannot be one person: what is their own is another's.
    pub(crate) fn contradict(&self, a: u32, b: u32) -> bool {
        let pattern = self.comparer.pattern(a, b);
        let given = self.given.and_then(|at| pattern.level(at));
        let birth = self.birth.and_then(|at| pattern.level(at));
        given.is_some_and(|level| level > name::FORM)
            || birth.is_some_and(|level| level > Agreement::Slip as u8)
            || self.are_apart(pattern, a, b)
    }

    /// Whether the records say the same in every column.
    pub(crate) fn are_copies(&self, a: u32, b: u32) -> bool {
        (0..self.comparer.fields.len()).all(|at| self.comparer.code(a, at) == self.comparer.code(b, at))
    }

    fn names(&self, at: usize) -> Option<&Names> {
        match &self.comparer.fields[at].values {
            Values::Names(names) => Some(names),
            _ => None,
        }
    }

    /// Whether a contact at the level is another one, and no slip.
    fn is_another(&self, at: usize, level: u8) -> bool {
        level
            > match self.comparer.fields[at].kind {
                Kind::Email => 2,
                Kind::Category => 0,
                _ => word::SLIP,
            }
    }

    fn is_of_full_name(&self, at: usize) -> bool {
        self.comparer.fields[at].column == Whole::OfFullName
    }

    /// Whether a surname is known to be one, so that a slip in it is no twin's first name: the column holds surnames, and
    /// nobody bears either of the two as a first name more often.
    fn are_surnames(&self, surname: usize, a: u32, b: u32) -> bool {
        let (fields, given) = (self.comparer.fields, self.given.unwrap_or(surname));
        [a, b].iter().all(|&record| {
            let code = self.comparer.code(record, surname) as usize;
            !self.is_of_full_name(surname) && fields[given].counts[code] <= fields[surname].counts[code]
        })
    }

    /// Whether what differs between two surnames is a letter of a long word: beside other words, a short one may say which
    /// generation it is.
    fn is_letter(&self, surname: usize, a: u32, b: u32) -> bool {
        let Some(names) = self.names(surname) else { return false };
        let core = |record| names.core(self.comparer.code(record, surname), true);
        let (one, other) = (core(a), core(b));
        let pairs = || one.split(' ').zip(other.split(' '));
        !one.contains(' ') && !other.contains(' ')
            || pairs().all(|(one, other)| one == other || one.chars().count().min(other.chars().count()) >= 5)
    }

    /// Whether few enough records have the value to be one person's or one household's.
    fn is_rare(&self, at: usize, record: u32) -> bool {
        let code = self.comparer.code(record, at);
        code != MISSING && self.comparer.fields[at].counts[code as usize] <= SHARED_BY
    }

    /// Whether a contact agrees that is no more than a household's, and no more made of the name. The columns of an address
    /// are one contact.
    fn has_witness(&self, pattern: Pattern, a: u32) -> bool {
        let is_rare = |at: usize| self.is_rare(at, a);
        let [email, phone, address] = &self.contacts;
        let agrees = |at: usize| pattern.level(at) == Some(0);
        email.iter().any(|&at| agrees(at) && is_rare(at) && !self.comparer.is_made_of_name(a))
            || phone.iter().any(|&at| agrees(at) && is_rare(at))
            || (address.iter().any(|&at| agrees(at) && is_rare(at))
                && address.iter().all(|&at| agrees(at) || pattern.level(at).is_none()))
    }
}

/// Whether those who share an identifier share the first name as well, but for one in five who may have been mistyped.
fn is_own(comparer: &Comparer<'_>, at: usize) -> bool {
    let Some(given) = comparer.fields.iter().position(|field| field.kind == Kind::GivenName) else {
        return true;
    };
    let mut first: HashMap<u32, u32> = HashMap::new();
    let (mut all, mut others) = (0, 0);
    for record in 0..comparer.count() as u32 {
        let code = comparer.code(record, at);
        if code == MISSING || comparer.fields[at].counts[code as usize] < 2 {
            continue;
        }
        let earlier = *first.entry(code).or_insert(record);
        if let Some(level) = comparer.level(given, earlier, record).filter(|_| earlier != record) {
            all += 1;
            others += usize::from(level >= name::VAGUE);
        }
    }
    others * 5 <= all
}
