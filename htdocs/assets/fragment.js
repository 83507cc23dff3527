// What the fragment of the page's address says: guild, state, shard. Browsers keep the fragment
// to themselves, so that no server logs what a reader searches for. SPDX-License-Identifier: ISC

/**
 * The value of a name, or ''.
 * @param {string} name
 */
export const get = (name, hash = location.hash) =>
  new URLSearchParams(hash.slice(1)).get(name) ?? '';

/**
 * The fragment with another value; '' if nothing is left.
 * @param {string} name
 * @param {string | false} [value]
 */
export function set(name, value, hash = location.hash) {
  const params = new URLSearchParams(hash.slice(1));
  params.delete(name);
  if (value) params.append(name, value);
  const text = String(params);
  return text && `#${text}`;
}

/**
 * Changes the address of the page, without an entry in the history.
 * @param {string} name
 * @param {string} [value]
 */
export function rewrite(name, value) {
  history.replaceState(null, '', set(name, value) || location.pathname + location.search);
}
