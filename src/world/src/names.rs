//! Invented names. Each name is given to one person only, so that whoever shares a name in the finished world was
//! meant to: a duplicate or a namesake.

use std::collections::BTreeSet;

use crate::random::Random;

/// Male and female in the legacy's codes.
pub(crate) const MALE: i64 = 1;
/// See [`MALE`].
pub(crate) const FEMALE: i64 = 2;

/// A person's name as it is stored, and the stem of username and email.
pub(crate) struct Name {
    pub(crate) first: String,
    pub(crate) last: String,
    /// `first.last` in lower-case ASCII.
    pub(crate) stem: String,
}

/// The lists of one region.
struct Region {
    women: Vec<&'static str>,
    men: Vec<&'static str>,
    families: Vec<&'static str>,
}

impl Region {
    fn new(women: &'static str, men: &'static str, families: &'static str) -> Self {
        let [women, men, families] = [women, men, families].map(|list| list.split(", ").collect());
        Self { women, men, families }
    }

    fn draw(&self, random: &mut Random, sex: i64) -> (&'static str, &'static str) {
        let firsts = if sex == FEMALE { &self.women } else { &self.men };
        (*random.pick(firsts), *random.pick(&self.families))
    }
}

/// Hands out names.
pub(crate) struct Names {
    random: Random,
    used: BTreeSet<(String, String)>,
    western: Region,
    indian: Region,
    japanese: Region,
    thai: Region,
}

impl Names {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            random: Random::stream(seed, "names"),
            used: BTreeSet::new(),
            western: Region::new(WOMEN, MEN, FAMILIES),
            indian: Region::new(INDIAN_WOMEN, INDIAN_MEN, INDIAN_FAMILIES),
            japanese: Region::new(JAPANESE_WOMEN, JAPANESE_MEN, JAPANESE_FAMILIES),
            thai: Region::new(THAI_WOMEN, THAI_MEN, THAI_FAMILIES),
        }
    }

    /// A name that nobody has yet, from one of the regions in the shares of the offices' countries.
    pub(crate) fn draw(&mut self, sex: i64) -> Name {
        loop {
            let random = &mut self.random;
            let name = match random.below(100) {
                0..64 => {
                    let (first, last) = self.western.draw(random, sex);
                    let last = if random.chance(180) { last.to_owned() } else { family(random) };
                    Name { stem: stem(first, &last), first: first.to_owned(), last }
                }
                64..81 => {
                    let (first, last) = self.indian.draw(random, sex);
                    Name { stem: stem(first, last), first: first.to_owned(), last: last.to_owned() }
                }
                81..93 => {
                    let names = self.japanese.draw(random, sex);
                    in_one_script(random, names)
                }
                _ => {
                    let names = self.thai.draw(random, sex);
                    in_one_script(random, names)
                }
            };
            if self.used.insert((name.first.clone(), name.last.clone())) {
                return name;
            }
        }
    }
}

/// A name written in two scripts; half of the people use Latin letters.
fn in_one_script(random: &mut Random, (first, last): (&str, &str)) -> Name {
    let (first, latin_first) = first.split_once(' ').unwrap_or((first, first));
    let (last, latin_last) = last.split_once(' ').unwrap_or((last, last));
    let stem = stem(latin_first, latin_last);
    let (first, last) = if random.chance(500) { (first, last) } else { (latin_first, latin_last) };
    Name { first: first.to_owned(), last: last.to_owned(), stem }
}

fn stem(first: &str, last: &str) -> String {
    let letters = |text: &str| -> String {
        text.chars().filter(char::is_ascii_alphabetic).map(|letter| letter.to_ascii_lowercase()).collect()
    };
    format!("{}.{}", letters(first), letters(last))
}

/// An invented family name such as Ashford; practices have one too.
pub(crate) fn family(random: &mut Random) -> String {
    format!("{}{}", random.pick(FAMILY_BEGINNINGS), random.pick(FAMILY_ENDINGS))
}

const WOMEN: &str = "Abigail, Adele, Agnes, Alma, Amelia, Anita, Annika, Astrid, Aurora, Beatrice, Bianca, Bridget, \
    Camille, Carmen, Cecilia, Celeste, Chloé, Clara, Claudia, Cora, Daphne, Delia, Denise, Diana, \
    Edith, Eileen, Elena, Elise, Eloise, Esther, Eva, Fiona, Flora, Freya, Gemma, Georgia, Gloria, \
    Greta, Harriet, Hazel, Helena, Ida, Ingrid, Irene, Iris, Isla, Ivy, Jasmine, Joan, Josephine, \
    Julia, Karen, Kirsten, Laura, Leona, Lillian, Lorna, Lucía, Lydia, Mabel, Madeleine, Margot, \
    Marianne, Martha, Matilda, Maya, Mildred, Mira, Monica, Nadia, Naomi, Nina, Nora, Olive, Olympia, \
    Paloma, Paula, Penelope, Petra, Phoebe, Quinn, Rachel, Renée, Rosa, Ruth, Sabrina, Selma, Sofía, \
    Stella, Sylvia, Tamara, Tessa, Thea, Ursula, Valerie, Vera, Viola, Winifred, Yvonne, Zoe, Mary-Ann";

