// Explains the states. SPDX-License-Identifier: ISC
import { make, swatch, write } from './dom.js';
import { meaning } from './facts.js';
import { ORDER, title } from './states.js';

export class Legend {
  #entries = ORDER.map((state) => {
    const sign = swatch();
    sign.dataset.status = String(state);
    const text = make('dd');
    return { state, text, element: make('div', {}, make('dt', {}, sign, title(state)), text) };
  });
  element = make(
    'section',
    { class: 'cluster-key' },
    make('h2', {}, 'What the signs mean'),
    make('dl', {}, ...this.#entries.map(({ element }) => element)),
  );

  /** @param {number} timeout in seconds */
  fill(timeout) {
    for (const { state, text } of this.#entries) write(text, meaning(state, timeout));
  }
}
