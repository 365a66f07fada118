//! Names that are no names: what people write who do not know one, or have none to write yet. Such a value is missing:
//! two newborn twins are both `Baby`. A list cannot be complete, so that forms of it count as well: one letter again and
//! again, initials, a word of the list before others.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::fold;

/// In place of a first name or a surname: not known, not told, or made up to try something out.
const UNKNOWN: &str = "unknown|x|unknwon|unkown|unk|unkn|unknown name|not known|notknown|n k|nk|n a|na|n n|nn|nomen nescio|none|no name|noname|\
    nameless|no first name|no last name|nofirstname|nolastname|fnu|lnu|fnu lnu|tba|tbd|tbc|to be determined|to be advised|to be confirmed|\
    to be announced|anonymous|anonym|anonyme|anonimo|anónimo|anônimo|anonymus|anonimowy|анонимно|аноним|not given|not provided|\
    not available|not applicable|not stated|not specified|unspecified|unnamed|undisclosed|undefined|missing|blank|empty|nothing|null|nil|\
    refused|declined|withheld|deleted|removed|delete|duplicate|do not use|donotuse|void|inactive|deceased|dead|donor|stranger|unassigned|pending|zztest|zzz|confidential|private|redacted|hidden|\
    name|names|first|last|first name|firstname|given name|last name|lastname|surname|family name|full name|fullname|middle|\
    first last|fname|lname|user|username|new user|guest|admin|administrator|patient|new patient|client|customer|visitor|walk in|walkin|household|estate of|system|merged|no surname|person|someone|somebody|nobody|\
    anybody|test|tests|testing|tester|testuser|test user|testpatient|test patient|test account|test test|demo|dummy|sample|example|fake|\
    temp|temporary|foo|bar|baz|foobar|lorem|ipsum|abc|abcd|xyz|asd|asdf|asdfg|asdfgh|qwe|qwer|qwert|qwerty|qwertz|azerty|jkl|yxcv|zxcv|blah|bla|bla bla|\
    unbekannt|unbek|unbekannte|unbekannter|nicht bekannt|ohne namen|ohne name|ohne|kein name|keine angabe|angegeben|benannt|verstorben|k a|vorname|nachname|familienname|name vorname|\
    mustermann|muster|testperson|patientin|platzhalter|\
    inconnu|inconnue|x inconnu|patiente|sans nom|sans prenom|sans|prenom|prénom|nom|nom prenom|non connu|non renseigne|non renseigné|nr|ne pas utiliser|essai|\
    desconocido|desconocida|sin nombre|sin apellido|sin datos|sin dato|nombre|apellido|apellidos|se desconoce|no consta|n d|nd|prueba|paciente|cliente|fulano|fulana|fulano de tal|mengano|zutano|\
    desconhecido|desconhecida|sem nome|sem sobrenome|nome|sobrenome|ignorado|ignorada|nao informado|não informado|teste|fulano de tal|\
    sconosciuto|sconosciuta|ignoto|ignota|senza nome|non noto|cognome|nome cognome|prova|\
    onbekend|onbekende|geen naam|zonder naam|voornaam|achternaam|naam|niet bekend|proef|\
    okand|okänd|ukendt|ukjent|uten navn|uden navn|fornavn|efternavn|etternavn|fornamn|förnamn|efternamn|tuntematon|nimeton|nimetön|etunimi|sukunimi|óþekkt|othekkt|\
    nieznany|nieznana|nieznane|brak|bez imienia|bez nazwiska|imie|imię|nazwisko|neznamy|neznámý|neznama|neznámá|neuveden|neuvedeno|jmeno|jméno|prijmeni|příjmení|\
    meno|priezvisko|nepoznat|nepoznato|nepoznata|ime|prezime|ismeretlen|nevtelen|névtelen|keresztnev|keresztnév|vezeteknev|vezetéknév|necunoscut|necunoscuta|fara nume|fără nume|\
    prenume|nume|bilinmiyor|bilinmeyen|isimsiz|isim|soyad|soyadi|soyadı|belirsiz|nezinamas|nežinomas|nezinams|nezināms|tundmatu|i panjohur|\
    неизвестно|неизвестный|неизвестная|неизвестен|неизвестна|неизв|нет данных|без имени|имя|фамилия|няма|невідомо|невідомий|невідома|без імені|тест|тестовый|пациент|пациентка|клиент|\
    αγνωστος|άγνωστος|αγνωστη|άγνωστη|άγνωστο|ανωνυμος|ανώνυμος|όνομα|επώνυμο|ασθενής|\
    לא ידוע|לא ידועה|אלמוני|פלוני|ללא שם|שם|מטופל|מטופלת|\
    مجهول|مجهولة|غير معروف|غير معروفة|بدون اسم|بلا اسم|لا يوجد|اسم|الاسم|مريض|مريضة|نامعلوم|ناشناس|بی نام|نا معلوم|تجربة|\
    अज्ञात|अनाम|बेनाम|नाम|नामालूम|অজানা|অজ্ঞাত|தெரியாது|పేరు లేదు|ไม่ทราบ|ไม่ทราบชื่อ|ไม่ระบุ|ไม่มีชื่อ|ชื่อ|นิรนาม|\
    không rõ|khong ro|không tên|khong ten|vô danh|vo danh|khuyết danh|chưa đặt tên|chua dat ten|chưa có tên|không có tên|tidak diketahui|tanpa nama|tidak ada|nama|tiada nama|pangalan|tên|\
    不明|不詳|不详|未知|未詳|未详|無名|无名|名無し|名無|ななし|ふめい|匿名|匿名希望|佚名|某|某某|無|无|なし|姓|名|姓名|氏名|名前|苗字|テスト|てすと|測試|测试|患者|山田花子例|\
    미상|무명|무명씨|환자|불명|이름|이름없음|성명|성명미상|익명|없음|모름|홍길동예|테스트";

