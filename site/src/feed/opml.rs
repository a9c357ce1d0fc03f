//! OPML 2.0: every feed there is, for a reader to take in at once.

use crate::place::{self, Channel, Form};
use crate::wayfinder::Wayfinder;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// `channels` by group: `Kinds`, `Topics`, `Services`.
pub fn opml(way: &Wayfinder<'_>, groups: &[(&str, Vec<(String, Channel<'_>)>)]) -> Vec<u8> {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 1);
    write(&mut writer, way, groups).expect("writing to memory");
    let mut bytes = writer.into_inner();
    bytes.push(b'\n');
    bytes
}

fn write(
    writer: &mut Writer<Vec<u8>>,
    way: &Wayfinder<'_>,
    groups: &[(&str, Vec<(String, Channel<'_>)>)],
) -> io::Result<()> {
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("utf-8"), None)))?;
    writer.create_element("opml").with_attribute(("version", "2.0")).write_inner_content(|writer| {
        writer.create_element("head").write_inner_content(|writer| {
            writer.create_element("title").write_text_content(BytesText::new("Walkback")).map(drop)
        })?;
        writer.create_element("body").write_inner_content(|writer| {
            for (group, channels) in groups {
                writer.create_element("outline").with_attribute(("text", *group)).write_inner_content(
                    |writer| {
                        for (name, channel) in channels {
                            writer
                                .create_element("outline")
                                .with_attribute(("type", "rss"))
                                .with_attribute(("text", name.as_str()))
                                .with_attribute((
                                    "xmlUrl",
                                    way.whole(&place::feed(*channel, Form::Atom)).as_str(),
                                ))
                                .write_empty()?;
                        }
                        Ok(())
                    },
                )?;
            }
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}
