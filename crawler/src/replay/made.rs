//! Pages made up for measuring: of the size and build of real policies, always the same for the
//! same number, and in nobody's words but ours.

use super::server::{Page, Reply, Request, Script};
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Makes numbers that look like chance and are not (SplitMix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[(self.roll() % list.len() as u64) as usize]
    }
}

const WHO: [&str; 8] =
    ["We", "Courier", "Our partners", "The service", "You", "Our staff", "Some providers", "Account holders"];
const HOW: [&str; 9] =
    ["may", "will", "do not", "never", "can", "usually", "are allowed to", "have to", "only with consent"];
const DOES: [&str; 12] = [
    "collect",
    "share",
    "keep",
    "delete",
    "read",
    "sell",
    "review",
    "combine",
    "encrypt",
    "receive",
    "export",
    "hand over",
];
const WHAT: [&str; 16] = [
    "contact lists",
    "message content",
    "payment records",
    "location history",
    "device identifiers",
    "photos",
    "log files",
    "usage statistics",
    "voice recordings",
    "profile details",
    "backup copies",
    "search terms",
    "cookies",
    "advertising interests",
    "group names",
    "attachments",
];
const WHY: [&str; 12] = [
    "to run the service",
    "for as long as the account is open",
    "when a court orders it",
    "with companies that work for us",
    "to show advertising that fits",
    "for up to thirty days",
    "to keep accounts safe",
    "unless the law says otherwise",
    "after you have closed the account",
    "in the region where you live",
    "to answer your requests",
    "as described further below",
];
const MORE: [&str; 10] = [
    "Details depend on the settings of each account and on the device that is used",
    "This holds for the web site, the apps and every tool that belongs to them",
    "Some features work in another way, which their own pages explain",
    "Whoever does not agree may close the account at any time and take the data along",
    "Questions about this part reach a person through the form in the help centre",
    "In a few countries a different company is responsible, as the list at the end shows",
    "Measures that protect these records are tested by people outside the company each year",
    "Older records follow the rules that held when they were made",
    "The same is true for people who write to an account without having one themselves",
    "Changes to this section are announced in the app some weeks before they take effect",
];

fn sentence(dice: &mut Dice, into: &mut String) {
    let (who, how, does) = (dice.of(&WHO), dice.of(&HOW), dice.of(&DOES));
    let (one, two, why) = (dice.of(&WHAT), dice.of(&WHAT), dice.of(&WHY));
    let number = dice.roll() % 997;
    let _ = match dice.roll() % 3 {
        0 => write!(into, "{who} {how} {does} {one} and {two} {why}. "),
        1 => write!(into, "{who} {how} {does} {one} {why}, case {number}. {}. ", dice.of(&MORE)),
        _ => {
            write!(into, "{}, which means that {one} and {two} of type {number} stay {why}. ", dice.of(&MORE))
        }
    };
}

/// How much of a page is its text, in percent, unless said otherwise. A policy has some 48 KB of text (200
/// policies of a public collection had 9.6 MB), and pages of policies as served are of 25 to 600 KB.
pub const TEXT_SHARE: u32 = 28;

/// How many bytes page `number` has, about: from 25 to 600 KB, most of them small, as in life.
pub fn size(number: u32) -> usize {
    let share = f64::from(number % 200) / 199.0;
    // Most pages are small: the middle one has 97 KB, all together 34 MB.
    (25_000.0 + 575_000.0 * share.powi(3)) as usize
}

/// Page `number` in its `edition`: another edition changes some sentences.
pub fn page(number: u32, edition: u32) -> String {
    page_with(number, edition, TEXT_SHARE)
}

