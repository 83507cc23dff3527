// The life of a stream or feed, without clock and timers. SPDX-License-Identifier: ISC

// At each phase's deadline it is opened anew. Browsers hide heartbeats and pings, so only
// events are signs of life: a quiet board costs a request every 40 s.

export const LIMITS = {
  opening: 15e3,
  open: 40e3,        // without a sign
  resting: 12e3,     // the browser comes back by itself, within 10 s
  brief: 2e3,        // a stream that ends sooner had the brief form
  doubt: 5e3,        // "reconnecting", then "lost"
  hidden: 300e3,     // a hidden tab keeps its stream
};

/** 1 to 30 s: growing with each failure, spread at random. */
export const backoff = (tries, random) => 1e3 + random * Math.min(29e3, 1e3 * 2 ** tries);

export class Connection {
  contact = 0;          // when the server last gave a sign
  #trouble;             // from when the lack of one counts
  fed;                  // whether this stream has given one
  brief;                // whether the last one ended in the brief form
  #tries = 0;

  constructor(now) {
    this.opening(now);
    this.#trouble = now;
  }

  /** What to tell the reader. */
  view(now) {
    if (this.phase === 'paused') return this.phase;
    if (!(now >= this.#trouble)) return 'live';
    if (now - this.#trouble >= LIMITS.doubt) return 'lost';
    return this.contact ? 'reconnecting' : 'connecting';
  }

  due(now) {
    return now >= this.deadline;
  }

  opening(now) {
    this.#trouble ??= now + 1e3;      // opened anew for silence: no trouble yet
    this.fed = false;
    this.#enter('opening', now);
  }

  opened(now) {
    this.#enter('open', now);
  }

  sign(now) {
    this.deadline = now + LIMITS.open;
    this.contact = now;
    this.#trouble = undefined;
    this.fed = true;
    this.#tries = 0;
  }

  /** The stream ended. Answers whether the browser may come back by itself. */
  ended(now, closed, random = Math.random()) {
    const rest = this.fed && !closed;
    this.brief = rest && now - this.since < LIMITS.brief;
    this.#trouble = this.brief ? now + LIMITS.resting : Math.min(this.#trouble ?? now, now);
    this.fed = false;
    this.#enter(rest ? 'resting' : 'waiting', now, rest ? LIMITS.resting : backoff(this.#tries++, random));
    return rest;
  }

  /** The feed ended. A server that said goodbye is expected back, as after a restart. */
  left(now, goodbye, random = Math.random()) {
    if (!goodbye) return this.ended(now, true, random);
    this.#trouble ??= now + 3e3;
    this.#enter('waiting', now, 2e3 * random);
  }

  paused(now) {
    this.#trouble ??= now;
    this.#enter('paused', now, Infinity);
  }

  /** The network or the tab is back. Answers whether to open anew at once. */
  returned(now) {
    return /paused|waiting/.test(this.phase) || this.due(now) || this.view(now) !== 'live';
  }

  #enter(phase, now, limit = LIMITS[phase]) {
    this.phase = phase;
    this.since = now;
    this.deadline = now + limit;
  }
}
