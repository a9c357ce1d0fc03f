//! What is wrong with a declaration, said so that its author can mend it.

use std::fmt;

/// One thing wrong with a declaration: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Fault {
    /// The path of the field, `terms.Privacy Policy.select[1]`; empty for the file as a whole.
    pub field: String,
    pub problem: String,
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "`{}`: ", self.field)?;
        }
        write!(f, "{}: {}", self.problem, self.remedy)
    }
}

/// Why a file is not a declaration: every fault found in it, not only the first.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cannot use declaration `{file}`: {}", listed(.faults))]
pub struct DeclarationError {
    pub file: String,
    pub faults: Vec<Fault>,
}

fn listed(faults: &[Fault]) -> String {
    faults.iter().map(Fault::to_string).collect::<Vec<_>>().join("; ")
}

/// Where parsing stands in a file, and the faults found so far.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: Vec<Fault>,
}

impl Faults {
    pub fn add(&mut self, field: &str, problem: impl Into<String>, remedy: impl Into<String>) {
        self.found.push(Fault { field: field.to_owned(), problem: problem.into(), remedy: remedy.into() });
    }

    /// The parsed value, unless anything was wrong.
    pub fn finish<T>(self, file: &str, value: Option<T>) -> Result<T, DeclarationError> {
        match value {
            Some(value) if self.found.is_empty() => Ok(value),
            _ => Err(DeclarationError { file: file.to_owned(), faults: self.found }),
        }
    }
}
