//! People who exist nowhere else, in every spelling in which a name travels, and the search for them in what comes out.
//! Never: a spelling that is also a word; a hit is a leak.

use aho_corasick::AhoCorasick;
use base64::{
    Engine as _,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark};

/// Somebody whose name must come out nowhere.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) first: &'static str,
    pub(crate) last: &'static str,
    /// The first part of the surname in plain letters.
    pub(crate) plain: (&'static str, &'static str),
    pub(crate) mail: &'static str,
    pub(crate) sam: &'static str,
    pub(crate) number: &'static str,
    pub(crate) host: &'static str,
    pub(crate) street: &'static str,
}

/// Called as their addresses say.
pub(crate) const ZSOFIA: Person = Person {
    first: "Zsófia",
    last: "Quarrelwick-Ñandú",
    plain: ("Zsofia", "Quarrelwick"),
    mail: "zsofia.quarrelwick-nandu@halden-optics.example",
    sam: "zquarrelwick",
    number: "E77420931",
    host: "ho-zquarrelwick-01",
    street: "Quarrelstien 77",
};

/// Signs in under a number: only HR knows the name.
pub(crate) const ODON: Person = Person {
    first: "Ödönka",
    last: "Vexelbrandt-Çelík",
    plain: ("Odonka", "Vexelbrandt"),
    mail: "u88314725@halden-optics.example",
    sam: "ovexelbrandt",
    number: "E88314726",
    host: "ho-ovexelbrandt-02",
    street: "Vexelgata 12",
};

pub(crate) const PEOPLE: &[Person] = &[ZSOFIA, ODON];

