//! Passwords: a type that cannot be printed, and where one comes from when the connection URL has none.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::parameters::Refusal;

/// A password; nothing but the client's configuration gets to see it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Password(Zeroizing<String>);

impl Password {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// What a line of a password file is matched against.
pub(super) struct Login<'a> {
    /// A host name, an address, or a socket directory.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// The password from `PGPASSWORD`, or from the password file (`named`, `PGPASSFILE`, `~/.pgpass`, in that order).
pub(super) fn find(
    login: &Login<'_>,
    named: Option<&Path>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<Password>, Refusal> {
    if let Some(password) = variable("PGPASSWORD").filter(|text| !text.is_empty()) {
        return Ok(Some(Password::new(password)));
    }
    let file = named
        .map(Path::to_path_buf)
        .or_else(|| variable("PGPASSFILE").map(PathBuf::from))
        .or_else(|| variable("HOME").map(|home| Path::new(&home).join(".pgpass")));
    match file {
        Some(file) if file.is_file() => {
            refuse_if_shared(&file)?;
            let text = fs::read_to_string(&file).map(Zeroizing::new).map_err(|cause| {
                Refusal::new(
                    format!("the password file {} cannot be read: {}", file.display(), cause.kind()),
                    "make it readable for the user who runs this command, or unset PGPASSFILE",
                )
            })?;
            Ok(text.lines().find_map(|line| password_of_line(line, login)))
        }
        _ => Ok(None),
    }
}

/// libpq warns of such a file and goes on without it; going on without it only to fail later helps nobody.
fn refuse_if_shared(file: &Path) -> Result<(), Refusal> {
    if others_may_read(file) {
        return Err(Refusal::new(
            format!("the password file {} can be read by other users", file.display()),
            format!("chmod 600 {}", file.display()),
        ));
    }
    Ok(())
}

/// Whether a file with a secret is open to users other than its owner.
pub(super) fn others_may_read(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;

    fs::metadata(file).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}

/// One line is `host:port:database:user:password`; `*` matches anything, a backslash escapes `:` and itself.
fn password_of_line(line: &str, login: &Login<'_>) -> Option<Password> {
    if line.starts_with('#') {
        return None;
    }
    let (fields, password) = split_line(line)?;
    let port = login.port.to_string();
    let matches = |field: &str, value: &str| field == "*" || field == value;
    // A line for localhost is also the line for the sockets of this machine.
    let host = matches(&fields[0], login.host) || (login.host.starts_with('/') && fields[0] == "localhost");
    let all = host
        && matches(&fields[1], &port)
        && matches(&fields[2], login.database)
        && matches(&fields[3], login.user);
    all.then_some(Password::new(password))
}

fn split_line(line: &str) -> Option<([String; 4], String)> {
    let mut fields: [String; 4] = Default::default();
    let mut password = String::new();
    let mut at = 0;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let literal = match character {
            ':' if at < fields.len() => {
                at += 1;
                continue;
            }
            '\\' => characters.next()?,
            other => other,
        };
        fields.get_mut(at).unwrap_or(&mut password).push(literal);
    }
    (at == fields.len()).then_some((fields, password))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::unix::fs::PermissionsExt;

    const LOGIN: Login<'_> = Login { host: "db.example", port: 5432, database: "practice", user: "anna" };

    #[test]
    fn lines_match_field_by_field() {
        for (line, password) in [
            ("db.example:5432:practice:anna:one", Some("one")),
            ("*:*:*:*:two", Some("two")),
            (r"*:*:*:anna:a\:b\\c", Some(r"a:b\c")),
            ("*:*:*:anna:a:b", Some("a:b")),
            ("other.example:5432:practice:anna:one", None),
            ("db.example:5433:practice:anna:one", None),
            ("db.example:5432:other:anna:one", None),
            ("db.example:5432:practice:otto:one", None),
            ("#*:*:*:*:two", None),
            ("*:*:*:two", None),
            ("", None),
        ] {
            let found = password_of_line(line, &LOGIN);
            assert_eq!(found.as_ref().map(Password::reveal), password, "{line}");
        }
        let socket = Login { host: "/var/run/postgresql", ..LOGIN };
        assert!(password_of_line("localhost:*:*:*:x", &socket).is_some());
        assert!(password_of_line("localhost:*:*:*:x", &LOGIN).is_none());
    }

    #[test]
    fn the_variable_comes_before_the_file_and_a_shared_file_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "db.example:*:*:anna:from-file").unwrap();
        let path = file.path().display().to_string();
        let only_file = |name: &str| (name == "PGPASSFILE").then(|| path.clone());
        let both = |name: &str| match name {
            "PGPASSWORD" => Some("from-variable".to_owned()),
            other => only_file(other),
        };
        let found = |variable: &dyn Fn(&str) -> Option<String>| find(&LOGIN, None, variable);

        assert_eq!(found(&only_file), Ok(Some(Password::new("from-file"))));
        assert_eq!(found(&both), Ok(Some(Password::new("from-variable"))));
        assert_eq!(found(&|_| None), Ok(None));

        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o640)).unwrap();
        let refusal = found(&only_file).unwrap_err();
        assert!(refusal.hint.starts_with("chmod 600 "));
        assert!(!format!("{refusal:?}").contains("from-file"));
    }

    #[test]
    fn a_password_has_no_printable_form() {
        assert_eq!(format!("{:?}", Password::new("hunter2")), "Password(hidden)");
    }
}