/// What stands in a value of a script without spaces, or beside other words, where nobody is known.
const WITHIN: &str = "不明|名無|無名|无名|命名|未定|未知|不詳|不详|匿名|佚名|氏名|名前|미상|이름|무명|신원|مجهول|غير معلوم|غير معروف|نامشخص|نامعلوم|अज्ञात|बेनाम|\
    ไม่ทราบ|ไม่ระบุ|ไม่มีชื่อ|ベビー|赤ちゃん|新生児|新生儿|女婴|男婴|宝宝|寶寶|애기|嬰兒|婴儿|新生兒|신생아|아기|مولود|رضيع";

/// In place of a first name: a title, a sex, a relation, a child that has none yet.
const RELATIONS: &str = "mr|mrs|ms|miss|mx|dr|sir|madam|mister|master|herr|frau|fraulein|fräulein|monsieur|madame|mademoiselle|mme|mlle|sr|sra|srta|senor|señor|senora|señora|\
    sig|signor|signora|don|dona|doña|meneer|mevrouw|dhr|mevr|pan|pani|bay|bayan|господин|госпожа|г н|\
    boy|girl|male|female|man|woman|m|f|son|daughter|child|children|kid|mother|father|mom|mum|dad|wife|husband|spouse|brother|sister|parent|guardian|family|kunde|kundin|mandant|self|dependent|dependant|relative|sibling|minor|mama|papa|babies|unborn|inf|\
    junge|madchen|mädchen|knabe|sohn|tochter|kind|mutter|vater|ehefrau|ehemann|gatte|gattin|bruder|schwester|familie|eheleute|mann|weib|\
    fils|fille|garcon|garçon|enfant|mere|mère|pere|père|epouse|épouse|epoux|époux|famille|veuve|\
    hijo|hija|nino|niño|bebita|bebito|nina bebe|varon|varón|hembra|madre|padre|esposa|esposo|familia|menor|filho|filha|menino|menina|crianca|criança|mae|mãe|pai|recem nascido|recém nascido|rn|\
    figlio|figlia|bambino|bambina|neonato|neonata|moglie|marito|famiglia|zoon|dochter|jongen|meisje|vrouw|echtgenote|gezin|\
    chłopiec|dziewczynka|syn|corka|córka|dziecko|noworodek|dcera|dite|dítě|novorozenec|son of|daughter of|bin|binti|bt|\
    сын|дочь|ребенок|мальчик|девочка|новорожденный|новорожденная|мать|отец|жена|муж|младенец|\
    βρέφος|αγόρι|κορίτσι|παιδί|תינוק|תינוקת|ילד|ילדה|बेबी|طفل|طفلة|مولود|مولودة|ابن|ابنة|بنت|ولد|رضيع|مواليد|बच्चा|बच्ची|शिशु|बेटा|बेटी|नवजात|लड़का|लड़की|เด็กชาย|เด็กหญิง|ทารก|บุตร|ด ช|ด ญ|\
    長男|次男|三男|長女|次女|三女|男児|女児|新生児|赤ちゃん|ベビー|子|男|女|妻|夫|母|父|嬰兒|婴儿|之子|之女|之婴|男嬰|女嬰|아기|신생아|아들|딸|남아|여아|쌍둥이|\
    baby|bebe|bebé|bébé|infant|newborn|neonate|foetus|fetus|stillborn|stillbirth|twin|triplet|quadruplet|saugling|säugling|neugeborenes|neugeborener|neugeborene|baby boy|babyboy|\
    babygirl|baby girl|bb|bbl|bg|zwilling|drilling|jumeau|jumelle|triple|gemelo|gemela|mellizo|melliza|gemeo|gêmeo|gemea|gêmea|gemello|gemella|tweeling|blizniak|bliźniak|bliznie|dvojce|dvojče|\
    близнец|双子|ふたご|双胞胎|雙胞胎|nourrisson|nouveau ne|nouveau né|pasgeborene|bayi|by ny|anak|em be|em bé|be trai|bé trai|be gai|bé gái|con trai|con gai|con gái|sanggol|bebek|cocuk|çocuk|vauva|barn|spädbarn|nyfodd|nyfödd";

