// The settings of config.js, with defaults for the rest. SPDX-License-Identifier: ISC

/**
 * @typedef {object} Config what config.js may set
 * @property {string} [url] the feed, in a config.js of the original
 * @property {string} [feed]
 * @property {string} [stream]
 * @property {string} [status]
 * @property {string} [branding]
 * @property {string} [brandingLink]
 * @property {string} [support]
 * @property {string} [source]
 * @property {string} [theme]
 *
 * @typedef {object} Addresses
 * @property {string} branding
 * @property {string} feed
 * @property {string} stream
 * @property {string} status
 * @property {boolean} named whether `url` names the feed: there may be no stream beside it
 *
 * @typedef {Omit<Config, keyof Addresses | 'url'> & Addresses} Settings
 */

/**
 * @param {Config | undefined} config
 * @param {string} page the page's own address
 * @returns {Settings}
 */
export function settle({ url, ...config } = {}, page) {
  const feed = new URL(url || '/api/feed', page);
  /**
   * @param {string} scheme
   * @param {string | URL} text
   */
  const address = (scheme, text) => {
    const found = new URL(text, page);
    const secure = /^(http|ws)s:/.test(found.protocol) || page.startsWith('https:');
    found.protocol = secure ? `${scheme}s` : scheme;
    return found.href;
  };
  return {
    ...config,
    branding: config.branding || 'Glance',
    feed: address('ws', config.feed || feed),
    stream: address('http', config.stream || new URL('stream', feed)),
    status: address('http', config.status || new URL('status', feed)),
    named: Boolean(url),
  };
}
