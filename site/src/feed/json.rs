//! JSON Feed 1.1.

use super::Feed;
use crate::date::instant;

pub fn json(feed: &Feed, own: &str) -> Vec<u8> {
    let items: Vec<serde_json::Value> = feed
        .entries
        .iter()
        .map(|entry| {
            serde_json::json!({
                "id": entry.id,
                "url": entry.url,
                "title": entry.title,
                "content_text": entry.text.join("\n\n"),
                "date_published": instant(entry.at),
                "date_modified": instant(entry.changed),
                "tags": entry.tags,
            })
        })
        .collect();
    let feed = serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "description": feed.subtitle,
        "home_page_url": feed.home,
        "feed_url": own,
        "authors": [{ "name": "Walkback" }],
        "language": "en",
        "items": items,
    });
    serde_json::to_vec(&feed).expect("maps with text keys")
}
