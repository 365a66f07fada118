//! Names with wildcards, as `source.tables` and `source.exclude` have them: `*` stands for any number of characters, `?`
//! for one. Pure.

/// Whether the whole name fits the pattern.
pub(super) fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut read) = (0, 0);
    // where to go on when the present try fails: after the last star, one character further
    let mut again: Option<(usize, usize)> = None;
    while read < name.len() {
        match pattern.get(at) {
            Some('*') => {
                again = Some((at, read));
                at += 1;
            }
            Some(wanted) if *wanted == '?' || *wanted == name[read] => {
                at += 1;
                read += 1;
            }
            _ => match again {
                Some((star, from)) => {
                    again = Some((star, from + 1));
                    (at, read) = (star + 1, from + 1);
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|rest| *rest == '*')
}

/// Whether a pattern names one thing only.
pub(super) fn is_exact(pattern: &str) -> bool {
    !pattern.contains(['*', '?'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, name, wanted) in [
            ("auth_user", "auth_user", true),
            ("auth_user", "auth_users", false),
            ("auth_*", "auth_user", true),
            ("auth_*", "auth_", true),
            ("auth_*", "dispatch_auth_user", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("*_user", "auth_user_user", true),
            ("*a*b*c", "xxaxxbxxbc", true),
            ("*a*b*c", "xxaxxbxxb", false),
            ("dispatch_?ffice", "dispatch_office", true),
            ("dispatch_?ffice", "dispatch_ffice", false),
            ("*ü?", "müß", true),
            ("**", "any", true),
        ] {
            assert_eq!(fits(pattern, name), wanted, "{pattern} {name}");
        }
    }
}
