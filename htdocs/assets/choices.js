// Display settings, saved where the browser allows storage. SPDX-License-Identifier: ISC

/** @type {Record<string, string>} */
let store = {};
try {
  store = localStorage;
} catch {
  // Without storage, a choice lasts as long as the page.
}

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
    const saved = store[name] ?? '';
    if (control instanceof HTMLSelectElement) control.value = saved;
    else control.checked = Boolean(saved);
    control.onchange = () => {
      store[name] = valueOf(control);
      apply();
      changed();
    };
    apply();
  }
}