const MEN: &str = "Aaron, Adrian, Albert, Alec, Alfred, Ambrose, Andre, Anton, Archie, Arthur, August, Barnaby, Basil, \
    Benedict, Bernard, Boris, Bruno, Caleb, Cedric, Clement, Clive, Conrad, Cyril, Damian, Darius, \
    Desmond, Dexter, Dominic, Edgar, Edmund, Eliot, Emil, Ernest, Étienne, Eugene, Evan, Felix, \
    Ferdinand, Finn, Floyd, Francis, Frederick, Gabriel, Gareth, Gideon, Gilbert, Graham, Gregor, \
    Gustav, Harold, Hector, Henrik, Herbert, Horace, Hugo, Ignacio, Isaac, Ivan, Jasper, Jérôme, Joel, \
    Jonas, José, Julian, Kaspar, Kenneth, Lambert, Lars, Leander, Leopold, Linus, Lorenz, Lucian, \
    Magnus, Malcolm, Marcel, Martin, Maximilian, Mortimer, Nathan, Nestor, Nigel, Noël, Oscar, Otto, \
    Pascal, Percy, Philip, Quentin, Ralph, Raymond, Rowan, Rupert, Samuel, Sebastian, Silas, Simon, \
    Stefan, Theodore, Tobias, Ulrich, Victor, Vincent, Walter, Wendell, Xavier";

const FAMILIES: &str = "O'Brien, O'Neill, O'Malley, D'Angelo, D'Souza, van der Berg, van den Heuvel, de la Cruz, \
    de la Fuente, Della Rosa, Smith-Jones, Ward-Ellis, Baker-Holm, Müller, Schröder, Weiß, Núñez, Peña, \
    García, Ibáñez, Lefèvre, Béranger, Brontë, Åkesson, Sørensen, Łukowski, Dvořák, Novák, Ivanović, \
    Çelik, MacAllister, McIntyre, McPherson, St. Clair, Fitzgerald, Abara, Okonkwo, Nakumura, Tran, \
    Pham, Castellanos, Villanueva, Moretti, Rossetti, Papadakis, Kovács, Szabó, Lindqvist, Haugen, \
    Virtanen";

const FAMILY_BEGINNINGS: &[&str] = &[
    "Ash", "Birch", "Black", "Brad", "Bram", "Carl", "Chal", "Clay", "Cob", "Dun", "East", "Fair", "Fen",
    "Gar", "Glen", "Hal", "Hart", "Hol", "Ken", "Lang", "Lin", "Mar", "Mel", "Mor", "Nor", "Oak", "Pem",
    "Rad", "Red", "Rock", "Sel", "Stan", "Thorn", "Wake", "Wal", "West", "Whit", "Win", "Wood", "York",
];

const FAMILY_ENDINGS: &[&str] = &[
    "ford", "well", "ton", "ley", "wood", "bridge", "field", "worth", "mere", "combe", "by", "ham", "den",
    "hurst",
];

const INDIAN_WOMEN: &str = "Aarti, Aditi, Amrita, Ananya, Anjali, Asha, Bhavna, Chitra, Deepa, Devika, Divya, Gauri, Geeta, \
    Indira, Ishita, Jaya, Kavita, Kiran, Lakshmi, Lalita, Madhuri, Manjula, Meera, Mohini, Nandini, \
    Neha, Nisha, Padma, Pallavi, Pooja, Priya, Radhika, Rekha, Ritu, Rohini, Sarita, Savita, Shanti, \
    Shreya, Sita, Sudha, Sunita, Swati, Tara, Uma, Usha, Vandana, Vidya";

const INDIAN_MEN: &str = "Aakash, Abhay, Ajit, Amit, Anand, Anil, Arjun, Arun, Ashok, Bharat, Chandan, Deepak, Dev, Dinesh, \
    Gautam, Girish, Gopal, Hari, Harish, Jagdish, Karan, Kishore, Lalit, Mahesh, Manoj, Mohan, Mukesh, \
    Naveen, Nikhil, Pankaj, Pradeep, Prakash, Raghav, Rajesh, Rakesh, Ravi, Rohit, Sachin, Sanjay, \
    Satish, Shankar, Suresh, Tarun, Uday, Varun, Vijay, Vikram, Vinod";

