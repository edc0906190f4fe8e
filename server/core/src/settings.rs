//! The installation's settings about activity: domains, what is left out of scoring, groups of things and indicators
//! narrowed to them, indicators of one's own. Read once, when an event comes in; what was decided is kept with it.
//! Never: a change of what was decided before: an edit holds for what comes in afterwards.

mod check;
pub mod coverage;
mod pattern;
mod privacy;
#[cfg(test)]
mod tests;

use crate::{
    alert::AlertTargets,
    event::AcceptedEvent,
    indicator::{self, ActionClass},
    limits,
    retention::Retention,
    scoring::threshold::Thresholds,
    subject::RiskTiming,
    words::words,
};
use coverage::Coverage;
use pattern::same_site;
pub use pattern::site_key;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// Everything an administrator sets for all policies together.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Domains by what they mean to the organisation.
    pub domains: Domains,
    /// What is never scored.
    pub exclusions: Exclusions,
    /// Events of a day below which nothing is above the usual, unless a policy says; left out: each indicator's
    /// threshold for low.
    pub minimum_daily_events: Option<u32>,
    /// How long things count for a subject's risk level.
    pub risk_level: RiskTiming,
    /// Whom the installation monitors.
    pub coverage: Coverage,
    /// How identities are protected.
    pub privacy: Privacy,
    /// How long an alert may wait for its review.
    pub alert_targets: AlertTargets,
    /// How long things are kept.
    pub retention: Retention,
    /// Whether whoever triages may tune an indicator of a policy from one of its alerts.
    pub inline_tuning: bool,
    /// Named lists, for variants.
    pub groups: Vec<Group>,
    /// Indicators narrowed to groups.
    pub variants: Vec<Variant>,
    /// Indicators of one's own.
    pub custom_indicators: Vec<CustomIndicator>,
}

/// How identities are protected (domain, section 8).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Privacy {
    /// Whether subjects are shown under pseudonyms. Switching it off shows every identity to whoever may see the subject.
    pub pseudonymise: bool,
    /// Why it was switched off; needed for that, and kept as long as it is off.
    pub justification: Option<String>,
    /// Whose consent a reveal needs.
    pub reveal_approval: RevealApproval,
    /// Hours for which a reveal holds, within [`limits::REVEAL_HOURS_RANGE`].
    pub reveal_hours: u32,
}

impl Default for Privacy {
    fn default() -> Self {
        Self {
            pseudonymise: true,
            justification: None,
            reveal_approval: RevealApproval::SecondPerson,
            reveal_hours: limits::REVEAL_HOURS,
        }
    }
}

words! {
    /// Whose consent a reveal needs.
    RevealApproval {
        /// Somebody else, with the role APPROVER.
        SecondPerson = "SECOND_PERSON",
        /// Nobody's: for teams too small for two. The audit log says so with every reveal.
        None = "NONE",
    }
}

/// Lists of domains. `example.com` is that one, `*.example.com` one level below it, `**.example.com` every level below.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Domains {
    /// Raise the score.
    pub unallowed: Vec<String>,
    /// Treated as internal: what goes there has not left.
    pub allowed: Vec<String>,
    /// Sites of others that the organisation uses; downloads from elsewhere are none from a third party.
    pub third_party: Vec<String>,
}

/// What is left out of scoring, and stays visible as activity.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Exclusions {
    /// Endings of file names; they still count inside a sequence.
    pub file_types: Vec<String>,
    /// Folders; `*` stands for one folder or drive. What is below is left out.
    pub paths: Vec<String>,
    /// Addresses of sites; what is below is left out.
    pub sites: Vec<String>,
    /// Names of sensitive information types; they win over priority content.
    pub sensitive_types: Vec<String>,
    /// "WORD" or "WORD unless OTHER, OTHER": what contains WORD in its name, path or subject line and none of the others.
    pub keywords: Vec<String>,
}

impl Default for Exclusions {
    /// The application data of a Windows profile: programs write there, not people.
    fn default() -> Self {
        let none = Vec::new;
        let paths = vec![r"*\Users\*\AppData".to_owned()];
        Self { file_types: none(), paths, sites: none(), sensitive_types: none(), keywords: none() }
    }
}

