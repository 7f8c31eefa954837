//! Reads typed data from the tree. Text, numbers, booleans and null are never turned into one another.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};

use super::error::InputError;
use super::node::{Children, Node, Value};
use super::scalar::{Plain, classify};

/// Longest piece of the input that an error repeats (characters): an unknown key.
const MAX_ECHO_CHARS: usize = 40;
/// What to do about a word such as `no` or `012`.
const AMBIGUOUS: &str = "YAML versions read this word differently; for yes or no write true or false, put text in quotes, write a whole number in plain decimal digits";

/// An error on its way up the tree; each level adds its step to the path.
#[derive(Debug)]
pub(crate) struct DeError(Box<InputError>);

impl DeError {
    pub(super) fn into_input_error(self) -> InputError {
        *self.0
    }

    fn at(mut self, node: Node<'_>) -> Self {
        if self.0.line == 0 {
            (self.0.line, self.0.column) = node.place();
        }
        self
    }

    fn under(self, step: &str) -> Self {
        Self(Box::new(self.0.under(step)))
    }

    fn no_such_word(is_blank: bool, expected: &[&str]) -> Self {
        let expected = expected.join(", ");
        if is_blank {
            Self::custom(format_args!("expected one of {expected}, found nothing (this is blank)"))
        } else {
            Self::custom(format_args!("unknown word; expected one of {expected}"))
        }
    }
}

impl fmt::Display for DeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for DeError {}

/// What a type is called by whoever fills a sheet.
fn in_plain_words(expected: &str) -> &str {
    match expected {
        "a boolean" => "true or false",
        "a sequence" => "a list such as [HQUALIMP, TRAIN]",
        "a string" => "text (a number or a date as text stands in quotes)",
        "u8" | "u32" | "u64" | "i64" => "a whole number",
        other => other,
    }
}

/// Plain sentences that never repeat a value, since a value may be personal.
impl serde::de::Error for DeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(Box::new(InputError::new(0, 0, message.to_string())))
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Bool(_) => "true or false",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => "text",
            Unexpected::Unit | Unexpected::Option => "nothing (this is blank)",
            Unexpected::Seq => "a list",
            Unexpected::Map => "a mapping",
            _ => "something else",
        };
        Self::custom(format_args!("expected {}, found {found}", in_plain_words(&expected.to_string())))
    }

    fn invalid_value(_found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::custom(format_args!("out of range: expected {expected}"))
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::no_such_word(variant.is_empty(), expected)
    }

    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        let error = Self::custom(format_args!("unknown key; expected one of {}", expected.join(", ")));
        error.under(&echo(field))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::custom("is missing").under(field)
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::custom("occurs twice").under(field)
    }
}

/// A scalar, typed.
enum Typed<'n> {
    Text(&'n str),
    Plain(Plain),
}

impl<'d> Node<'d> {
    /// Refuses what no reader may take on trust.
    fn checked(self) -> Result<Self, DeError> {
        if self.entry().has_foreign_tag {
            return Err(DeError::custom("tags are not accepted here").at(self));
        }
        if let Some(key) = self.duplicate_key() {
            let name = echo(key.text().unwrap_or_default());
            return Err(DeError::custom("this key occurs twice").under(&name).at(key));
        }
        Ok(self)
    }

    fn typed(self) -> Option<Typed<'d>> {
        match &self.entry().value {
            Value::Scalar { text, is_plain: false } => Some(Typed::Text(text)),
            Value::Scalar { text, is_plain: true } => Some(match classify(text) {
                Plain::Text => Typed::Text(text),
                plain => Typed::Plain(plain),
            }),
            _ => None,
        }
    }

    /// There is nothing in this place.
    pub(crate) fn is_blank(self) -> bool {
        matches!(self.typed(), Some(Typed::Plain(Plain::Null)))
    }

    fn visit_any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        if let Some(items) = self.items() {
            return visitor.visit_seq(Items { items, index: 0 });
        }
        if let Some(pairs) = self.keys_and_values() {
            return visitor.visit_map(Pairs { pairs, key: None });
        }
        match self.typed() {
            Some(Typed::Text(text)) => visitor.visit_str(text),
            Some(Typed::Plain(Plain::Null)) => visitor.visit_unit(),
            Some(Typed::Plain(Plain::Bool(value))) => visitor.visit_bool(value),
            Some(Typed::Plain(Plain::Integer(value))) => match (i64::try_from(value), u64::try_from(value)) {
                (Ok(value), _) => visitor.visit_i64(value),
                (_, Ok(value)) => visitor.visit_u64(value),
                _ => Err(DeError::custom("the number is out of range")),
            },
            Some(Typed::Plain(Plain::Ambiguous | Plain::Text)) | None => Err(DeError::custom(AMBIGUOUS)),
        }
    }
}

impl<'de> Deserializer<'de> for Node<'_> {
    type Error = DeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        self.checked()?.visit_any(visitor).map_err(|error| error.at(self))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        match self.checked()?.typed() {
            Some(Typed::Plain(Plain::Null)) => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    /// Keys by name only: serde would also fill a struct from a list, by position.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let node = self.checked()?;
        match node.keys_and_values() {
            Some(pairs) => visitor.visit_map(Pairs { pairs, key: None }),
            None => Err(DeError::custom("expected a mapping (keys with values)")),
        }
        .map_err(|error: DeError| error.at(self))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DeError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DeError> {
        let Some(Typed::Text(word)) = self.checked()?.typed() else {
            return Err(DeError::no_such_word(self.is_blank(), variants).at(self));
        };
        visitor.visit_enum(Word(word.into_deserializer())).map_err(|error| error.at(self))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DeError> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier
    }
}

/// A word that names one variant of an enum without content.
struct Word<'n>(StrDeserializer<'n, DeError>);

impl<'de, 'n> EnumAccess<'de> for Word<'n> {
    type Error = DeError;
    type Variant = <StrDeserializer<'n, DeError> as EnumAccess<'de>>::Variant;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self::Variant), DeError> {
        self.0.variant_seed(seed)
    }
}

struct Items<'d> {
    items: Children<'d>,
    index: usize,
}

impl<'de> SeqAccess<'de> for Items<'_> {
    type Error = DeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DeError> {
        let Some(node) = self.items.next() else { return Ok(None) };
        let index = self.index;
        self.index = index.saturating_add(1);
        let value = seed.deserialize(node);
        value.map(Some).map_err(|error| error.at(node).under(&format!("[{index}]")))
    }
}

struct Pairs<'d> {
    pairs: Children<'d>,
    /// The key that was read and whose value is next.
    key: Option<Node<'d>>,
}

impl<'de> MapAccess<'de> for Pairs<'_> {
    type Error = DeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, DeError> {
        self.key = self.pairs.next();
        let Some(key) = self.key else { return Ok(None) };
        seed.deserialize(key).map(Some).map_err(|error| error.at(key))
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, DeError> {
        let (Some(key), Some(value)) = (self.key.take(), self.pairs.next()) else {
            return Err(DeError::custom("a value without a key"));
        };
        let name = || echo(key.text().unwrap_or_default());
        seed.deserialize(value).map_err(|error| error.at(value).under(&name()))
    }
}

/// The start of a key, fit to be repeated in an error.
fn echo(key: &str) -> String {
    key.chars().filter(|c| !c.is_control()).take(MAX_ECHO_CHARS).collect()
}