const INDIAN_FAMILIES: &str = "Acharya, Agarwal, Ahuja, Anand-Rao, Bajaj, Banerjee, Bhalla, Bhat, Bose, Chadha, Chandra, \
    Chatterjee, Chopra, Das, Desai, Deshmukh, Dutta, Garg, Ghosh, Gokhale, Gupta, Iyer, Jain, Joshi, \
    Kapoor, Kaul, Khanna, Kulkarni, Kumar, Malhotra, Mehta, Menon, Mishra, Mukherjee, Nair, Naidu, \
    Pandey, Patil, Pillai, Prasad, Rao, Reddy, Saxena, Seth, Shah, Sharma, Shetty, Singh, Sinha, \
    Srinivasan, Trivedi, Varma, Venkatesan, Vyas";

const JAPANESE_WOMEN: &str = "美咲 Misaki, 結衣 Yui, 陽菜 Hina, さくら Sakura, 花子 Hanako, 由美子 Yumiko, 恵子 Keiko, \
    真由美 Mayumi, 久美子 Kumiko, 智子 Tomoko, 葵 Aoi, 凛 Rin, 優子 Yuko, 直美 Naomi, 千尋 Chihiro, \
    あかり Akari, 彩香 Ayaka, 美穂 Miho, 麻衣 Mai, 綾乃 Ayano";

const JAPANESE_MEN: &str = "太郎 Taro, 健一 Kenichi, 翔太 Shota, 大輔 Daisuke, 拓也 Takuya, 直樹 Naoki, 和也 Kazuya, 誠 Makoto, \
    浩 Hiroshi, 隆 Takashi, 悠斗 Yuto, 蓮 Ren, 陸 Riku, 駿 Shun, 英樹 Hideki, 達也 Tatsuya, \
    雄一 Yuichi, 正人 Masato, 亮 Ryo, 慎吾 Shingo";

const JAPANESE_FAMILIES: &str = "山田 Yamada, 田中 Tanaka, 鈴木 Suzuki, 高橋 Takahashi, 渡辺 Watanabe, 伊藤 Ito, 中村 Nakamura, \
    小林 Kobayashi, 加藤 Kato, 吉田 Yoshida, 佐々木 Sasaki, 山口 Yamaguchi, 松本 Matsumoto, 井上 Inoue, \
    木村 Kimura, 清水 Shimizu, 斎藤 Saito, 山崎 Yamazaki, 池田 Ikeda, 橋本 Hashimoto, 石川 Ishikawa, \
    前田 Maeda, 藤田 Fujita, 小川 Ogawa, 岡田 Okada, 長谷川 Hasegawa, 村上 Murakami, 近藤 Kondo, \
    石井 Ishii, 坂本 Sakamoto, 遠藤 Endo, 青木 Aoki, 西村 Nishimura, 福田 Fukuda, 太田 Ota, 三浦 Miura, \
    藤原 Fujiwara, 岡本 Okamoto, 松田 Matsuda, 中島 Nakajima";

const THAI_WOMEN: &str = "กานดา Kanda, จันทร์ Chan, ดวงใจ Duangjai, ทิพย์ Thip, นภา Napha, บุษบา Butsaba, ปราณี Pranee, \
    พิมพ์ Phim, มาลี Malee, รัตนา Ratana, วิภา Wipha, ศิริพร Siriporn, สมหญิง Somying, สุดา Suda, \
    อรุณี Arunee";

const THAI_MEN: &str = "กิตติ Kitti, จักรี Chakri, ชัยวัฒน์ Chaiwat, ณรงค์ Narong, ธนา Thana, นพดล Noppadol, \
    ประเสริฐ Prasert, พงษ์ Phong, มานะ Mana, วิชัย Wichai, สมชาย Somchai, สมศักดิ์ Somsak, \
    สุรชัย Surachai, อนันต์ Anan, เอกชัย Ekachai";

const THAI_FAMILIES: &str = "กิตติวงศ์ Kittiwong, แก้วมณี Kaewmanee, จันทร์เพ็ญ Chanphen, ใจดี Jaidee, ชัยมงคล Chaimongkol, \
    ทองดี Thongdee, ธรรมรักษ์ Thammarak, บุญมี Boonmee, บุญเรือง Boonrueang, ประเสริฐศรี Prasertsri, \
    พรหมมา Phromma, พงษ์ไทย Phongthai, มณีรัตน์ Maneerat, รุ่งเรือง Rungrueang, วงศ์สว่าง Wongsawang, \
    วัฒนากุล Watthanakul, ศรีสุข Srisuk, ศรีวิไล Sriwilai, สมบูรณ์ Somboon, สายทอง Saithong, \
    สุขใจ Sukjai, สุวรรณ Suwan, แสงจันทร์ Saengchan, หอมหวาน Homwan, อินทร์แก้ว Inkaew";
