// The shards as a table, the worst first. SPDX-License-Identifier: ISC
import { $, follow, make, swatch, write } from './dom.js';
import { ONLINE, ORDER, count, time, title } from './states.js';

const ROWS = 2000;
const row = () => make('tr', {}, make('td'), make('td', {}, make('button')), make('td', {}, swatch(), make('span')), make('td'));

export class Table {
  #table = make('table');
  #caption = make('caption');
  #body = make('tbody');

  constructor() {
    const names = ['Cluster', 'Shard', 'State', 'Time'].map((name) => make('th', {}, name));
    this.#table.append(this.#caption, make('thead', {}, make('tr', {}, ...names)), this.#body);
    $('#app-cluster').after(this.#table);
  }

  wanted() {
    return Boolean(document.documentElement.dataset.table);
  }

  fill(board, look, only) {
    this.#table.hidden = !this.wanted();
    const order = only < 0 ? [...ORDER.slice(1), ONLINE] : [only];
    const counts = board.counts();
    const sum = order.reduce((all, state) => all + counts[state], 0);
    write(this.#caption, `Shards, the worst first: ${sum > ROWS ? `${count(ROWS)} of ` : ''}${count(sum)}`);
    follow(this.#body, this.wanted() ? board.first(ROWS, order) : [], row, ({ children: [name, number, state, when] }, hit) => {
      const shard = look(hit);
      write(name, board.clusters[hit.index].name);
      write(number.firstChild, String(hit.id));
      state.firstChild.dataset.status = shard.state;
      write(state.lastChild, title(shard.state));
      write(when, time(shard));
    });
  }
}
