//! What scripts write in two ways: accents, vowel signs, two syllabaries, old and new forms of a letter. The unmarked form
//! brings spellings of one name together; it never makes two names one.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Whether the character belongs to a script in which transliteration would merge different names.
pub(crate) fn is_kept(character: char) -> bool {
    matches!(character as u32,
        0x0590..=0x06ff | 0x0900..=0x0fff | 0x1000..=0x109f | 0x1780..=0x17ff | 0x3005..=0x9fff | 0xac00..=0xd7af
        | 0xf900..=0xfaff | 0x20000..=0x3ffff)
}

/// Whether the character is written above or below another and belongs to it.
pub(crate) fn is_mark(character: char) -> bool {
    is_combining_mark(character)
}

/// The one form of letters that nobody tells apart: ё and е, two forms of sigma, the letters that differ by keyboard only.
pub(crate) fn settled(character: char) -> char {
    match character {
        'ё' => 'е',
        'ς' => 'σ',
        // Persian and Urdu keyboards write these two in their own way
        'ی' => 'ي',
        'ک' => 'ك',
        _ => character,
    }
}

/// The name without marks, in one syllabary and one form of each letter.
pub(crate) fn unmarked(written: &str) -> String {
    let mut plain = String::with_capacity(written.len());
    for character in written.chars() {
        match character as u32 {
            // vowel signs and the stretched line of Arabic, points of Hebrew
            0x0591..=0x05c7 | 0x0610..=0x061a | 0x0640 | 0x064b..=0x065f | 0x0670 | 0x06d6..=0x06ed => {}
            // katakana as hiragana
            0x30a1..=0x30f6 => plain.extend(char::from_u32(character as u32 - 0x60)),
            0x3400..=0x9fff => plain.push(CURRENT.get(&character).copied().unwrap_or(character)),
            _ => match character {
                'أ' | 'إ' | 'آ' | 'ٱ' => plain.push('ا'),
                'ى' | 'ئ' => plain.push('ي'),
                'ة' => plain.push('ه'),
                'ؤ' => plain.push('و'),
                // other kept scripts lose nothing: a vowel of Hindi or Thai is a letter
                _ if is_kept(character) => plain.push(character),
                _ => plain.extend(character.nfd().filter(|&part| !is_combining_mark(part))),
            },
        }
    }
    plain
}

/// Old, variant and simplified forms of letters that names are written with; the first one stands for the others.
const FORMS: &str = "辺邊邉 斎齋 斉齊 高髙 崎﨑嵜 沢澤 広廣 国國 桜櫻 浜濱濵 島嶋嶌 齢齡 竜龍龙 滝瀧 条條 真眞 恵惠 栄榮 徳德 浅淺 万萬 \
     豊豐 寿壽 鉄鐵 蔵藏 児兒 富冨 槙槇 曽曾 会會 学學 静靜 渋澁 黒黑 顕顯 与與 円圓 当當 穂穗 園薗 桑桒 髪髮 張张 劉刘 陳陈 楊杨 \
     趙赵 黄黃 吳吴呉 孫孙 馬马 羅罗 鄭郑 謝谢 韓韩 馮冯 蕭萧 鄧邓 許许 蘇苏 蔣蒋 葉叶 呂吕 盧卢 鍾钟 譚谭 陸陆 賈贾 韋韦 鄒邹 閻闫 顧顾 賀贺 \
     龔龚 錢钱 湯汤 麗丽 華华 偉伟 強强 軍军 傑杰 紅红 蘭兰 鳳凤 曉晓暁 長长";

/// The form that stands for each of the others.
static CURRENT: LazyLock<HashMap<char, char>> = LazyLock::new(|| {
    let of_group = |group: &'static str| {
        let stands = group.chars().next().unwrap_or_default();
        group.chars().skip(1).map(move |form| (form, stands))
    };
    FORMS.split_whitespace().flat_map(of_group).collect()
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_spellings_have_one_unmarked_form() {
        for (one, other) in [
            ("ramón", "ramon"),
            ("مُحَمَّد", "محمد"),
            ("مصطفى", "مصطفي"),
            ("أحمد", "احمد"),
            ("サクラ", "さくら"),
            ("渡邊", "渡辺"),
            ("渡邉", "渡辺"),
            ("张", "張"),
            ("国", "國"),
            ("שָׁלוֹם", "שלום"),
        ] {
            assert_eq!(unmarked(one), unmarked(other), "{one} {other}");
        }
    }

    #[test]
    fn other_names_stay_other_names() {
        for (one, other) in [("健", "謙"), ("斎", "斉"), ("स", "सा"), ("محمد", "محمود")] {
            assert_ne!(unmarked(one), unmarked(other), "{one} {other}");
        }
        assert_eq!(settled('ё'), 'е');
    }

    #[test]
    fn a_letter_has_one_form_that_stands_for_it() {
        let letters = FORMS.split_whitespace().flat_map(str::chars).count();
        assert_eq!(letters - FORMS.split_whitespace().count(), CURRENT.len());
        assert!(CURRENT.values().all(|stands| !CURRENT.contains_key(stands)));
    }
}
