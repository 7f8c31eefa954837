//! What the checklist reads from a receipt, plain or in a DSSE envelope. Signatures are the business of `verify`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// Largest receipt that is read (bytes).
const MAX_BYTES: usize = 16 << 20;

/// The text is no receipt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no receipt: {0}")]
pub struct ReceiptError(&'static str);

/// What a receipt says, as far as the checklist goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptFacts {
    /// Obligations with their status (`met` or `pending`).
    obligations: Vec<(String, String)>,
    /// Readable faces that the self-check found; `None` where the receipt does not say.
    pub(super) readable_faces: Option<usize>,
}

impl ReceiptFacts {
    /// Reads a receipt.
    ///
    /// # Errors
    /// [`ReceiptError`] where the text is too large, no JSON, or has no list of obligations.
    pub fn parse(text: &str) -> Result<Self, ReceiptError> {
        if text.len() > MAX_BYTES {
            return Err(ReceiptError("it is too large"));
        }
        let root: Value = serde_json::from_str(text).or(Err(ReceiptError("it is not valid JSON")))?;
        let root = match root.get("payload").and_then(Value::as_str) {
            Some(payload) => {
                unpack(payload).ok_or(ReceiptError("the payload of the envelope cannot be read"))?
            }
            None => root,
        };
        let body = root.get("predicate").unwrap_or(&root);
        let list = body.get("obligations").and_then(Value::as_array);
        let list = list.ok_or(ReceiptError("it lists no obligations"))?;
        let text =
            |item: &Value, key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let faces =
            body.get("self_check").and_then(|check| check.get("residual_faces")).and_then(Value::as_array);
        Ok(Self {
            obligations: list.iter().map(|item| (text(item, "obligation"), text(item, "status"))).collect(),
            readable_faces: faces.map(Vec::len),
        })
    }

    /// Whether there is an obligation of this kind, and every one of them is met.
    pub(super) fn is_met(&self, kind: &str) -> bool {
        let is_kind = |name: &str| name.split(':').next() == Some(kind);
        let mut of_kind = self.obligations.iter().filter(|(name, _)| is_kind(name)).peekable();
        of_kind.peek().is_some() && of_kind.all(|(_, status)| status == "met")
    }
}

fn unpack(payload: &str) -> Option<Value> {
    serde_json::from_slice(&STANDARD.decode(payload).ok()?).ok()
}
