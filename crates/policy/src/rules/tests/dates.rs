//! Instants and ages at their edges.

use crate::rules::{CalendarDate, Instant, InstantError};

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn date(text: &str) -> CalendarDate {
    CalendarDate::parse(text).unwrap()
}

#[test]
fn instants_compare_as_utc() {
    assert_eq!(at("2026-11-22T13:00:01+01:00"), at("2026-11-22T12:00:01Z"));
    assert_eq!(at("2026-11-22T12:00:00-00:00"), at("2026-11-22t12:00:00z"));
    assert!(at("2026-11-22T12:00:00.1Z") < at("2026-11-22T12:00:00.11Z"));
    assert!(at("1969-12-31T23:59:59.9Z") < at("1970-01-01T00:00:00Z"));
    assert!(at("1969-12-31T23:59:59.1Z") < at("1969-12-31T23:59:59.9Z"));
}

#[test]
fn instants_print_as_rfc_3339_in_utc() {
    assert_eq!(at("2026-11-22T13:00:01.500+01:00").to_string(), "2026-11-22T12:00:01.5Z");
    assert_eq!(at("1969-12-31T23:59:59.25Z").to_string(), "1969-12-31T23:59:59.25Z");
    assert_eq!(at("0000-01-01T00:00:00+23:59").to_string(), "0000-01-01T00:00:00Z");
    assert_eq!(at("9999-12-31T23:59:59-23:59").to_string(), "9999-12-31T23:59:59Z");
}

#[test]
fn other_shapes_are_refused() {
    for text in [
        "",
        "2026-11-22",
        "2026-11-22 12:00:00Z",
        "2026-11-22T12:00Z",
        "2026-11-22T12:00:00+0100",
        "2026-11-22T12:00:00+01",
        "2026-11-22T12:00:00.Z",
        "2026-11-22T12:00:00Z ",
        " 2026-11-22T12:00:00Z",
        "20261122T120000Z",
        "2026-11-22T12:00:00+01:00[Europe/Paris]",
        "+002026-11-22T12:00:00Z",
        "２026-11-22T12:00:00Z",
        "2026-11-22T1é:00:00Z",
        "2026-11-22T12:00:00,5Z",
        "2026-11-22T+1:00:00Z",
    ] {
        assert_eq!(Instant::parse(text), Err(InstantError::Shape), "{text}");
    }
    assert_eq!(Instant::parse("2026-11-22T12:00:00"), Err(InstantError::NoOffset));
    assert_eq!(Instant::parse("2026-11-22T12:00:00.5"), Err(InstantError::NoOffset));
    assert_eq!(Instant::parse("2026-11-22T12:00:00.1234567891Z"), Err(InstantError::Decimals));
    for text in [
        "2026-02-29T12:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "2026-11-22T12:00:00+24:00",
        "2026-11-22T12:00:00+01:60",
        "0000-00-00T00:00:00Z",
    ] {
        assert_eq!(Instant::parse(text), Err(InstantError::Range), "{text}");
    }
}

#[test]
fn arithmetic_saturates() {
    let last = at("9999-12-31T23:59:59Z");
    assert!(last.plus_seconds(u64::MAX) > last);
    assert_eq!(last.plus_seconds(900).to_string(), "9999-12-31T23:59:59Z");
    assert_eq!(last.plus_seconds(u64::MAX).plus_seconds(u64::MAX), last.plus_seconds(u64::MAX));
}

#[test]
fn instants_come_from_jiff_unchanged() {
    let timestamp: jiff::Timestamp = "1969-07-20T20:17:40.25Z".parse().unwrap();
    assert_eq!(Instant::from(timestamp), at("1969-07-20T20:17:40.25Z"));
}

#[test]
fn to_the_second_is_never_later() {
    assert_eq!(at("2026-11-22T12:00:00.957173188Z").to_the_second(), at("2026-11-22T12:00:00Z"));
    assert_eq!(at("2026-11-22T12:00:00Z").to_the_second(), at("2026-11-22T12:00:00Z"));
    assert_eq!(at("1969-12-31T23:59:58.25Z").to_the_second(), at("1969-12-31T23:59:58Z"));
}

#[test]
fn ages_are_completed_years() {
    let age = |born: &str, today: &str| date(born).completed_years(date(today));
    assert_eq!(age("2010-05-04", "2026-05-03"), Some(15));
    assert_eq!(age("2010-05-04", "2026-05-04"), Some(16));
    assert_eq!(age("2026-05-04", "2026-05-04"), Some(0));
    assert_eq!(age("2026-05-05", "2026-05-04"), None);
    assert_eq!(age("0000-01-01", "9999-12-31"), Some(9999));
}

#[test]
fn a_leap_day_birthday_falls_on_the_first_of_march() {
    let age = |today: &str| date("2008-02-29").completed_years(date(today));
    assert_eq!(age("2025-02-28"), Some(16));
    assert_eq!(age("2025-03-01"), Some(17));
    assert_eq!(age("2024-02-28"), Some(15));
    assert_eq!(age("2024-02-29"), Some(16));
    assert_eq!(date("2084-02-29").sixteenth_birthday(), Some(date("2100-03-01")));
    assert_eq!(date("2008-02-29").sixteenth_birthday(), Some(date("2024-02-29")));
    assert_eq!(date("9990-01-01").sixteenth_birthday(), None);
}

#[test]
fn dates_have_one_shape() {
    for text in
        ["", "1970-3-01", "1970-03-01T00:00:00Z", "70-03-01", "1970/03/01", "1970-02-30", "-001-01-01"]
    {
        assert!(CalendarDate::parse(text).is_err(), "{text}");
    }
}
