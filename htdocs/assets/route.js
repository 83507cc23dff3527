// Which way the events come: by the stream, or by the feed where the stream is brief.
// SPDX-License-Identifier: ISC

export class Route {
  feed;        // whether the feed is to be opened next
  #works;      // whether it is known to: undefined as long as nobody tried

  /** `named`: the feed is what the admin asked for. */
  constructor(named) {
    this.feed = this.#works = named || undefined;
  }

  /** The feed has opened: it is kept, and the first to come back to. */
  opened() {
    this.feed = this.#works = true;
  }

  /** The feed did not open: on by the stream. */
  failed() {
    this.feed = false;
  }

  /** The stream ended: `fed` if it gave an event before, `brief` if in the brief form. */
  ended(fed, brief) {
    if (!fed) this.feed = this.#works;     // it may be the feed alone that is there
    else if (brief && this.#works !== false) {
      this.feed = true;
      this.#works = false;                 // tried once, unless it opens
    }
  }
}
