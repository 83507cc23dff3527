// The state machine of the connection to a stream or feed, without clock and timers.
// SPDX-License-Identifier: ISC

// At the deadline of its phase, a connection is opened anew. Browsers hide keepalives and pings
// from scripts, so only events prove that it works: a quiet board costs a request every 40 s.

export const LIMITS = {
  opening: 15e3,
  // without an event
  open: 40e3,
  // the browser reconnects by itself, within 10 s
  resting: 12e3,
  // a stream that ends sooner after an event is the polling fallback
  polling: 2e3,
  // from "reconnecting" to "lost"
  doubt: 5e3,
  // a stream brings its first event sooner, unless something holds it back
  mute: 3e3,
  // a hidden tab keeps its connection
  hidden: 300e3,
};

/** After a server's goodbye, its clients reconnect spread over this many milliseconds. */
const GOODBYE_SPREAD = 2e3;

/**
 * 1 to 30 s: grows with each failure, spread at random.
 * @param {number} tries
 * @param {number} random
 */
export const backoff = (tries, random) => 1e3 + random * Math.min(29e3, 1e3 * 2 ** tries);

export class Connection {
  /** When the last event was received. */
  contact = 0;
  /** Whether this stream or feed has brought an event. */
  delivered = false;
  /** Whether the last stream ended as the polling fallback does. */
  polling = false;
  phase = '';
  since = 0;
  deadline = 0;
  /** @type {number | undefined} from when on the reader is told of a missing connection */
  #trouble;
  #tries = 0;
  /** When it was opened. */
  #asked = 0;

  /** @param {number} now */
  constructor(now) {
    this.opening(now);
    this.#trouble = now;
  }

  /**
   * What the reader is told.
   * @param {number} now
   */
  view(now) {
    if (this.phase === 'paused') return this.phase;
    if (this.#trouble === undefined || now < this.#trouble) return 'live';
    if (now - this.#trouble >= LIMITS.doubt) return 'lost';
    return this.contact ? 'reconnecting' : 'connecting';
  }

  /** @param {number} now */
  due(now) {
    return now >= this.deadline;
  }

  /**
   * Whether the stream has brought no event for longer than one that works.
   * @param {number} now
   */
  mute(now) {
    return !this.delivered && /^open/.test(this.phase) && now - this.#asked >= LIMITS.mute;
  }

  /** @param {number} now */
  opening(now) {
    this.#asked = now;
    // A connection is reopened when no event came; that alone is not reported as trouble.
    this.#trouble ??= now + 1e3;
    this.delivered = false;
    this.#enter('opening', now, LIMITS.opening);
  }

  /** @param {number} now */
  opened(now) {
    this.#enter('open', now, LIMITS.open);
  }

  /**
   * An event was received.
   * @param {number} now
   */
  received(now) {
    this.deadline = now + LIMITS.open;
    this.contact = now;
    this.#trouble = undefined;
    this.delivered = true;
    this.#tries = 0;
  }

  /**
   * The stream ended. Returns whether the browser may reconnect by itself.
   * @param {number} now
   * @param {boolean} closed whether the browser has given up
   */
  streamEnded(now, closed, random = Math.random()) {
    const rest = this.delivered && !closed;
    this.polling = rest && now - this.since < LIMITS.polling;
    this.#trouble = this.polling ? now + LIMITS.resting : Math.min(this.#trouble ?? now, now);
    this.delivered = false;
    if (rest) this.#enter('resting', now, LIMITS.resting);
    else this.#enter('waiting', now, backoff(this.#tries++, random));
    return rest;
  }

  /**
   * The feed ended. A server that said goodbye is expected back, as after a restart.
   * @param {number} now
   * @param {boolean} goodbye
   */
  feedEnded(now, goodbye, random = Math.random()) {
    if (!goodbye) {
      this.streamEnded(now, true, random);
      return;
    }
    this.#trouble ??= now + 3e3;
    this.#enter('waiting', now, GOODBYE_SPREAD * random);
  }

  /** @param {number} now */
  paused(now) {
    this.#trouble ??= now;
    this.#enter('paused', now, Infinity);
  }

  /**
   * The network or the tab is back. Returns whether to open anew at once.
   * @param {number} now
   */
  returned(now) {
    return /paused|waiting/.test(this.phase) || this.due(now) || this.view(now) !== 'live';
  }

  /**
   * @param {string} phase
   * @param {number} now
   * @param {number} limit
   */
  #enter(phase, now, limit) {
    this.phase = phase;
    this.since = now;
    this.deadline = now + limit;
  }
}
