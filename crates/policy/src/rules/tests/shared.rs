//! The published cases, where a checkout of them is at hand (`OBSCURA_TEST_DATA`).

use std::path::Path;

use crate::sheet::parse_cases;

#[test]
fn published_cases_are_judged_as_published() {
    let Some(folder) = std::env::var_os("OBSCURA_TEST_DATA") else {
        eprintln!("skipped: set OBSCURA_TEST_DATA to the folder that holds policy/cases.yaml");
        return;
    };
    let text = std::fs::read_to_string(Path::new(&folder).join("policy/cases.yaml")).unwrap();
    let file = parse_cases(&text).unwrap();
    assert!(!file.cases.is_empty());
    assert_eq!(file.config.as_ref().unwrap(), &crate::config::Config::default());
    for case in &file.cases {
        let differences = case.expect.as_ref().unwrap().as_ref().unwrap().differences(&file.decide(case));
        assert!(differences.is_empty(), "{}: {differences:?}", case.id);
    }
    eprintln!("{} published cases agree", file.cases.len());
}
