// All that is known of one shard, in a dialog. SPDX-License-Identifier: ISC
import { make, swatch, write } from './dom.js';
import { facts, meaning } from './facts.js';
import { count, title } from './states.js';

/**
 * @typedef {import('./board.js').Hit} Hit
 * @typedef {import('./board.js').Shard} Shard
 */

export class Detail {
  /** @type {Hit | undefined} the shard that is shown */
  hit;
  #heading = make('h2', { id: 'detail' });
  #sign = swatch();
  #state = make('b');
  #meaning = make('span');
  #facts = { reported: make('dd'), heartbeat: make('dd'), since: make('dd') };
  #dialog;

  /** @param {() => void} closed called after the reader has closed the dialog */
  constructor(closed) {
    const close = make('button', {}, 'Close');
    this.#dialog = make(
      'dialog',
      { 'aria-labelledby': 'detail', closedby: 'any' },
      this.#heading,
      make('p', {}, this.#sign, this.#state, ' ', this.#meaning),
      this.#list(),
      close,
    );
    document.body.append(this.#dialog);
    close.onclick = () => this.close();
    this.#dialog.onclose = () => {
      // The event is late, and the dialog may be open again.
      if (this.#dialog.open) return;
      this.hit = undefined;
      closed();
    };
  }

  #list() {
    const { reported, heartbeat, since } = this.#facts;
    return make(
      'dl',
      {},
      make('div', {}, make('dt', {}, 'The bot last said'), reported),
      make('div', {}, make('dt', {}, 'Last sign of life'), heartbeat),
      make('div', {}, make('dt', {}, 'In this state'), since),
    );
  }

  /** @param {Hit} hit */
  open(hit) {
    this.hit = hit;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  close() {
    this.hit = undefined;
    this.#dialog.close();
  }

  /**
   * @param {Hit} hit
   * @param {import('./board.js').Cluster} cluster
   * @param {Shard} shard
   * @param {boolean} pending whether the shard's document is on its way
   * @param {string} old says that everything is, where it is
   */
  fill({ id }, { name, size, timeout }, shard, pending, old) {
    write(this.#heading, `${name}: shard ${id} of ${count(size)}`);
    this.#sign.dataset.status = String(shard.state);
    write(this.#state, title(shard.state));
    write(this.#meaning, meaning(shard.state, timeout) + old);
    const { reported, heartbeat, since } = facts(shard, pending ? '…' : 'not known');
    write(this.#facts.reported, reported);
    write(this.#facts.heartbeat, heartbeat);
    write(this.#facts.since, since);
  }
}
