//! Atom, RFC 4287.

use super::Feed;
use crate::date::instant;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

pub fn atom(feed: &Feed, own: &str) -> Vec<u8> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    write(&mut writer, feed, own).expect("writing to memory");
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    bytes
}

fn write(writer: &mut Writer<Vec<u8>>, feed: &Feed, own: &str) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    writer
        .create_element("feed")
        .with_attribute(("xmlns", "http://www.w3.org/2005/Atom"))
        .write_inner_content(|writer| {
            // The id is the feed's address relative to the site, so that it outlives a change of host.
            text(
                writer,
                "id",
                &format!("urn:uuid:{}", super::uuid(&format!("walkback:feed:{}", feed.home))),
            )?;
            text(writer, "title", &feed.title)?;
            text(writer, "subtitle", &feed.subtitle)?;
            text(writer, "updated", &feed.updated())?;
            link(writer, "self", own, Some("application/atom+xml"))?;
            link(writer, "alternate", &feed.home, Some("text/html"))?;
            writer.create_element("author").write_inner_content(|writer| text(writer, "name", "Walkback"))?;
            for entry in &feed.entries {
                writer.create_element("entry").write_inner_content(|writer| {
                    text(writer, "id", &entry.id)?;
                    text(writer, "title", &entry.title)?;
                    text(writer, "updated", &instant(entry.changed))?;
                    text(writer, "published", &instant(entry.at))?;
                    link(writer, "alternate", &entry.url, Some("text/html"))?;
                    for tag in &entry.tags {
                        writer
                            .create_element("category")
                            .with_attribute(("term", tag.as_str()))
                            .write_empty()?;
                    }
                    let content = writer.create_element("content").with_attribute(("type", "text"));
                    content.write_text_content(BytesText::new(&entry.text.join("\n\n")))?;
                    Ok(())
                })?;
            }
            Ok(())
        })?;
    Ok(())
}

fn text(writer: &mut Writer<Vec<u8>>, name: &str, text: &str) -> io::Result<()> {
    writer.create_element(name).write_text_content(BytesText::new(text))?;
    Ok(())
}

fn link(writer: &mut Writer<Vec<u8>>, rel: &str, href: &str, mime: Option<&str>) -> io::Result<()> {
    let mut element =
        writer.create_element("link").with_attribute(("rel", rel)).with_attribute(("href", href));
    if let Some(mime) = mime {
        element = element.with_attribute(("type", mime));
    }
    element.write_empty()?;
    Ok(())
}
