// What the page can start without: the legend, the detail, the table, and the times that only the
// status documents tell. SPDX-License-Identifier: ISC
import { Detail } from './detail.js';
import { $, make } from './dom.js';
import { rewrite } from './fragment.js';
import { Legend } from './legend.js';
import { Status } from './status.js';
import { Table } from './table.js';

/**
 * @typedef {import('./board.js').Hit} Hit
 * @typedef {import('./board.js').Shard} Shard
 */

// Inserted before the theme's style sheet, and loaded before the elements that it styles exist.
const sheet = make('link', { rel: 'stylesheet', href: 'assets/extras.css' });
$('[rel=stylesheet]').after(sheet);
await new Promise((resolve) => {
  sheet.onload = resolve;
  sheet.onerror = resolve;
});

export class Extras {
  #board;
  #look;
  #detail = new Detail(() => rewrite('shard'));
  #legend = new Legend();
  #status;
  #table;
  #old = '';

  /**
   * @param {import('./board.js').Board} board
   * @param {(hit: Hit) => Shard} look
   * @param {string} url of the status documents
   */
  constructor(board, look, url) {
    this.#board = board;
    this.#look = look;
    this.#status = new Status(url, board);
    this.#table = new Table(board, look);
    $('main').append(this.#legend.element);
  }

  /**
   * Opens the detail of "main:17"; closes it where the address names no shard.
   * @param {string} address
   */
  navigate(address) {
    const { name, id } = /^(?<name>.*):(?<id>\d+)$/.exec(address)?.groups ?? {};
    const index = this.#board.clusters.findIndex(
      (one) => one.name === name && Number(id) < one.size,
    );
    if (index < 0) this.#detail.close();
    else this.#detail.open({ index, id: Number(id) });
  }

  /**
   * Asks for what is not known of these shards, and of those in the detail and the table.
   * @param {Hit[]} hits
   */
  async learn(hits) {
    const answers = Promise.all([
      this.#status.learn(this.#look, hits, this.#detail.hit),
      this.#table.wanted() && this.#status.learnAll(),
    ]);
    this.#showDetail();
    await answers;
  }

  /**
   * @param {number} only a state, or -1 for all
   * @param {string} old says that everything is, where it is
   */
  show(only, old) {
    this.#old = old;
    const [cluster] = this.#board.clusters;
    if (cluster) this.#legend.fill(cluster.timeout);
    this.#table.show(only, old);
    this.#showDetail();
  }

  #showDetail() {
    const { hit } = this.#detail;
    if (!hit) return;
    const cluster = this.#board.clusters[hit.index];
    this.#detail.fill(hit, cluster, this.#look(hit), this.#status.awaits(hit), this.#old);
  }
}
