// One cluster's grid: a tile a shard, one stop for Tab. SPDX-License-Identifier: ISC
import { make, write } from './dom.js';
import { ONLINE, STATES, count, time } from './states.js';

const CHUNK = 500;     // tiles that the browser skips together when out of view
const MANY = 600;      // up to here they carry numbers

export class Grid {
  #cluster;
  #tiles;
  #current = 0;        // the tile that Tab reaches
  #total = make('span');

  constructor(cluster) {
    const { name, size } = this.#cluster = cluster;
    this.#tiles = Array.from(cluster.states, (_, id) => make('div', { class: 'shard', role: 'gridcell', 'data-id': id }));
    this.#tiles.forEach((_, id) => this.paint(id));
    this.#tiles[0].tabIndex = 0;
    const body = make('div', {
      class: 'cluster-container',
      role: 'grid',
      'aria-label': name,
      'data-size': size > MANY ? 'many' : size > 1 ? 'some' : 'one',
    });
    const step = size > MANY ? CHUNK : size;
    for (let at = 0; at < size; at += step) {
      body.append(make('div', { class: 'chunk', role: 'row' }, ...this.#tiles.slice(at, at + step)));
    }
    body.onkeydown = (event) => this.#press(event);
    body.onclick = ({ target: { dataset } }) => dataset.id && this.#focus(Number(dataset.id));
    body.onanimationend = ({ target }) => target.classList.remove('health-ping');
    this.element = make('details', { class: 'cluster', open: '' },
      make('summary', {}, make('h2', { class: 'cluster-title' }, name), this.#total), body);
    this.total();
  }

  /** The time goes into the name where the reader looks, not into all of them. */
  paint(id, now) {
    const tile = this.#tiles[id];
    const shard = this.#cluster.shard(id, now);
    const mark = tile.firstChild ? ', yours' : '';
    tile.setAttribute('data-status', shard.state);
    tile.setAttribute('aria-label', `Shard ${id}, ${STATES[shard.state]}${now ? time(shard) : ''}${mark}`);
  }

  total() {
    const { counts, size } = this.#cluster;
    write(this.#total, `${count(counts[ONLINE])} of ${count(size)} online`);
  }

  pulse(id) {
    this.#tiles[id].classList.add('health-ping');
  }

  tag(id, on) {
    const tile = this.#tiles[id];
    tile.classList.toggle('guild-tagged', on);
    tile.replaceChildren(...on ? [make('span', { class: 'flag' }, 'yours')] : []);
    this.paint(id);
  }

  reveal(id) {
    this.element.open = true;
    this.#tiles[id].scrollIntoView({ block: 'center' });
  }

  #focus(id) {
    this.#tiles[this.#current].removeAttribute('tabindex');
    this.#current = id;
    this.paint(id, Date.now());
    this.#tiles[id].tabIndex = 0;
    this.#tiles[id].focus();
  }

  #press(event) {
    const at = this.#current;
    const last = this.#tiles.length - 1;
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
    if (this.#tiles[to]) this.#focus(to);
  }
}
