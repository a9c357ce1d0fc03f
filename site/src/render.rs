//! Templates and what stands around every page.

use crate::date::Day;
use crate::files;
use crate::input::Context;
use crate::place::{self, Channel, Form};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, Output, UndefinedBehavior, Value};
use serde::Serialize;

/// The templates, ready to be filled.
pub struct Renderer {
    environment: Environment<'static>,
}

/// A template that is wrong, or a view that lacks what the template names.
#[derive(Debug, thiserror::Error)]
#[error("template `{template}` cannot be filled for `{place}`: {error:#}")]
pub struct RenderError {
    template: String,
    place: String,
    error: minijinja::Error,
}

impl Renderer {
    /// Reads every template. A template that does not parse is a mistake in this crate, told by its tests.
    pub fn new() -> Result<Self, RenderError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        // Block tags stand on lines of their own and leave nothing behind.
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        environment.set_syntax(syntax.expect("the tags are Jinja's own"));
        // Everything is escaped, whatever a template is called.
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        // The engine's own escaping writes each `/` as six characters, and pages are full of links.
        environment.set_formatter(|out, state, value| match value.as_str() {
            Some(text) if !value.is_safe() => Ok(escape(out, text)?),
            _ => minijinja::escape_formatter(out, state, value),
        });
        for (name, bytes) in files::FILES.iter().filter(|(name, _)| name.ends_with(".html")) {
            let source = std::str::from_utf8(bytes).expect("templates are UTF-8");
            environment.add_template(name, source).map_err(|error| RenderError {
                template: (*name).to_owned(),
                place: String::new(),
                error,
            })?;
        }
        Ok(Self { environment })
    }

    pub fn page(&self, template: &str, place: &str, view: &impl Serialize) -> Result<String, RenderError> {
        let filled = self.environment.get_template(template).and_then(|t| t.render(Value::from(Serde(view))));
        filled.map_err(|error| RenderError { template: template.to_owned(), place: place.to_owned(), error })
    }
}

/// Writes text so that it is neither markup nor the end of an attribute.
fn escape(out: &mut Output<'_>, text: &str) -> std::fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.find(['<', '>', '&', '"', '\'']) {
        out.write_str(&rest[..at])?;
        out.write_str(match rest.as_bytes()[at] {
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'&' => "&amp;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &rest[at + 1..];
    }
    out.write_str(rest)
}

/// What stands around a page: head, navigation, foot.
#[derive(Debug, Clone, Serialize)]
pub struct Frame {
    /// The page's own title; the site's name is put behind it.
    pub title: String,
    pub description: String,
    /// The way back to the site's root.
    pub root: String,
    /// The entry of the navigation that this page belongs to.
    pub section: &'static str,
    pub canonical: Option<String>,
    /// The share card's whole address.
    pub image: Option<String>,
    pub feeds: Vec<FeedLink>,
    pub style: String,
    pub icon: String,
    pub scripts: Vec<String>,
    pub as_of: Day,
    /// schema.org facts as JSON, with `<` written as an escape.
    pub facts: Option<String>,
    /// Not for search engines.
    pub unlisted: bool,
}

/// A feed a reader's program may find.
#[derive(Debug, Clone, Serialize)]
pub struct FeedLink {
    pub title: String,
    pub href: String,
    pub mime: &'static str,
}

impl Frame {
    pub fn new(context: &Context<'_>, place: &str, section: &'static str, title: &str) -> Self {
        let mut frame = Self {
            title: title.to_owned(),
            description: String::new(),
            root: place::root_from(place),
            section,
            canonical: context.way.canonical(place),
            image: None,
            feeds: Vec::new(),
            style: context.way.fixed("static/css/walkback.css"),
            icon: context.way.fixed("static/icon.svg"),
            scripts: Vec::new(),
            as_of: Day::on(context.as_of),
            facts: None,
            unlisted: false,
        };
        frame.channel(Channel::All, "All findings and events");
        frame
    }

    pub fn described(mut self, description: &str) -> Self {
        self.description = crate::shown::clip(description, 300);
        self
    }

    pub fn script(mut self, context: &Context<'_>, name: &str) -> Self {
        self.scripts.push(context.way.fixed(name));
        self
    }

    /// Announces a channel's feeds to feed readers.
    pub fn channel(&mut self, channel: Channel<'_>, title: &str) {
        for (form, mime) in [(Form::Atom, "application/atom+xml"), (Form::Json, "application/feed+json")] {
            self.feeds.push(FeedLink { title: title.to_owned(), href: place::feed(channel, form), mime });
        }
    }
}

/// JSON for a data block in a page: nothing in it can end the block.
pub fn data_block(facts: &serde_json::Value) -> String {
    facts.to_string().replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_template_escapes_what_it_prints() {
        let renderer = Renderer::new().unwrap();
        for (name, _) in renderer.environment.templates() {
            assert!(name.ends_with(".html"), "{name}");
            let source = format!("{{{{ it }}}}<!-- {name} -->");
            let mut environment = renderer.environment.clone();
            environment.add_template_owned(name.to_owned(), source).unwrap();
            let printed =
                environment.get_template(name).unwrap().render(minijinja::context!(it => "<b>&\"'")).unwrap();
            assert!(printed.starts_with("&lt;b&gt;&amp;&quot;"), "{name}: {printed}");
        }
    }

    #[test]
    fn only_the_data_block_goes_unescaped() {
        for (name, bytes) in files::FILES.iter().filter(|(name, _)| name.ends_with(".html")) {
            let source = std::str::from_utf8(bytes).unwrap();
            let unescaped = source.matches("safe").count() + source.matches("autoescape").count();
            assert_eq!(unescaped, usize::from(*name == "layout.html"), "{name}");
        }
        let block = data_block(&serde_json::json!({ "a": "</script><!-- & --><script>" }));
        assert!(!block.contains(['<', '>', '&']), "{block}");
    }

    #[test]
    fn a_name_that_no_view_has_fails() {
        let mut environment = Renderer::new().unwrap().environment;
        environment.add_template("x.html", "{{ missing }}").unwrap();
        assert!(environment.get_template("x.html").unwrap().render(minijinja::context!()).is_err());
    }
}
