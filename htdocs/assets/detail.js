// All that is known of one shard, over the page. SPDX-License-Identifier: ISC
import { $, make, write } from './dom.js';
import { count, facts, title } from './states.js';

const dialog = $('dialog');
const texts = ['The bot last said', 'Last sign of life', 'In this state'].map((term) => {
  const text = make('dd');
  dialog.querySelector('dl').append(make('div', {}, make('dt', {}, term), text));
  return text;
});

export class Detail {
  hit;       // the shard that is shown

  constructor(closed) {
    dialog.onclose = () => {
      this.hit = undefined;
      closed();
    };
    $('dialog button').onclick = () => this.close();
  }

  open(hit) {
    this.hit = hit;
    if (!dialog.open) dialog.showModal();
  }

  close() {
    dialog.close();
  }

  fill({ name, size }, id, shard) {
    write($('#detail'), `${name}: shard ${id} of ${count(size)}`);
    const [sign, state, meaning] = $('dialog p').children;
    sign.dataset.status = shard.state;
    write(state, title(shard.state));
    write(meaning, $(`dt [data-status="${shard.state}"]`).closest('div').lastChild.textContent);
    facts(shard).forEach((text, at) => write(texts[at], text));
  }
}
