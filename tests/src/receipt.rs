//! Opens a receipt: the statement inside the signed envelope.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// The text that was signed.
pub fn statement_text(receipt: &Path) -> String {
    let text = std::fs::read_to_string(receipt).unwrap_or_else(|e| panic!("{}: {e}", receipt.display()));
    let envelope: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(envelope["payloadType"], "application/vnd.in-toto+json");
    String::from_utf8(STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()).unwrap()
}
