//! A mail as any of the feeds tells of it, and what it means.
//! Never: claims recipients or attachments that a record does not tell.

use crate::Config;
use connector_sdk::identifier::{self, EMAIL};
use connector_sdk::{Attr, Emit, Kind, attr, attr::ValueType, kind};

/// Names of the attached files.
const ATTACHMENT_NAMES: Attr = Attr::new("attachment_names", ValueType::Texts, "content");

/// What an event of this connector may carry.
pub(crate) const ATTRIBUTES: &[Attr] = &[
    attr::WORKLOAD,
    attr::OPERATION,
    attr::IS_EXTERNAL,
    attr::DESTINATION_DOMAINS,
    attr::RECIPIENT_COUNT,
    attr::ATTACHMENT_COUNT,
    attr::SIZE_BYTES,
    attr::FILE_EXTENSION,
    attr::RECIPIENTS,
    attr::SUBJECT_LINE,
    attr::OBJECT_ID,
    attr::OBJECT_NAME,
    attr::OBJECT_HASH,
    attr::CLIENT_IP,
    ATTACHMENT_NAMES,
];

/// Addresses, domains and names of files that an event lists; reading more would tell nothing more.
const LISTED: usize = 200;
/// Characters of a text that comes from outside.
const TEXT_CHARS: usize = 1_000;
/// Letters of a sender's name that must be the same in a private address, and of each of its parts where it has several:
/// "jo" and "an" are in every other address.
const NAME_LETTERS: usize = 5;
const PART_LETTERS: usize = 3;

/// What a record told.
pub(crate) enum Told {
    /// Of a mail.
    Mail(Box<Mail>),
    /// Of nothing that matters, and why.
    Nothing(&'static str),
}

/// Somebody a mail went to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Recipient {
    /// In lower case.
    pub(crate) address: String,
    /// How the sender calls them; may be empty.
    pub(crate) name: String,
}

impl Recipient {
    /// `None` if the text holds no address.
    pub(crate) fn of(text: &str) -> Option<Self> {
        identifier::address(text).map(|address| Self { address, name: String::new() })
    }
}

/// An attached file. What is not known is empty.
#[derive(Debug, Default)]
pub(crate) struct Attachment {
    pub(crate) name: String,
    pub(crate) extension: String,
    /// `sha256:…`
    pub(crate) hash: String,
}

/// One mail, or what one record tells of it.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    pub(crate) at: i64,
    /// The sender's address.
    pub(crate) sender: String,
    /// How the sender calls themselves; may be empty.
    pub(crate) sender_name: String,
    pub(crate) recipients: Vec<Recipient>,
    /// Whether these are all recipients. Traces have a record for each.
    pub(crate) complete: bool,
    /// `None` where the feed does not tell.
    pub(crate) attachment_count: Option<usize>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) size: Option<i64>,
    pub(crate) subject: String,
    pub(crate) message_id: String,
    pub(crate) client_ip: String,
    pub(crate) workload: &'static str,
    pub(crate) operation: &'static str,
    /// What makes this mail the same as that of another record: the server's own id, else what a sender who writes
    /// message ids at will cannot use to hide a second mail behind the first.
    pub(crate) identity: Vec<String>,
}

/// The events of a mail.
pub(crate) fn tell(config: &Config, mail: &Mail, emit: &mut Emit<'_>) {
    let home = identifier::domain(&mail.sender).unwrap_or_default();
    if !config.is_internal(&home) {
        return emit.ignore("a mail from outside");
    }
    if config.is_service(&mail.sender) {
        return emit.ignore("a mail of a service or of the system");
    }
    let outside: Vec<(&Recipient, String)> = mail
        .recipients
        .iter()
        .filter_map(|to| Some((to, identifier::domain(&to.address)?)))
        .filter(|(_, domain)| !config.is_internal(domain))
        .collect();
    let mut domains: Vec<String> = outside.iter().map(|(_, domain)| domain.clone()).collect();
    domains.sort_unstable();
    domains.dedup();
    let id = id(mail, &domains);
    if outside.is_empty() {
        return event(mail, kind::EMAIL_SENT, &id, &domains, emit);
    }
    let (mut own, mut free) = (false, false);
    for (to, _) in outside.iter().filter(|(_, domain)| config.is_free_mail(domain)) {
        let same = is_own(mail, to);
        own |= same;
        free |= !same;
    }
    let attached = mail.attachment_count.is_some_and(|count| count > 0);
    let wanted: [(Kind, bool); 4] = [
        (kind::EMAIL_SENT_EXTERNAL, true),
        (kind::EMAIL_SENT_EXTERNAL_WITH_ATTACHMENT, attached),
        (kind::EMAIL_SENT_TO_FREE_DOMAIN, free),
        (kind::EMAIL_SENT_TO_SELF, own),
    ];
    for (kind, _) in wanted.into_iter().filter(|(_, happened)| *happened) {
        event(mail, kind, &id, &domains, emit);
    }
}

