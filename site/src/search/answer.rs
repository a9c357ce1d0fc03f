//! What a query finds: totals, and the first answers of each group.
//!
//! Answers are not scored. They come in groups (findings, events, statements; promises before other
//! statements), in each group the newest first, then by source and place: an order that people can
//! foresee and that the browser arrives at too.

use super::index::{Index, Names, Order, SearchError, Sources};
use super::query::{Clause, Field, Filter, Query, What, day_date, day_number};
use super::record::{Class, Group, Record, Source};
use super::words;
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::{BTreeSet, BinaryHeap};
use std::ops::RangeInclusive;
use std::sync::Arc;
use tantivy::collector::{Collector, SegmentCollector};
use tantivy::columnar::Column;
use tantivy::query::{
    AllQuery, BooleanQuery, EmptyQuery, EnableScoring, Occur, PhraseQuery, TermQuery, TermSetQuery, Weight,
};
use tantivy::schema::{IndexRecordOption, Value as _};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader, TantivyDocument, Term};

type Tantivy = Box<dyn tantivy::query::Query>;

/// A prefix may stand for so many forms; one that stands for more is asked to be longer.
pub const MOST_FORMS: usize = 512;

/// What a query finds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    pub total: u64,
    pub findings: u64,
    pub events: u64,
    pub statements: u64,
    /// Set where no record has all the words: how many of them each answer has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matched: Option<usize>,
    /// Groups (`findings`, `events`) none of whose records has all the words while statements have them:
    /// their answers lack one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_word_short: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignored: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
    pub hits: Vec<Hit>,
}

/// One answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hit {
    /// `reversal`, `expansion`, `strengthening`, `event`, `promise`, `statement`.
    pub kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    pub text: String,
    pub service: String,
    pub policy: String,
    pub topics: Vec<&'static str>,
    /// `YYYY-MM-DD`: first seen, or happened.
    pub first_seen: String,
    pub last_seen: String,
    pub current: bool,
    /// From the site's root.
    pub url: String,
}

impl Hit {
    fn new(source: &Source, record: Record) -> Hit {
        let last = record.spans.last().map_or(0, |span| span.last_seen);
        let url = match record.class.group() {
            Group::Statement => format!("{}{}", source.page(), record.url),
            _ => record.url.clone(),
        };
        Hit {
            kind: record.class.told(),
            first_seen: day_date(record.day()).to_string(),
            last_seen: day_date(last).to_string(),
            title: record.title,
            text: record.parts.join(" "),
            service: source.services.join(", "),
            policy: source.policy.clone(),
            topics: record.topics.iter().map(|topic| topic.key()).collect(),
            current: record.current,
            url,
        }
    }
}

impl Index {
    /// Answers a query with up to `limit` hits. Findings and events take at most a third of them
    /// each, unless the others leave room.
    pub fn search(&self, query: &Query, limit: usize) -> Result<Answer, SearchError> {
        self.try_search(query, limit).map_err(|error| self.failed(error))
    }

