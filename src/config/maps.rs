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

/// Refuses a key that is no code.
pub(super) fn check(maps: &Maps) -> Result<(), Invalid> {
    const KNOWN: &str = "whole numbers";
    let is_code = |key: &str| key.parse::<i64>().is_ok_and(|code| code.to_string() == key);
    let plain = [
        ("maps.project_type", &maps.project_type),
        ("maps.project_status", &maps.project_status),
        ("maps.case_type", &maps.case_type),
    ];
    for (key, map) in plain {
        if let Some(word) = map.keys().find(|word| !is_code(word)) {
            return Err(Invalid::Word { key, word: word.clone(), known: KNOWN.to_owned() });
        }
    }
    let is_state = |word: &str| {
        let code = word.strip_suffix(" on").or_else(|| word.strip_suffix(" off")).unwrap_or(word);
        is_code(code)
    };
    match maps.case_state.keys().find(|word| !is_state(word)) {
        None => Ok(()),
        Some(word) => Err(Invalid::Word {
            key: "maps.case_state",
            word: word.clone(),
            known: format!("{KNOWN}, and these followed by on or off"),
        }),
    }
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
        for text in ["[maps.project_type]\nscan = \"scan\"", "[maps.case_state]\n\"11 up\" = \"planning\""] {
            assert!(matches!(Config::parse(text), Err(Invalid::Word { .. })), "{text}");
        }
    }
}
