// The page's modules for node. SPDX-License-Identifier: ISC
import { readFileSync } from 'node:fs';
import { register } from 'node:module';

// node 18 takes a .js file for CommonJS. In browsers, <script type="module"> decides.
register(
  `data:text/javascript,${encodeURIComponent(`
  export const load = (url, context, next) =>
    next(url, url.includes('/htdocs/assets/') ? { ...context, format: 'module' } : context);
`)}`,
);

export const load = (name) => import(`../../htdocs/assets/${name}`);

/** A module and all that it needs at once, by their names. */
export function modules(name, found = new Set()) {
  if (found.has(name)) return [...found];
  found.add(name);
  const text = readFileSync(new URL(`../../htdocs/assets/${name}`, import.meta.url), 'utf8');
  for (const [, next] of text.matchAll(/from '\.\/(.*?)'/g)) modules(next, found);
  return [...found];
}
