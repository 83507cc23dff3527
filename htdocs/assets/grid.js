// One cluster's grid: a tile a shard, one stop for Tab. SPDX-License-Identifier: ISC
import { make, write } from './dom.js';
import { ONLINE, count, label } from './states.js';

const CHUNK = 500;      // tiles that the browser skips together when out of view
const FIRST = 1000;     // tiles that are made at once; the others follow, chunk by chunk
const MANY = 600;       // up to here they carry numbers
const MODEL = make('div', { class: 'shard', role: 'gridcell' });

export class Grid {
  #cluster;
  #now;
  #tiles = [];
  #current = 0;         // the tile that Tab reaches
  #total = make('span');
  #body;

  /** Asks now() for the time, calls act(id) for Enter and for a click. */
  constructor(cluster, now, act) {
    this.#now = now;
    const { name, size } = this.#cluster = cluster;
    const body = this.#body = make('div', { class: 'cluster-container', role: 'grid', 'aria-label': name });
    for (let id = 0; id < size; id += this.#step) body.append(make('div', { class: 'chunk', role: 'row' }));
    this.#make(0, FIRST);
    this.#tile(0).tabIndex = 0;
    body.onkeydown = (event) => this.#press(event);
    body.onclick = ({ target }) => {
      const { id } = target.closest('.shard')?.dataset ?? {};
      if (!id) return;
      this.#focus(Number(id));
      act(Number(id));
    };
    body.onanimationend = ({ target }) => target.classList.remove('health-ping');
    this.element = make('details', { class: 'cluster', open: '' },
      make('summary', {}, make('h2', { class: 'cluster-title' }, name), this.#total), body);
    this.total();
  }

  get #step() {
    return this.#cluster.size > MANY ? CHUNK : this.#cluster.size;
  }

  /** Makes the tiles from id on, so that none keeps the reader from seeing the first. */
  #make(id, end) {
    for (; id < end && id < this.#cluster.size; id += this.#step) this.#tile(id);
    if (id < this.#cluster.size) setTimeout(() => this.#make(id, id + 1));
  }

  /** A tile; its chunk is made where that has not happened yet. */
  #tile(id) {
    if (!this.#tiles[id]) {
      const first = id - (id % this.#step);
      const end = Math.min(first + this.#step, this.#cluster.size);
      for (let at = first; at < end; at++) {
        this.#tiles[at] = MODEL.cloneNode();
        this.#tiles[at].setAttribute('data-id', at);
        this.paint(at);
      }
      this.#body.children[first / this.#step].append(...this.#tiles.slice(first, end));
    }
    return this.#tiles[id];
  }

  /** `tiles`: "some" or "many", as the reader wants it, or as they fit. */
  fit(tiles) {
    const { size } = this.#cluster;
    this.#body.dataset.size = size === 1 ? 'one' : tiles || (size > MANY ? 'many' : 'some');
  }

  /** Leaves out the chunks of a large grid without a shard in this state, if it is one. */
  filter(state) {
    const { states, size } = this.#cluster;
    if (size <= MANY) return;
    [...this.#body.children].forEach((chunk, at) => {
      chunk.hidden = state >= 0 && !states.subarray(at * CHUNK, at * CHUNK + CHUNK).includes(state);
    });
  }

  /** The time goes into the name where the reader looks, not into all of them. */
  paint(id, now) {
    const tile = this.#tiles[id];
    if (!tile) return;
    const shard = now ? this.#cluster.shard(id, now) : { state: this.#cluster.states[id] };
    tile.setAttribute('data-status', shard.state);
    tile.setAttribute('aria-label', label(id, shard) + (tile.firstChild ? ', yours' : ''));
  }

  total() {
    const { counts, size } = this.#cluster;
    write(this.#total, `${count(counts[ONLINE])} of ${count(size)} online`);
  }

  pulse(id) {
    this.#tiles[id]?.classList.add('health-ping');
  }

  tag(id, on) {
    const tile = this.#tile(id);
    tile.classList.toggle('guild-tagged', on);
    tile.replaceChildren(...on ? [make('span', { class: 'flag' }, 'yours')] : []);
    this.paint(id);
  }

  reveal(id) {
    this.element.open = true;
    const tile = this.#tile(id);
    tile.parentNode.hidden = false;
    tile.scrollIntoView({ block: 'center' });
  }

  #focus(id) {
    this.#tiles[this.#current].removeAttribute('tabindex');
    this.#current = id;
    const tile = this.#tile(id);
    this.paint(id, this.#now());
    tile.parentNode.hidden = false;
    tile.tabIndex = 0;
    tile.focus();
  }

  #press(event) {
    if (event.key === 'Enter') event.target.click();
    const at = this.#current;
    const last = this.#cluster.size - 1;
    // How many tiles make a line is the style sheet's decision.
    const columns = getComputedStyle(this.#tiles[at].parentNode).gridTemplateColumns.split(' ').length;
    const start = at - (at % columns);
    const to = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at - columns,
      ArrowDown: at + columns,
      Home: event.ctrlKey ? 0 : start,
      End: event.ctrlKey ? last : Math.min(start + columns - 1, last),
      PageUp: Math.max(at - 10 * columns, at % columns),
      PageDown: Math.min(at + 10 * columns, last),
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    if (to >= 0 && to <= last) this.#focus(to);
  }
}
