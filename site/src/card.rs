//! A finding's share card: then and now as a picture of 1200 × 630, in a font that we carry.
//!
//! The same finding gives the same bytes on every machine: no system font is looked at.

use crate::page::line::FindingLine;
use crate::shown::clip;
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{self, fontdb};
use std::fmt::Write as _;
use std::sync::Arc;

const WIDTH: u32 = 1200;
const HEIGHT: u32 = 630;

/// Draws cards; holds the fonts, which take a while to read.
pub struct Cards {
    options: usvg::Options<'static>,
}

/// A card that could not be drawn.
#[derive(Debug, thiserror::Error)]
pub enum CardError {
    #[error("the card of {id} is not an SVG")]
    Svg {
        id: String,
        #[source]
        error: usvg::Error,
    },
    #[error("the card of {id} cannot be written as PNG: {error}")]
    Png { id: String, error: String },
}

impl Cards {
    pub fn new() -> Self {
        let mut fonts = fontdb::Database::new();
        fonts.load_font_data(include_bytes!("../fonts/SourceSerifPro-Regular.ttf").to_vec());
        fonts.load_font_data(include_bytes!("../fonts/SourceSerifPro-Semibold.ttf").to_vec());
        let options = usvg::Options {
            fontdb: Arc::new(fonts),
            font_family: "Source Serif Pro".into(),
            ..usvg::Options::default()
        };
        Self { options }
    }

    /// The card as PNG.
    pub fn png(&self, line: &FindingLine, svg: &str) -> Result<Vec<u8>, CardError> {
        let tree = usvg::Tree::from_str(svg, &self.options)
            .map_err(|error| CardError::Svg { id: line.id.clone(), error })?;
        let png = |error: String| CardError::Png { id: line.id.clone(), error };
        let mut pixmap = Pixmap::new(WIDTH, HEIGHT).ok_or_else(|| png("no memory".into()))?;
        resvg::render(&tree, Transform::default(), &mut pixmap.as_mut());
        encode(&pixmap).map_err(png)
    }
}

impl Default for Cards {
    fn default() -> Self {
        Self::new()
    }
}

/// Every card is drawn on an opaque ground in few colours: a palette makes it a third of the size.
fn encode(pixmap: &Pixmap) -> Result<Vec<u8>, String> {
    let mut palette: Vec<[u8; 3]> = Vec::with_capacity(256);
    let mut indices = Vec::with_capacity((WIDTH * HEIGHT) as usize);
    let mut last = ([0_u8; 3], 0_u8);
    for pixel in pixmap.pixels() {
        // Shades of smoothed edges are rounded, so that they fit the palette.
        let colour = [pixel.red() & 0xf0 | 0x0f, pixel.green() & 0xf0 | 0x0f, pixel.blue() & 0xf0 | 0x0f];
        if palette.is_empty() || colour != last.0 {
            let found = palette.iter().position(|known| *known == colour);
            let index = found.unwrap_or_else(|| {
                if palette.len() < 256 {
                    palette.push(colour);
                    palette.len() - 1
                } else {
                    nearest(&palette, colour)
                }
            });
            last = (colour, u8::try_from(index).unwrap_or(0));
        }
        indices.push(last.1);
    }
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, WIDTH, HEIGHT);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().map_err(|error| error.to_string())?;
    writer.write_image_data(&indices).map_err(|error| error.to_string())?;
    writer.finish().map_err(|error| error.to_string())?;
    Ok(out)
}

fn nearest(palette: &[[u8; 3]], colour: [u8; 3]) -> usize {
    let distance = |known: &[u8; 3]| -> u32 {
        known.iter().zip(colour).map(|(a, b)| u32::from(a.abs_diff(b)).pow(2)).sum()
    };
    (0..palette.len()).min_by_key(|index| distance(&palette[*index])).unwrap_or(0)
}

