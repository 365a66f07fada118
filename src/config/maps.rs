//! `[maps]`: what codes of the legacy application stand for, where the defaults do not say it or are wrong.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Invalid;
use crate::entity::codes::{CodeMap, Coded, Label};

/// `[maps]`, the target's label by the code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Maps {
    /// By `dispatch_project.type`.
    pub project_type: BTreeMap<String, String>,
    /// By `dispatch_project.status`.
    pub project_status: BTreeMap<String, String>,
    /// By the id of the order's course.
    pub case_type: BTreeMap<String, String>,
    /// By `dispatch_state.status`; `11 on` and `11 off` go before `11`.
    pub case_state: BTreeMap<String, String>,
}

impl Maps {
    fn of(&self, map: CodeMap) -> &BTreeMap<String, String> {
        match map {
            CodeMap::ProjectType => &self.project_type,
            CodeMap::ProjectStatus => &self.project_status,
            CodeMap::CaseType => &self.case_type,
            CodeMap::CaseState => &self.case_state,
        }
    }

    /// The target's label for a word of ours.
    pub fn label_word<'a>(&'a self, map: CodeMap, word: &'a str) -> &'a str {
        self.of(map).get(word).map_or(word, String::as_str)
    }

    /// What stands for a code: what the configuration says, else the default.
    pub fn label_of(&self, map: CodeMap, coded: Coded) -> Option<Label<'_>> {
        let Coded { code, on } = coded;
        let stated = self.of(map);
        if !stated.is_empty() {
            let toggled = on.and_then(|on| stated.get(&format!("{code} {}", if on { "on" } else { "off" })));
            if let Some(label) = toggled.or_else(|| stated.get(&code.to_string())) {
                return Some(Label { label, is_assumed: false });
            }
        }
        let (_, label) = map.defaults().iter().find(|(known, _)| *known == code)?;
        Some(Label { label, is_assumed: map.is_assumed() })
    }
}

/// Refuses a key that is no code and no word of ours.
pub(super) fn check(maps: &Maps) -> Result<(), Invalid> {
    let is_number = |key: &str| key.parse::<i64>().is_ok_and(|code| code.to_string() == key);
    for (key, map) in [
        ("maps.project_type", CodeMap::ProjectType),
        ("maps.project_status", CodeMap::ProjectStatus),
        ("maps.case_type", CodeMap::CaseType),
        ("maps.case_state", CodeMap::CaseState),
    ] {
        let is_of_states = map == CodeMap::CaseState;
        let is_code = |word: &str| {
            let toggled =
                [" on", " off"].iter().find_map(|end| word.strip_suffix(end)).filter(|_| is_of_states);
            is_number(toggled.unwrap_or(word))
        };
        let is_known = |word: &str| is_code(word) || map.word() == Some(word);
        if let Some(word) = maps.of(map).keys().find(|word| !is_known(word)) {
            let more = [map.word(), is_of_states.then_some("a number followed by on or off")];
            let known = ["whole numbers"].into_iter().chain(more.into_iter().flatten()).collect::<Vec<_>>();
            return Err(Invalid::Word { key, word: word.clone(), known: known.join(", ") });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use super::*;

    #[test]
    fn what_is_stated_goes_before_what_is_assumed() {
        let text = "[maps.case_state]\n\"11 on\" = \"planning\"\n13 = \"on_hold\"\n[maps.project_type]\n10 = \"model\"";
        let maps = Config::parse(text).unwrap().maps;
        let said = |map, code, on| {
            maps.label_of(map, Coded { code, on }).map(|found| (found.label.to_owned(), found.is_assumed))
        };
        for (map, code, on, label) in [
            (CodeMap::CaseState, 11, Some(true), Some(("planning", false))),
            (CodeMap::CaseState, 11, Some(false), Some(("under_review", true))),
            (CodeMap::CaseState, 13, Some(true), Some(("on_hold", false))),
            (CodeMap::CaseState, 14, None, None),
            (CodeMap::ProjectType, 10, None, Some(("model", false))),
            (CodeMap::ProjectType, 0, None, Some(("scan", false))),
            (CodeMap::CaseType, 4, None, None),
        ] {
            assert_eq!(
                said(map, code, on),
                label.map(|(label, assumed)| (label.to_owned(), assumed)),
                "{code}"
            );
        }
        assert_eq!(maps.label_word(CodeMap::CaseState, "submitted"), "submitted");
        let renamed = Config::parse("[maps.project_type]\nother = \"document\"").unwrap().maps;
        assert_eq!(renamed.label_word(CodeMap::ProjectType, "other"), "document");
        for text in [
            "[maps.project_type]\nscan = \"scan\"",
            "[maps.project_type]\n\"11 on\" = \"scan\"",
            "[maps.case_state]\n\"11 up\" = \"planning\"",
        ] {
            assert!(matches!(Config::parse(text), Err(Invalid::Word { .. })), "{text}");
        }
    }
}
