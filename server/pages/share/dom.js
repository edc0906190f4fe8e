/**
 * Elements, made one by one.
 * Never: markup from a string; what the server says becomes text, whatever is in it.
 */

/**
 * What can stand in an element; lists are for what is made by `map`, and a type cannot name itself in JSDoc.
 * @typedef {Node | string | null | undefined | false} Leaf
 * @typedef {Leaf | Leaf[]} Branch
 * @typedef {Branch | Branch[]} Child
 */

/**
 * @param {Element} parent
 * @param {Child[]} children
 */
function fill(parent, children) {
  for (const child of children) {
    if (Array.isArray(child)) fill(parent, child);
    else if (child) parent.append(child);
  }
}

/**
 * An element with attributes and children; children that are null or false are left out.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number | boolean>} [attributes] `true` sets an attribute without a value, `false` leaves it out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  fill(made, children);
  return made;
}

/**
 * The same for SVG.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | number>} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  fill(made, children);
  return made;
}

/**
 * A list of names and values; what has no value is left out.
 * @param {[string, Child][]} rows
 */
export function facts(rows) {
  const shown = rows.filter(([, value]) => value !== null && value !== undefined && value !== false && value !== "");
  // Each pair in a group, so that the two stay together on a narrow screen and on paper.
  return el(
    "dl",
    { class: "facts" },
    shown.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

/**
 * A button that is disabled while what it does is going on.
 * @param {string} label
 * @param {() => Promise<unknown> | void} act
 * @param {Record<string, string | number | boolean>} [attributes]
 */
export function button(label, act, attributes = {}) {
  const made = el("button", { type: "button", ...attributes }, label);
  made.addEventListener("click", async () => {
    // Not `disabled`: that would take the focus away from whoever works with a keyboard.
    if (made.getAttribute("aria-disabled") === "true") return;
    made.setAttribute("aria-disabled", "true");
    try {
      await act();
    } finally {
      made.removeAttribute("aria-disabled");
    }
  });
  return made;
}

/**
 * Puts what went wrong beside what it is about; the line at the top may be out of sight. Without a text, takes it away.
 * @param {HTMLElement} near
 * @param {string} [text]
 */
export function complain(near, text) {
  near.querySelector(":scope > .problem")?.remove();
  if (text) near.prepend(el("p", { class: "problem" }, text));
}

/**
 * Moves the focus to something that is no control, so that a screen reader reads on from there.
 * @param {HTMLElement} element
 */
export function focusOn(element) {
  element.tabIndex = -1;
  element.focus();
}
