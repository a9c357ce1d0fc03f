//! Numbered migrations, run in order; each in one transaction with its number.

use rusqlite::Connection;
use std::path::PathBuf;

/// Number, name and text of each migration. A released one is never edited: add the next number.
const MIGRATIONS: &[(u32, &str, &str)] =
    &[(1, "captures", include_str!("../../migrations/0001-captures.sql"))];

/// What may be wrong with the catalog itself.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    #[error(
        "the catalog has format {found}, this walkback knows up to {known}: it was written by a newer walkback, use that one"
    )]
    Newer { found: u32, known: u32 },
    #[error(
        "the catalog has format {found}, this walkback needs {known}: run `walkback derive` once, it brings the catalog up to date"
    )]
    Older { found: u32, known: u32 },
    #[error(
        "`{path}` still holds changes that are not in the catalog, and this disk cannot be written: open the archive once where it can be"
    )]
    UnmergedLog { path: PathBuf },
    #[error("migration {number} ({name}) of the catalog failed{}", super::remedy(.error))]
    Migration {
        number: u32,
        name: &'static str,
        #[source]
        error: rusqlite::Error,
    },
    #[error("the catalog cannot be used{}", super::remedy(.0))]
    Sqlite(#[from] rusqlite::Error),
}

fn newest() -> u32 {
    MIGRATIONS.last().map_or(0, |(number, ..)| *number)
}

fn found(connection: &Connection) -> Result<u32, rusqlite::Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Runs the migrations that this catalog lacks.
pub(super) fn run(connection: &mut Connection) -> Result<(), CatalogError> {
    let known = newest();
    let found = found(connection)?;
    if found > known {
        return Err(CatalogError::Newer { found, known });
    }
    for (number, name, sql) in MIGRATIONS.iter().filter(|(number, ..)| *number > found) {
        let failed = |error| CatalogError::Migration { number: *number, name, error };
        let transaction = connection.transaction().map_err(failed)?;
        transaction.execute_batch(sql).map_err(failed)?;
        transaction.pragma_update(None, "user_version", number).map_err(failed)?;
        transaction.commit().map_err(failed)?;
    }
    Ok(())
}

/// Says whether a catalog that must not be changed can be read as it is.
pub(super) fn check(connection: &Connection) -> Result<(), CatalogError> {
    let known = newest();
    match found(connection)? {
        found if found > known => Err(CatalogError::Newer { found, known }),
        found if found < known => Err(CatalogError::Older { found, known }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        let numbers: Vec<u32> = MIGRATIONS.iter().map(|(number, ..)| *number).collect();
        assert_eq!(numbers, (1..=newest()).collect::<Vec<_>>());
    }

    #[test]
    fn a_catalog_of_a_newer_walkback_is_left_alone() {
        let mut connection = Connection::open_in_memory().unwrap();
        run(&mut connection).unwrap();
        check(&connection).unwrap();
        connection.pragma_update(None, "user_version", newest() + 1).unwrap();
        assert!(matches!(run(&mut connection), Err(CatalogError::Newer { .. })));
        assert!(matches!(check(&connection), Err(CatalogError::Newer { .. })));
    }
}