words! {
    /// What a detection group lists.
    GroupKind {
        /// Domains, as in the lists of domains.
        Domains = "DOMAINS",
        /// Folders, as in the exclusions.
        Paths = "PATHS",
        /// Endings of file names.
        FileTypes = "FILE_TYPES",
        /// Addresses of sites.
        Sites = "SITES",
        /// Sensitivity labels.
        Labels = "LABELS",
    }
}

/// A detection group: up to 200 things of one kind under a name.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// In capitals, digits and underscores.
    pub name: String,
    /// What it lists.
    pub kind: GroupKind,
    /// The things.
    pub items: Vec<String>,
}

/// An indicator narrowed to what is in groups, or to what is in none of them. Its code is `INDICATOR#NAME`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Variant {
    /// The indicator's code.
    pub indicator: String,
    /// In capitals, digits and underscores.
    pub name: String,
    /// Names of groups.
    pub groups: Vec<String>,
    /// Whether it counts what is in none of the groups, instead of what is in one.
    #[serde(default)]
    pub excluding: bool,
}

impl Variant {
    /// Under which policies select it and days count it.
    pub fn code(&self) -> String {
        indicator::variant_code(&self.indicator, &self.name)
    }
}

/// An indicator of one's own, fed by any connector under `code` as the event's kind.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomIndicator {
    /// In capitals, digits and underscores; what plugins emit.
    pub code: String,
    /// For people.
    pub name: String,
    /// Decides about its weight.
    pub action: ActionClass,
    /// Events of a day from which it is low, medium, high.
    pub thresholds: Thresholds,
}

impl CustomIndicator {
    /// Under which it is stored, selected and counted: a variant of the custom indicator of its action class.
    pub fn full_code(&self) -> Option<String> {
        indicator::custom_base(self.action).map(|base| indicator::variant_code(base, &self.code))
    }
}

/// How far an event counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Weight {
    /// As every event.
    #[default]
    Full,
    /// As a step of a sequence only: its file type is left out.
    InSequences,
    /// Not at all; it is shown as activity.
    None,
}

impl Weight {
    /// As it is stored.
    pub const fn code(self) -> u8 {
        match self {
            Self::Full => 0,
            Self::InSequences => 1,
            Self::None => 2,
        }
    }
}

/// What the settings say of an event.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Verdict {
    /// How far it counts.
    pub weight: Weight,
    /// Whether it went to or came from a domain that is not allowed.
    pub unallowed: bool,
    /// Codes of the variants that it counts for as well.
    pub variants: Vec<String>,
}

const FROM_THIRD_PARTY: &str = "FILE_DOWNLOADED_FROM_THIRD_PARTY_SITE";
const FROM_UNALLOWED: &str = "FILE_DOWNLOADED_FROM_UNALLOWED_DOMAIN";

impl Settings {
    /// What counts where these indicators of the catalogue are enabled: they, their variants, and all of one's own.
    pub fn enabled(&self, chosen: &BTreeSet<String>) -> BTreeSet<String> {
        let variants = self.variants.iter().filter(|variant| chosen.contains(&variant.indicator)).map(Variant::code);
        let custom = self.custom_indicators.iter().filter_map(CustomIndicator::full_code);
        chosen.iter().cloned().chain(variants).chain(custom).collect()
    }

    /// The thresholds that come with an indicator of one's own.
    pub fn thresholds(&self, code: &str) -> Option<Thresholds> {
        let own = self.custom_indicators.iter().find(|own| own.full_code().as_deref() == Some(code));
        own.map(|own| own.thresholds)
    }

