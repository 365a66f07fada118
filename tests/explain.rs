//! `explain` tells one record's whole story with its values; `errors` lists many without any.

mod harness;

use drydock::demo::world::{EmailStatus, World};
use harness::Migrated;

#[test]
fn a_record_is_explained_from_both_ends() {
    let migrated = Migrated::new();
    let world = World::generate(1);
    let loser = world
        .truth
        .users
        .iter()
        .find(|user| user.email_status == EmailStatus::SharedLoser)
        .expect("a user who loses an address");
    let keeper = loser.email_keeper.expect("its keeper");
    let id = loser.user_id.to_string();

    let story = migrated.json(&["explain", "profile", &id]);
    assert_eq!(story["raw"][0]["table"], "auth_user");
    assert_eq!(story["conflict"][0]["role"], "kept by");
    assert_eq!(story["conflict"][0]["legacy_id"], keeper.0);
    assert!(
        story["changes"].as_array().expect("a list").iter().any(|change| change["rule"] == "email.fallback")
    );
    assert!(
        story["issues"].as_array().expect("a list").iter().any(|issue| issue["error_code"] == "email_shared")
    );
    assert_eq!(story["fate"]["fate"], "ready");
    assert_eq!(story["loads"].as_array().map(Vec::len), Some(2), "2A and 2C");
    assert!(story["loads"][0]["receipts"].as_str().is_some_and(|digest| !digest.is_empty()));
    assert!(story["verified_at"].is_string());

    // the keeper's story tells the other side
    let other = migrated.json(&["explain", "profile", &keeper.to_string()]);
    assert!(
        other["conflict"].as_array().expect("a list").iter().any(|line| line["legacy_id"] == loser.user_id.0)
    );

    // the text goes through the same parts in order
    let text = migrated.run(&["explain", "profile", &id]).expect(0).stdout;
    let parts = [
        "raw row of auth_user",
        "\nchanges",
        "\nissues",
        "\nconflict",
        "\nduplicates",
        "\nassociation",
        "\nfate",
        "\ntarget id",
        "\nresolved row",
        "\nload",
        "\nverification",
    ];
    let places: Vec<_> =
        parts.iter().map(|part| text.find(part).unwrap_or_else(|| panic!("{part}"))).collect();
    assert!(places.is_sorted(), "{text}");

    // back from every target table
    for (table, entity) in [
        ("profiles", "profiles"),
        ("patients", "patients"),
        ("practices", "practices"),
        ("practice_members", "practice_owners"),
        ("practice_members", "practice_members"),
    ] {
        let row = migrated.sql(&format!("select id, legacy_id from ready_{entity} order by id limit 1"));
        let (uuid, legacy_id) = row.split_once('|').expect("two columns");
        let story = migrated.json(&["explain", "--target", table, uuid]);
        assert_eq!(story["entity"], entity);
        assert_eq!(story["legacy_id"].to_string(), legacy_id);
        assert_eq!(story["target"][0]["target_id"], uuid);
    }
}

#[test]
fn what_is_not_there_is_said_and_errors_are_filtered_without_values() {
    let migrated = Migrated::new();
    let foreign = migrated.sql("select target_id from target_rows where legacy_id is null limit 1");
    for (arguments, code, words) in [
        (&["explain", "profile", "987654321"][..], 3, "knows no profile"),
        (&["explain", "wizard", "1"], 2, "no entity wizard"),
        (&["explain", "profile", "x"], 2, "is an integer"),
        (&["explain", "--target", "profiles", &foreign], 3, "not of this migration"),
        (&["explain", "--target", "patients", "6f1d3c1e-52b7-5a0e-9d0c-2f6ad4b17e55"], 3, "knows no row"),
        (&["errors", "--code", "no_such_code"], 2, "no error code"),
        (&["errors", "--entity", "wizard"], 2, "no entity wizard"),
    ] {
        let outcome = migrated.run(arguments).expect(code);
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }

    for (arguments, condition) in [
        (&[][..], "1 = 1"),
        (&["--category", "email_conflict"], "error_category = 'email_conflict'"),
        (&["--severity", "high", "--phase", "2C"], "severity = 'high' and phase = '2C'"),
        (&["--phase", "2b", "--status", "pending"], "phase = '2B' and resolution_status = 'pending'"),
        (&["--entity", "patient"], "entity = 'patients'"),
        (&["--code", "email_invalid"], "error_code = 'email_invalid'"),
        (&["--category", "schema_mismatch"], "error_category = 'schema_mismatch'"),
    ] {
        let expected = migrated.sql(&format!("select count(*) from migration_errors where {condition}"));
        let listed = migrated.json(&[&["errors"], arguments].concat());
        assert_eq!(listed["errors"].as_array().map_or(0, Vec::len).to_string(), expected);
        let csv = migrated.run(&[&["errors", "--csv"], arguments].concat()).expect(0).stdout;
        assert_eq!((csv.lines().count() - 1).to_string(), expected, "{arguments:?}");
        assert!(csv.starts_with("error_id,phase,severity,entity_type,entity,entity_id,"));
        let text = migrated.run(&[&["errors"], arguments].concat()).expect(0).stdout;
        assert_eq!((text.lines().count() - 1).to_string(), expected);
    }

    // no address, name or birthdate of anybody is in a list
    let listed = migrated.run(&["errors", "--json"]).expect(0).stdout;
    for sql in [
        "select email from legacy_auth_user where length(email) > 5",
        "select distinct value from (select json_extract(metadata, '$.legacy.email') as value from ready_profiles) \
         where length(value) > 5",
    ] {
        for value in migrated.sql(sql).lines() {
            assert!(!listed.contains(value), "a value is in the list");
        }
    }
}
