/**
 * The score over time, drawn: a line for the score, a stem for the strongest insight of each day.
 * Never: something that is only in the picture; it is described in words, and the same stands in a table and in the list below.
 */

import { el, svg } from "./dom.js";
import { dayText, instant, plural, score, shortDayText } from "./words.js";

/**
 * @typedef {import("./api.js").ScorePoint} ScorePoint
 * @typedef {import("./api.js").Insight} Insight
 */

const DAY = 86_400_000;
const HEIGHT = 240;
const EDGE = { top: 12, right: 12, bottom: 28, left: 36 };
/** From where on an alert is medium, and high; see Severity in the schema. */
const LINES = [0, 34, 67, 100];

/**
 * @param {ScorePoint[]} history in order of time
 * @param {Insight[]} insights
 */
export function scoreChart(history, insights) {
  const stems = strongest(insights);
  const now = Date.now();
  const figure = el("figure", { class: "chart" });
  const caption = el(
    "figcaption",
    {},
    el("span", { class: "key key-line" }, "Line: the score, from 0 to 100."),
    " ",
    el("span", { class: "key key-stem" }, "Stems: the strongest insight of a day, by its own score."),
    " From 34 on an alert is medium, from 67 on high.",
  );
  let drawn = 0;
  // Drawn anew for the width that there is: shrunk to a telephone's, the letters of a wide picture could not be read.
  const draw = (/** @type {number} */ width) => {
    if (Math.abs(width - drawn) < 8) return;
    drawn = width;
    figure.replaceChildren(picture(history, stems, width, now), caption);
  };
  draw(640);
  new ResizeObserver((entries) => {
    const width = entries[0]?.contentRect.width ?? 0;
    if (width > 0) draw(Math.max(240, Math.round(width)));
  }).observe(figure);
  return figure;
}

/**
 * The strongest insight of each day, in order of time.
 * @param {Insight[]} insights
 * @returns {{at: number, day: string, score: number}[]}
 */
function strongest(insights) {
  /** @type {Map<string, number>} */
  const days = new Map();
  for (const insight of insights) days.set(insight.day, Math.max(insight.score, days.get(insight.day) ?? 0));
  return [...days]
    .map(([day, score]) => ({ at: Date.parse(`${day}T12:00:00Z`), day, score }))
    .sort((one, other) => one.at - other.at);
}

/**
 * @param {ScorePoint[]} history
 * @param {{at: number, day: string, score: number}[]} stems
 * @param {number} width
 * @param {number} now
 */
function picture(history, stems, width, now) {
  const times = [...history.map((point) => Date.parse(point.at)), ...stems.map((stem) => stem.at)];
  const last = Math.max(now, ...times);
  const first = Math.min(last - DAY, ...times);
  const x = (/** @type {number} */ at) =>
    EDGE.left + ((at - first) / (last - first)) * (width - EDGE.left - EDGE.right);
  const y = (/** @type {number} */ value) => EDGE.top + (1 - value / 100) * (HEIGHT - EDGE.top - EDGE.bottom);
  const bottom = y(0);

  const grid = LINES.map((value) => [
    svg("line", { class: "grid", x1: EDGE.left, x2: width - EDGE.right, y1: y(value), y2: y(value) }),
    svg("text", { class: "tick", x: EDGE.left - 6, y: y(value) + 4, "text-anchor": "end" }, String(value)),
  ]);
  const most = Math.max(2, Math.floor(width / 110));
  const ticks = Array.from({ length: most }, (_, at) => {
    const time = first + ((last - first) * at) / (most - 1);
    const anchor = at === 0 ? "start" : at === most - 1 ? "end" : "middle";
    return svg("text", { class: "tick", x: x(time), y: HEIGHT - 8, "text-anchor": anchor }, shortDayText(time));
  });
  const bars = stems.map((stem) => [
    svg("line", { class: "stem", x1: x(stem.at), x2: x(stem.at), y1: bottom, y2: y(stem.score) }),
    svg("circle", { class: "head", cx: x(stem.at), cy: y(stem.score), r: 3 }),
  ]);
  // A score holds until it changes, so the line has steps, and the last one reaches to now.
  let steps = "";
  for (const point of history) {
    const at = x(Date.parse(point.at));
    steps += steps ? `H${at} V${y(point.score)}` : `M${at} ${bottom} V${y(point.score)}`;
  }
  const line = steps && svg("path", { class: "score", d: `${steps}H${x(last)}` });
  const dots = history.map((point) =>
    svg("circle", { class: "dot", cx: x(Date.parse(point.at)), cy: y(point.score), r: 4 }),
  );
  return svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${HEIGHT}`,
      role: "img",
      "aria-labelledby": "chart-title",
      "aria-describedby": "chart-desc",
    },
    svg("title", { id: "chart-title" }, "Score over time"),
    svg("desc", { id: "chart-desc" }, described(history, stems)),
    grid,
    ticks,
    bars,
    line,
    dots,
  );
}

/**
 * @param {ScorePoint[]} history
 * @param {{day: string, score: number}[]} stems
 */
function described(history, stems) {
  const sentences = [];
  const newest = history.at(-1);
  if (newest) {
    const highest = history.reduce((top, point) => Math.max(top, point.score), 0);
    const changes = `${plural(history.length, "change")} of the score`;
    sentences.push(`${changes}; it is ${score(newest.score)} now and was ${score(highest)} at its highest.`);
  } else {
    sentences.push("No change of the score is known.");
  }
  const [oldest, latest] = [stems[0], stems.at(-1)];
  if (oldest && latest) {
    const top = stems.reduce((best, stem) => (stem.score > best.score ? stem : best));
    const range = `from ${dayText(oldest.day)} to ${dayText(latest.day)}`;
    sentences.push(
      `${plural(stems.length, "day")} with insights ${range}; the strongest scored ${score(top.score)} on ${dayText(top.day)}.`,
    );
  }
  return sentences.join(" ");
}

/**
 * What the line shows, to be read.
 * @param {ScorePoint[]} history
 */
export function scoreTable(history) {
  return el(
    "details",
    { class: "as-table" },
    el("summary", {}, "The score as a table"),
    el(
      "table",
      {},
      el("caption", {}, "Changes of the score, the oldest first"),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          ["When", "Score", "Why"].map((name) => el("th", { scope: "col" }, name)),
        ),
      ),
      el(
        "tbody",
        {},
        history.map((point) =>
          el(
            "tr",
            {},
            el("td", {}, instant(point.at)),
            el("td", { class: "number" }, score(point.score)),
            el("td", {}, point.cause),
          ),
        ),
      ),
    ),
  );
}
