//! A file of policies read back, and what is said about one that is wrong.
//! Never: a database; that an import changes everything or nothing is shown in `tests/it`.

use super::*;
use vizard_core::{
    indicator::ActionClass,
    policy::{PolicyDraft, PriorityContent},
    scoring::threshold::Thresholds,
    settings::{
        CustomIndicator, Group, GroupKind, Variant,
        coverage::{AccountDigest, CoverageRule},
    },
    template::TemplateCode,
};

fn policy(name: &str) -> policy::Policy {
    let enabled: BTreeSet<String> = ["FILE_DOWNLOADED", "FILE_PRINTED"].map(str::to_owned).into();
    let text = format!(
        "format = 1\n[[policy]]\nname = {}\ntemplate = \"DATA_THEFT_BY_DEPARTING_USERS\"\nminimum_daily_events = 5\n\
         indicators = [{{ code = \"FILE_DOWNLOADED\" }}, {{ code = \"FILE_PRINTED\", low = 1, medium = 2, high = 3 }}]\n\
         scope = {{ all = true }}\n",
        toml::Value::String(name.to_owned())
    );
    let (document, _, problems) = read::read(&text);
    assert_eq!(problems, []);
    let draft = document.policies.into_iter().next().unwrap().draft;
    policy::create(draft, &enabled, &BTreeMap::new(), PolicyId::new(uuid::Uuid::from_u128(1))).unwrap()
}

fn problems(text: &str) -> Vec<String> {
    let (_, places, problems) = read::read(text);
    told(&problems, &places).iter().map(ToString::to_string).collect()
}

fn settings() -> Settings {
    let mut settings = Settings { minimum_daily_events: Some(5), ..Settings::default() };
    settings.risk_level.lasts_days = 14;
    settings.inline_tuning = true;
    settings.coverage.rules = vec![CoverageRule {
        name: "LAB".to_owned(),
        effective_from: vizard_core::time::Day(20_635),
        agreement: "Works agreement of 1 June 2026".to_owned(),
        departments: vec!["Optical Engineering".to_owned()],
        groups: vec![PriorityGroupId::new(uuid::Uuid::from_u128(3))],
        accounts: [AccountDigest([0xa1; 16])].into(),
    }];
    settings.privacy.pseudonymise = false;
    settings.privacy.justification = Some("Works agreement of 1 June 2026, section 4".to_owned());
    settings.alert_targets.high_hours = 8;
    settings.retention.event_days = 90;
    settings.domains.unallowed = vec!["*.drive.example".to_owned()];
    settings.exclusions.keywords = vec!["newsletter unless draft".to_owned()];
    settings.groups = vec![Group {
        name: "CODE".to_owned(),
        kind: GroupKind::FileTypes,
        items: vec!["rs".to_owned(), "c".to_owned()],
    }];
    settings.variants = vec![Variant {
        indicator: "FILE_PRINTED".to_owned(),
        name: "SOURCE".to_owned(),
        groups: vec!["CODE".to_owned()],
        excluding: false,
    }];
    settings.custom_indicators = vec![CustomIndicator {
        code: "BADGE_PRINTED".to_owned(),
        name: "Badge \"printed\"".to_owned(),
        action: ActionClass::Exfiltration,
        thresholds: Thresholds { low: 1, medium: 2, high: 3 },
    }];
    settings
}

#[test]
fn what_was_written_reads_back_as_the_same_policies() {
    let mut policies = vec![policy("A \"quoted\" name # not a comment"), policy("Ümläute")];
    policies[1].spec.description = "Two\nlines, and \\ a \u{7f} stroke.".to_owned();
    policies[1].spec.scope.departments = vec!["R&D".to_owned()];
    policies[1].spec.priority_content =
        Some(PriorityContent { labels: vec!["Secret".to_owned()], only: true, ..PriorityContent::default() });
    let settings = settings();
    let known = write::Names { pseudonyms: &BTreeMap::new(), groups: &BTreeMap::new() };
    let text = write::write(["FILE_DOWNLOADED", "FILE_PRINTED"].into_iter(), &settings, &policies, known);
    let (document, _, problems) = read::read(&text);
    assert_eq!(problems, [], "{text}");
    assert_eq!(document.enabled.unwrap(), ["FILE_DOWNLOADED", "FILE_PRINTED"]);
    assert_eq!(document.settings.as_ref(), Some(&settings));
    for (listed, policy) in document.policies.into_iter().zip(&policies) {
        let enabled = BTreeSet::new();
        assert_eq!(policy::update(policy, listed.draft, &enabled, &BTreeMap::new()).as_ref(), Ok(policy), "{text}");
    }
}

#[test]
fn the_file_is_the_one_that_people_keep() {
    let subject = SubjectId::new(uuid::Uuid::from_u128(3));
    let mut policy = policy("Departures");
    policy.spec.scope.excluded = vec![subject];
    let pseudonyms = BTreeMap::from([(subject, "Anon-7Q4K-2MX9".to_owned())]);
    let known = write::Names { pseudonyms: &pseudonyms, groups: &BTreeMap::new() };
    insta::assert_snapshot!(write::write(["FILE_DOWNLOADED"].into_iter(), &settings(), &[policy], known));
}

#[test]
fn everything_that_is_wrong_is_told_with_its_line() {
    let text = "format = 1\n\n[indicators]\nenable = []\n\n[[policy]]\nname = 3\ntemplate = \"DATA_LEAK\"\n\
                activation_days = \"30\"\nindicators = [\n  { code = \"FILE_PRINTED\", low = 1 },\n  3,\n]\n\n[settings.domains]\nforbidden = []\n";
    insta::assert_snapshot!(problems(text).join("\n"));
}

#[test]
fn a_file_that_is_not_toml_says_where() {
    let said = problems("format = 1\n[[policy]\n");
    assert!(said.len() == 1 && said[0].starts_with("line 2"), "{said:?}");
}

#[test]
fn a_file_of_another_format_is_refused() {
    for text in ["", "format = 2\n", "format = \"1\"\n"] {
        assert_eq!(problems(text).len(), 1, "{text}");
    }
}

#[test]
fn problems_of_the_core_have_the_names_of_the_file() {
    let draft = PolicyDraft { activation_days: Some(31), ..PolicyDraft::of(&policy("A")) };
    let made = policy::create(draft, &BTreeSet::new(), &BTreeMap::new(), PolicyId::new(uuid::Uuid::nil()));
    let places: Vec<String> = made.unwrap_err().into_iter().map(|problem| in_file(problem).field.join(".")).collect();
    assert_eq!(places, ["indicators.0.code", "indicators.1.code", "activation_days"]);
    assert_eq!(policy("A").template, TemplateCode::DataTheftByDepartingUsers);
}
