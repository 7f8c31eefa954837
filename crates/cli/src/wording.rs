//! Words for people in more than one command.

/// A number of things: `1 face`, `2 faces`.
pub(crate) fn counted(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::counted;

    #[test]
    fn one_is_not_many() {
        assert_eq!(
            [0usize, 1, 2].map(|n| counted(n, "entry", "entries")),
            ["0 entries", "1 entry", "2 entries"]
        );
    }
}
