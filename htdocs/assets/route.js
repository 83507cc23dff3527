// Which connection brings the events: the stream, or the feed where the stream is the polling
// fallback. SPDX-License-Identifier: ISC

export class Route {
  /** @type {boolean | undefined} whether the feed works: undefined as long as it was not tried */
  #works;

  /** @param {boolean} [named] config.js names the feed, as that of the original does */
  constructor(named) {
    this.#works = named || undefined;
    /** Whether the feed is to be opened next. */
    this.feed = Boolean(named);
  }

  get works() {
    return this.#works;
  }

  /** The feed has brought an event: it is kept, and tried first after an interruption. */
  feedOpened() {
    this.feed = true;
    this.#works = true;
  }

  /** The feed did not open: the stream is next. */
  feedFailed() {
    this.feed = false;
  }

  /**
   * @param {boolean} delivered whether the stream has brought an event
   * @param {boolean} polling whether it ended as the polling fallback does
   */
  streamEnded(delivered, polling) {
    // A server may offer the feed only.
    if (!delivered) this.feed = Boolean(this.#works);
    else if (polling && this.#works !== false) {
      // Tried once, unless it opens.
      this.feed = true;
      this.#works = false;
    }
  }
}
