// Display settings, kept where storage is allowed. SPDX-License-Identifier: ISC

let store = {};
try {
  store = localStorage;
} catch {
  // the choice lasts as long as the page
}

/** Each control sets an attribute of the root for the style sheet, as data-theme="dark". */
export function keep(controls, changed) {
  for (const control of controls) {
    const { name, type } = control;
    const value = type === 'checkbox' ? 'checked' : 'value';
    const apply = () => { document.documentElement.dataset[name] = control[value] || ''; };
    control[value] = store[name] ?? '';
    control.onchange = () => {
      store[name] = control[value] || '';
      apply();
      changed();
    };
    apply();
  }
}
