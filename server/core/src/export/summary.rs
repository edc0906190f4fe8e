//! The summary of a package: one page of HTML for a lawyer to read and print, written part by part.
//! Never: a script, a style sheet or an image from elsewhere; a text that was not escaped; content of evidence.

use super::hex;
use crate::{
    alert::{AlertStatus, Severity},
    case::{CaseResolution, CaseStatus},
    ids::{CaseId, ExportId},
    scoring::Insight,
    time::{DAY, Micros},
};

/// What the summary says about the case as a whole.
#[derive(Clone, Debug)]
pub struct Head {
    /// Which export.
    pub export: ExportId,
    /// Which case.
    pub case: CaseId,
    /// As staff named it.
    pub name: String,
    /// What its subject is called.
    pub pseudonym: String,
    /// Where it stands.
    pub status: CaseStatus,
    /// The highest of its alerts.
    pub severity: Severity,
    /// When it was opened.
    pub opened_at: Micros,
    /// How it ended.
    pub resolution: Option<CaseResolution>,
    /// What was done.
    pub action_taken: Option<String>,
    /// Whether it is on legal hold.
    pub legal_hold: bool,
    /// Who exported it, by name.
    pub exported_by: String,
    /// When.
    pub exported_at: Micros,
    /// The SHA-256 of the audit key's public half, by which it is recognised on paper.
    pub log: String,
}

/// Somebody who worked on the case.
#[derive(Clone, Debug)]
pub struct Worker {
    /// Their name.
    pub name: String,
    /// What they wrote or did, in notes.
    pub notes: u64,
    /// When first.
    pub first: Micros,
    /// When last.
    pub last: Micros,
}

/// An alert, as far as the summary shows it.
#[derive(Clone, Debug)]
pub struct AlertRow {
    /// When it was raised.
    pub raised_at: Micros,
    /// Under which policy.
    pub policy: String,
    /// How severe.
    pub severity: Severity,
    /// 0–100.
    pub score: f64,
    /// Where it stands.
    pub status: AlertStatus,
    /// What started the scoring.
    pub trigger: String,
}

const STYLE: &str = "\
body{font:11pt/1.45 Georgia,'Times New Roman',serif;color:#111;max-width:46em;margin:2.5em auto;padding:0 1.5em}\
h1{font-size:1.7em;margin:0 0 .1em}h2{font-size:1.15em;margin:2em 0 .5em;border-bottom:1px solid #888;padding-bottom:.15em}\
p.lead{margin:.2em 0 1.5em;color:#444}table{border-collapse:collapse;width:100%;font-size:.92em}\
th,td{text-align:left;vertical-align:top;padding:.3em .8em .3em 0;border-bottom:1px solid #ddd}th{font-weight:bold;white-space:nowrap}\
td.n{text-align:right;white-space:nowrap}td.d{white-space:nowrap}.mark{color:#555;font-size:.88em}\
.note{white-space:pre-wrap;overflow-wrap:anywhere}svg{width:100%;height:auto}footer{margin-top:3em;font-size:.85em;color:#444}\
@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr{break-inside:avoid}thead{display:table-header-group}}";

/// A text in HTML: what could be read as markup is not.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters and those that turn the direction of a line show as what they are.
            '\n' | '\t' => out.push(letter),
            letter if letter.is_control() || matches!(letter, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
                out.push('\u{fffd}');
            }
            letter => out.push(letter),
        }
    }
    out
}

/// `2026-07-01 12:00` in UTC.
fn minute(at: Micros) -> String {
    let text = at.to_string();
    text.get(..16).unwrap_or_default().replace('T', " ")
}

/// A word of the product for people: `NEEDS_REVIEW` is "needs review".
fn plain(word: &str) -> String {
    word.to_lowercase().replace('_', " ")
}