/// Words that make a first name none whatever comes after them: `Baby of Maria`, `Twin A`, `Newborn 2`.
const BEGINNINGS: &str = "baby|babyboy|babygirl|bb|bebe|bayi|by ny|infant|newborn|neonate|twin|triplet|quadruplet|foetus|fetus|saugling|saeugling|neugeborenes|zwilling|drilling|jumeau|jumelle|gemelo|gemela|\
    mellizo|melliza|gemeo|gemea|gemello|gemella|tweeling|blizniak|bliznets|neonato|neonata|nourrisson|novorozenec|noworodek|rn|recem|recien|son of|daughter of|boy of|girl of|child of|\
    wife of|husband of|hijo de|hija de|filho de|filha de|fils de|fille de|sohn von|tochter von|kind von|b o|s o|d o|w o|h o|c o|unknown|unbekannt|unbekannte|unbekannter|test|tester|testing|\
    dummy|demo|sample|patient|anonymous|inconnu|inconnue|desconocido|desconocida|no name|not|do not";

fn set(list: &'static str) -> HashSet<String> {
    list.split('|').map(|word| fold::plain(&fold::name(word.trim()))).collect()
}

static UNKNOWNS: LazyLock<HashSet<String>> = LazyLock::new(|| set(UNKNOWN));
static RELATED: LazyLock<HashSet<String>> = LazyLock::new(|| set(RELATIONS));
static NOBODY: LazyLock<HashSet<String>> = LazyLock::new(|| set(WITHIN));
static BEGUN: LazyLock<HashSet<String>> = LazyLock::new(|| set(BEGINNINGS));

/// Whether a first name, plain, is none.
pub(crate) fn is_no_given_name(plain: &str) -> bool {
    let mut words = plain.split(' ');
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    let begins = || {
        let two = second.map_or(first.len(), |second| first.len() + 1 + second.len());
        second.is_some() && (BEGUN.contains(first) || BEGUN.contains(&plain[..two]))
    };
    let stem = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let last = plain.rsplit(' ').next().unwrap_or_default();
    is_nothing(plain)
        || plain.starts_with("zz")
        || (second.is_some() && plain.split(' ').any(says_nobody))
        || RELATED.contains(plain)
        // `Child 1`, `Child One`
        || (is_counter(last) && RELATED.contains(plain[..plain.len() - last.len()].trim_end()))
        || begins()
        // a title, and nobody after it: `Mr Baby`
        || (fold::title_sex(plain) > 0 && second.is_some_and(|_| is_no_given_name(&plain[first.len() + 1..])))
        // `Baby1`, `Test12`, `BabyA`
        || (stem.len() < first.len() && (BEGUN.contains(stem) || UNKNOWNS.contains(stem)))
        || ["baby", "twin"].iter().any(|stem| first.strip_prefix(stem).is_some_and(is_counter))
}

/// Whether a word numbers children.
fn is_counter(word: &str) -> bool {
    word.parse::<u8>().is_ok() || matches!(word, "a" | "b" | "c" | "d" | "one" | "two" | "three" | "four")
}

