// One cluster's grid: a tile for each shard, one tab stop. SPDX-License-Identifier: ISC
import { around, make, write } from './dom.js';
import { ONLINE, count, label } from './states.js';

/** Tiles that the browser skips together when they are out of view. */
const CHUNK = 500;
/** Tiles that are made at once. The others follow chunk by chunk, after the first frame. */
const FIRST = 1000;
/** Up to here, tiles show their numbers. */
const MANY = 600;
const MODEL = make('div', { class: 'shard', role: 'gridcell' });

export class Grid {
  #cluster;
  #now;
  #act;
  #step;
  #body;
  #total = make('span');
  /** @type {HTMLElement[]} */
  #chunks = [];
  /** @type {HTMLElement[]} by id; the tiles of a chunk are missing until it is filled */
  #tiles = [];
  /** @type {Set<number>} ids of the tiles that the search has found */
  #tagged = new Set();
  /** The id of the tab stop. */
  #current = 0;

  /**
   * @param {import('./board.js').Cluster} cluster
   * @param {() => number} now
   * @param {(id: number) => void} act called for Enter and for a click
   */
  constructor(cluster, now, act) {
    const { name, size } = cluster;
    this.#cluster = cluster;
    this.#now = now;
    this.#act = act;
    this.#step = size > MANY ? CHUNK : size;
    for (let id = 0; id < size; id += this.#step) {
      this.#chunks.push(make('div', { class: 'chunk', role: 'row' }));
    }
    const attributes = { class: 'cluster-container', role: 'grid', 'aria-label': name };
    this.#body = make('div', attributes, ...this.#chunks);
    this.#fillChunks(0, FIRST);
    this.#tile(0).tabIndex = 0;
    this.#listen();
    const heading = make('h2', { class: 'cluster-title' }, name);
    const summary = make('summary', {}, heading, this.#total);
    this.element = make('details', { class: 'cluster', open: '' }, summary, this.#body);
    this.total();
  }

  #listen() {
    const body = this.#body;
    body.onkeydown = (event) => this.#press(event);
    body.onclick = (event) => {
      const id = around(event, '.shard')?.dataset.id;
      if (id === undefined) return;
      this.#focus(Number(id));
      this.#act(Number(id));
    };
    body.onanimationend = (event) => around(event, '.shard')?.classList.remove('health-ping');
  }

  /**
   * Fills the chunks up to an end, and the others one by one, so that they do not delay the first.
   * @param {number} id
   * @param {number} end
   */
  #fillChunks(id, end) {
    const { size } = this.#cluster;
    for (; id < end && id < size; id += this.#step) this.#tile(id);
    if (id < size) setTimeout(() => this.#fillChunks(id, id + 1));
  }

  /** @param {number} id */
  #chunk(id) {
    return this.#chunks[Math.floor(id / this.#step)];
  }

  /**
   * A tile. Its chunk is filled first, where that has not happened yet.
   * @param {number} id
   */
  #tile(id) {
    if (!this.#tiles[id]) this.#fillChunk(id - (id % this.#step));
    return this.#tiles[id];
  }

  /** @param {number} first */
  #fillChunk(first) {
    const end = Math.min(first + this.#step, this.#cluster.size);
    for (let id = first; id < end; id++) {
      const tile = /** @type {HTMLElement} */ (MODEL.cloneNode());
      tile.setAttribute('data-id', String(id));
      this.#tiles[id] = tile;
      this.paint(id);
    }
    this.#chunk(first).append(...this.#tiles.slice(first, end));
  }

  /** @param {string} [tiles] "some" or "many" as the reader has chosen, else as they fit */
  fit(tiles) {
    const { size } = this.#cluster;
    this.#body.dataset.size = size === 1 ? 'one' : tiles || (size > MANY ? 'many' : 'some');
  }

  /**
   * Hides the chunks of a large grid that have no shard in this state.
   * @param {number} state -1 shows all
   */
  filter(state) {
    const { states, size } = this.#cluster;
    if (size <= MANY) return;
    this.#chunks.forEach((chunk, at) => {
      const part = states.subarray(at * CHUNK, at * CHUNK + CHUNK);
      chunk.hidden = state >= 0 && !part.includes(state);
    });
  }

  /**
   * Shows the state of a shard.
   * @param {number} id
   * @param {number} [now] puts the time into the name as well: only of the tile with the focus,
   *   since it would have to be kept up to date
   */
  paint(id, now) {
    const tile = this.#tiles[id];
    if (!tile) return;
    const state = this.#cluster.states[id];
    const shard = now ? this.#cluster.shard(id, now) : { state, silent: NaN, since: NaN };
    tile.setAttribute('data-status', String(state));
    const name = label(id, shard);
    tile.setAttribute('aria-label', this.#tagged.has(id) ? `${name}, yours` : name);
  }

  /** @param {string} [old] says that it is */
  total(old = '') {
    const { counts, size } = this.#cluster;
    write(this.#total, `${count(counts[ONLINE])} of ${count(size)} online${old}`);
  }

  /**
   * Animates a heartbeat.
   * @param {number} id
   */
  heartbeat(id) {
    this.#tiles[id]?.classList.add('health-ping');
  }

  /**
   * Marks a tile as found by the search.
   * @param {number} id
   * @param {boolean} on
   */
  tag(id, on) {
    const tile = this.#tile(id);
    tile.classList.toggle('guild-tagged', on);
    if (on) this.#tagged.add(id);
    else this.#tagged.delete(id);
    tile.replaceChildren(...(on ? [make('span', { class: 'flag' }, 'yours')] : []));
    this.paint(id);
  }

  /** @param {number} id */
  reveal(id) {
    this.element.open = true;
    const tile = this.#tile(id);
    this.#chunk(id).hidden = false;
    tile.scrollIntoView({ block: 'center' });
  }

  /** @param {number} id */
  #focus(id) {
    this.#tiles[this.#current].removeAttribute('tabindex');
    this.#current = id;
    const tile = this.#tile(id);
    this.paint(id, this.#now());
    this.#chunk(id).hidden = false;
    tile.tabIndex = 0;
    tile.focus();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.key === 'Enter') around(event, '.shard')?.click();
    const to = this.#target(event);
    if (to === undefined) return;
    event.preventDefault();
    if (to >= 0 && to < this.#cluster.size) this.#focus(to);
  }

  /**
   * The id that a key leads to, which may be outside of the cluster.
   * @param {KeyboardEvent} event
   * @returns {number | undefined}
   */
  #target({ key, ctrlKey }) {
    const at = this.#current;
    const last = this.#cluster.size - 1;
    // The style sheet decides how many tiles make a line.
    const { gridTemplateColumns } = getComputedStyle(this.#chunk(at));
    const columns = gridTemplateColumns.split(' ').length;
    const start = at - (at % columns);
    /** @type {Record<string, number>} */
    const targets = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at - columns,
      ArrowDown: at + columns,
      Home: ctrlKey ? 0 : start,
      End: ctrlKey ? last : Math.min(start + columns - 1, last),
      PageUp: Math.max(at - 10 * columns, at % columns),
      PageDown: Math.min(at + 10 * columns, last),
    };
    return targets[key];
  }
}
