//! `analyze` names every missing profile by id with a cause, and gate 1 is approved for exactly that analysis.

use crate::harness::{Job, world};
use drydock::demo::world::EmailStatus;
use serde_json::Value;
use std::collections::BTreeSet;

#[test]
fn every_missing_profile_is_named_and_the_gate_asks_for_approval_of_just_that() {
    let migrated = Job::migrated();
    let world = world();

    let refused = migrated.drydock(["gate", "approve", "1", "--by", "Anna Berg"]).run().expect(3);
    assert!(refused.stderr.contains("error_analysis_complete"), "{}", refused.stderr);

    let analysis = migrated.json(&["analyze"], 0);
    let in_target: BTreeSet<i64> =
        world.phase_one.tables[1].values("legacy_id").filter_map(|id| id?.parse().ok()).collect();
    let missing: BTreeSet<i64> =
        world.truth.users.iter().map(|user| user.user_id.0).filter(|id| !in_target.contains(id)).collect();
    let found: BTreeSet<i64> = analysis["missing_profiles"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|one| one["legacy_user_id"].as_i64())
        .collect();
    assert_eq!(found, missing);
    assert_eq!(missing.len(), 3595);

    // the batches are 100 users each in id order, and a failed one lists just its own missing users
    let order: Vec<i64> = world.truth.users.iter().map(|user| user.user_id.0).collect();
    let failed = analysis["failed_batches"].as_array().expect("a list");
    let mut listed = BTreeSet::new();
    for batch in failed {
        let number = usize::try_from(batch["batch_id"].as_u64().expect("a number")).expect("small");
        let users: BTreeSet<i64> =
            order.chunks(100).nth(number - 1).expect("a batch").iter().copied().collect();
        let ids: BTreeSet<i64> = batch["missing_legacy_user_ids"]
            .as_array()
            .expect("a list")
            .iter()
            .filter_map(Value::as_i64)
            .collect();
        assert!(!ids.is_empty() && ids.is_subset(&users), "batch {number}");
        assert_eq!(batch["missing"].as_u64(), u64::try_from(ids.len()).ok());
        listed.extend(ids);
    }
    assert_eq!(listed, missing);

    // a conflict or a bad address is the cause of just those whom the truth knows to have one
    let cause_of = |id: i64| {
        let list = analysis["missing_profiles"].as_array().expect("a list");
        let at = list.binary_search_by_key(&Some(id), |one| one["legacy_user_id"].as_i64()).expect("listed");
        list[at]["cause"].as_str().unwrap_or_default().to_owned()
    };
    for user in world.truth.users.iter().filter(|user| missing.contains(&user.user_id.0)) {
        let causes: &[&str] = match user.email_status {
            EmailStatus::SharedLoser | EmailStatus::TakenInTarget => &["address_conflict"],
            EmailStatus::SharedKeeper => &["address_conflict", "batch_failed"],
            // the text null is an address to nobody: '' or not valid
            EmailStatus::Malformed => &["address_invalid", "address_empty"],
            EmailStatus::Missing => &["address_empty"],
            EmailStatus::ValidKept => &["batch_failed"],
        };
        assert!(causes.contains(&cause_of(user.user_id.0).as_str()), "{user:?}");
    }

    // the plan's counts add up both ways, and are those that status shows
    let counts = &analysis["error_analysis"];
    let count = |name: &str| counts[name].as_u64().unwrap_or_else(|| panic!("{name}"));
    let by_category =
        ["email_conflicts", "validation_failures", "constraint_violations", "schema_mismatches"];
    assert_eq!(count("total_errors"), by_category.iter().map(|name| count(name)).sum::<u64>());
    assert_eq!(count("total_errors"), count("resolvable_errors") + count("manual_intervention_required"));
    assert_eq!(migrated.json(&["status"], 0)["error_analysis"], *counts);
    assert_eq!(migrated.staged("select count(*) from missing_profiles"), "3595");
    assert_eq!(migrated.staged("select sum(missing) from phase_one_batches"), "3595");

    // the approval holds for the same analysis made again, and not for another one
    let approved = migrated.json(&["gate", "approve", "1", "--by", "Anna Berg"], 0);
    assert_eq!(approved["passed"], true);
    migrated.drydock(["analyze"]).run().expect(0);
    let gates = migrated.json(&["gate"], 0);
    assert_eq!(gates["gates"].as_array().map(Vec::len), Some(5));
    assert_eq!(gates["gates"][0]["approval"]["approved_by"], "Anna Berg");

    let config = migrated.path("other.toml");
    std::fs::write(&config, "[policy]\nallowed_rejects = { practice_owners = 3, practice_members = 2 }\n")
        .expect("a configuration");
    let config = config.to_string_lossy().into_owned();
    migrated.drydock(["transform", "--reconfigure", "--config", &config]).run().expect(6);
    let gates = migrated.json(&["gate"], 6);
    assert_eq!(gates["gates"][0]["criteria"][0]["is_met"], Value::Null);
    migrated.drydock(["analyze"]).run().expect(0);
    let gates = migrated.json(&["gate"], 6);
    assert_eq!(gates["gates"][0]["passed"], false, "another result asks for another approval");
}
