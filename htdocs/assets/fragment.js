// What the page's address says after its #: guild, state, shard. The fragment never leaves
// the browser, so no log learns who asks for what. SPDX-License-Identifier: ISC

/** '' where it says nothing. */
export const get = (hash, name) => new URLSearchParams(hash.slice(1)).get(name) ?? '';

/** The same with another value. Never empty: "#" alone would scroll to the top. */
export function set(hash, name, value) {
  const params = new URLSearchParams(hash.slice(1));
  params.delete(name);
  if (value) params.append(name, value);
  return `#${String(params) || `${name}=`}`;
}
