//! Subscribe: every feed there is, by service, topic and kind.

use super::service::{Feed, feeds};
use crate::input::Context;
use crate::place::Channel;
use crate::render::Frame;
use crate::shown::{capitalised, shown};
use policy::finding::{Kind, Topic};
use serde::Serialize;

/// The subscribe page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub all: Vec<Feed>,
    pub kinds: Vec<Group>,
    pub topics: Vec<Group>,
    pub services: Vec<Group>,
}

/// A channel and its feeds.
#[derive(Serialize)]
pub struct Group {
    pub name: String,
    pub feeds: Vec<Feed>,
}

pub fn view(context: &Context<'_>, services: &[&str]) -> View {
    let group = |name: String, channel: Channel<'_>| Group { name, feeds: feeds(channel) };
    let mut by_service: Vec<Group> = services
        .iter()
        .map(|id| group(shown(context.input.service_name(id)), Channel::Service(id)))
        .collect();
    by_service.sort_by_cached_key(|group| group.name.to_lowercase());
    View {
        frame: Frame::new(context, "subscribe/", "subscribe", "Subscribe")
            .described("Feeds and calendars of findings and events: all, by kind, by topic, by service."),
        all: feeds(Channel::All),
        kinds: Kind::ALL.map(|kind| group(capitalised(kind_plural(kind)), Channel::Kind(kind))).into(),
        topics: Topic::ALL.map(|topic| group(capitalised(topic.label()), Channel::Topic(topic))).into(),
        services: by_service,
    }
}

/// `reversals`
pub fn kind_plural(kind: Kind) -> &'static str {
    match kind {
        Kind::Reversal => "reversals",
        Kind::Expansion => "expansions",
        Kind::Strengthening => "strengthenings",
    }
}
