// The shards as a table, the worst first. SPDX-License-Identifier: ISC
import { $, List, make, swatch, write } from './dom.js';
import { ONLINE, ORDER, count, time, title } from './states.js';

/**
 * @typedef {import('./board.js').Board} Board
 * @typedef {import('./board.js').Hit} Hit
 * @typedef {import('./board.js').Shard} Shard
 */

const ROWS = 2000;

function row() {
  const cluster = make('td');
  const id = make('button');
  const sign = swatch();
  const state = make('span');
  const when = make('td');
  const cells = [cluster, make('td', {}, id), make('td', {}, sign, state), when];
  return { element: make('tr', {}, ...cells), cluster, id, sign, state, when };
}

/**
 * @param {ReturnType<typeof row>} parts
 * @param {Hit} hit
 * @param {string} name of the cluster
 * @param {Shard} shard
 */
function fillRow({ cluster, id, sign, state, when }, hit, name, shard) {
  write(cluster, name);
  write(id, String(hit.id));
  sign.dataset.status = String(shard.state);
  write(state, title(shard.state));
  write(when, time(shard));
}

export class Table {
  #board;
  #caption = make('caption');
  #element;
  #rows;

  /**
   * @param {Board} board
   * @param {(hit: Hit) => Shard} look
   */
  constructor(board, look) {
    this.#board = board;
    const names = ['Cluster', 'Shard', 'State', 'Time'].map((name) => make('th', {}, name));
    const head = make('thead', {}, make('tr', {}, ...names));
    const body = make('tbody');
    this.#rows = new List(body, row, (parts, hit) => {
      fillRow(parts, hit, board.clusters[hit.index].name, look(hit));
    });
    this.#element = make('table', {}, this.#caption, head, body);
    $('#app-cluster').after(this.#element);
  }

  /** Whether the reader has chosen the table. */
  wanted() {
    return Boolean(document.documentElement.dataset.table);
  }

  /**
   * @param {number} only a state, or -1 for all
   * @param {string} old says that everything is, where it is
   */
  show(only, old) {
    this.#element.hidden = !this.wanted();
    const order = only < 0 ? [...ORDER.slice(1), ONLINE] : [only];
    const counts = this.#board.counts();
    const sum = order.reduce((all, state) => all + counts[state], 0);
    const part = sum > ROWS ? `${count(ROWS)} of ` : '';
    write(this.#caption, `Shards, the worst first: ${part}${count(sum)}${old}`);
    this.#rows.show(this.wanted() ? this.#board.first(ROWS, order) : []);
  }
}
