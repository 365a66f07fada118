//! Two people who agree on all but one thing.

use super::town::{COLUMNS, Said, cells, families, wrong};

/// What differs between two people who agree on all else, by column.
const TWINS: [(&str, usize, &str); 24] = [
    (
        "other first names",
        0,
        "Anna|Bruno; Konrad|Konradin; Jan|Jana; Hanna|Johanna; Bob|Robert; Sasha|Alexander",
    ),
    (
        "particles and titles in first names",
        0,
        "De Shawn|La Shawn; Do-yun|Da-yun; Van Anh|Le Anh; El Hassan|Al Hassan; Mr. Baby|Ms. Baby; Md Ali|Ali; Von|De Von; \
         Te Ariki|Ariki; Sir John|John; Dr. Alex|Alex; Mr Alex|Mrs Alex; Abd al-Rahman|Abd al-Rahim; Le Roy|Roy",
    ),
    (
        "accents",
        0,
        "Hùng|Hưng; Thanh|Thành; Jan|Ján; Dũng|Dung; Ramón|Ramon; Zoé|Zoe; Åsa|Asa; Işıl|Isil; Łucja|Lucja; Ñusta|Nusta; \
         Minh|Mĩnh; Máté|Mate; Šimon|Simon; Ana|Aña; Bjørn|Björn",
    ),
    ("slips", 0, "Mario|Maria; Ali|Ila; Marion|Marian; Yusuf|Yusef; Jon|John; Kim|Kym; Jo|Joe; Erik|Erika"),
    ("initials", 0, "J.|John; J.|J.; J. R.|J R; JR|JR; M|M; A.B.|A.B."),
    (
        "second names",
        0,
        "Anna Maria|Anna Luisa; Anna|Anna Maria; Jean-Luc|Jean-Paul; Ji Ho|Ji Hu; Mohammed A|Mohammed B; Maria J.|Maria L.",
    ),
    (
        "generations in the surname",
        1,
        "Weiden Jr.|Weiden Sr.; Weiden|Weiden Jr; Weiden II|Weiden III; Weiden III|Weiden; Weiden filho|Weiden; \
         Weiden júnior|Weiden; Weiden neto|Weiden filho; Weiden père|Weiden fils; Weiden d. J.|Weiden d. Ä.; \
         Weiden 2nd|Weiden 3rd; Weiden ml.|Weiden st.; Weiden, Jr.|Weiden; Weiden младший|Weiden старший; Weiden IV|Weiden V; \
         Weiden d.y.|Weiden d.e.; Weiden the Younger|Weiden the Elder; Weidenjr|Weidensr; Weiden VI|Weiden VII",
    ),
    (
        "generations in words that nobody lists, and in those of other languages",
        1,
        "Weiden Sobrinho|Weiden; Weiden Viejo|Weiden; Weiden der Jüngere|Weiden; Weiden l'aîné|Weiden; Weiden le jeune|Weiden; \
         Weiden segundo|Weiden; Weiden the Third|Weiden; Weiden I|Weiden; Weiden X|Weiden V; Weiden y.|Weiden e.; \
         Weiden Junr|Weiden; Weiden молодший|Weiden; الهاشمي الابن|الهاشمي الأب; Weiden vanhempi|Weiden; Weiden jung|Weiden; \
         Weiden νεότερος|Weiden πρεσβύτερος; ifjabb Weiden|idősb Weiden; Weiden Tertius|Weiden",
    ),
    (
        "marks of a clerk's",
        0,
        "Alex*|Alex; Alex*|Alex**; Alex +|Alex; Alex ♂|Alex ♀; Alex #1|Alex #2; Alex①|Alex②",
    ),
    (
        "dates that everybody writes",
        2,
        "1977-07-07|1977-07-07; 1908-08-08|1908-08-08; 1922-02-22|1922-02-22; 1912-12-12|1912-12-12; 1858-11-17|1858-11-17; \
         1899-12-29|1899-12-29; 1970-01-02|1970-01-02; 2038-01-19|2038-01-19; 1752-09-14|1752-09-14",
    ),
    (
        "generations in the first name",
        0,
        "Otto|Otto Jr.; Otto sen.|Otto jun.; Otto II|Otto III; Otto (senior)|Otto",
    ),
    ("sex", 3, "f|m; F|M; female|male; weiblich|m; W|M"),
    ("no first name", 0, "|; |Anna; null|null; -|-; ?|?; ...|...; n/a|n/a; 0|0"),
    (
        "first names that are none",
        0,
        "Unbekannt|Unbekannt; Inconnu|Inconnu; Desconocido|Desconocido; TBD|TBD; Anonymous|Anonymous; Baby Boy|Baby Boy; \
         Baby Boy|Baby Girl; Twin A|Twin B; Twin A|Twin A; Babygirl|Babygirl; Mr|Mr; Daughter|Daughter; \
         Baby of Maria|Baby of Maria; B/O Maria|B/O Maria; Infant|Infant; Sconosciuto|Sconosciuto; Onbekend|Onbekend; \
         FNU|FNU; N.N.|N.N.; xxx|xxx; Vorname|Vorname; Test|Test; Newborn 2|Newborn 2; Säugling|Säugling; \
         Zwilling 1|Zwilling 2; First|First; (unknown)|(unknown); Male Infant|Male Infant; Deleted User|Deleted User; Pas de prénom|Pas de prénom; Unknown Male|Unknown Male; Baby 1|Baby 2; Ms. Baby|Mr. Baby; \
         Child 1|Child 1; Child One|Child One; BabyA|BabyA; Babyboy Smith|Babyboy Smith; Walk-in|Walk-in; Household|Household; \
         Paciente|Paciente; Kunde|Kunde; Chłopiec|Chłopiec; Bayi Ny Sari|Bayi Ny Sari; Dependant 1|Dependant 1; \
         Estate of|Estate of; Self|Self",
    ),
    (
        "first names that are none in other scripts",
        0,
        "不明|不明; 名無し|名無し; 长女|长女; 長男|長男; неизвестно|неизвестно; Неизвестный|Неизвестный; مجهول|مجهول; \
         غير معروف|غير معروف; 미상|미상; 아기|아기; अज्ञात|अज्ञात; बच्ची|बच्ची; ไม่ทราบ|ไม่ทราบ; άγνωστος|άγνωστος; לא ידוע|לא ידוע; \
         男婴|男婴; 宝宝|宝宝; תינוק|תינוק; βρέφος|βρέφος; Пациент|Пациент; مريض|مريض; 환자|환자; बेबी|बेबी",
    ),
    ("no surname", 1, "|; Unknown|Unknown; N/A|N/A; LNU|LNU; Nachname|Nachname; ---|---"),
    ("no birthdate", 2, "|; |1980-04-05; unknown|unknown; 00.00.0000|00.00.0000; 0000-00-00|0000-00-00"),
    (
        "placeholder birthdates",
        2,
        "1900-01-01|1900-01-01; 1899-12-30|1899-12-30; 1969-12-31|1969-12-31; 1970-01-01|1970-01-01; 9999-12-31|9999-12-31; \
         1111-11-11|1111-11-11; 0001-01-01|0001-01-01; 1753-01-01|1753-01-01; 01/01/1900|01/01/1900; 1.1.1970|1.1.1970; 2099-12-31|2099-12-31",
    ),
    (
        "generations by birthdate",
        2,
        "1950-04-12|1980-04-12; 1961-07-09|1991-07-09; 1948-03-05|1984-03-05; 1952-04-12|1972-04-12; 1938-10-02|1983-10-02; \
         1951-04-12|1978-09-30; 1851-04-12|1951-04-12; 1955-06-06|1970-06-06; 1950-06-07|1967-06-07",
    ),
    (
        "dates that cannot be",
        2,
        "1850-81-01|1850-01-81; 1980-02-30|1980-02-30; 1980-13-41|1980-13-41; 1980-31-05|1980-05-31",
    ),
    (
        "cousins of one name",
        2,
        "1980-04-12|1981-04-12; 1980-04-12|1982-11-03; 1980-04-12|1979-04-21; 1980-04-12|1980-09-27",
    ),
    ("one year for two", 2, "1980|1980; 1980-04|1980-04; 1980|1980-04-05"),
    (
        "names in other scripts",
        0,
        "健|謙; さくら|サクラ; محمد|محمود; مُنى|منى; Иван|Ивана; สมชาย|สมหญิง; 서연|서윤; राम|रमा; Γιάννης|Γιάννα; דוד|דורית",
    ),
    ("two scripts", 0, "Иван|Ivan; 健|Ken; محمد|Mohammed; Γιώργος|Giorgos"),
];

#[test]
fn two_people_who_agree_on_all_else_are_never_high() {
    let mut failed = Vec::new();
    for (what, column, table) in TWINS {
        let cells = cells(table);
        // alone, and as many of a kind as there may be where a rule makes them
        for times in [1, 6] {
            let said: Vec<(Said<'_>, Said<'_>)> = cells
                .repeat(times)
                .into_iter()
                .map(|(one, other)| (vec![(column, one)], vec![(column, other)]))
                .collect();
            let wrong = wrong(&COLUMNS, Clone::clone, &families(&said));
            if wrong > 0 {
                failed.push(format!("{what}: {wrong} of {}", said.len()));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}

/// All of them in one town, where hardly anybody is there twice and everybody has a double.
#[test]
fn everybody_at_once_is_never_high() {
    let said: Vec<(Said<'_>, Said<'_>)> = TWINS
        .iter()
        .flat_map(|&(_, column, table)| {
            cells(table).into_iter().map(move |(one, other)| (vec![(column, one)], vec![(column, other)]))
        })
        .collect();
    assert!(said.len() > 150);
    assert_eq!(wrong(&COLUMNS, Clone::clone, &families(&said)), 0);
}
