//! Words for people in more than one command.

/// A number of things: `1 face`, `2 faces`.
pub(crate) fn counted(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

/// With more changes than this, or where they are half of the known word, another word was meant.
const MOST_SLIPS: usize = 3;

/// The known word that a mistyped one most likely stands for: nearest by insertions, losses, changes and swaps of
/// letters, whatever their case.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // What is longer than all words of a policy is no slip of the hand, and need not be compared.
    let word: String = word.chars().take(64).collect::<String>().to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&word, &known.to_lowercase());
    let (slips, found) =
        known.iter().map(|known| (distance(known), *known)).min_by_key(|(slips, _)| *slips)?;
    (slips <= MOST_SLIPS && slips * 2 < found.chars().count()).then_some(found)
}

/// ` (did you mean X?)`, or nothing where no known word is near.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    nearest(word, known).map_or_else(String::new, |found| format!(" (did you mean {found}?)"))
}

#[cfg(test)]
mod tests {
    use super::{counted, nearest};

    #[test]
    fn a_slip_of_the_hand_is_understood_and_another_word_is_not() {
        let known = ["TREAT", "HQUALIMP", "TRAIN", "HRESCH", "HQUALIMP/local-debrief"];
        let found = |word| nearest(word, &known);
        assert_eq!(found("HQUALIP"), Some("HQUALIMP"));
        assert_eq!(found("hqualimp"), Some("HQUALIMP"));
        assert_eq!(found("TRIAN"), Some("TRAIN"));
        assert_eq!(found("MARKETING"), None);
        assert_eq!(found(""), None);
        assert_eq!(nearest("TRAIN", &[]), None);
    }

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            [0usize, 1, 2].map(|n| counted(n, "entry", "entries")),
            ["0 entries", "1 entry", "2 entries"]
        );
    }
}