/// [`page`], of which `text_share` percent are its text; the rest is what pages carry around that: styles, data
/// for scripts, lists of links.
fn page_with(number: u32, edition: u32, text_share: u32) -> String {
    let mut dice = Dice(u64::from(number));
    let mut html = format!(
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Privacy policy {number}</title>\
         <link rel=stylesheet href=/style.css><style>body{{font:16px/1.5 sans-serif}}nav a{{margin:4px}}</style></head><body>\
         <header><nav>"
    );
    for item in 0..40 {
        let _ = write!(
            html,
            "<a class=\"nav-item nav-item--{item}\" href=\"/section/{item}?ref=top\">Section {item}</a>"
        );
    }
    let _ = write!(
        html,
        "</nav></header><main><h1>Privacy policy {number}</h1><p>Effective 1 March 2026, edition {edition}.</p>"
    );
    let enough = html.len() + size(number) * text_share.min(90) as usize / 100;
    let mut part = 0;
    while html.len() < enough {
        part += 1;
        let _ = write!(html, "<section id=\"part-{part}\"><h2>{part}. About {}</h2>", dice.of(&WHAT));
        for _ in 0..4 {
            html.push_str("<p class=\"text text--body\">");
            for _ in 0..4 {
                sentence(&mut dice, &mut html);
            }
            html.push_str("</p>");
        }
        html.push_str("<p>We do the following:</p><ul>");
        for _ in 0..5 {
            html.push_str("<li><span>");
            sentence(&mut dice, &mut html);
            html.push_str("</span></li>");
        }
        html.push_str("</ul>");
        if part % 10 == 1 {
            let mut other = Dice(u64::from(number) << 32 | u64::from(edition) << 16 | part);
            html.push_str("<p>");
            sentence(&mut other, &mut html);
            html.push_str("</p>");
        }
        html.push_str("</section>");
    }
    html.push_str("</main>");
    // The rest of a page, in thirds: styles, data for scripts, links.
    let rest = size(number).saturating_sub(html.len());
    let (styles, data) = (html.len() + rest / 3, html.len() + rest * 2 / 3);
    html.push_str("<style>");
    while html.len() < styles {
        let (class, color) = (dice.roll() % 9_999, dice.roll() % 0xff_ffff);
        let _ = write!(html, ".c{class}>.item:hover{{color:#{color:06x};margin:{}px 0}}", class % 40);
    }
    html.push_str("</style><script type=application/json>[");
    while html.len() < data {
        let (id, what) = (dice.roll() % 999_999, dice.of(&WHAT));
        let _ = write!(html, "{{\"id\":{id},\"kind\":\"{what}\",\"on\":{}}},", id % 2 == 0);
    }
    html.push_str("null]</script><footer><ul>");
    while html.len() < size(number) {
        let _ = write!(
            html,
            "<li><a href=\"/country/{}\" rel=alternate>Country page {}</a></li>",
            dice.roll() % 99,
            dice.roll() % 999
        );
    }
    html.push_str("</ul></footer><script>window.settings={\"edition\":0}</script></body></html>");
    html
}

/// Serves `/policy/N` in the edition that `edition` holds.
/// All are made beforehand: making them is not what is measured.
pub fn script(pages: u32, text_share: u32, edition: Arc<AtomicU32>) -> Script {
    let made: Vec<[Page; 2]> = (0..pages)
        .map(|number| [0, 1].map(|edition| Page::html(page_with(number, edition, text_share))))
        .collect();
    Arc::new(move |request: &Request| -> Reply {
        let number = request.target.strip_prefix("/policy/").and_then(|number| number.parse::<usize>().ok());
        match number.and_then(|number| made.get(number)) {
            Some(editions) => editions[edition.load(Ordering::Relaxed) as usize % 2].clone().into(),
            None => Page::new(404, "text/plain", "no such page").into(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_of_real_size_and_always_the_same() {
        assert_eq!(page(7, 0), page(7, 0));
        assert_ne!(page(7, 0), page(7, 1));
        let sizes: Vec<usize> = (0..200).map(|number| page(number, 0).len()).collect();
        assert!(sizes.iter().all(|size| (24_000..620_000).contains(size)), "{sizes:?}");
        assert!(sizes.iter().max() > Some(&580_000));
    }
}