    fn try_search(&self, query: &Query, limit: usize) -> tantivy::Result<Answer> {
        let mut answer = Answer {
            total: 0,
            findings: 0,
            events: 0,
            statements: 0,
            matched: None,
            one_word_short: Vec::new(),
            ignored: query.ignored.clone(),
            problems: query.problems.clone(),
            hits: Vec::new(),
        };
        if query.is_empty() {
            return Ok(answer);
        }
        let mut must: Vec<Tantivy> = Vec::new();
        let mut not: Vec<Tantivy> = Vec::new();
        for clause in &query.clauses {
            let wanted = match self.clause(clause)? {
                Some(wanted) => wanted,
                None => {
                    answer.problems.push(format!(
                        "`{clause}` stands for more than {MOST_FORMS} words: write more letters before the *"
                    ));
                    Box::new(EmptyQuery)
                }
            };
            if clause.not { not.push(wanted) } else { must.push(wanted) }
        }
        let words = must.len();
        let mut fruit = self.collect(query, &must, &not, words, &[], limit)?;
        // A long question seldom has all its words in one sentence.
        let mut matched = words;
        while fruit.total() == 0 && words > 2 && matched > words.div_ceil(2) {
            matched -= 1;
            fruit = self.collect(query, &must, &not, matched, &[], limit)?;
            answer.matched = (fruit.total() > 0).then_some(matched);
        }
        // A statement that has them all does not hide the judged answers that have all but one.
        if matched == words && words > 2 && fruit.total() > 0 {
            let empty: Vec<Group> = [Group::Finding, Group::Event]
                .into_iter()
                .filter(|group| fruit.totals[*group as usize] == 0)
                .collect();
            if !empty.is_empty() {
                let mut near = self.collect(query, &must, &not, words - 1, &empty, limit)?;
                for group in empty.iter().map(|group| *group as usize).filter(|group| near.totals[*group] > 0)
                {
                    fruit.totals[group] = near.totals[group];
                    fruit.best[group] = std::mem::take(&mut near.best[group]);
                    answer.one_word_short.push(["findings", "events"][group]);
                }
            }
        }
        [answer.findings, answer.events, answer.statements] = fruit.totals;
        answer.total = fruit.total();
        answer.hits = self.hits(fruit, limit)?;
        Ok(answer)
    }

    fn hits(&self, fruit: Fruit, limit: usize) -> tantivy::Result<Vec<Hit>> {
        let searcher = self.reader.searcher();
        let third = limit.div_ceil(3);
        let lens = fruit.best.each_ref().map(Vec::len);
        let mut take = [lens[0].min(third), lens[1].min(third), 0];
        take[2] = lens[2].min(limit - (take[0] + take[1]).min(limit));
        for group in 0..2 {
            let room = limit.saturating_sub(take.iter().sum());
            take[group] += room.min(lens[group] - take[group]);
        }
        let mut hits = Vec::new();
        for (best, take) in fruit.best.into_iter().zip(take) {
            for place in best.into_iter().take(take) {
                let document: TantivyDocument = searcher.doc(place.address)?;
                let bytes = document.get_first(self.fields.record).and_then(|value| value.as_bytes());
                let record = bytes.and_then(|bytes| serde_json::from_slice::<Record>(bytes).ok());
                hits.extend(record.map(|record| Hit::new(&Source::from_key(&place.source), record)));
            }
        }
        hits.truncate(limit);
        Ok(hits)
    }

    /// `matched` of the `must` clauses have to hold. Where `groups` are named, only their records count.
    fn collect(
        &self,
        query: &Query,
        must: &[Tantivy],
        not: &[Tantivy],
        matched: usize,
        groups: &[Group],
        limit: usize,
    ) -> tantivy::Result<Fruit> {
        let mut clauses: Vec<(Occur, Tantivy)> = Vec::new();
        if matched < must.len() {
            let some = must.iter().map(|clause| clause.box_clone()).collect();
            let some = BooleanQuery::union_with_minimum_required_clauses(some, matched);
            clauses.push((Occur::Must, Box::new(some)));
        } else {
            clauses.extend(must.iter().map(|clause| (Occur::Must, clause.box_clone())));
        }
        if !groups.is_empty() {
            let kinds = Class::ALL.into_iter().filter(|class| groups.contains(&class.group()));
            let kinds = kinds.map(|class| Term::from_field_text(self.fields.kind, class.key()));
            clauses.push((Occur::Must, Box::new(TermSetQuery::new(kinds))));
        }
        for field in [Field::Service, Field::Policy, Field::Topic, Field::Kind] {
            for not in [false, true] {
                let filters: Vec<&Filter> =
                    query.filters.iter().filter(|f| f.field == field && f.not == not).collect();
                if !filters.is_empty() {
                    let occur = if not { Occur::MustNot } else { Occur::Must };
                    clauses.push((occur, self.filter(field, &filters)));
                }
            }
        }
        if !clauses.iter().any(|(occur, _)| *occur == Occur::Must) {
            clauses.push((Occur::Must, Box::new(AllQuery)));
        }
        let wanted: Tantivy = match <[_; 1]>::try_from(clauses) {
            Ok([(Occur::Must, only)]) => only,
            Ok(one) => Box::new(BooleanQuery::new(one.into())),
            Err(many) => Box::new(BooleanQuery::new(many)),
        };
        let searcher = self.reader.searcher();
        let scoring = EnableScoring::disabled_from_searcher(&searcher);
        let collector = Answers {
            sources: &self.segments,
            not: not.iter().map(|clause| clause.weight(scoring)).collect::<tantivy::Result<_>>()?,
            as_of: query.as_of.map(day_number),
            gone: query.gone,
            days: query.year.and_then(days_of),
            limit,
        };
        searcher.search(&wanted, &collector)
    }

