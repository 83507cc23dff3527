// The search field and the tiles it finds. SPDX-License-Identifier: ISC
import { $, write } from './dom.js';
import { find } from './guild.js';

const field = $('#header-guild');

export class Finder {
  hits = [];
  #clusters = [];
  #grids = [];

  /** Calls found() when there are other hits, and enter(hit) for the Enter key. */
  constructor(found, enter) {
    const search = () => {
      this.#search();
      found();
    };
    // The fragment never leaves the browser, so no log learns who asks for what.
    const restore = () => { field.value = new URLSearchParams(location.hash.slice(1)).get('guild'); };
    field.oninput = () => {
      history.replaceState(null, '', `#${field.value && `guild=${encodeURIComponent(field.value.trim())}`}`);
      search();
    };
    $('#search').onsubmit = (event) => {
      event.preventDefault();
      this.hits.slice(0, 1).forEach(enter);
    };
    addEventListener('hashchange', () => {
      restore();
      search();
    });
    restore();
  }

  /** Other clusters: the same search among other tiles. */
  attach(clusters, grids) {
    this.#clusters = clusters;
    this.#grids = grids;
    this.hits = [];
    this.#search();
  }

  #search() {
    if (!this.#grids.length) return;
    for (const { index, id } of this.hits) this.#grids[index].tag(id, false);
    const { hits, hint, invalid } = find(field.value, this.#clusters);
    for (const { index, id } of hits) this.#grids[index].tag(id, true);
    this.hits = hits;
    field.setAttribute('aria-invalid', invalid);
    write($('#hint'), hint);
  }
}