    /// What another version changes, a sentence a list, without what is in it.
    pub fn changes(&self, after: &Self) -> Vec<String> {
        let mut changes = Vec::new();
        fn list<T: PartialEq>(name: &str, before: &[T], after: &[T], changes: &mut Vec<String>) {
            let lacking = |of: &[T], in_: &[T]| of.iter().filter(|entry| !in_.contains(entry)).count();
            let (added, removed) = (lacking(after, before), lacking(before, after));
            if added + removed > 0 {
                changes.push(format!("{name}: {added} added, {removed} removed."));
            }
        }
        let (was, is) = (&self.domains, &after.domains);
        list("Unallowed domains", &was.unallowed, &is.unallowed, &mut changes);
        list("Allowed domains", &was.allowed, &is.allowed, &mut changes);
        list("Third-party domains", &was.third_party, &is.third_party, &mut changes);
        let (was, is) = (&self.exclusions, &after.exclusions);
        list("Excluded file types", &was.file_types, &is.file_types, &mut changes);
        list("Excluded paths", &was.paths, &is.paths, &mut changes);
        list("Excluded sites", &was.sites, &is.sites, &mut changes);
        list("Excluded sensitive types", &was.sensitive_types, &is.sensitive_types, &mut changes);
        list("Excluded keywords", &was.keywords, &is.keywords, &mut changes);
        list("Detection groups", &self.groups, &after.groups, &mut changes);
        list("Variants", &self.variants, &after.variants, &mut changes);
        list("Custom indicators", &self.custom_indicators, &after.custom_indicators, &mut changes);
        if self.minimum_daily_events != after.minimum_daily_events {
            let shown = |count: Option<u32>| count.map_or_else(|| "none".to_owned(), |count| count.to_string());
            let (was, is) = (shown(self.minimum_daily_events), shown(after.minimum_daily_events));
            changes.push(format!("Minimum daily events changed from {was} to {is}."));
        }
        if self.inline_tuning != after.inline_tuning {
            let is = if after.inline_tuning { "on" } else { "off" };
            changes.push(format!("Tuning from alerts was switched {is}."));
        }
        changes.extend(self.coverage.changes(&after.coverage));
        let (was, is) = (self.risk_level, after.risk_level);
        for (name, was, is) in [
            ("Window of the risk level", was.window_days, is.window_days),
            ("Duration of a risk level", was.lasts_days, is.lasts_days),
        ] {
            if was != is {
                changes.push(format!("{name} changed from {was} to {is} days."));
            }
        }
        changes.extend(self.privacy.changes(&after.privacy));
        changes.extend(self.alert_targets.changes(&after.alert_targets));
        changes.extend(self.retention.changes(&after.retention));
        changes
    }

    /// The code under which a plugin's kind is stored: for an indicator of one's own not the kind itself.
    pub fn stored_code(&self, kind: &str) -> Option<String> {
        self.custom_indicators.iter().find(|own| own.code == kind).and_then(CustomIndicator::full_code)
    }

    /// Decides about an event that was accepted, and corrects which download it is.
    pub fn judge(&self, event: &mut AcceptedEvent) {
        let (verdict, download) = self.verdict(event);
        event.verdict = verdict;
        if let Some(code) = download {
            code.clone_into(&mut event.indicator);
        }
    }

    fn verdict(&self, event: &AcceptedEvent) -> (Verdict, Option<&'static str>) {
        let seen = Things::of(event);
        let mut download = None;
        let unallowed = seen.domains().any(|domain| pattern::any_domain(&self.domains.unallowed, domain));
        let mut weight = self.excluded(&seen);
        if event.indicator == FROM_THIRD_PARTY
            && let Some(source) = seen.source
        {
            let listed = pattern::any_domain(&self.domains.third_party, source);
            if unallowed {
                download = Some(FROM_UNALLOWED);
            } else if !self.domains.third_party.is_empty() && !listed {
                weight = Weight::None;
            }
        }
        let code = download.unwrap_or(&event.indicator);
        let leaves = indicator::find(code).is_some_and(|found| found.action == ActionClass::Exfiltration);
        let allowed = |domain: &&str| pattern::any_domain(&self.domains.allowed, domain);
        if leaves && !seen.destinations.is_empty() && seen.destinations.iter().all(allowed) {
            weight = Weight::None;
        }
        let variants = match weight {
            Weight::Full => self.variants_of(code, &seen),
            Weight::InSequences | Weight::None => Vec::new(),
        };
        (Verdict { weight, unallowed, variants }, download)
    }

