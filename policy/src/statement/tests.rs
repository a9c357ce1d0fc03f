use super::*;

fn texts(markdown: &str) -> Vec<String> {
    segment(markdown).into_iter().map(|s| s.text.to_string()).collect()
}

#[test]
fn marks_links_and_escapes_are_taken_off() {
    assert_eq!(
        texts("We **never** sell [your _data_](https://x.example/a_(b)) \\[1\\]&nbsp;here.\n"),
        ["We never sell your data [1] here."]
    );
    assert_eq!(texts("![logo](a.png) Hello there.\n"), ["Hello there."]);
}

#[test]
fn sentences_end_where_people_end_them() {
    assert_eq!(
        texts("We keep logs (e.g. addresses) for 30 days. We use U.S. servers, i.e. ours. Really? Yes."),
        ["We keep logs (e.g. addresses) for 30 days.", "We use U.S. servers, i.e. ours.", "Really?", "Yes."]
    );
    assert_eq!(
        texts("It ended on 2 Dec. 2025. It began on 8 Sept. Nobody knew."),
        ["It ended on 2 Dec. 2025.", "It began on 8 Sept.", "Nobody knew."]
    );
    assert_eq!(
        texts("Das endet am 1. März 2027. Bis dahin gilt Fassung 2. Mai hat sie geschrieben."),
        ["Das endet am 1. März 2027.", "Bis dahin gilt Fassung 2. Mai hat sie geschrieben."]
    );
    // The space between was lost with a tag.
    assert_eq!(
        texts("We never sell your letters.We may open them when we must. You agree.If not, leave."),
        ["We never sell your letters.", "We may open them when we must.", "You agree.", "If not, leave."]
    );
    for whole in [
        "Write to us at Example.Com for more.",
        "See www.AboutAds.example or Node.Js for it.",
        "Ask Chat.Ai first.",
        "We keep it (for tax.And so on) in Bern.",
    ] {
        assert_eq!(texts(whole), [whole]);
    }
}

#[test]
fn headings_of_both_kinds_give_the_section() {
    let segments =
        segment("Policy\n======\n\nData\n----\n\n### Sale\n\nWe never sell it.\n\n## Other\n\nText here.\n");
    let section = |n: usize| segments[n].section.iter().map(|s| s.to_string()).collect::<Vec<_>>();
    assert_eq!(section(3), ["Policy", "Data", "Sale"]);
    assert_eq!(section(5), ["Policy", "Other"]);
}

#[test]
fn items_hang_under_their_lead_in_and_nest() {
    let segments = segment(
        "We do not:\n\n*   sell data;\n*   share it with:\n    *   brokers\n*   read mail.\n\nNext.\n",
    );
    let leads: Vec<_> =
        segments.iter().map(|s| (s.text.to_string(), s.lead_in.as_deref().map(str::to_owned))).collect();
    assert_eq!(leads[1], ("sell data;".into(), Some("We do not:".into())));
    assert_eq!(leads[3], ("brokers".into(), Some("share it with:".into())));
    assert_eq!(leads[4], ("read mail.".into(), Some("We do not:".into())));
    assert_eq!(leads[5], ("Next.".into(), None));
}

#[test]
fn a_row_is_a_statement_below_the_names_of_its_columns() {
    let segments = segment(
        "| Data | Kept for |\n| --- | --- |\n| Letters |  | 30 |\n| a \\| b | 1 year |\n\nNext.\n\n| Calls | 7 days |\n",
    );
    let read: Vec<_> = segments.iter().map(|s| (&*s.text, s.lead_in.as_deref())).collect();
    let head = Some("Data | Kept for");
    assert_eq!(
        read,
        [
            ("Data | Kept for", None),
            ("Letters | 30", head),
            ("a | b | 1 year", head),
            ("Next.", None),
            ("Calls | 7 days", None)
        ]
    );
}

#[test]
fn columns_named_in_bold_below_an_empty_head_are_named_too() {
    let leads = |markdown: &str| -> Vec<_> {
        segment(markdown).into_iter().map(|s| s.lead_in.map(|lead| lead.to_string())).collect()
    };
    let head = Some("Data | Kept for".to_owned());
    assert_eq!(
        leads("|     |     |\n| --- | --- |\n| **Data** | **Kept for** |\n| Letters | a year |\n"),
        [None, head]
    );
    assert_eq!(
        leads("|     |     |\n| --- | --- |\n| **Data** | Kept for |\n| Letters | a year |\n"),
        [None, None]
    );
    assert_eq!(leads("| --- | --- |\n| **Data** |  |\n| Letters | a year |\n"), [None, None]);
}

#[test]
fn cells_that_say_more_than_a_sentence_are_read_one_by_one() {
    assert_eq!(
        texts("| Your letters | By consent. You may take it back. |\n"),
        ["Your letters | By consent.", "You may take it back."]
    );
    assert_eq!(
        texts("| Data | Why |\n| --- | --- |\n| Your e-mail. We keep it. | Login<br>Safety |\n"),
        ["Data | Why", "Your e-mail.", "We keep it.", "Login", "Safety"]
    );
}

#[test]
fn comparable_forgets_typography_and_numbers() {
    assert_eq!(comparable("3.1 We’re “safe” – always"), "were safe always");
    assert_eq!(comparable("iv) We're safe, always."), "were safe always");
    assert_eq!(comparable("A policy."), "a policy");
    assert_ne!(comparable("30 days"), comparable("60 days"));
    assert_eq!(statement_id("Hello, world").0.len(), 12);
}
