//! Where the offices are: invented-looking addresses in a few towns of each country.

/// City, state (none where the country has none in addresses), beginning of the post code.
pub(crate) type Place = (&'static str, Option<&'static str>, &'static str);

/// A country as the legacy application spells it, how many of the 844 offices lie there, and its towns.
pub(crate) struct Country {
    pub(crate) name: Option<&'static str>,
    pub(crate) offices: usize,
    pub(crate) places: &'static [Place],
    /// The beginning of a telephone number.
    pub(crate) phone: &'static str,
}

/// The name that several towns of the USA share.
pub(crate) const SPRINGFIELD: &str = "Springfield";

/// The shares of the countries: 62%, 17%, 12%, 7%, a few others, some null.
pub(crate) const COUNTRIES: &[Country] = &[
    Country { name: Some("USA"), offices: 528, places: USA, phone: "+1 555 01" },
    Country { name: Some("India"), offices: 143, places: INDIA, phone: "+91 00000 " },
    Country { name: Some("Japan"), offices: 101, places: JAPAN, phone: "03-0000-" },
    Country { name: Some("Thailand"), offices: 59, places: THAILAND, phone: "02 000 " },
    Country {
        name: Some("Canada"),
        offices: 3,
        places: &[("Calgary", Some("AB"), "T2P ")],
        phone: "+1 555 01",
    },
    Country { name: Some("Germany"), offices: 1, places: &[("Köln", None, "506")], phone: "+49 000 " },
    Country {
        name: Some("Singapore"),
        offices: 1,
        places: &[("Singapore", None, "0189")],
        phone: "+65 0000 ",
    },
    Country { name: Some("Freedonia"), offices: 1, places: &[("Fredville", None, "")], phone: "" },
    Country {
        name: None,
        offices: 7,
        places: &[("Portsmouth", None, ""), ("Riverside", None, "")],
        phone: "",
    },
];

const USA: &[Place] = &[
    ("Springfield", Some("IL"), "627"),
    ("Springfield", Some("MO"), "658"),
    ("Springfield", Some("OR"), "974"),
    ("Houston", Some("TX"), "770"),
    ("Phoenix", Some("AZ"), "850"),
    ("San Jose", Some("CA"), "951"),
    ("Columbus", Some("OH"), "432"),
    ("Charlotte", Some("NC"), "282"),
    ("Denver", Some("CO"), "802"),
    ("Portland", Some("OR"), "972"),
    ("Portland", Some("ME"), "041"),
    ("Las Vegas", Some("NV"), "891"),
    ("Memphis", Some("TN"), "381"),
    ("Baltimore", Some("MD"), "212"),
    ("Tucson", Some("AZ"), "857"),
    ("Fresno", Some("CA"), "937"),
    ("Omaha", Some("NE"), "681"),
    ("Raleigh", Some("NC"), "276"),
    ("Tampa", Some("FL"), "336"),
    ("St. Louis", Some("MO"), "631"),
    ("Coeur d'Alene", Some("ID"), "838"),
    ("Boise", Some("ID"), "837"),
];

const INDIA: &[Place] = &[
    ("Mumbai", Some("Maharashtra"), "4000"),
    ("Pune", Some("Maharashtra"), "4110"),
    ("Bengaluru", Some("Karnataka"), "5600"),
    ("Chennai", Some("Tamil Nadu"), "6000"),
    ("Hyderabad", Some("Telangana"), "5000"),
    ("Jaipur", Some("Rajasthan"), "3020"),
];

const JAPAN: &[Place] = &[
    ("東京都港区", None, "105-"),
    ("大阪市", Some("大阪府"), "530-"),
    ("Yokohama", Some("Kanagawa"), "220-"),
    ("札幌市", Some("北海道"), "060-"),
    ("Fukuoka", Some("Fukuoka"), "810-"),
];

const THAILAND: &[Place] = &[
    ("กรุงเทพมหานคร", None, "101"),
    ("Bangkok", None, "101"),
    ("Chiang Mai", None, "502"),
    ("Phuket", None, "831"),
];
