//! Invented people, seeded: who they are, how they live together, and what clerks make of them. Each world says how
//! often records repeat, what is missing and which slips are made; nothing of it is known to the engine.

use std::sync::LazyLock;

use drydock_random::Splitmix;

type Words = LazyLock<Vec<&'static str>>;

/// The same people on every machine.
#[derive(Debug, Clone)]
pub struct Dice(Splitmix);

impl Dice {
    pub fn seeded(seed: u64) -> Self {
        Self(Splitmix::seeded(seed))
    }

    pub fn next(&mut self) -> u64 {
        self.0.draw()
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0.below(bound)
    }

    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// A position in a list whose early entries are more common than its late ones.
    pub fn common(&mut self, bound: usize) -> usize {
        // between even and Zipf: the square of a share, with a floor
        let share = self.share();
        ((share.powf(2.2) * bound as f64) as usize).min(bound - 1)
    }

    pub fn pick<'t>(&mut self, list: &[&'t str]) -> &'t str {
        let at = self.common(list.len());
        list[at]
    }
}

static GIVEN: Words = LazyLock::new(|| {
    "Oliver Amelia George Isla Harry Ava Noah Emily Jack Sophia Jacob Grace Leo Mia Oscar Poppy Charlie \
     Ella Muhammad Lily William Evie Henry Jessica Thomas Sophie Joshua Alice Freddie Daisy James \
     Florence Arthur Freya Archie Phoebe Alfie Evelyn Theo Sienna Logan Isabelle Alexander Ivy Edward \
     Ruby Isaac Willow Lucas Charlotte Tommy Matilda Finley Rosie Max Elsie Mason Chloe Ethan Maya Samuel \
     Eleanor Toby Hannah Albert Luna Hunter Maisie Dylan Thea Jude Eva Ralph Penelope Frank Violet Felix \
     Aria Ezra Zara Stanley Erin Reggie Maria Roman Marie Jan Jana Tim Tom Anna Hanna Rory Robin Marian \
     Marion Gabriel Layla Jasper Bethany Kai Abigail Ravi Priya Kenji Yuki Somchai Malee Arun Divya \
     Hiroshi Sakura Anan Kamala Diego Lucia Pablo Ines Mateus Bianca Ivan Olga Pavel Irina Tariq Amira \
     Omar Leila Gustav Ingrid Lars Astrid"
        .split_whitespace()
        .collect()
});

static GERMAN_GIVEN: Words = LazyLock::new(|| {
    "Peter Michael Thomas Andreas Wolfgang Klaus Jürgen Günter Stefan Christian Uwe Werner Horst Frank \
     Dieter Manfred Gerhard Hans Bernd Torsten Matthias Helmut Walter Heinz Martin Jörg Rolf Jens Sven \
     Alexander Jan Rainer Holger Karl Dirk Joachim Ralf Carsten Herbert Oliver Wilhelm Kurt Markus \
     Heinrich Ursula Monika Petra Elke Renate Karin Sabine Brigitte Helga Gisela Ingrid Anna Erika Katrin \
     Heike Andrea Birgit Christa Claudia Susanne Angelika Gabriele Silke Ute Martina Angela Anja Barbara \
     Kerstin Nicole Maria Elisabeth Waltraud Irmgard Ruth"
        .split_whitespace()
        .collect()
});

static GERMAN_SURNAME: Words = LazyLock::new(|| {
    "Müller Schmidt Schneider Fischer Meyer Weber Schulz Wagner Becker Hoffmann Schäfer Koch Bauer \
     Richter Klein Schröder Wolf Neumann Schwarz Zimmermann Krüger Braun Hofmann Schmitz Hartmann Lange \
     Schmitt Werner Krause Meier Lehmann Schmid Schulze Maier Köhler Herrmann Walter König Mayer Huber \
     Kaiser Fuchs Peters Möller Lang Scholz Weiß Jung Hahn Vogel Schubert Friedrich Günther Keller \
     Winkler Frank Berger Roth Beck Lorenz Baumann Franke Albrecht Schuster Simon Ludwig Böhm Winter \
     Kraus Martin Schumacher Krämer Vogt Otto Jäger Stein Groß Sommer Seidel Heinrich Haas Brandt \
     Schreiber Graf Dietrich Schulte Kühn Ziegler Kuhn Pohl Engel Horn Bergmann Voigt Busch Thomas Sauer \
     Arnold Pfeiffer Wolff Beyer Seifert Ernst"
        .split_whitespace()
        .collect()
});

static ONSET: Words = LazyLock::new(|| {
    "Hart Green Wood Black Ash Brad Kings Stan Whit Mor Hol Lang Nor Wes Ald Bar Cald Dun Ever Fair Gar \
     Hamp Kirk Lin Mal New Oak Pen Rad Sher Thorn Wal Win York Red Cran Broad Chad Eld Farn Glad Hay Ing \
     Jar Lock Mil Net Ox Pres Rams"
        .split_whitespace()
        .collect()
});

static CODA: Words = LazyLock::new(|| {
    "ley ton well ford field wood man son ham worth by stone ridge brook land shaw ster more gate bury \
     ing wick combe hurst dale er ell ett ock is croft don lock mond nell per rell sey thorpe vale"
        .split_whitespace()
        .collect()
});

static STREETS: Words =
    LazyLock::new(|| "Street Road Lane Avenue Close Drive Place Crescent".split_whitespace().collect());

static CITIES: Words = LazyLock::new(|| {
    "London Birmingham Leeds Manchester Liverpool Bristol Sheffield Cardiff Leicester Coventry Bradford \
     Belfast Nottingham Hull Newcastle Stoke Southampton Derby Portsmouth Brighton Plymouth Northampton \
     Reading Luton Wolverhampton Bolton Aberdeen Swansea"
        .split_whitespace()
        .collect()
});