    /// A clause holds where the text has its words, or where they name the service.
    /// `None`: a prefix that stands for too many words.
    fn clause(&self, clause: &Clause) -> tantivy::Result<Option<Tantivy>> {
        let mut stemmer = words::stemmer();
        let text_term = |term: &str| Term::from_field_text(self.fields.text, term);
        let mut either: Vec<Tantivy> = Vec::new();
        match &clause.what {
            What::Words(forms) => {
                let mut terms = Vec::new();
                for form in forms {
                    let known = self.known_form(form)?;
                    terms.extend(known.map(|form| text_term(&words::term(&mut stemmer, &form))));
                }
                // A word that no record has makes its phrase impossible.
                match terms.len() == forms.len() {
                    true if terms.len() > 1 => either.push(Box::new(PhraseQuery::new(terms))),
                    true => either.extend(
                        terms
                            .pop()
                            .map(|term| Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Tantivy),
                    ),
                    false => {}
                }
            }
            What::Prefix(prefix) => {
                let mut terms = BTreeSet::new();
                let forms = self.forms_with(prefix)?;
                if forms.len() > MOST_FORMS {
                    return Ok(None);
                }
                for form in forms {
                    terms.insert(text_term(&words::term(&mut stemmer, &form)));
                }
                if !terms.is_empty() {
                    either.push(Box::new(TermSetQuery::new(terms)));
                }
            }
        }
        either.extend(self.sources_where(&|names| names.services.iter().any(|name| clause.what.names(name))));
        Ok(Some(match either.len() {
            0 => Box::new(EmptyQuery),
            1 => either.remove(0),
            _ => Box::new(BooleanQuery::union(either)),
        }))
    }

    /// The form itself if any record has it, else what is left of it without an ending: a form that
    /// the archive never uses still finds those it shares its beginning with.
    fn known_form(&self, form: &str) -> tantivy::Result<Option<String>> {
        const ENDINGS: [&str; 8] = ["s", "es", "d", "ed", "ing", "er", "ly", "ion"];
        let stems = ENDINGS.iter().filter_map(|ending| form.strip_suffix(ending));
        let stems = stems.filter(|stem| stem.chars().count() > 2);
        for candidate in [form].into_iter().chain(stems) {
            let term = Term::from_field_text(self.fields.forms, candidate);
            for segment in self.reader.searcher().segment_readers() {
                if segment.inverted_index(self.fields.forms)?.get_term_info(&term)?.is_some() {
                    return Ok(Some(candidate.to_owned()));
                }
            }
        }
        Ok(None)
    }

    /// Every form that begins with `prefix`, one more than [`MOST_FORMS`] at the most.
    fn forms_with(&self, prefix: &str) -> tantivy::Result<BTreeSet<String>> {
        let mut forms = BTreeSet::new();
        for segment in self.reader.searcher().segment_readers() {
            let dictionary = segment.inverted_index(self.fields.forms)?;
            let mut stream = dictionary.terms().range().ge(prefix).into_stream()?;
            let mut here = 0;
            while let Some((form, _)) = stream.next() {
                let form = String::from_utf8_lossy(form);
                if here > MOST_FORMS || !form.starts_with(prefix) {
                    break;
                }
                here += 1;
                forms.insert(form.into_owned());
            }
        }
        Ok(forms)
    }