/// A way to write somebody down.
pub(crate) type Spelling = (&'static str, fn(&Person) -> String);

fn name(of: &Person) -> String {
    format!("{} {}", of.first, of.last)
}

fn plain(of: &Person) -> String {
    format!("{} {}", of.plain.0, of.plain.1)
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

fn percent(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Every spelling that is planted and searched for.
pub(crate) const SPELLINGS: &[Spelling] = &[
    ("name", name),
    ("name, decomposed", |of| name(of).nfd().collect()),
    ("name, reversed", |of| format!("{}, {}", of.last, of.first)),
    ("name in capitals", |of| name(of).to_uppercase()),
    ("name without accents", |of| fold(&name(of))),
    ("first name", |of| of.first.to_owned()),
    ("surname", |of| of.last.to_owned()),
    ("surname, decomposed", |of| of.last.nfd().collect()),
    ("surname in plain letters", |of| of.plain.1.to_owned()),
    ("initial and surname", |of| format!("{}. {}", &of.plain.0[..1], of.plain.1)),
    ("mail", |of| of.mail.to_owned()),
    ("mail in capitals", |of| of.mail.to_uppercase()),
    ("mail with its scheme", |of| format!("SMTP:{}", of.mail)),
    ("name and mail", |of| format!("{} <{}>", name(of), of.mail)),
    ("private mail", |of| format!("{}.{}@private-mail.example", of.plain.0, of.plain.1)),
    ("UPN as a claim", |of| format!("i:0#.f|membership|{}", of.mail)),
    ("SAM account", |of| of.sam.to_owned()),
    ("SAM account with its domain", |of| format!("HALDEN\\{}", of.sam)),
    ("employee number", |of| of.number.to_owned()),
    ("distinguished name", |of| format!("CN={},OU=Staff,DC=halden", name(of))),
    ("home folder", |of| format!("C:\\Users\\{}\\Documents", of.sam)),
    ("home folder on Unix", |of| format!("/home/{}/work", of.sam)),
    ("profile path", |of| format!("\\\\files\\profiles$\\{}.V6", of.sam)),
    ("drive URL", |of| {
        format!("https://haldenoptics-my.example/personal/{}/Documents", of.mail.replace(['@', '.'], "_"))
    }),
    ("host", |of| of.host.to_owned()),
    ("host with its domain", |of| format!("{}.halden-optics.example", of.host.to_uppercase())),
    ("home address", |of| of.street.to_owned()),
    ("name in base64", |of| general_purpose::STANDARD.encode(name(of))),
    ("mail in base64 for URLs", |of| general_purpose::URL_SAFE_NO_PAD.encode(of.mail)),
    ("name in hex", |of| hex(&name(of))),
    ("mail in hex, in capitals", |of| hex(of.mail).to_uppercase()),
    ("name in a URL", |of| percent(&name(of))),
    ("mail in a URL", |of| percent(of.mail)),
    ("name in a file name", |of| format!("{}_{}-CV.docx", of.plain.0, of.plain.1)),
    ("name in one word", |of| format!("{}{}", of.plain.0, of.plain.1)),
    ("name with a dash", |of| plain(of).to_lowercase().replace(' ', "-")),
    ("domain of one's own", |of| format!("{}.example", of.plain.1.to_lowercase())),
];

/// Small letters without accents.
fn fold(text: &str) -> String {
    text.nfd().filter(|c| !is_combining_mark(*c)).collect::<String>().to_lowercase()
}

/// Who was found, in which spellings: indices into [`PEOPLE`] and [`SPELLINGS`].
pub(crate) type Found = BTreeSet<(usize, usize)>;

/// Finds every spelling of everybody, whatever the case and the form of the accents, and once behind an encoding.
pub(crate) struct Search {
    needles: AhoCorasick,
    of: Vec<(usize, usize)>,
    /// Most texts come out again and again.
    known: HashMap<String, Found>,
    /// Bytes that were looked at, repeats counted.
    pub(crate) bytes: usize,
}

impl Search {
    pub(crate) fn new() -> Self {
        let (mut needles, mut of) = (Vec::new(), Vec::new());
        for (at, person) in PEOPLE.iter().enumerate() {
            for (number, (_, spelled)) in SPELLINGS.iter().enumerate() {
                for form in BTreeSet::from(forms(&spelled(person))) {
                    needles.push(form);
                    of.push((at, number));
                }
            }
        }
        let needles = AhoCorasick::new(needles).unwrap();
        Self { needles, of, known: HashMap::new(), bytes: 0 }
    }

    /// Who is in the text.
    pub(crate) fn in_text(&mut self, text: &str) -> Found {
        self.bytes += text.len();
        if let Some(found) = self.known.get(text) {
            return found.clone();
        }
        let mut found = Found::new();
        for seen in std::iter::once(text.to_owned()).chain(decoded(text)) {
            for form in forms(&seen) {
                found.extend(self.needles.find_overlapping_iter(&form).map(|hit| self.of[hit.pattern().as_usize()]));
            }
        }
        self.known.insert(text.to_owned(), found.clone());
        found
    }

    /// Who is in any line, with the lines.
    pub(crate) fn in_lines(&mut self, text: &str) -> Vec<String> {
        text.lines().filter(|line| !self.in_text(line).is_empty()).map(str::to_owned).collect()
    }
}

/// In small letters, composed, decomposed, and without accents.
fn forms(text: &str) -> [String; 3] {
    let lower = text.to_lowercase();
    if lower.is_ascii() {
        return [lower.clone(), lower.clone(), lower];
    }
    [lower.nfc().collect(), lower.nfd().collect(), fold(text)]
}

/// What a reader gets who undoes an encoding, once.
fn decoded(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    if text.contains('%') {
        let unescaped = percent_decoded(text);
        found.push(String::from_utf8_lossy(&unescaped).into_owned());
    }
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_');
    let readers = [STANDARD, URL_SAFE].map(|alphabet| {
        let lax = GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true);
        GeneralPurpose::new(&alphabet, lax)
    });
    for word in text.split(|c| !word(c)).filter(|word| word.len() >= 8) {
        let digits = word.len().is_multiple_of(2).then(|| {
            let pair = |at: usize| u8::from_str_radix(word.get(at..at + 2)?, 16).ok();
            (0..word.len()).step_by(2).map(pair).collect::<Option<Vec<u8>>>()
        });
        let read = readers.iter().filter_map(|reader| reader.decode(word).ok());
        found.extend(read.chain(digits.flatten()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()));
    }
    found
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let pair = text.get(at + 1..at + 3).and_then(|pair| u8::from_str_radix(pair, 16).ok());
        match pair.filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    out
}

/// Which spellings of whom, in words.
pub(crate) fn told(found: &Found) -> String {
    let mut people: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (person, spelling) in found {
        people.entry(PEOPLE[*person].plain.0).or_default().push(SPELLINGS[*spelling].0);
    }
    format!("{people:?}")
}

#[test]
fn the_search_finds_every_spelling_in_any_case_form_and_encoding() {
    assert!(SPELLINGS.len() >= 30);
    let mut search = Search::new();
    for (at, person) in PEOPLE.iter().enumerate() {
        for (number, (what, spelled)) in SPELLINGS.iter().enumerate() {
            let text = spelled(person);
            let nfd: String = text.nfd().collect();
            for written in [
                text.clone(),
                nfd.clone(),
                fold(&text),
                format!("note: {} (copy)", text.to_lowercase()),
                format!("?q={}&x", percent(&text)),
                format!("id {}", general_purpose::STANDARD.encode(&nfd)),
                format!("id:{}", general_purpose::URL_SAFE_NO_PAD.encode(&text)),
                format!("<{}>", hex(&text)),
            ] {
                assert!(search.in_text(&written).contains(&(at, number)), "{what}: {written}");
            }
        }
    }
    for harmless in ["Anon-7Q4K-2MX9", "alert_00000000000000000000000000000000", "Copied 3 files to a stick.", "100 %"]
    {
        assert_eq!(search.in_text(harmless), Found::new(), "{harmless}");
    }
}