/// The beginning: what the case is.
pub fn opening(head: &Head) -> String {
    let mut rows = vec![
        ("Case", head.name.clone()),
        ("Case id", head.case.to_string()),
        ("About", format!("{} (a pseudonym; this package does not say who it is)", head.pseudonym)),
        ("State", plain(head.status.as_str())),
        ("Severity", plain(head.severity.as_str())),
        ("Opened", format!("{} UTC", minute(head.opened_at))),
    ];
    if let Some(resolution) = head.resolution {
        rows.push(("Resolved as", plain(resolution.as_str())));
    }
    if let Some(action) = &head.action_taken {
        rows.push(("Action taken", action.clone()));
    }
    rows.push(("Legal hold", if head.legal_hold { "yes" } else { "no" }.to_owned()));
    rows.push(("Exported", format!("{} UTC, by {}", minute(head.exported_at), head.exported_by)));
    rows.push(("Export id", head.export.to_string()));
    rows.push(("Sealed by", head.log.clone()));
    let rows: String = rows
        .into_iter()
        .map(|(what, value)| format!("<tr><th>{what}</th><td class=\"note\">{}</td></tr>\n", escaped(&value)))
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>Case summary: {}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<h1>Case summary</h1>\n\
         <p class=\"lead\">Part of a sealed evidence package. All times are UTC.</p>\n<table>\n{rows}</table>\n",
        escaped(&head.name)
    )
}

/// A heading with a table below it, whose rows follow.
pub fn section(title: &str, columns: &[&str]) -> String {
    let columns: String = columns.iter().map(|column| format!("<th>{}</th>", escaped(column))).collect();
    format!("<h2>{}</h2>\n<table>\n<thead><tr>{columns}</tr></thead>\n<tbody>\n", escaped(title))
}

/// The end of such a table.
pub const SECTION_END: &str = "</tbody>\n</table>\n";

/// Who worked on the case.
pub fn workers(of: &[Worker]) -> String {
    let rows: String = of
        .iter()
        .map(|one| {
            format!(
                "<tr><td>{}</td><td class=\"n\">{}</td><td class=\"d\">{}</td><td class=\"d\">{}</td></tr>\n",
                escaped(&one.name),
                one.notes,
                minute(one.first),
                minute(one.last)
            )
        })
        .collect();
    section("Who worked on it", &["Name", "Notes", "First", "Last"]) + &rows + SECTION_END
}

/// A row of the alerts.
pub fn alert(of: &AlertRow) -> String {
    format!(
        "<tr><td class=\"d\">{}</td><td>{}</td><td>{}</td><td class=\"n\">{:.0}</td><td>{}</td><td>{}</td></tr>\n",
        minute(of.raised_at),
        escaped(&of.policy),
        plain(of.severity.as_str()),
        of.score,
        plain(of.status.as_str()),
        escaped(&of.trigger)
    )
}

/// A row of the timeline.
pub fn insight(of: &Insight) -> String {
    let marks: Vec<String> = of.risk_factors.iter().map(|factor| plain(factor.as_str())).collect();
    let boosters: Vec<&str> = of.boosters.iter().map(|booster| booster.explanation.as_str()).collect();
    let more = [marks.join(", "), boosters.join(" ")].into_iter().filter(|text| !text.is_empty());
    let more: String = more.map(|text| format!("<br><span class=\"mark\">{}</span>", escaped(&text))).collect();
    format!(
        "<tr><td class=\"d\">{}</td><td>{}{more}</td><td class=\"n\">{:.0}</td></tr>\n",
        of.day,
        escaped(&of.explanation),
        of.score
    )
}

/// A row of the notes.
pub fn note(at: Micros, author: &str, system: bool, body: &str) -> String {
    let who = if system { format!("{author} (noted by the system)") } else { author.to_owned() };
    format!(
        "<tr><td class=\"d\">{}</td><td>{}</td><td class=\"note\">{}</td></tr>\n",
        minute(at),
        escaped(&who),
        escaped(body)
    )
}

/// The drawing, in pixels.
const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 34.0;
const BOTTOM: f64 = 26.0;
const TOP: f64 = 10.0;