    fn excluded(&self, seen: &Things<'_>) -> Weight {
        let out = &self.exclusions;
        let keyword = |rule: &String| pattern::Keyword::of(rule).excludes(&seen.texts);
        let by_type = |name: &&str| out.sensitive_types.iter().any(|listed| pattern::same(listed, name));
        if seen.paths.iter().any(|path| out.paths.iter().any(|listed| pattern::below_folder(listed, path)))
            || seen.site.is_some_and(|site| out.sites.iter().any(|listed| same_site(listed, site)))
            || seen.sensitive_types.iter().any(by_type)
            || out.keywords.iter().any(keyword)
        {
            return Weight::None;
        }
        let file_type = seen.file_type.as_deref();
        match file_type.is_some_and(|found| out.file_types.iter().any(|listed| pattern::same_ending(listed, found))) {
            true => Weight::InSequences,
            false => Weight::Full,
        }
    }

    fn variants_of(&self, code: &str, seen: &Things<'_>) -> Vec<String> {
        let within = |name: &String| self.groups.iter().any(|group| group.name == *name && group.has(seen));
        let of = self.variants.iter().filter(|variant| variant.indicator == code);
        of.filter(|variant| variant.groups.iter().any(within) != variant.excluding).map(Variant::code).collect()
    }
}

impl Group {
    fn has(&self, seen: &Things<'_>) -> bool {
        let items = &self.items;
        match self.kind {
            GroupKind::Domains => seen.domains().any(|domain| pattern::any_domain(items, domain)),
            GroupKind::Paths => {
                seen.paths.iter().any(|path| items.iter().any(|item| pattern::below_folder(item, path)))
            }
            GroupKind::FileTypes => seen
                .file_type
                .as_deref()
                .is_some_and(|found| items.iter().any(|item| pattern::same_ending(item, found))),
            GroupKind::Sites => seen.site.is_some_and(|site| items.iter().any(|item| same_site(item, site))),
            GroupKind::Labels => seen.label.is_some_and(|label| items.iter().any(|item| pattern::same(item, label))),
        }
    }
}

/// What the lists are compared with, by the names of `connector_sdk::attr`.
struct Things<'a> {
    destinations: Vec<&'a str>,
    source: Option<&'a str>,
    paths: Vec<&'a str>,
    site: Option<&'a str>,
    label: Option<&'a str>,
    sensitive_types: Vec<&'a str>,
    file_type: Option<String>,
    texts: Vec<String>,
}

impl<'a> Things<'a> {
    fn of(event: &'a AcceptedEvent) -> Self {
        let of = |name: &str| -> Vec<&'a str> {
            let value = event.facts.get(name).or_else(|| event.content.get(name));
            match value {
                Some(Json::String(text)) => vec![text.as_str()],
                Some(Json::Array(texts)) => texts.iter().filter_map(Json::as_str).collect(),
                _ => Vec::new(),
            }
        };
        let one = |name: &str| of(name).first().copied();
        let all = |names: &[&str]| -> Vec<&'a str> { names.iter().flat_map(|name| of(name)).collect() };
        let names = all(&["object_name", "object_path"]);
        let ending = || names.iter().find_map(|name| name.rsplit_once('.').map(|(_, ending)| ending.to_lowercase()));
        Self {
            destinations: all(&["destination_domain", "destination_domains"]),
            source: one("source_domain"),
            paths: all(&["object_path"]),
            site: one("site_url"),
            label: one("sensitivity_label"),
            sensitive_types: all(&["sensitive_info_types"]),
            file_type: one("file_extension").map(str::to_lowercase).or_else(ending),
            texts: all(&["object_name", "object_path", "subject_line"])
                .iter()
                .map(|text| text.to_lowercase())
                .collect(),
        }
    }

    fn domains(&self) -> impl Iterator<Item = &'a str> {
        self.destinations.iter().copied().chain(self.source)
    }
}
