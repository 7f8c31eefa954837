//! The built-in configuration and its reader.

use super::Config;

const WRITTEN: &str = "
required_stages:
  staff: [before_recording, after_recording, before_use]
  patient: [before_recording]
  third_party: [before_recording]
  visitor: [before_recording]
purposes: [TREAT, HQUALIMP, TRAIN, HRESCH, MLTRAINING, PATSFTY]
narrower: {HQUALIMP: [HQUALIMP/local-debrief]}
max_clock_skew_s: 300
clock_check_max_age_days: 180
audience_rank: {individual: 0, small_group: 1, plenary: 2, external: 3}
";

#[test]
fn the_default_is_what_it_says() {
    assert_eq!(Config::parse(WRITTEN).unwrap(), Config::default());
}

#[test]
fn faults_name_their_path() {
    let path = |from: &str, to: &str| {
        let changed = WRITTEN.replace(from, to);
        assert_ne!(changed, WRITTEN);
        Config::parse(&changed).unwrap_err().path
    };
    assert_eq!(path("  visitor: [before_recording]\n", ""), "config.required_stages.visitor");
    assert_eq!(path("visitor: [before_recording]", "visitor: []"), "config.required_stages.visitor");
    assert_eq!(path("visitor: [before_recording]", "visitor: [soon]"), "required_stages.visitor[0]");
    assert_eq!(path("max_clock_skew_s: 300", "max_clock_skew_s: -1"), "max_clock_skew_s");
    assert_eq!(path("purposes: [TREAT", "purposes: [no"), "purposes[0]");
    assert_eq!(path("plenary: 2", "plenary: 2, plenary: 3"), "audience_rank.plenary");
    assert_eq!(path("narrower:", "narrowest:"), "narrowest");
    assert_eq!(path("max_clock_skew_s: 300\n", ""), "max_clock_skew_s");
    assert_eq!(path("  staff:", "  robot: [before_use]\n  staff:"), "required_stages");
}
