//! Rules of a site deny or add; what cannot be judged denies.

use super::*;
use crate::rules::Outcome;

const RULES: &str = r#"
@id("no-video-outside") @why("Video stays in the house.")
forbid (principal, action, resource) when { context.modality == "video" && context.audience == "external" };
@id("second-look") @obligation("human_review:second_look")
forbid (principal, action == Action::"produce_derivative", resource) when { context.people.patient > 0 };
"#;

fn base() -> Facts {
    let text = include_str!("../../fixtures/base.yaml");
    crate::sheet::yaml::from_str(text, text.len()).unwrap()
}

fn decided(rules: &str, change: impl FnOnce(&mut Facts)) -> Decision {
    let mut facts = base();
    change(&mut facts);
    ExtraRules::parse(rules).unwrap().decide(&facts, &Config::default())
}

#[test]
fn no_rules_change_nothing() {
    for none in ["", " \n\n"] {
        assert_eq!(decided(none, |_| ()), decide(&base(), &Config::default()));
        assert!(ExtraRules::parse(none).unwrap().can_be_evaluated());
    }
    assert_eq!(ExtraRules::parse(&" ".repeat(MAX_BYTES + 1)).unwrap_err().offset, None);
}

#[cfg(not(feature = "cedar"))]
#[test]
fn rules_that_cannot_be_evaluated_here_deny_everything() {
    let denied = decided(RULES, |_| ());
    assert_eq!((denied.outcome, denied.rule_ids()), (Outcome::Deny, vec!["X-UNAVAILABLE"]));
    assert!(denied.obligations.is_empty() && denied.valid_until.is_none());
    let also = decided("not even Cedar", |facts| facts.recording.restricted = true);
    assert_eq!(also.rule_ids(), ["R11-RESTRICTED", "X-UNAVAILABLE"]);
    assert!(!ExtraRules::parse(RULES).unwrap().can_be_evaluated());
}

#[cfg(feature = "cedar")]
mod with_cedar {
    use super::*;
    use proptest::prelude::*;

    fn outside(facts: &mut Facts) {
        facts.request.audience = "external".to_owned();
        facts.consents.iter_mut().for_each(|row| row.max_audience = "external".to_owned());
    }

    #[test]
    fn a_rule_denies_and_another_adds_an_obligation() {
        let permit = decided(RULES, |_| ());
        assert!(permit.is_permit() && permit.obligations.contains(&"human_review:second_look".to_owned()));
        assert!(permit.obligations.is_sorted());
        let denied = decided(RULES, outside);
        assert_eq!((denied.outcome, denied.rule_ids()), (Outcome::Deny, vec!["X-no-video-outside"]));
        assert!(denied.obligations.is_empty() && denied.reasons[0].why == "Video stays in the house.");
        let json = serde_json::to_value(&denied).unwrap();
        assert_eq!(json["reasons"][0]["rule"], "X-no-video-outside");
    }

    #[test]
    fn a_rule_of_a_site_turns_a_pending_approval_into_a_denial() {
        let pending = |facts: &mut Facts| {
            facts.recording.intimate = true;
            facts.approvals.clear();
        };
        assert_eq!(decided("", pending).outcome, Outcome::NeedsApproval);
        let both = decided(RULES, |facts| {
            pending(facts);
            outside(facts);
        });
        assert_eq!(
            (both.outcome, both.rule_ids()),
            (Outcome::Deny, vec!["R14-INTIMATE", "X-no-video-outside"])
        );
    }

    #[test]
    fn a_rule_that_fails_denies() {
        for rule in [
            "@id(\"x\") forbid (principal, action, resource) when { context.weather == \"rain\" };",
            "@id(\"x\") @obligation(\"warn:y\") forbid (principal, action, resource) when { context.people.staff + 9223372036854775807 > 0 };",
        ] {
            let denied = decided(rule, |_| ());
            assert_eq!(denied.rule_ids(), ["X-EVALUATION"], "{rule}");
            assert!(denied.reasons[0].why.contains("rule x "), "{denied:?}");
        }
    }

    #[test]
    fn rules_that_permit_or_lack_a_name_are_refused_at_their_place() {
        let good = "@id(\"good\") forbid (principal, action, resource);\n";
        for (rule, word) in [
            ("@id(\"x\") permit (principal, action, resource);", "only `forbid`"),
            ("forbid (principal, action, resource);", "a name of its own"),
            ("@id(\"Big Letters\") forbid (principal, action, resource);", "a name of its own"),
            (
                "@id(\"x\") @obligation(\"second_review\") forbid (principal, action, resource);",
                "human_review:",
            ),
            ("@id(\"x\") @why(\"\") forbid (principal, action, resource);", "@why"),
            ("@id(\"x\") forbid (principal == ?principal, action, resource);", "template"),
            ("forbid (principal action, resource);", "not valid Cedar"),
        ] {
            let refused = ExtraRules::parse(&format!("{good}{rule}\n")).unwrap_err();
            assert!(refused.what.contains(word), "{rule}: {refused}");
            assert!(refused.offset.is_some_and(|offset| offset >= good.len()), "{rule}: {refused:?}");
        }
        assert!(ExtraRules::parse(&good.repeat(2)).unwrap_err().what.contains("a name of its own"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn rules_never_move_towards_a_permit(restricted in any::<bool>(), intimate in any::<bool>(), is_outside in any::<bool>(), role in "\\PC{0,8}") {
            let mut facts = base();
            (facts.recording.restricted, facts.recording.intimate) = (restricted, intimate);
            facts.request.role = if role.is_empty() { "reviewer".to_owned() } else { role };
            if is_outside {
                facts.request.audience = "external".to_owned();
            }
            let plain = decide(&facts, &Config::default());
            let with = ExtraRules::parse(RULES).unwrap().decide(&facts, &Config::default());
            prop_assert!(!with.is_permit() || plain.is_permit());
            prop_assert!(plain.reasons.iter().all(|reason| with.reasons.contains(reason)));
            prop_assert!(!with.is_permit() || plain.obligations.iter().all(|obligation| with.obligations.contains(obligation)));
        }
    }
}