    fn filter(&self, field: Field, filters: &[&Filter]) -> Tantivy {
        let any_of = |field, keys: Vec<&str>| -> Tantivy {
            match keys.as_slice() {
                [] => Box::new(EmptyQuery),
                [key] => {
                    Box::new(TermQuery::new(Term::from_field_text(field, key), IndexRecordOption::Basic))
                }
                keys => Box::new(TermSetQuery::new(keys.iter().map(|key| Term::from_field_text(field, key)))),
            }
        };
        let named = |key: &str| filters.iter().any(|filter| filter.value == words::forms(key));
        let holds = |name: &[String]| filters.iter().any(|filter| contains(name, &filter.value));
        match field {
            Field::Topic => {
                let topics = policy::finding::Topic::ALL.into_iter();
                let topics = topics.filter(|topic| named(topic.key()) || named(topic.label()));
                any_of(self.fields.topic, topics.map(|topic| topic.key()).collect())
            }
            Field::Kind => {
                let kinds = Class::ALL.into_iter();
                let kinds = kinds.filter(|c| filters.iter().any(|filter| c.named(&filter.value.join("_"))));
                any_of(self.fields.kind, kinds.map(Class::key).collect())
            }
            Field::Service => self
                .sources_where(&|names| names.services.iter().any(|name| holds(name)))
                .unwrap_or_else(|| Box::new(EmptyQuery)),
            Field::Policy => {
                self.sources_where(&|names| holds(&names.policy)).unwrap_or_else(|| Box::new(EmptyQuery))
            }
        }
    }

    /// Records of the sources for which `wanted` holds; `None` where there are none.
    fn sources_where(&self, wanted: &dyn Fn(&Names) -> bool) -> Option<Tantivy> {
        let mut keys = BTreeSet::new();
        for segment in &self.segments {
            for (source, names) in segment.sources.iter().zip(&segment.names) {
                if wanted(names) {
                    keys.insert(source.key());
                }
            }
        }
        let mut terms = keys.iter().map(|key| Term::from_field_text(self.fields.source, key));
        match keys.len() {
            0 => None,
            1 => terms.next().map(|term| Box::new(TermQuery::new(term, IndexRecordOption::Basic)) as Tantivy),
            _ => Some(Box::new(TermSetQuery::new(terms))),
        }
    }
}

impl What {
    /// Whether a service with this name is meant.
    fn names(&self, name: &[String]) -> bool {
        match self {
            What::Words(forms) => contains(name, forms),
            What::Prefix(prefix) => name.iter().any(|form| form.starts_with(prefix.as_str())),
        }
    }
}

/// The days of a year.
fn days_of(year: i32) -> Option<RangeInclusive<u32>> {
    let first = NaiveDate::from_ymd_opt(year, 1, 1)?;
    Some(day_number(first)..=day_number(NaiveDate::from_ymd_opt(year, 12, 31)?))
}

/// `part` stands in `whole`, next to each other.
fn contains(whole: &[String], part: &[String]) -> bool {
    !part.is_empty() && whole.windows(part.len()).any(|window| window == part)
}

/// Counts, filters by lifespan, and keeps the best of each group.
struct Answers<'a> {
    sources: &'a [Sources],
    /// What must not match. Read into a set, for tantivy's own exclusion asks a phrase for documents it
    /// has passed (its `seek_danger` wants targets that only grow, and asserts so in debug builds).
    not: Vec<Box<dyn Weight>>,
    as_of: Option<u32>,
    gone: Option<bool>,
    /// First seen, or happened, on one of these.
    days: Option<RangeInclusive<u32>>,
    limit: usize,
}

/// An answer's place in the order; smaller is better.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    order: u64,
    /// Its source's key.
    source: String,
    ordinal: u64,
    address: DocAddress,
}

#[derive(Default)]
struct Fruit {
    totals: [u64; 3],
    best: [Vec<Place>; 3],
}

impl Fruit {
    fn total(&self) -> u64 {
        self.totals.iter().sum()
    }
}

