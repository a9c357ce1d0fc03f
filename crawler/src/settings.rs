//! How we crawl: `data/crawler.toml`, the environment, and what holds without either.

use crate::address::Lookup;
use crate::fetch::Limits;
use crate::pace::Pace;
use crate::retry::Retry;
use chrono::TimeDelta;
use serde::Deserialize;
use std::time::Duration;

/// Everything that decides how the crawl behaves, apart from what is fetched.
#[derive(Debug, Clone)]
pub struct Settings {
    /// An address that an operator of a site can write to: a URL or an e-mail address.
    pub contact: Option<String>,
    pub limits: Limits,
    pub pace: Pace,
    pub retry: Retry,
    /// Hosts visited at the same time; each gets one request at a time.
    pub hosts_at_once: usize,
    /// How often a policy is looked at, where its declaration says nothing.
    pub every: TimeDelta,
    /// A 304 proves only that the server said so: this often the whole page is fetched.
    pub full_fetch_every: TimeDelta,
    /// Sent as `Accept-Language`.
    pub languages: String,
    pub lookup: Lookup,
    /// Root certificates (DER) that are trusted instead of the machine's own; none: the machine's.
    pub roots: Vec<Vec<u8>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            contact: None,
            limits: Limits::default(),
            pace: Pace::default(),
            retry: Retry::default(),
            hosts_at_once: 16,
            every: TimeDelta::days(1),
            full_fetch_every: TimeDelta::days(7),
            languages: "en;q=1.0,*;q=0.1".to_owned(),
            lookup: Lookup::System,
            roots: Vec::new(),
        }
    }
}

/// A settings file that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("cannot read the crawler's settings `{file}`")]
    Toml {
        file: String,
        #[source]
        error: toml::de::Error,
    },
    #[error(
        "the contact `{0}` cannot stand in a User-Agent: plain ASCII without brackets or line breaks is needed"
    )]
    Contact(String),
    #[error("`{name}` in the crawler's settings must be more than 0")]
    Zero { name: &'static str },
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    contact: Option<String>,
    gap_seconds: Option<u64>,
    hosts_at_once: Option<usize>,
    every_hours: Option<i64>,
    languages: Option<String>,
}

impl Settings {
    /// Settings from the text of `data/crawler.toml`, empty where there is none. A contact given
    /// apart (from `WALKBACK_CONTACT`) wins over the file's, and both over the project's own URL.
    ///
    /// ```
    /// use crawler::settings::Settings;
    /// let settings = Settings::parse("crawler.toml", "contact = 'https://example.org/bot'", None).unwrap();
    /// assert!(settings.user_agent().ends_with("(+https://example.org/bot)"));
    /// ```
    pub fn parse(file: &str, toml: &str, contact: Option<String>) -> Result<Self, SettingsError> {
        let read: File =
            toml::from_str(toml).map_err(|error| SettingsError::Toml { file: file.to_owned(), error })?;
        let project = Some(env!("CARGO_PKG_REPOSITORY").to_owned()).filter(|url| !url.is_empty());
        let contact = contact.filter(|contact| !contact.trim().is_empty()).or(read.contact).or(project);
        let mut settings = Self { contact, ..Self::default() };
        if let Some(contact) = &settings.contact
            && !contact.bytes().all(|byte| byte.is_ascii_graphic() && !b"()".contains(&byte))
        {
            return Err(SettingsError::Contact(contact.clone()));
        }
        if let Some(seconds) = read.gap_seconds {
            settings.pace.gap = Duration::from_secs(seconds);
        }
        if let Some(hosts) = read.hosts_at_once {
            settings.hosts_at_once = positive("hosts_at_once", hosts)?;
        }
        if let Some(hours) = read.every_hours {
            settings.every = TimeDelta::hours(positive("every_hours", hours)?);
        }
        if let Some(languages) = read.languages {
            settings.languages = languages;
        }
        Ok(settings)
    }

    /// Who we say we are.
    pub fn user_agent(&self) -> String {
        let version = env!("CARGO_PKG_VERSION");
        match &self.contact {
            Some(contact) => format!("Walkback/{version} (+{contact})"),
            None => format!("Walkback/{version}"),
        }
    }
}

fn positive<N: PartialOrd + Default>(name: &'static str, number: N) -> Result<N, SettingsError> {
    if number > N::default() { Ok(number) } else { Err(SettingsError::Zero { name }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_environments_contact_wins() {
        let toml = "contact = \"mailto:bot@example.org\"\ngap_seconds = 5\nevery_hours = 6";
        let settings = Settings::parse("crawler.toml", toml, None).unwrap();
        assert!(settings.user_agent().ends_with("(+mailto:bot@example.org)"));
        assert_eq!((settings.pace.gap, settings.every), (Duration::from_secs(5), TimeDelta::hours(6)));
        let settings =
            Settings::parse("crawler.toml", toml, Some("https://example.net/".to_owned())).unwrap();
        assert!(settings.user_agent().ends_with("(+https://example.net/)"));
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (toml, named) in [
            ("contact = 'two words'", "two words"),
            ("contact = \"a\\r\\nX: y\"", "User-Agent"),
            ("hosts_at_once = 0", "hosts_at_once"),
            ("every_hours = -1", "every_hours"),
            ("gap = 3", "crawler.toml"),
        ] {
            let error = Settings::parse("crawler.toml", toml, None).unwrap_err();
            assert!(error.to_string().contains(named), "{error}");
        }
    }
}
