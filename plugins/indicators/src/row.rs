//! One row to its events.
//! Never: an event for a row whose numbers cannot be read; below a threshold is not the same as no number.

use crate::Config;
use crate::config::{Condition, Rule, same};
use crate::kinds::{DETAILS, NUMBER};
use connector_sdk::identifier::{self, UPN};
use connector_sdk::{Call, Emit, Kind, Record, Reject, attr, time};

/// The most that a row may count: more is a number that is no count.
const MOST: f64 = 1_000_000_000.0;
/// Characters of one detail.
const DETAIL_CHARS: usize = 1_000;

pub(crate) fn tell(config: &Config, call: &Call<'_>, record: &Record<'_>, emit: &mut Emit<'_>) -> Result<(), Reject> {
    let user_column = config.user_column.trim();
    let user = identifier::address(record.need(user_column)?);
    let user = user.ok_or_else(|| Reject::bad_value(user_column, "an address"))?;
    let time_column = config.time_column.trim();
    let at = time::parse(record.need(time_column)?, call.zone(), config.date_order);
    let at = at.ok_or_else(|| Reject::bad_time(time_column))?;
    let source = match config.source_column.as_deref().map(str::trim) {
        None => None,
        Some(column) => {
            let source = record.need(column)?;
            if !config.knows(Some(source)) {
                let detail = "a source that no indicator takes: name it in the configuration's `sources`";
                return Err(Reject::unknown_kind(column, detail));
            }
            Some(source)
        }
    };
    let id = id(config, record, &user, at, source)?;
    let mut told: Vec<Kind> = Vec::new();
    for rule in config.indicators.iter().filter(|rule| rule.takes(source)) {
        if told.contains(&rule.code) {
            continue;
        }
        let Some(number) = holds(rule, record)? else { continue };
        let (count, number) = match counted(rule, record)? {
            None => (1, number),
            Some(Count { whole: 0, .. }) => continue,
            Some(count) => (count.whole, number.or(Some(count.exact))),
        };
        told.push(rule.code);
        emit.event(rule.code, at)
            .source_id(id.as_str())
            .actor(&[(UPN, &user)])
            .attr(attr::WORKLOAD, source)
            .attr(attr::QUANTITY, Some(count).filter(|count| *count > 1))
            .attr(NUMBER, number)
            .attr(DETAILS, details(rule, record));
    }
    emit.ignore("below what the configuration asks for");
    Ok(())
}

/// What identifies a detection: the columns that the configuration names, else the whole row.
fn id(config: &Config, record: &Record<'_>, user: &str, at: i64, source: Option<&str>) -> Result<String, Reject> {
    let at = at.to_string();
    let mut parts = vec![user, &at, source.unwrap_or_default()];
    if config.key_columns.is_empty() {
        parts.push(record.text()?);
    }
    parts.extend(config.key_columns.iter().map(|column| record.column(column.trim()).unwrap_or_default()));
    Ok(identifier::content_id(&parts))
}

/// Whether all conditions hold, and the first number that was compared; `None` where one does not hold.
#[allow(clippy::option_option, reason = "the outer one is whether, the inner one what")]
fn holds(rule: &Rule, record: &Record<'_>) -> Result<Option<Option<f64>>, Reject> {
    let mut first = None;
    for condition in &rule.when {
        let Some(text) = record.column(condition.column.trim()) else { return Ok(None) };
        if !condition.is.is_empty() && !condition.is.iter().any(|word| same(word, text)) {
            return Ok(None);
        }
        if condition.is_numeric() {
            let number = number(condition.column.trim(), text)?;
            if !within(condition, number) {
                return Ok(None);
            }
            first = first.or(Some(number));
        }
    }
    Ok(Some(first))
}

fn within(condition: &Condition, number: f64) -> bool {
    condition.at_least.is_none_or(|least| number >= least) && condition.at_most.is_none_or(|most| number <= most)
}

/// How often a row counts.
struct Count {
    whole: i64,
    exact: f64,
}

/// `None` where the rule does not count by a column.
fn counted(rule: &Rule, record: &Record<'_>) -> Result<Option<Count>, Reject> {
    let Some(column) = rule.count_column.as_deref().map(str::trim) else { return Ok(None) };
    let exact = number(column, record.need(column)?)?;
    if !(0.0..=MOST).contains(&exact) {
        return Err(Reject::bad_value(column, "a count"));
    }
    #[allow(clippy::cast_possible_truncation, reason = "within the range above")]
    Ok(Some(Count { whole: exact as i64, exact }))
}

/// A number, with a sign of percent behind it or not. Commas are not read: they are thousands here and decimals there.
fn number(column: &str, text: &str) -> Result<f64, Reject> {
    let text = text.trim().trim_end_matches('%').trim_end();
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| Reject::bad_value(column, "a number"))
}

fn details(rule: &Rule, record: &Record<'_>) -> Vec<String> {
    let detail = |column: &String| {
        let column = column.trim();
        let text: String = record.column(column)?.chars().filter(|c| !c.is_control()).take(DETAIL_CHARS).collect();
        Some(format!("{column}: {text}"))
    };
    rule.details.iter().filter_map(detail).collect()
}
