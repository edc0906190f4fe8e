/**
 * The events beneath insights, loaded when somebody asks for them.
 * Never: a look at content that nobody asked for: where the identity is shown, each look is in the audit log.
 */

import { EVENTS } from "./api.js";
import { button, complain, el, facts, focusOn } from "./dom.js";
import { count, instant, pairs, plural } from "./words.js";

/**
 * @typedef {import("./api.js").Activities} Activities
 * @typedef {import("./api.js").Activity} Activity
 * @typedef {import("./api.js").Insight} Insight
 * @typedef {import("./sections.js").Page} Page
 */

/** Events at once beneath one insight, and beneath each when all are asked for. */
const EVENTS_PAGE = 20;
/** Insights whose events are asked for at once. */
const INSIGHTS_PAGE = 50;

/** Where the events of one insight are shown. */
class Place {
  /**
   * @param {Insight} insight
   * @param {string | null} before the cursor of the insight before this one
   * @param {(place: Place) => Promise<void>} load
   */
  constructor(insight, before, load) {
    this.insight = insight;
    this.before = before;
    /** @type {string | null} */
    this.after = null;
    this.shown = 0;
    this.list = el("ol", { class: "events" });
    this.foot = el("div", { class: "controls" });
    this.load = load;
    this.element = el("div", { class: "evidence" }, this.list, this.foot);
    this.offer("Show the events");
  }

  /**
   * A button that says what it is for to somebody who does not see where it stands.
   * @param {string} label
   */
  offer(label) {
    const made = button(label, () => this.load(this), { "aria-describedby": `i-${this.insight.id}` });
    this.foot.replaceChildren(made);
  }

  /**
   * @param {Activities} events
   * @returns {HTMLElement | null} the first of them
   */
  add(events) {
    const items = events.nodes.map(eventItem);
    this.list.append(...items);
    this.shown += items.length;
    this.after = events.pageInfo.endCursor;
    this.foot.replaceChildren();
    if (events.pageInfo.hasNextPage) this.offer("Show more events");
    this.foot.prepend(el("p", {}, `${count(this.shown)} of ${plural(events.totalCount, "event")} shown.`));
    return items[0] ?? null;
  }
}

/** The events of all insights on the page. */
export class Evidence {
  /** @type {Place[]} */
  #places = [];

  /**
   * @param {Page} page
   * @param {{timeline: boolean, content: boolean}} options whether insights are reached by the timeline; whether content is shown
   */
  constructor(page, { timeline, content }) {
    this.page = page;
    this.inTimeline = timeline;
    this.content = content;
  }

  /**
   * The place for the events of an insight.
   * @param {Insight} insight
   * @param {string | null} before
   */
  of(insight, before) {
    const place = new Place(insight, before, (place) => this.#more(place));
    this.#places.push(place);
    return place.element;
  }

  /** A button that shows the first events of every insight, to read on or to print. */
  all() {
    const near = el("div", {});
    const show = async () => {
      this.page.say("Loading the events…");
      let loaded = 0;
      for (let at = 0; at < this.#places.length; at += INSIGHTS_PAGE) {
        const places = this.#places.slice(at, at + INSIGHTS_PAGE).filter((place) => place.shown === 0);
        const [first] = places;
        if (!first) continue;
        const found = await this.#load(near, first.before, INSIGHTS_PAGE, null);
        if (!found) return;
        for (const place of places) {
          const events = found.get(place.insight.id);
          if (events) place.add(events);
        }
        loaded += places.length;
      }
      this.page.say(`The first events of ${plural(loaded, "more insight")} are shown.`);
    };
    near.append(button("Show the events of all insights", show));
    return near;
  }

  /** @param {Place} place */
  async #more(place) {
    this.page.say("Loading events…");
    const found = await this.#load(place.foot, place.before, 1, place.after);
    if (!found) return;
    const events = found.get(place.insight.id);
    // An insight may have come in before this one since: the places are no longer those that the page knows.
    if (!events) return this.#fail(place.foot, "The case has changed. Open your link again to see the events.");
    const first = place.add(events);
    this.page.say(`${plural(events.nodes.length, "event")} shown.`);
    if (first) focusOn(first);
  }

  /**
   * @param {HTMLElement} near
   * @param {string} text
   */
  #fail(near, text) {
    complain(near, text);
    this.page.say(text);
  }

  /**
   * Events by insight; nothing where they could not be loaded, and then it was said why.
   * @param {HTMLElement} near
   * @param {string | null} before
   * @param {number} insights
   * @param {string | null} after
   * @returns {Promise<Map<string, Activities> | null>}
   */
  async #load(near, before, insights, after) {
    const { inTimeline: timeline, content, page } = this;
    complain(near);
    const reply = await page.ask(EVENTS, { insights, before, events: EVENTS_PAGE, after, timeline, content });
    if (reply.kind === "refused") {
      page.lost(reply);
      return null;
    }
    if (reply.kind === "busy") {
      this.#fail(near, `The server asks for a pause: try again in ${plural(reply.seconds, "second")}.`);
      return null;
    }
    if (reply.kind !== "data") {
      this.#fail(near, "The events could not be loaded. Check your connection and try again.");
      return null;
    }
    const found = reply.data.viewer?.share?.case;
    /** @type {{id: string, activities: Activities}[]} */
    const nodes = (timeline ? found?.timeline : found?.subject?.insights)?.nodes ?? [];
    return new Map(nodes.map((node) => [node.id, node.activities]));
  }
}

/** @param {Activity} event */
function eventItem(event) {
  const content = pairs(event.content);
  return el(
    "li",
    {},
    el(
      "p",
      { class: "by" },
      el("strong", {}, event.indicator.name),
      event.quantity > 1 && ` (counts ${count(event.quantity)} times)`,
      ", ",
      instant(event.occurredAt),
    ),
    facts([...content, ...pairs(event.facts)]),
  );
}
