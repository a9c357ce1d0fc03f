//! A folder of declarations.

use super::{Declaration, DeclarationError, Fault, Policy, Severity, Warning};
use crate::id::{PolicyId, slug};
use std::collections::BTreeMap;

/// All that is watched: the declarations of one folder, by service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Declarations {
    services: BTreeMap<String, Declaration>,
}

impl Declarations {
    /// Parses the files of a folder, given by name and content. What cannot be used is named and left out:
    /// a broken file never stops the others.
    pub fn parse(files: impl IntoIterator<Item = (String, String)>) -> (Self, Vec<DeclarationError>) {
        let files: BTreeMap<String, String> = files.into_iter().collect();
        let mut errors = Vec::new();
        let mut services = BTreeMap::new();
        for (file, json) in files.iter().filter(|(file, _)| is_declaration(file)) {
            match Declaration::parse(file, json) {
                Ok(declaration) => {
                    services.insert(declaration.service.clone(), declaration);
                }
                Err(error) => errors.push(error),
            }
        }
        for (file, json) in files.iter().filter(|(file, _)| file.ends_with(HISTORY)) {
            let service = file.strip_suffix(HISTORY).unwrap_or(file);
            match services.remove(service) {
                Some(declaration) => match declaration.clone().with_history(file, json) {
                    Ok(declaration) => {
                        services.insert(service.to_owned(), declaration);
                    }
                    Err(error) => {
                        // Today's reading is still good.
                        services.insert(service.to_owned(), declaration);
                        errors.push(error);
                    }
                },
                // The declaration itself failed to parse: said already.
                None if files.contains_key(&format!("{service}.json")) => {}
                None => errors.push(DeclarationError {
                    file: file.clone(),
                    faults: vec![Fault {
                        field: String::new(),
                        problem: "has no declaration beside it".to_owned(),
                        remedy: format!("add `{service}.json`, or remove this file"),
                    }],
                }),
            }
        }
        (Self { services }, errors)
    }

    pub fn get(&self, service: &str) -> Option<&Declaration> {
        self.services.get(service)
    }

    /// By service id.
    pub fn iter(&self) -> impl Iterator<Item = &Declaration> {
        self.services.values()
    }

    /// Every policy tracked now, by service and name.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.services.values().flat_map(|declaration| &declaration.policies)
    }

    /// The policy of that id, tracked or retired.
    pub fn policy(&self, id: &PolicyId) -> Option<&Policy> {
        self.get(&id.service)?.policy(&id.name)
    }

    pub fn len(&self) -> usize {
        self.services.len()
    }

    pub fn is_empty(&self) -> bool {
        self.services.is_empty()
    }

    /// What is well-formed but cannot be honoured, or wants a person's eye, within files and between them.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut warnings: Vec<Warning> = self.iter().flat_map(Declaration::warnings).collect();
        warnings.extend(self.collisions());
        warnings.extend(self.duplicates());
        warnings
    }

    /// Two names that would be one folder on the site.
    fn collisions(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let mut services: BTreeMap<String, &str> = BTreeMap::new();
        for declaration in self.iter() {
            if let Some(other) = services.insert(slug(&declaration.service), &declaration.service) {
                warnings.push(Warning {
                    severity: Severity::Fault,
                    file: format!("{}.json", declaration.service),
                    field: String::new(),
                    problem: format!("has the same folder on the site as `{other}.json`: {}", slug(other)),
                    remedy: "rename one of the files".to_owned(),
                });
            }
            let mut names: BTreeMap<String, &str> = BTreeMap::new();
            for policy in declaration.policies.iter().chain(&declaration.retired) {
                if let Some(other) = names.insert(slug(&policy.id.name), &policy.id.name) {
                    warnings.push(Warning {
                        severity: Severity::Fault,
                        file: format!("{}.json", declaration.service),
                        field: format!("terms.{}", policy.id.name),
                        problem: format!("has the same folder on the site as `{other}`: {}", slug(other)),
                        remedy: "rename one of the two".to_owned(),
                    });
                }
            }
        }
        warnings
    }

    /// Two policies that are read from one page in one way.
    fn duplicates(&self) -> Vec<Warning> {
        let mut seen: BTreeMap<(String, String), &PolicyId> = BTreeMap::new();
        let mut warnings = Vec::new();
        for policy in self.policies() {
            for document in &policy.documents {
                let key = (document.location.to_string(), document.reading_key());
                if let Some(other) = seen.insert(key, &policy.id) {
                    warnings.push(Warning {
                        severity: Severity::Note,
                        file: format!("{}.json", policy.id.service),
                        field: format!("terms.{}", policy.id.name),
                        problem: format!("reads {} just as `{other}` does", document.location),
                        remedy: "keep one, or select the part that differs".to_owned(),
                    });
                }
            }
        }
        warnings
    }
}

const HISTORY: &str = ".history.json";

/// `Courier.json`, but neither `Courier.history.json` nor somebody's JavaScript beside it.
fn is_declaration(file: &str) -> bool {
    file.ends_with(".json") && !file.ends_with(HISTORY)
}
