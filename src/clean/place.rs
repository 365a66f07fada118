//! The keys by which two offices are seen to lie in one city and one state, however each is written. They are compared and
//! never stored.

use super::country::place_key;

/// A city's key: without case, accents, full stops, and with one space for whatever parts its words.
pub fn city_key(text: &str) -> String {
    let plain =
        text.chars().filter(|c| *c != '.').map(|c| if matches!(c, ',' | '-' | '–' | '_') { ' ' } else { c });
    place_key(&plain.collect::<String>())
}

/// A state's key; the American states by the two letters of their post.
pub fn state_key(text: &str) -> String {
    let key = city_key(text);
    match STATES.binary_search_by_key(&key.as_str(), |(name, _)| *name) {
        Ok(place) => STATES[place].1.to_owned(),
        Err(_) => key,
    }
}

/// The American states by name.
const STATES: [(&str, &str); 51] = [
    ("alabama", "al"),
    ("alaska", "ak"),
    ("arizona", "az"),
    ("arkansas", "ar"),
    ("california", "ca"),
    ("colorado", "co"),
    ("connecticut", "ct"),
    ("delaware", "de"),
    ("district of columbia", "dc"),
    ("florida", "fl"),
    ("georgia", "ga"),
    ("hawaii", "hi"),
    ("idaho", "id"),
    ("illinois", "il"),
    ("indiana", "in"),
    ("iowa", "ia"),
    ("kansas", "ks"),
    ("kentucky", "ky"),
    ("louisiana", "la"),
    ("maine", "me"),
    ("maryland", "md"),
    ("massachusetts", "ma"),
    ("michigan", "mi"),
    ("minnesota", "mn"),
    ("mississippi", "ms"),
    ("missouri", "mo"),
    ("montana", "mt"),
    ("nebraska", "ne"),
    ("nevada", "nv"),
    ("new hampshire", "nh"),
    ("new jersey", "nj"),
    ("new mexico", "nm"),
    ("new york", "ny"),
    ("north carolina", "nc"),
    ("north dakota", "nd"),
    ("ohio", "oh"),
    ("oklahoma", "ok"),
    ("oregon", "or"),
    ("pennsylvania", "pa"),
    ("rhode island", "ri"),
    ("south carolina", "sc"),
    ("south dakota", "sd"),
    ("tennessee", "tn"),
    ("texas", "tx"),
    ("utah", "ut"),
    ("vermont", "vt"),
    ("virginia", "va"),
    ("washington", "wa"),
    ("west virginia", "wv"),
    ("wisconsin", "wi"),
    ("wyoming", "wy"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_has_one_key() {
        for (one, other) in
            [("St. Louis", "st louis"), ("Winston-Salem", " WINSTON  SALEM"), ("Köln", "koln"), ("", " ")]
        {
            assert_eq!(city_key(one), city_key(other), "{one}");
        }
        for (one, other) in
            [("California", "CA"), ("N.Y.", "new york"), ("Texas ", "tx"), ("Bayern", "bayern")]
        {
            assert_eq!(state_key(one), state_key(other), "{one}");
        }
        assert_ne!(state_key("Georgia"), state_key("Texas"));
        // names in other scripts are never made to nothing
        assert_ne!(city_key("東京"), "");
    }

    #[test]
    fn the_states_are_in_order() {
        assert!(STATES.is_sorted());
    }
}
