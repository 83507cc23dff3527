// What the browser keeps for the page. Storage may be missing, null, blocked or full: then nothing
// is kept. SPDX-License-Identifier: ISC

/** Other applications of the same site share the storage. */
const PREFIX = 'glance.';

/**
 * The value of a name, or ''.
 * @param {string} name
 * @param {'localStorage' | 'sessionStorage'} area
 */
export function recall(name, area) {
  try {
    return window[area].getItem(PREFIX + name) ?? '';
  } catch {
    return '';
  }
}

/**
 * @param {string} name
 * @param {string} value
 * @param {'localStorage' | 'sessionStorage'} area
 */
export function remember(name, value, area) {
  try {
    window[area].setItem(PREFIX + name, value);
  } catch {
    // It lasts as long as the page.
  }
}
