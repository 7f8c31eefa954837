//! The data types of FHIR that both versions share, as far as they are needed. Unknown elements are refused.

#![expect(clippy::struct_field_names, reason = "the names of the standard")]

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::FhirError;
use crate::rules::{CalendarDate, Instant};

/// Seconds of a day.
const DAY_S: u64 = 24 * 60 * 60;
/// The code system of purposes of use; the second is how old versions of FHIR wrote it.
const ACT_REASON: [&str; 2] =
    ["http://terminology.hl7.org/CodeSystem/v3-ActReason", "http://hl7.org/fhir/v3/ActReason"];

/// An element that is read over: it carries no condition.
pub(super) type Skipped = Option<IgnoredAny>;
/// An element that is refused where it is present.
pub(super) type Unjudged = Option<IgnoredAny>;

/// A reference to another resource. Name and identifier are never read.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "what may stand there, and is read over")]
pub(super) struct Reference {
    id: Skipped,
    extension: Skipped,
    pub(super) reference: Option<String>,
    r#type: Skipped,
    identifier: Skipped,
    display: Skipped,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "what may stand there, and is read over")]
pub(super) struct Coding {
    id: Skipped,
    extension: Skipped,
    pub(super) system: Option<String>,
    version: Skipped,
    pub(super) code: Option<String>,
    display: Skipped,
    user_selected: Skipped,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "what may stand there, and is read over")]
pub(super) struct CodeableConcept {
    id: Skipped,
    extension: Skipped,
    #[serde(default)]
    pub(super) coding: Vec<Coding>,
    text: Skipped,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(dead_code, reason = "what may stand there, and is read over")]
pub(super) struct Period {
    id: Skipped,
    extension: Skipped,
    start: Option<String>,
    end: Option<String>,
}

/// From the first to the last moment that a date can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: Instant,
    /// The start of the next day, or the same moment where a time is given.
    pub(super) last: Instant,
}

/// The first and last moments of a period; `None` where it is open.
pub(super) type Bounds = (Option<Instant>, Option<Instant>);

/// Reads a `date` or `dateTime`: a day, or an instant with its offset. A month or a year is no day to decide on.
pub(super) fn moment(text: &str, path: &str) -> Result<Span, FhirError> {
    if let Ok(date) = CalendarDate::parse(text) {
        let first = Instant::start_of(date);
        return Ok(Span { first, last: first.plus_seconds(DAY_S) });
    }
    let instant = Instant::parse(text).map_err(|error| {
        FhirError::new(path, &format!("a day, or a time with its offset, is needed: {error}"))
    })?;
    Ok(Span { first: instant, last: instant })
}

/// The bounds of a period. A day at its end belongs to it.
pub(super) fn bounds(period: Option<&Period>, path: &str) -> Result<Bounds, FhirError> {
    let Some(period) = period else { return Ok((None, None)) };
    let start = period.start.as_deref().map(|text| moment(text, &format!("{path}.start"))).transpose()?;
    let end = period.end.as_deref().map(|text| moment(text, &format!("{path}.end"))).transpose()?;
    Ok((start.map(|span| span.first), end.map(|span| span.last)))
}

/// What lies in both periods.
pub(super) fn overlap(a: Bounds, b: Bounds) -> Bounds {
    let later = a.0.max(b.0);
    let earlier = a.1.into_iter().chain(b.1).min();
    (later, earlier)
}

/// The codes of purposes of use, in order and each once.
pub(super) fn purposes(codings: &[Coding], path: &str) -> Result<Vec<String>, FhirError> {
    let mut codes = Vec::new();
    for (index, coding) in codings.iter().enumerate() {
        let path = format!("{path}[{index}]");
        if !coding.system.as_deref().is_some_and(|system| ACT_REASON.contains(&system)) {
            return Err(FhirError::new(
                path,
                "only purposes of use of the system v3-ActReason are understood",
            ));
        }
        let is_code = |code: &&str| {
            !code.is_empty() && code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let code = coding.code.as_deref().filter(is_code);
        let code =
            code.ok_or_else(|| FhirError::new(format!("{path}.code"), "expected a code such as HQUALIMP"))?;
        codes.push(code.to_owned());
    }
    codes.sort_unstable();
    codes.dedup();
    Ok(codes)
}

/// Whoever a reference names.
pub(super) fn target(reference: &Reference, path: &str) -> Result<String, FhirError> {
    let text = reference.reference.clone().filter(|text| !text.trim().is_empty());
    text.ok_or_else(|| FhirError::new(format!("{path}.reference"), "a literal reference is needed"))
}

/// Who gave the decision, with the path, where the resource says so.
pub(super) fn sole_giver(people: &[Reference], element: &str) -> Result<Option<(String, String)>, FhirError> {
    match people {
        [] => Ok(None),
        [one] => {
            let path = format!("{element}[0]");
            let who = target(one, &path)?;
            Ok(Some((path, who)))
        }
        _ => Err(FhirError::new(format!("{element}[1]"), "one decision of several people cannot be judged")),
    }
}

/// Refuses a permit of which a verification says that it failed.
pub(super) fn refuse_unverified(mut verified: impl Iterator<Item = bool>) -> Result<(), FhirError> {
    match verified.position(|verified| !verified) {
        Some(index) => {
            Err(FhirError::new(format!("verification[{index}].verified"), "the consent was not verified"))
        }
        None => Ok(()),
    }
}

/// Refuses every element of the list that is present.
pub(super) fn refuse_present(prefix: &str, elements: &[(&str, &Unjudged)]) -> Result<(), FhirError> {
    match elements.iter().find(|(_, element)| element.is_some()) {
        Some((name, _)) => Err(FhirError::new(
            format!("{prefix}{name}"),
            "this condition cannot be judged; enter the decision by hand, or ask for one without it",
        )),
        None => Ok(()),
    }
}