/// A surname; the early ones are common.
pub fn surname(dice: &mut Dice) -> String {
    let (onset, coda) = (dice.common(ONSET.len()), dice.common(CODA.len()));
    format!("{}{}", ONSET[onset], CODA[coda])
}

/// A surname among some sixty thousand.
pub fn rare_surname(dice: &mut Dice) -> String {
    let (onset, middle, coda) = (dice.common(ONSET.len()), dice.common(30), dice.common(CODA.len()));
    let vowel = ["a", "e", "i", "o", ""][middle % 5];
    let consonant = ["l", "r", "n", "t", "", "v"][middle / 5];
    format!("{}{vowel}{consonant}{}", ONSET[onset], CODA[coda])
}

/// A first name among some seven hundred.
pub fn rare_given(dice: &mut Dice) -> String {
    let first = given(dice);
    let ending = ["", "", "", "a", "o", "ine", "is", "elle"][dice.common(8)];
    format!("{first}{ending}")
}

pub fn given(dice: &mut Dice) -> String {
    dice.pick(&GIVEN).to_owned()
}

pub fn german(dice: &mut Dice) -> (String, String) {
    let first = GERMAN_GIVEN[dice.below(GERMAN_GIVEN.len())];
    let first =
        if dice.chance(0.2) { format!("{first}-{}", dice.pick(&GERMAN_GIVEN)) } else { first.to_owned() };
    (first, GERMAN_SURNAME[dice.below(GERMAN_SURNAME.len())].to_owned())
}

/// A birthdate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Day {
    pub year: i32,
    pub month: i32,
    pub of_month: i32,
}

impl Day {
    pub fn born(dice: &mut Dice) -> Self {
        Self {
            year: 1930 + dice.below(80) as i32,
            month: 1 + dice.below(12) as i32,
            of_month: 1 + dice.below(28) as i32,
        }
    }

    pub fn iso(self) -> String {
        format!("{:04}-{:02}-{:02}", self.year, self.month, self.of_month)
    }

    pub fn slashed(self) -> String {
        format!("{:02}/{:02}/{:04}", self.of_month, self.month, self.year)
    }

    /// The date as a clerk gets it wrong.
    pub fn slipped(self, dice: &mut Dice) -> Self {
        let mut day = self;
        match dice.below(6) {
            0 if day.of_month <= 12 && day.of_month != day.month => {
                (day.of_month, day.month) = (day.month, day.of_month);
            }
            0 | 1 => day.of_month = 1 + (day.of_month + dice.below(27) as i32) % 28,
            2 => day.month = 1 + (day.month + dice.below(11) as i32) % 12,
            3 => day.year += if dice.chance(0.5) { 1 } else { -1 },
            4 => day.year += if dice.chance(0.5) { 10 } else { -10 },
            _ => {
                day.of_month =
                    (day.of_month / 10 * 10 + (day.of_month + 1 + dice.below(8) as i32) % 10).clamp(1, 28);
            }
        }
        day
    }

    /// The date some days and at times a year or ten away.
    pub fn drifted(self, dice: &mut Dice) -> Self {
        let mut day = self;
        day.of_month += dice.below(7) as i32 - 3;
        day.month += dice.below(3) as i32 - 1;
        if day.of_month < 1 || day.of_month > 28 {
            day.of_month = 1 + day.of_month.rem_euclid(28);
        }
        if day.month < 1 || day.month > 12 {
            day.month = 1 + (day.month - 1).rem_euclid(12);
        }
        match dice.below(6) {
            0 => day.year += 1,
            1 => day.year += 10,
            2 => day.year -= 1,
            _ => {}
        }
        day
    }
}

/// Where a household lives.
#[derive(Debug, Clone)]
pub struct Home {
    pub street: String,
    pub city: String,
    pub phone: String,
}

impl Home {
    pub fn somewhere(dice: &mut Dice) -> Self {
        let street =
            format!("{} {} {}", 1 + dice.below(180), surname(dice), STREETS[dice.common(STREETS.len())]);
        Self {
            street,
            city: dice.pick(&CITIES).to_owned(),
            phone: format!("0{}", 100_000_000 + dice.below(899_999_999)),
        }
    }
}

/// An email address in one of the usual forms.
pub fn email(dice: &mut Dice, given: &str, surname: &str) -> String {
    let (given, surname) = (given.to_lowercase(), surname.to_lowercase());
    let number = if dice.chance(0.5) { (1 + dice.below(99)).to_string() } else { String::new() };
    let initial: String = given.chars().take(1).collect();
    let local = match dice.below(4) {
        0 => format!("{given}{surname}{number}"),
        1 => format!("{initial}{surname}{number}"),
        2 => format!("{given}.{surname}{number}"),
        _ => format!("{initial}.{}{number}", surname.chars().take(1).collect::<String>()),
    };
    let domain = surname_of_host(dice);
    format!("{local}@{domain}.{}", ["com", "org", "net", "info"][dice.below(4)])
}

fn surname_of_host(dice: &mut Dice) -> String {
    let name = surname(dice).to_lowercase();
    if dice.chance(0.5) { format!("{name}-{}", surname(dice).to_lowercase()) } else { name }
}

/// A text with one slip: a letter too much, missing, another, or two in each other's place.
pub fn slipped(dice: &mut Dice, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    if letters.len() < 2 {
        return text.to_owned();
    }
    let at = dice.below(letters.len() - 1);
    let letter = (b'a' + dice.below(26) as u8) as char;
    match dice.below(4) {
        0 => letters.insert(at + 1, letter),
        1 => {
            letters.remove(at);
        }
        2 => letters[at] = letter,
        _ => letters.swap(at, at + 1),
    }
    letters.into_iter().collect()
}
