//! What was found, as the staging file keeps it: pairs and clusters of users and of the patients who stand for them, and the
//! account of the search.

use drydock_linkage::{Band, FieldSummary, Findings, Pass};

use super::{Found, Pair};
use crate::entity::{Entity, patients, profiles};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::{KeptPair, KeptSearch, Staging};
use crate::transform::facts::Facts;
use crate::transform::merges::Merges;

/// Writes what was found, of the users and of the patients who stand for them.
pub(in crate::transform) fn keep(
    staging: &mut Staging,
    found: &Found,
    facts: &Facts,
    merges: &Merges,
) -> Result<()> {
    let Some(findings) = &found.findings else { return Ok(()) };
    let kept = |entity: &Entity, pair: &Pair, (one, other): (LegacyId, LegacyId), is_merged: bool| KeptPair {
        entity: entity.name,
        one: one.min(other),
        other: one.max(other),
        score: pair.score,
        weight: pair.weight,
        band: pair.band.as_str(),
        look_value: pair.look_value,
        evidence: found.evidence(pair),
        verdict: if is_merged { "merged" } else { "linked" },
    };
    let users = found.pairs.iter().map(|pair| {
        let is_merged = merges.user(pair.one) == merges.user(pair.other);
        kept(&profiles::ENTITY, pair, (pair.one, pair.other), is_merged)
    });
    let patients = found.pairs.iter().filter_map(|pair| {
        let (one, other) = (facts.patient_of(pair.one)?, facts.patient_of(pair.other)?);
        let stands = |patient| merges.merged_into(&patients::ENTITY, patient).unwrap_or(patient);
        Some(kept(&patients::ENTITY, pair, (one, other), stands(one) == stands(other)))
    });
    let mut members = Vec::new();
    for cluster in &found.clusters {
        let first = cluster[0];
        members.extend(cluster.iter().map(|user| (profiles::ENTITY.name, first, *user)));
        let patients: Vec<LegacyId> = cluster.iter().filter_map(|user| facts.patient_of(*user)).collect();
        if let Some(first) = patients.iter().min().filter(|_| patients.len() > 1) {
            members.extend(patients.iter().map(|patient| (patients::ENTITY.name, *first, *patient)));
        }
    }
    staging.write_duplicates(users.chain(patients), &members)?;
    staging.write_duplicate_search(&account(findings))
}

fn account(findings: &Findings) -> KeptSearch {
    let number = |count: usize| count as u64;
    let levels = |field: &FieldSummary| {
        let levels = field.levels.iter().enumerate();
        levels.map(|(at, &(level, m, u))| (field.name.clone(), number(at), level, m, u)).collect::<Vec<_>>()
    };
    KeptSearch {
        records: number(findings.len()),
        compared_pairs: number(findings.compared),
        largest_block: number(findings.largest_block),
        bands: Band::ALL.map(|band| number(findings.count(band))),
        unreported: number(findings.unreported),
        looks: number(findings.review.len()),
        expected_pairs: findings.expected_pairs,
        expected_share: findings.expected_share,
        clusters: (number(findings.clusters.len()), number(findings.sure.len())),
        passes: findings
            .passes
            .iter()
            .map(|pass| {
                let Pass { blocks, pairs, blocks_left_out, pairs_left_out, .. } = *pass;
                (pass.key.clone(), [blocks, pairs, blocks_left_out, pairs_left_out])
            })
            .collect(),
        levels: findings.fields.iter().flat_map(levels).collect(),
    }
}
