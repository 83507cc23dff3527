// The search field, and the tiles that it finds. SPDX-License-Identifier: ISC
import { $, write } from './dom.js';
import { get, rewrite } from './fragment.js';
import { find } from './guild.js';

/**
 * @typedef {import('./board.js').Hit} Hit
 * @typedef {import('./board.js').Cluster} Cluster
 * @typedef {import('./grid.js').Grid} Grid
 */

/** @type {HTMLInputElement} */
const field = $('#header-guild');

export class Finder {
  /** @type {Hit[]} */
  hits = [];
  /** @type {Cluster[]} */
  #clusters = [];
  /** @type {Grid[]} */
  #grids = [];

  /**
   * @param {() => void} found called after other text was typed
   * @param {(hit: Hit) => void} reveal shows a tile
   */
  constructor(found, reveal) {
    field.oninput = () => {
      rewrite('guild', field.value.trim());
      this.search();
      found();
    };
    $('form').onsubmit = (event) => {
      event.preventDefault();
      // A keyboard on the screen would cover the answer.
      if (matchMedia('(pointer: coarse)').matches) field.blur();
      $('#answers').scrollIntoView({ block: 'nearest' });
    };
    $('#reveal').onclick = () => this.hits.slice(0, 1).forEach(reveal);
  }

  /**
   * Searches in other clusters from now on.
   * @param {Cluster[]} clusters
   * @param {Grid[]} grids
   */
  attach(clusters, grids) {
    this.#clusters = clusters;
    this.#grids = grids;
    this.hits = [];
    this.restore();
  }

  /** Takes the text from the address. */
  restore() {
    const guild = get('guild');
    if (field.value.trim() !== guild) field.value = guild;
    this.search();
  }

  search() {
    if (!this.#grids.length) return;
    for (const { index, id } of this.hits) this.#grids[index].tag(id, false);
    const { hits, hint, invalid } = find(field.value, this.#clusters);
    for (const { index, id } of hits) this.#grids[index].tag(id, true);
    this.hits = hits;
    field.setAttribute('aria-invalid', String(invalid));
    write($('#hint'), hint);
    $('#reveal').hidden = !hits.length;
  }
}
