//! The plan's phases: each is one line of the list below, and whatever depends on a phase is said there.

use serde::{Serialize, Serializer};

/// What is true of a phase.
struct Facts {
    word: &'static str,
    argument: &'static str,
    title: &'static str,
    batch: usize,
    gates: &'static [u8],
    nothing_critical: &'static str,
    entity_type: Option<&'static str>,
}

macro_rules! phases {
    ($($(#[$doc:meta])* $name:ident { $($facts:tt)* })+) => {
        /// A phase of the plan: what is loaded together. In load order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Phase {
            $($(#[$doc])* $name,)+
        }

        impl Phase {
            /// Every phase, in load order.
            pub const ALL: [Phase; [$(stringify!($name)),+].len()] = [$(Phase::$name),+];

            const fn facts(self) -> Facts {
                match self {
                    $(Phase::$name => Facts { $($facts)* },)+
                }
            }
        }
    };
}

phases! {
    /// Practices and profiles.
    Profiles {
        word: "2A",
        argument: "2a",
        title: "practices and profiles",
        batch: 25,
        gates: &[1, 2],
        nothing_critical: "nothing_critical_in_2a",
        entity_type: None,
    }
    /// Patients.
    Patients {
        word: "2B",
        argument: "2b",
        title: "patients; needs 2a",
        batch: 100,
        gates: &[1, 2, 3],
        nothing_critical: "nothing_critical_in_2b",
        entity_type: None,
    }
    /// Associations of profiles and patients with practices.
    Associations {
        word: "2C",
        argument: "2c",
        title: "associations; needs 2a and 2b",
        batch: 25,
        gates: &[1, 2, 3, 4],
        nothing_critical: "nothing_critical_in_2c",
        entity_type: Some("association"),
    }
    /// Cases, each with its patient.
    Cases {
        word: "3A",
        argument: "3a",
        title: "cases; needs 2a to 2c",
        batch: 100,
        gates: &[1, 2, 3, 4, 6],
        nothing_critical: "nothing_critical_in_3a",
        entity_type: None,
    }
    /// Projects, each with its case.
    Projects {
        word: "3B",
        argument: "3b",
        title: "projects; needs 3a",
        batch: 100,
        gates: &[1, 2, 3, 4, 6],
        nothing_critical: "nothing_critical_in_3b",
        entity_type: None,
    }
    /// What a case went through.
    States {
        word: "3C",
        argument: "3c",
        title: "workflow states of cases; needs 3a",
        batch: 100,
        gates: &[1, 2, 3, 4, 6],
        nothing_critical: "nothing_critical_in_3c",
        entity_type: None,
    }
}

impl Phase {
    /// The word in the staging file and in JSON.
    pub const fn as_str(self) -> &'static str {
        self.facts().word
    }

    /// The word on the command line.
    pub const fn argument(self) -> &'static str {
        self.facts().argument
    }

    /// What it loads, and what it needs.
    pub const fn title(self) -> &'static str {
        self.facts().title
    }

    /// How many records are tried together when one by one is called for (the plan's sizes).
    pub const fn batch(self) -> usize {
        self.facts().batch
    }

    /// The gates that must be passed before it is loaded.
    pub const fn gates(self) -> &'static [u8] {
        self.facts().gates
    }

    /// The name of the gate's criterion that no critical error of the phase is open.
    pub const fn nothing_critical(self) -> &'static str {
        self.facts().nothing_critical
    }

    /// The plan's `entity_type` of whatever the phase writes, where it is not the entity's own.
    pub const fn entity_type(self) -> Option<&'static str> {
        self.facts().entity_type
    }

    /// The number of the checkpoint after it.
    pub fn checkpoint(self) -> u8 {
        let position = Self::ALL.iter().position(|phase| *phase == self).unwrap_or_default();
        u8::try_from(position + 1).unwrap_or(u8::MAX)
    }

    /// The phase after which the checkpoint of this number is taken.
    pub fn of_checkpoint(number: u8) -> Option<Phase> {
        Self::ALL.into_iter().find(|phase| phase.checkpoint() == number)
    }

    /// The phase of this word.
    pub fn of_word(word: &str) -> Option<Phase> {
        Self::ALL.into_iter().find(|phase| phase.as_str() == word)
    }
}

impl Serialize for Phase {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
