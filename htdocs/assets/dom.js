// Small helpers over the DOM. SPDX-License-Identifier: ISC

/**
 * @typedef {import('./board.js').Hit} Hit
 * @typedef {{ element: HTMLElement }} Entry an entry of a list, with its parts by name
 */

/**
 * The first match among the elements of index.html, which are always there.
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} selector
 * @returns {T}
 */
export const $ = (selector) => /** @type {T} */ (document.querySelector(selector));

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.append(...children);
  return element;
}

/** The colour and sign of a state; `data-status` on it says which. */
export const swatch = () => make('i', { class: 'shard', 'aria-hidden': 'true' });

/**
 * The nearest element that matches, from the target of an event upwards.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export function around({ target }, selector) {
  return target instanceof Element ? target.closest(selector) : null;
}

/**
 * Changes the text only where it differs, so that nothing is announced or laid out again.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * The list of some shards. The entry of a shard stays the same element as long as it is listed,
 * so that it keeps the focus. `data-key` on the element names the shard.
 * @template {Entry} E
 */
export class List {
  #parent;
  #build;
  #fill;
  /** @type {Map<string, E>} */
  #entries = new Map();

  /**
   * @param {HTMLElement} parent
   * @param {() => E} build
   * @param {(entry: E, hit: Hit) => void} fill
   */
  constructor(parent, build, fill) {
    this.#parent = parent;
    this.#build = build;
    this.#fill = fill;
  }

  /** @param {Hit[]} hits */
  show(hits) {
    const old = this.#entries;
    this.#entries = new Map(
      hits
        .map(({ index, id }) => `${index}:${id}`)
        .map((key) => [key, old.get(key) ?? this.#new(key)]),
    );
    for (const [key, { element }] of old) if (!this.#entries.has(key)) element.remove();
    const { children } = this.#parent;
    [...this.#entries.values()].forEach((entry, at) => {
      this.#fill(entry, hits[at]);
      const there = children[at] ?? null;
      if (there !== entry.element) this.#parent.insertBefore(entry.element, there);
    });
  }

  /** @param {string} key */
  #new(key) {
    const entry = this.#build();
    entry.element.dataset.key = key;
    return entry;
  }
}

let announced = -1e4;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;
let urgent = false;

/**
 * Announces a text to screen readers: a summary at most every 10 s, an answer once the reader
 * has stopped typing.
 * @param {string} text
 */
export function say(text, answer = false) {
  if (urgent && !answer) return;
  urgent = answer;
  clearTimeout(timer);
  const wait = answer ? 600 : announced + 1e4 - performance.now();
  timer = setTimeout(() => {
    announced = performance.now();
    urgent = false;
    write($('#status'), text);
  }, wait);
}
