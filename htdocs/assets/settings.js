// What config.js says, with the rest filled in. SPDX-License-Identifier: ISC

/** `page` is the page's own address. `named`: the original's `url` names the feed, and there
 *  may be no stream beside it. */
export function settle({ url, ...config } = {}, page) {
  const feed = new URL(url || '/api/feed', page);
  const address = (scheme, text) => {
    const found = new URL(text, page);
    found.protocol = scheme + (/^(http|ws)s:/.test(found.protocol) || page.startsWith('https:') ? 's' : '');
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