impl Collector for Answers<'_> {
    type Fruit = Fruit;
    type Child = SegmentAnswers;

    fn for_segment(
        &self,
        ordinal: SegmentOrdinal,
        segment: &SegmentReader,
    ) -> tantivy::Result<SegmentAnswers> {
        let fast = segment.fast_fields();
        let source = match fast.str("source")? {
            Some(column) => column.ords().clone(),
            None => Column::build_empty_column(segment.max_doc()),
        };
        let mut excluded = Vec::new();
        for weight in &self.not {
            excluded.resize(segment.max_doc() as usize, false);
            weight.for_each_no_score(segment, &mut |docs| {
                docs.iter().for_each(|&doc| excluded[doc as usize] = true);
            })?;
        }
        Ok(SegmentAnswers {
            segment: ordinal,
            excluded,
            order: fast.u64("order")?,
            ordinals: fast.u64("ordinal")?,
            from: fast.u64("from")?,
            until: fast.u64("until")?,
            source,
            as_of: self.as_of.map(u64::from),
            gone: self.gone,
            days: self.days.clone(),
            limit: self.limit,
            sources: self.sources.get(ordinal as usize).map(|s| s.sources.clone()).unwrap_or_default(),
            totals: [0; 3],
            best: Default::default(),
        })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, segments: Vec<Fruit>) -> tantivy::Result<Fruit> {
        let mut all = Fruit::default();
        for fruit in segments {
            for (group, best) in fruit.best.into_iter().enumerate() {
                all.totals[group] += fruit.totals[group];
                all.best[group].extend(best);
            }
        }
        for best in &mut all.best {
            best.sort();
            best.truncate(self.limit);
        }
        Ok(all)
    }
}

/// `(place in the order, source's number, ordinal, document)`, the worst on top.
type Best = BinaryHeap<(u64, u64, u64, DocId)>;

struct SegmentAnswers {
    segment: SegmentOrdinal,
    /// By document; empty where nothing is excluded.
    excluded: Vec<bool>,
    order: Column<u64>,
    ordinals: Column<u64>,
    from: Column<u64>,
    until: Column<u64>,
    source: Column<u64>,
    as_of: Option<u64>,
    gone: Option<bool>,
    days: Option<RangeInclusive<u32>>,
    limit: usize,
    sources: Arc<[Source]>,
    totals: [u64; 3],
    best: [Best; 3],
}

impl SegmentCollector for SegmentAnswers {
    type Fruit = Fruit;

    fn collect(&mut self, doc: DocId, _: Score) {
        let order = Order(self.order.values.get_val(doc));
        let Some(class) = order.class() else { return };
        if self.excluded.get(doc as usize) == Some(&true) {
            return;
        }
        if self.days.as_ref().is_some_and(|days| !days.contains(&order.day())) {
            return;
        }
        if let Some(day) = self.as_of {
            let mut spans = self.from.values_for_doc(doc).zip(self.until.values_for_doc(doc));
            if !spans.any(|(from, until)| from <= day && day < until) {
                return;
            }
        }
        if let Some(gone) = self.gone
            && (gone != order.gone() || (gone && class.group() != Group::Statement))
        {
            return;
        }
        let group = class.group() as usize;
        self.totals[group] += 1;
        let best = &mut self.best[group];
        let full = best.len() >= self.limit;
        if full && best.peek().is_none_or(|worst| worst.0 < order.place()) {
            return;
        }
        let source = self.source.values.get_val(doc);
        let place = (order.place(), source, self.ordinals.values.get_val(doc), doc);
        if !full {
            best.push(place);
        } else if best.peek().is_some_and(|worst| place < *worst) {
            best.pop();
            best.push(place);
        }
    }

    fn harvest(self) -> Fruit {
        let place = |(order, source, ordinal, doc): (u64, u64, u64, DocId)| Place {
            order,
            source: self.sources[source as usize].key(),
            ordinal,
            address: DocAddress::new(self.segment, doc),
        };
        let best = self.best.map(|best| best.into_sorted_vec().into_iter().map(place).collect());
        Fruit { totals: self.totals, best }
    }
}
