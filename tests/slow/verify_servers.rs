//! A target that is as it was meant raises no alarm on servers of other versions, with another collation and time zone; and
//! what is not as it was meant is found there too.

use crate::harness::{Drydock, free_port, server_of};
use drydock::connect::{Address, Side, connect};
use drydock::demo::cluster::Settings;

fn execute(url: &str, sql: &str) {
    let address = Address::parse(url).expect("a URL");
    let mut client = connect(Side::Target, &address).unwrap_or_else(|error| panic!("{error}"));
    client.batch_execute(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
}

#[test]
#[ignore = "needs npm and its registry for servers of other versions; .ci/run runs this"]
fn no_version_raises_a_false_alarm() {
    for (version, locale) in [("17.10.0-beta.17", "locale 'C.UTF-8'"), ("18.4.0-beta.17", "locale 'C'")] {
        let lines = ["timezone = 'Pacific/Chatham'", "datestyle = 'SQL, DMY'"].map(str::to_owned).to_vec();
        let cluster = server_of(version, &Settings { lines, port: Some(free_port()), ..Settings::default() });
        let address = cluster.url("postgres");
        execute(&address, &format!("create database target template template0 encoding 'UTF8' {locale}"));
        let url = cluster.url("target");
        let directory = tempfile::tempdir().unwrap();
        let folder = directory.path().join("world");
        Drydock::new(directory.path())
            .args(["demo", "--quiet", "--to", &url, "--dir", folder.to_str().unwrap()])
            .run()
            .expect(0);
        let verify = || {
            let staging = folder.join("demo.drydock");
            let arguments = ["verify", "--quiet", "--staging", staging.to_str().unwrap()];
            Drydock::new(directory.path()).env("DRYDOCK_TARGET_URL", &url).args(arguments).run()
        };
        verify().expect(0);
        execute(
            &url,
            "update patients set updated_at = updated_at + interval '1 microsecond' \
             where legacy_id = (select min(legacy_id) from patients)",
        );
        let outcome = verify().expect(7);
        assert!(outcome.stdout.contains(", 1 differences"), "{version}: {}", outcome.stdout);
    }
}