/// Whether a word beside others makes a first name none: `Male Infant`, `Pas de prénom`, `Deleted User`.
fn says_nobody(word: &str) -> bool {
    BEGUN.contains(word) || (word.chars().count() >= 4 && UNKNOWNS.contains(word))
}

/// Whether a surname, plain, is none.
pub(crate) fn is_no_surname(plain: &str) -> bool {
    is_nothing(plain) || matches!(plain, "mr" | "mrs" | "ms" | "dr" | "herr" | "frau" | "mme")
}

/// Whether nobody is called so: a word for nothing, one letter again and again, no letter at all.
fn is_nothing(plain: &str) -> bool {
    let mut letters = plain.chars().filter(|character| *character != ' ');
    let first = letters.next();
    let again =
        letters.clone().count() >= 2 && plain.is_ascii() && letters.all(|letter| Some(letter) == first);
    // `Customer 1`
    let unnumbered = plain.trim_end_matches(|c: char| c.is_ascii_digit() || c == ' ');
    again
        || !plain.chars().any(char::is_alphabetic)
        || UNKNOWNS.contains(plain)
        || UNKNOWNS.contains(unnumbered)
        || (!plain.is_ascii() && NOBODY.iter().any(|word| plain.contains(word.as_str())))
}

/// Whether a first name is initials and no more, so that it names more than one of a family: `J`, `J R`, `JR`.
pub(crate) fn is_initials(plain: &str) -> bool {
    let is_vowel = |byte: u8| b"aeiouy".contains(&byte);
    let is_short = |word: &str| match word.as_bytes() {
        [_] => true,
        // of two letters, names begin with a consonant as a rule
        [first, last] if is_vowel(*first) && !is_vowel(*last) => !matches!(
            word,
            "al" | "ed"
                | "an"
                | "ib"
                | "om"
                | "ok"
                | "ah"
                | "el"
                | "ar"
                | "oz"
                | "ev"
                | "ek"
                | "un"
                | "in"
                | "is"
        ),
        short => short.len() <= 3 && !short.iter().any(|&byte| is_vowel(byte)) && word != "ng",
    };
    plain.is_ascii() && plain.split(' ').all(is_short)
}

/// Whether a first name and a surname together stand for nobody, although each of them is a name.
pub(crate) fn is_example(given: &str, surname: &str) -> bool {
    matches!(
        (given, surname),
        ("john" | "jane" | "johnny", "doe")
            | ("joe" | "jane" | "john", "bloggs" | "public" | "q public" | "sixpack")
            | ("三" | "四", "張" | "李")
            | ("길동", "홍")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_called_so() {
        for given in [
            "Unbekannt",
            "Inconnu",
            "Desconocido",
            "TBD",
            "Anonymous",
            "Baby Boy",
            "Twin A",
            "Babygirl",
            "Mr",
            "Daughter",
            "Baby of Maria",
            "B/O Maria",
            "N.N.",
            "xxx",
            "???",
            "неизвестно",
            "不明",
            "مجهول",
            "미상",
            "अज्ञात",
            "ไม่ทราบ",
            "Ms. Baby",
            "Newborn 2",
            "Baby1",
            "Prénom",
            "FNU",
            "12",
            "Säugling",
            "άγνωστος",
        ] {
            assert!(is_no_given_name(&fold::plain(&fold::name(given))), "{given}");
        }
        for surname in ["Unknown", "LNU", "Mustermann", "-?-", "Apellido"] {
            assert!(is_no_surname(&fold::plain(&fold::name(surname))), "{surname}");
        }
    }

    #[test]
    fn people_are_called_so() {
        for given in [
            "Anna", "Jo", "Md Ali", "Kai", "健", "서연", "محمد", "Ng", "Babette", "Testa", "Nina", "Ivan",
            "Mara", "Aa", "Bea", "Manu",
        ] {
            assert!(!is_no_given_name(&fold::plain(&fold::name(given))), "{given}");
        }
        for surname in ["Son", "Kind", "Baby", "Mann", "Testa", "Li", "Boy", "Null-Smith"] {
            assert!(!is_no_surname(&fold::plain(&fold::name(surname))), "{surname}");
        }
        assert!(
            is_initials("j")
                && is_initials("j r")
                && is_initials("jr")
                && !is_initials("jo")
                && !is_initials("健")
        );
        assert!(is_example("john", "doe") && !is_example("john", "dole"));
    }
}
