//! Where everything lies on the site: one function a kind of page, so that a link and the file it
//! leads to cannot part. All are relative to the site's root and end in `/` where they are pages.
//!
//! These addresses are cited by people: they are part of the product and never change.

use policy::finding::{Kind, Topic};
use policy::id::{FindingId, PolicyId, StatementId, VersionId, slug};

/// `services/instagram/`
pub fn service(service: &str) -> String {
    format!("services/{}/", slug(service))
}

/// `services/instagram/privacy-policy/`: the policy's versions, findings and comparison.
pub fn policy(policy: &PolicyId) -> String {
    format!("services/{}/", policy.slug())
}

/// The policy's compact history, which the comparison reads.
pub fn history(id: &PolicyId) -> String {
    format!("{}history.json", policy(id))
}

/// Every statement the policy ever made, standing or gone. One page a policy, so that a statement's
/// link outlives the statement.
pub fn statements(id: &PolicyId) -> String {
    format!("{}statements/", policy(id))
}

/// A statement's permanent link.
pub fn statement(id: &PolicyId, statement: &StatementId) -> String {
    format!("{}#{}", statements(id), statement_anchor(statement))
}

/// The name of a statement on its page: `s-` and its id.
pub fn statement_anchor(statement: &StatementId) -> String {
    format!("s-{statement}")
}

/// A version's permanent link: its row on the policy's page.
pub fn version(id: &PolicyId, version: &VersionId) -> String {
    format!("{}#v-{version}", policy(id))
}

/// The comparison of two versions, opened.
pub fn compare(id: &PolicyId, from: &VersionId, to: &VersionId) -> String {
    format!("{}?from={from}&to={to}#compare", policy(id))
}

/// `findings/wb-0123456789ab/`
pub fn finding(id: &FindingId) -> String {
    format!("findings/{id}/")
}

/// A finding's share card.
pub fn card(id: &FindingId) -> String {
    format!("findings/{id}/card.png")
}

/// `events/some-event/`
pub fn event(id: &str) -> String {
    format!("events/{}/", slug(id))
}

/// `topics/data-sale/`
pub fn topic(topic: Topic) -> String {
    format!("topics/{}/", slug(topic.key()))
}

/// A group that has its own feeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel<'a> {
    All,
    Service(&'a str),
    Topic(Topic),
    Kind(Kind),
}

/// The three forms in which a channel is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Atom,
    Json,
    Calendar,
}

/// `feeds/service/instagram.atom`
pub fn feed(channel: Channel<'_>, form: Form) -> String {
    let name = match channel {
        Channel::All => "all".to_owned(),
        Channel::Service(service) => format!("service/{}", slug(service)),
        Channel::Topic(topic) => format!("topic/{}", slug(topic.key())),
        Channel::Kind(kind) => format!("kind/{}", slug(kind.key())),
    };
    let extension = match form {
        Form::Atom => "atom",
        Form::Json => "json",
        Form::Calendar => "ics",
    };
    format!("feeds/{name}.{extension}")
}

/// The way from a page back to the site's root: `../../` for `a/b/`, empty for the home page.
pub fn root_from(page: &str) -> String {
    "../".repeat(page.matches('/').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_finds_its_way_back() {
        assert_eq!(root_from(""), "");
        assert_eq!(root_from("services/a/b/"), "../../../");
    }

    #[test]
    fn a_statement_keeps_one_link_while_it_stands_and_after() {
        let id = PolicyId::new("Example Chat", "Privacy Policy");
        assert_eq!(
            statement(&id, &StatementId("0123456789ab".into())),
            "services/example-chat/privacy-policy/statements/#s-0123456789ab"
        );
    }
}