/// Where each recipient has a record, a mail is one event for each domain that it went to: those of one domain are one,
/// whatever their order and however they are delivered.
fn id(mail: &Mail, domains: &[String]) -> String {
    let mut parts: Vec<&str> = mail.identity.iter().map(String::as_str).collect();
    if !mail.complete {
        parts.extend(domains.iter().map(String::as_str));
    }
    identifier::content_id(&parts)
}

fn event(mail: &Mail, kind: Kind, id: &str, domains: &[String], emit: &mut Emit<'_>) {
    let mut to: Vec<&str> = mail.recipients.iter().map(|to| to.address.as_str()).collect();
    to.sort_unstable();
    to.dedup();
    let known = !to.is_empty();
    let names: Vec<String> =
        mail.attachments.iter().filter(|file| !file.name.is_empty()).map(|file| cut(&file.name)).take(LISTED).collect();
    let only = if let [only] = mail.attachments.as_slice() { Some(only) } else { None };
    let whole = mail.complete && known;
    emit.event(kind, mail.at)
        .source_id(id)
        .actor(&[(EMAIL, &mail.sender)])
        .attr(attr::WORKLOAD, mail.workload)
        .attr(attr::OPERATION, mail.operation)
        .attr(attr::IS_EXTERNAL, known.then_some(!domains.is_empty()))
        .attr(attr::DESTINATION_DOMAINS, domains.iter().take(LISTED).cloned().collect::<Vec<_>>())
        .attr(attr::RECIPIENT_COUNT, whole.then_some(to.len()))
        .attr(attr::ATTACHMENT_COUNT, mail.attachment_count)
        .attr(attr::SIZE_BYTES, mail.size.filter(|size| *size >= 0))
        .attr(attr::FILE_EXTENSION, common_extension(&mail.attachments))
        .attr(attr::RECIPIENTS, to.into_iter().take(LISTED).map(str::to_owned).collect::<Vec<_>>())
        .attr(attr::SUBJECT_LINE, cut(&mail.subject))
        .attr(attr::OBJECT_ID, cut(&mail.message_id))
        .attr(attr::OBJECT_NAME, only.map(|file| cut(&file.name)))
        .attr(attr::OBJECT_HASH, only.map(|file| cut(&file.hash)))
        .attr(attr::CLIENT_IP, cut(&mail.client_ip))
        .attr(ATTACHMENT_NAMES, names);
}

/// The ending that all attached files have. One of several would make rules for endings miss the others.
fn common_extension(files: &[Attachment]) -> Option<&str> {
    let first = files.first().map(|file| file.extension.as_str()).filter(|extension| !extension.is_empty())?;
    files.iter().all(|file| file.extension == first).then_some(first)
}

/// The ending of a name, if it looks like one: anything may follow the last dot.
pub(crate) fn extension(name: &str) -> Option<String> {
    let (_, last) = name.trim().rsplit_once('.')?;
    let plain = (1..=16).contains(&last.len()) && last.bytes().all(|byte| byte.is_ascii_alphanumeric());
    plain.then(|| last.to_ascii_lowercase())
}

fn cut(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(TEXT_CHARS).collect()
}

/// Whether a private address looks like the sender's own: called by the same name, or with the same name in it.
/// `greta.sommer@…` is `sommer.greta77@gmail.com`, and neither `g.sommer@…` nor `info@…` is anybody's.
fn is_own(mail: &Mail, to: &Recipient) -> bool {
    let pieces = name_pieces(local(&mail.sender));
    let theirs = letters(local(&to.address));
    let count: usize = pieces.iter().map(|piece| piece.chars().count()).sum();
    if count >= NAME_LETTERS {
        let whole = pieces.concat();
        let found = |piece: &String| piece.chars().count() >= PART_LETTERS && theirs.contains(piece.as_str());
        let in_it = pieces.len() > 1 && pieces.iter().all(found);
        if theirs == whole || in_it {
            return true;
        }
    }
    let (own, called) = (letters(&mail.sender_name), letters(&to.name));
    let full = mail.sender_name.trim().contains([' ', ',']) && own.chars().count() >= NAME_LETTERS;
    full && own == called
}

fn local(address: &str) -> &str {
    address.rsplit_once('@').map_or(address, |(local, _)| local)
}

fn name_pieces(local: &str) -> Vec<String> {
    local.split(|c: char| !c.is_alphabetic()).filter(|piece| !piece.is_empty()).map(str::to_lowercase).collect()
}

fn letters(text: &str) -> String {
    text.chars().filter(|c| c.is_alphabetic()).flat_map(char::to_lowercase).collect()
}
