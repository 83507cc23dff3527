// A closer look: one shard in detail, all of them in a table, and the times that only the
// status documents tell. SPDX-License-Identifier: ISC
import { Detail } from './detail.js';
import { $, make } from './dom.js';
import { rewrite } from './fragment.js';
import { Legend } from './legend.js';
import { Status } from './status.js';
import { Table } from './table.js';

// Before a theme's, and there before anything that it is for.
const sheet = make('link', { rel: 'stylesheet', href: 'assets/extras.css' });
$('[rel=stylesheet]').after(sheet);
await new Promise((resolve) => { sheet.onload = sheet.onerror = resolve; });

export class Extras {
  #board;
  #detail;
  #legend = new Legend();
  #status;
  #table = new Table();

  /** `url` is that of the status documents. */
  constructor(board, url) {
    this.#board = board;
    $('main').append(this.#legend.element);
    this.#detail = new Detail(() => rewrite('shard'));
    this.#status = new Status(url, board);
  }

  /** Opens "main:17" in detail, or nothing. */
  navigate(address) {
    const [, name, id] = /^(.*):(\d+)$/.exec(address) ?? [];
    const index = this.#board.clusters.findIndex((cluster) => cluster.name === name && id < cluster.size);
    if (index < 0) this.#detail.close();
    else this.#detail.open({ index, id: Number(id) });
  }

  /** Asks for what look(hit) does not tell of these shards, and of those that detail and table show. */
  async learn(look, hits) {
    const answers = Promise.all([
      this.#status.learn(look, hits, this.#detail.hit),
      this.#table.wanted() && this.#status.learnAll(),
    ]);
    this.#fill(look);
    await answers;
  }

  /** Writes what is known, where look(hit) tells of a shard; `only` is a state or -1. */
  show(look, only) {
    this.#legend.fill(this.#board.clusters[0]?.timeout);
    this.#table.fill(this.#board, look, only);
    this.#fill(look);
  }

  #fill(look) {
    const { hit } = this.#detail;
    if (hit) this.#detail.fill(this.#board, look, this.#status.awaits(hit));
  }
}
