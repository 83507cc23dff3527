// What the states mean, in plain words. SPDX-License-Identifier: ISC
import { make, swatch, write } from './dom.js';
import { meaning } from './facts.js';
import { ORDER, title } from './states.js';

export class Legend {
  #list = make('dl');
  element = make('section', { class: 'cluster-key' }, make('h2', {}, 'What the signs mean'), this.#list);
  #texts = ORDER.map((state) => {
    const sign = swatch();
    const text = make('dd');
    sign.dataset.status = state;
    this.#list.append(make('div', {}, make('dt', {}, sign, title(state)), text));
    return text;
  });

  fill(timeout) {
    ORDER.forEach((state, at) => write(this.#texts[at], meaning(state, timeout)));
  }
}
