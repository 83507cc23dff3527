// Display settings, saved where the browser allows storage. SPDX-License-Identifier: ISC

import { recall, remember } from './store.js';

/** @param {HTMLInputElement | HTMLSelectElement} control */
function valueOf(control) {
  if (control instanceof HTMLSelectElement) return control.value;
  return control.checked ? 'true' : '';
}

/**
 * Each control sets an attribute of the root element for the style sheet, as data-theme="dark".
 * @param {Iterable<HTMLInputElement | HTMLSelectElement>} controls
 * @param {() => void} changed
 */
export function keep(controls, changed) {
  for (const control of controls) {
    const { name } = control;
    const apply = () => {
      document.documentElement.dataset[name] = valueOf(control);
    };
    const saved = recall(name, 'localStorage');
    if (control instanceof HTMLSelectElement) control.value = saved;
    else control.checked = Boolean(saved);
    control.onchange = () => {
      apply();
      changed();
      remember(name, valueOf(control), 'localStorage');
    };
    apply();
  }
}
