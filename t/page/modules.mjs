// The page's modules for node. SPDX-License-Identifier: ISC
import { register } from 'node:module';

// Browsers are told by <script type="module">; node 18 would take a .js file for CommonJS.
register(`data:text/javascript,${encodeURIComponent(`
  export const load = (url, context, next) =>
    next(url, url.includes('/htdocs/assets/') ? { ...context, format: 'module' } : context);
`)}`);

export const load = (name) => import(`../../htdocs/assets/${name}`);
