// What the page's address says after its #: guild, state, shard. The fragment never leaves
// the browser, so no log learns who asks for what. SPDX-License-Identifier: ISC

/** '' where it says nothing. */
export const get = (name, hash = location.hash) => new URLSearchParams(hash.slice(1)).get(name) ?? '';

/** The same with another value; '' if nothing is left. */
export function set(name, value, hash = location.hash) {
  const params = new URLSearchParams(hash.slice(1));
  params.delete(name);
  if (value) params.append(name, value);
  return params.size ? `#${params}` : '';
}

/** Changes the page's own address, in place. */
export function rewrite(name, value) {
  history.replaceState(null, '', set(name, value) || location.pathname + location.search);
}
