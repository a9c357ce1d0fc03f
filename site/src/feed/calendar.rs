//! iCalendar, RFC 5545: the days on which something takes effect or ends.

use super::Feed;
use chrono::{Days, NaiveDate};
use icalendar::{Calendar, Class, Component as _, Event, EventLike as _};

pub fn calendar(feed: &Feed) -> Vec<u8> {
    let mut calendar = Calendar::new();
    calendar.name(&feed.title).description(&feed.subtitle);
    for entry in &feed.dated {
        for day in &entry.effective {
            let id = entry.id.trim_start_matches("urn:uuid:");
            let mut event = Event::with_uid(&format!("{id}-{day}@walkback"));
            // The stamp is the data's date; the crate's own would be the clock's.
            event
                .timestamp(entry.changed)
                .summary(&entry.title)
                .description(&entry.text.join("\n\n"))
                .url(&entry.url)
                .class(Class::Public)
                .starts(*day)
                .ends(next(*day))
                .add_property("TRANSP", "TRANSPARENT");
            calendar.push(event.done());
        }
    }
    calendar.to_string().into_bytes()
}

/// An all-day event ends, exclusively, on the next day.
fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(day)
}
