// A closer look: one shard in detail, all of them in a table, and the times that only the
// status documents tell. SPDX-License-Identifier: ISC
import { Detail } from './detail.js';
import { $, make } from './dom.js';
import { Legend } from './legend.js';
import { Status } from './status.js';
import { Table } from './table.js';

export class Extras {
  #board;
  #detail;
  #legend = new Legend();
  #status;
  #table = new Table();
  #tabled;      // the clusters whose times the table knows

  /** Calls closed() when the reader closes the detail. */
  constructor(board, url, closed) {
    this.#board = board;
    $('[rel=stylesheet]').after(make('link', { rel: 'stylesheet', href: 'assets/extras.css' }));
    $('main').append(this.#legend.element);
    this.#detail = new Detail(closed);
    this.#status = new Status(url, board);
  }

  /** Opens "main:17" in detail, or nothing. */
  navigate(address) {
    const [, name, id] = /^(.*):(\d+)$/.exec(address) ?? [];
    const index = this.#board.clusters.findIndex((cluster) => cluster.name === name && id < cluster.size);
    if (index < 0) this.#detail.close();
    else this.#detail.open({ index, id: Number(id) });
  }

  /** Asks for what is not known of these shards, and of those that detail and table show. */
  async learn(hits) {
    const { clusters } = this.#board;
    if (this.#table.wanted() && this.#tabled !== clusters) {
      this.#tabled = clusters;
      await this.#status.learnAll();
    }
    await this.#status.learn(hits, this.#detail.hit);
  }

  /** Writes what is known, where look(hit) tells of a shard; `only` is a state or -1. */
  show(look, only) {
    this.#legend.fill(this.#board.timeout);
    this.#table.fill(this.#board, look, only);
    this.#detail.fill(this.#board, look);
  }
}
