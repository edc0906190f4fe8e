//! The recommended thresholds against the stories of `demo/README.md`: day counts as the sample files hold them, scored
//! on the day after the anchor by the template for departing users.
//! Never: a threshold changed to please one story; the reasoning is in `docs/thresholds.md`.

use super::{find, is_declarable};
use crate::{
    alert::Severity,
    policy::{AlertVolume, PolicyIndicator, ThresholdMode},
    scoring::{tests::Scene, threshold::ThresholdLevel},
    template::TemplateCode,
};

/// A subject under the template as it stands; days count from 1 July.
fn subject() -> Scene {
    let mut scene = Scene::new();
    let selected = TemplateCode::DataTheftByDepartingUsers.template().indicators;
    scene.policy.spec.indicators = selected
        .iter()
        .map(|code| PolicyIndicator {
            code: (*code).to_owned(),
            mode: ThresholdMode::Recommended,
            thresholds: find(code).unwrap().thresholds.unwrap(),
        })
        .collect();
    scene.enabled = selected.iter().map(|code| (*code).to_owned()).collect();
    scene
}

/// "date in June: count".
fn seen(scene: Scene, code: &str, days: &[(i32, u64)]) -> Scene {
    days.iter().fold(scene, |scene, (date, count)| scene.seen(code, date - 31, *count))
}

fn score(scene: &Scene) -> f64 {
    scene.score_on(0).score
}

#[test]
fn a_collection_copied_to_a_stick_after_a_resignation_is_a_high_alert() {
    let scene =
        seen(subject().trigger("RESIGNATION", 18 - 31), "FILE_DOWNLOADED", &[(16, 121), (17, 60), (22, 144), (23, 80)]);
    let scene = seen(scene, "FILE_COPIED_TO_USB", &[(24, 180), (25, 120)]);
    let scene = seen(scene, "FILE_RENAMED", &[(23, 8), (24, 6)]);
    let scene = seen(scene, "EMAIL_SENT_TO_FREE_DOMAIN", &[(24, 3), (26, 4)]);
    let score = score(&scene);
    assert_eq!(Severity::of(score), Severity::High, "{score}");
}

#[test]
fn shares_and_uploads_after_a_resignation_are_an_alert() {
    let shares = [(12, 3), (15, 4), (17, 3), (22, 4), (24, 3), (25, 1)];
    let scene = seen(subject().trigger("RESIGNATION", 15 - 31), "FILE_SHARED_EXTERNALLY", &shares);
    let scene = seen(scene, "FILE_UPLOADED_TO_WEB", &[(22, 1), (23, 19), (26, 15)]);
    let scene = seen(scene, "FILE_DOWNLOADED", &[(19, 4), (22, 25)]);
    let score = score(&scene);
    assert!(score >= AlertVolume::Default.raises_from(), "{score}");
}

#[test]
fn two_days_of_downloads_before_the_account_is_deleted_are_an_alert() {
    let scene = seen(subject().trigger("ACCOUNT_DELETED", 25 - 31), "FILE_DOWNLOADED", &[(22, 152), (23, 90)]);
    let score = score(&scene);
    assert!(score >= AlertVolume::Default.raises_from(), "{score}");
}

#[test]
fn ordinary_days_after_a_resignation_are_no_alert() {
    let mut scene = subject().trigger("RESIGNATION", 17 - 31);
    // The 95th percentile of the sample company's days, every day of three weeks.
    let ordinary = [
        ("FILE_DOWNLOADED", 4),
        ("FILE_SYNCED", 2),
        ("FILE_DELETED", 2),
        ("FILE_RENAMED", 2),
        ("FILE_PRINTED", 2),
        ("FILE_COPIED_TO_NETWORK_SHARE", 1),
    ];
    for (code, count) in ordinary {
        let days: Vec<(i32, u64)> = (8..=30).map(|date| (date, count)).collect();
        scene = seen(scene, code, &days);
    }
    let outcome = scene.score_on(0);
    assert!(!outcome.insights.is_empty() && outcome.open);
    assert!(outcome.insights.iter().all(|insight| insight.level == ThresholdLevel::Minimal));
    assert!(outcome.score < AlertVolume::Default.raises_from(), "{}", outcome.score);
}

#[test]
fn a_plugin_declares_what_the_catalogue_has_or_what_is_an_installations_own() {
    for (code, expected) in [
        ("FILE_DOWNLOADED", true),
        ("FILE_DOWNLOADD", false),
        ("OFF_HOURS", false),
        ("OWN_01", true),
        ("OWN_CAD_EXPORT", true),
        ("OWN_", false),
        ("OWN_lower", false),
        ("MINE", false),
    ] {
        assert_eq!(is_declarable(code), expected, "{code}");
    }
}