/// The score as a line over time, and a dot for every alert. `points` are in order of time, the highest of all policies at
/// each instant; `until` is when the line ends.
pub fn scores(points: &[(Micros, f64)], alerts: &[(Micros, f64)], until: Micros) -> String {
    let title = "<h2>Score over time</h2>\n";
    let instants = || points.iter().chain(alerts).map(|point| point.0.0);
    let (Some(first), Some(last)) = (instants().min(), instants().max()) else {
        return format!("{title}<p>No score is kept.</p>\n");
    };
    let first = Micros(first).day().start().0;
    let last = last.max(until.0).max(first + DAY);
    #[expect(clippy::cast_precision_loss, reason = "a place on paper")]
    let x = |at: i64| LEFT + (WIDTH - LEFT - 8.0) * ((at - first) as f64 / (last - first) as f64);
    let y = |score: f64| TOP + (HEIGHT - TOP - BOTTOM) * (1.0 - score.clamp(0.0, 100.0) / 100.0);
    let mut svg = format!(
        "{title}<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"The score from {} to {}\" \
         font-family=\"Georgia,serif\" font-size=\"11\">\n",
        Micros(first).day(),
        Micros(last).day()
    );
    for (score, dash) in
        [(0.0, ""), (34.0, " stroke-dasharray=\"3 3\""), (67.0, " stroke-dasharray=\"3 3\""), (100.0, "")]
    {
        let at = y(score);
        svg.push_str(&format!(
            "<line x1=\"{LEFT}\" y1=\"{at:.1}\" x2=\"{:.1}\" y2=\"{at:.1}\" stroke=\"#bbb\"{dash}/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{score:.0}</text>\n",
            WIDTH - 8.0,
            LEFT - 5.0,
            at + 4.0
        ));
    }
    let mut told = None;
    for part in 0..=4i64 {
        let at = first + (last - first) / 4 * part;
        // Of a few days, each once.
        if told.replace(Micros(at).day()) == Some(Micros(at).day()) {
            continue;
        }
        let anchor = match part {
            0 => "start",
            4 => "end",
            _ => "middle",
        };
        svg.push_str(&format!(
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{anchor}\" fill=\"#555\">{}</text>\n",
            x(at),
            HEIGHT - 8.0,
            Micros(at).day()
        ));
    }
    if let Some((at, score)) = points.first() {
        let mut path = format!("M{:.1} {:.1}", x(at.0), y(*score));
        for (at, score) in &points[1..] {
            path.push_str(&format!("H{:.1}V{:.1}", x(at.0), y(*score)));
        }
        path.push_str(&format!("H{:.1}", x(last)));
        svg.push_str(&format!("<path d=\"{path}\" fill=\"none\" stroke=\"#1a3f7a\" stroke-width=\"1.6\"/>\n"));
    }
    for (at, score) in alerts {
        svg.push_str(&format!("<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"#a11\"/>\n", x(at.0), y(*score)));
    }
    svg.push_str(
        "</svg>\n<p class=\"mark\">Line: the highest score under the policies that raised the case's alerts. Dots: its \
         alerts, when they were raised, at their score. Dashed: from 34 medium, from 67 high.",
    );
    if points.is_empty() {
        svg.push_str(
            " The line is left out: since its identity was revealed this case has a pseudonym of its own, and nothing \
             leads from it to the person elsewhere.",
        );
    }
    svg.push_str("</p>\n");
    svg
}

/// The end: how to check what was read.
pub fn closing() -> String {
    "<footer>\n<p>The files beside this one hold the evidence in full. <code>manifest.json</code> lists each with its SHA-256, \
     <code>signature</code> seals the manifest, and <code>custody.ndjson</code> holds what was done with the case, each act with \
     the proof that the signed audit log contains it. <code>vizard case verify FILE --key KEY</code> checks all of it \
     without a network; the key comes from whoever runs the installation, not from the package.</p>\n</footer>\n</body>\n</html>\n"
        .to_owned()
}

/// How a key is recognised on paper: its log's name and the SHA-256 of the verifier key's text.
pub fn fingerprint(origin: &str, key: &str) -> String {
    format!("{origin}, verifier key with SHA-256 {}", hex(&super::sha256(key.as_bytes())))
}

/// Turns changes of scores under several policies, in order of time, into one line: at each instant the highest in force.
pub fn highest<P: Ord + Clone>(changes: &[(Micros, P, f64)]) -> Vec<(Micros, f64)> {
    let mut now = std::collections::BTreeMap::new();
    let mut line: Vec<(Micros, f64)> = Vec::new();
    for (at, policy, score) in changes {
        now.insert(policy.clone(), *score);
        let top = now.values().copied().fold(0.0, f64::max);
        match line.last_mut() {
            Some(last) if last.0 == *at => last.1 = top,
            Some(last) if last.1.to_bits() == top.to_bits() => {}
            _ => line.push((*at, top)),
        }
    }
    line
}
