//! The fitted numbers of the judge, as a table that people can read.

use super::rules::RuleError;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What each trait of a change weighs, by kind of finding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    pub reversal: BTreeMap<String, f32>,
    pub expansion: BTreeMap<String, f32>,
}

impl Weights {
    pub(super) fn parse(file: &str, text: &str) -> Result<Weights, RuleError> {
        toml::from_str(text)
            .map_err(|error| RuleError::Syntax { file: file.to_owned(), error: Box::new(error) })
    }
}
