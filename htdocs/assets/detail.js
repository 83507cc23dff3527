// All that is known of one shard, over the page. SPDX-License-Identifier: ISC
import { make, swatch, write } from './dom.js';
import { facts, meaning } from './facts.js';
import { count, title } from './states.js';

export class Detail {
  hit;       // the shard that is shown
  #dialog;
  #heading = make('h2', { id: 'detail' });
  #sign = swatch();
  #state = make('b');
  #meaning = make('span');
  #facts = ['The bot last said', 'Last sign of life', 'In this state'].map((term) => make('div', {}, make('dt', {}, term), make('dd')));

  /** Calls closed() when it was closed. */
  constructor(closed) {
    const close = make('button', {}, 'Close');
    this.#dialog = make('dialog', { 'aria-labelledby': 'detail', closedby: 'any' },
      this.#heading, make('p', {}, this.#sign, this.#state, ' ', this.#meaning), make('dl', {}, ...this.#facts), close);
    document.body.append(this.#dialog);
    close.onclick = () => this.close();
    this.#dialog.onclose = () => {
      if (this.#dialog.open) return;     // this comes late, and it was opened again
      this.hit = undefined;
      closed();
    };
  }

  open(hit) {
    this.hit = hit;
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  close() {
    this.hit = undefined;
    this.#dialog.close();
  }

  /** `asked`: an answer is on its way. */
  fill({ clusters }, look, asked) {
    const { name, size, timeout } = clusters[this.hit.index];
    const shard = look(this.hit);
    write(this.#heading, `${name}: shard ${this.hit.id} of ${count(size)}`);
    this.#sign.dataset.status = shard.state;
    write(this.#state, title(shard.state));
    write(this.#meaning, meaning(shard.state, timeout));
    facts(shard, asked ? '…' : 'not known').forEach((text, at) => write(this.#facts[at].lastChild, text));
  }
}
