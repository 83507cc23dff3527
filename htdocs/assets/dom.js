// Small helpers over the DOM. SPDX-License-Identifier: ISC

export const $ = (selector) => document.querySelector(selector);

export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const name in attributes) element.setAttribute(name, attributes[name]);
  element.append(...children);
  return element;
}

export const swatch = () => make('i', { class: 'shard', 'aria-hidden': true });

/** Touches the text only where it differs. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes the children of `element` follow `hits`: a shard's line stays the same element. */
export function follow(element, hits, build, fill) {
  const old = new Map([...element.children].map((line) => [line.dataset.key, line]));
  hits.forEach((hit, at) => {
    const key = `${hit.index}:${hit.id}`;
    const line = old.get(key) ?? build();
    old.delete(key);
    line.dataset.key = key;
    fill(line, hit);
    if (element.children[at] !== line) element.insertBefore(line, element.children[at] ?? null);
  });
  for (const line of old.values()) line.remove();
}

let said = 0, timer, urgent;

/** Speaks to a screen reader: a summary at most every 10 s, an answer once it is typed. */
export function say(text, answer) {
  if (urgent && !answer) return;
  urgent = answer;
  clearTimeout(timer);
  timer = setTimeout(() => {
    said = Date.now();
    urgent = false;
    write($('#status'), text);
  }, answer ? 600 : said + 1e4 - Date.now());
}