/// The card as SVG.
pub fn svg(line: &FindingLine) -> String {
    let accent = if line.kind == "reversal" { "#b3281a" } else { "#3f4a54" };
    let mut svg = String::with_capacity(4096);
    let _ = write!(
        svg,
        r##"<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"><rect width="{WIDTH}" height="{HEIGHT}" fill="#fcfbf8"/><rect width="14" height="{HEIGHT}" fill="{accent}"/>"##
    );
    let mut text = |x: u32, y: u32, size: u32, fill: &str, bold: bool, words: &str| {
        let weight = if bold { 600 } else { 400 };
        let _ = write!(
            svg,
            r#"<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="{fill}">{}</text>"#,
            escaped(words)
        );
    };
    let caveat = line.caveat.map(|caveat| format!(", {caveat}")).unwrap_or_default();
    text(70, 84, 30, accent, true, &format!("{}{caveat}", line.kind_label));
    text(70, 140, 46, "#1b1a17", true, &printable(&clip(&line.service, 40)));
    text(70, 192, 32, "#1b1a17", false, &printable(&clip(&line.headline, 70)));
    let (then, now) = (side(&line.then_lead, &line.then), side(&line.now_lead, &line.now));
    let both = !then.is_empty() && !now.is_empty();
    let most = if both { 3 } else { 6 };
    let mut y = 262;
    for (label, words, fill) in [("Then", &then, "#5d5a52"), ("Now", &now, "#1b1a17")] {
        let lines = if words.is_empty() {
            vec!["no sentence that says the same was found".to_owned()]
        } else {
            wrapped(&printable(words), most)
        };
        text(70, y, 24, accent, true, label);
        for line in lines {
            text(160, y, 29, fill, false, &line);
            y += 41;
        }
        y += 22;
    }
    text(
        70,
        588,
        24,
        "#5d5a52",
        false,
        &printable(&clip(&format!("{} · {}", line.policy, line.day.text), 70)),
    );
    text(1010, 588, 26, "#1b1a17", true, "Walkback");
    svg.push_str("</svg>");
    svg
}

fn side(lead_in: &Option<String>, runs: &[crate::wording::Run]) -> String {
    let under = lead_in.as_ref().map(|lead| format!("{lead} ")).unwrap_or_default();
    runs.iter().fold(under, |side, run| side + &run.text)
}

/// Lines of about 66 characters, at most `most` of them.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split(' ') {
        // A word longer than a line is broken: some lines have no spaces at all.
        for piece in word.chars().collect::<Vec<_>>().chunks(60) {
            let piece: String = piece.iter().collect();
            let line = lines.last_mut().expect("starts with one");
            if line.is_empty() {
                line.push_str(&piece);
            } else if line.chars().count() + piece.chars().count() < 66 {
                line.push(' ');
                line.push_str(&piece);
            } else {
                lines.push(piece);
            }
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        lines.last_mut().expect("kept some").push('…');
    }
    lines
}

/// What the font can draw. A text in another script is told of, not drawn as empty boxes.
fn printable(text: &str) -> String {
    let drawn = |c: char| matches!(c, ' '..='~' | '\u{a0}'..='\u{24f}' | '\u{370}'..='\u{52f}' | '\u{1e00}'..='\u{1fff}' | '\u{2010}'..='\u{2044}' | '→' | '€');
    let foreign = text.chars().filter(|c| !drawn(*c)).count();
    if foreign * 4 > text.chars().count() {
        return "(a text in another script: see the page)".to_owned();
    }
    text.chars().filter(|c| drawn(*c)).collect()
}

fn escaped(text: &str) -> String {
    quick_xml::escape::escape(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_without_spaces_is_broken() {
        let lines = wrapped(&"x".repeat(400), 3);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.chars().count() <= 66));
    }

    #[test]
    fn a_script_the_font_lacks_is_told_of() {
        assert_eq!(printable("我们不出售您的数据"), "(a text in another script: see the page)");
        assert_eq!(printable("Grüße 😀, 50 €"), "Grüße , 50 €");
    }
}
