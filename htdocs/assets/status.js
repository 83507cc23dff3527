// Asks the status documents for what events do not tell. SPDX-License-Identifier: ISC
import { time } from './states.js';

/**
 * @typedef {import('./board.js').Hit} Hit
 * @typedef {import('./board.js').Shard} Shard
 * @typedef {Shard & { id: number }} Listed a shard in a document; null for an unknown time
 */

/** Milliseconds until the same document is asked for again. */
const PAUSE = 10e3;

/** @param {string} url */
const ask = (url) =>
  fetch(url)
    .then((response) => (response.ok ? response.json() : null))
    .catch(() => null);

/**
 * Takes what a document tells of a shard, except the state: that comes by events.
 * @param {import('./board.js').Cluster} cluster
 * @param {Listed} shard
 */
function take(cluster, { id, state, silent, since, reported }) {
  if (cluster.states[id] !== state) return;
  /** @param {number | null} seconds */
  const ago = (seconds) => Date.now() - (seconds ?? NaN) * 1e3;
  cluster.heartbeats[id] = ago(silent);
  cluster.since[id] = ago(since);
  cluster.reported.set(id, reported);
}

/** @param {Hit} hit */
const keyOf = ({ index, id }) => `${index},${id}`;

/**
 * Whether all is known that the detail shows.
 * @param {Shard} shard
 */
const complete = ({ reported, silent }) =>
  typeof reported === 'number' && (reported === 0 || silent >= 0);

export class Status {
  #url;
  #board;
  /** @type {Set<string>} what was asked for since the last pause */
  #asked = new Set();
  /** @type {Set<string>} the shards whose documents were asked for and have not come yet */
  #pending = new Set();
  #until = -1;

  /**
   * @param {string} url
   * @param {import('./board.js').Board} board
   */
  constructor(url, board) {
    this.#url = url;
    this.#board = board;
  }

  /**
   * Asks for the shards whose times are not known.
   * @param {(hit: Hit) => Shard} look
   * @param {Hit[]} hits
   * @param {Hit} [detail] a shard of which everything is needed
   */
  async learn(look, hits, detail) {
    const times = hits.filter((hit) => !time(look(hit)));
    const answers = times.map((hit) => this.#learnOne(hit, `${look(hit).state},time`));
    if (detail && !complete(look(detail))) {
      answers.push(this.#learnOne(detail, `${look(detail).state},detail`));
    }
    await Promise.all(answers);
  }

  /**
   * @param {Hit} hit
   * @param {string} reason asked for once in a pause
   */
  async #learnOne(hit, reason) {
    const key = keyOf(hit);
    if (!this.#due(`${key},${reason}`)) return;
    const { clusters } = this.#board;
    const cluster = clusters[hit.index];
    this.#pending.add(key);
    const answer = await ask(`${this.#url}/${encodeURIComponent(cluster.name)}/${hit.id}`);
    this.#pending.delete(key);
    if (answer && clusters === this.#board.clusters) take(cluster, answer);
  }

  /**
   * Whether the document of a shard was asked for and has not come yet.
   * @param {Hit} hit
   */
  awaits(hit) {
    return this.#pending.has(keyOf(hit));
  }

  /** Asks for all shards at once, where the times of one are not known. */
  async learnAll() {
    const { clusters } = this.#board;
    const known = clusters.every(({ states, since }) =>
      states.every((state, id) => !state || since[id] >= 0),
    );
    if (known || !this.#due('all')) return;
    const answer = await ask(this.#url);
    if (clusters !== this.#board.clusters) return;
    for (const cluster of clusters) {
      /** @type {{ name: string, list: Listed[] }[]} */
      const documents = answer?.clusters ?? [];
      const { list = [] } = documents.find(({ name }) => name === cluster.name) ?? {};
      for (const shard of list) if (shard.id < cluster.size) take(cluster, shard);
    }
  }

  /**
   * Whether this was not asked for in the current pause; notes that it now is.
   * @param {string} key
   */
  #due(key) {
    // No clock step may make the pause longer.
    if (performance.now() > this.#until) {
      this.#asked.clear();
      this.#until = performance.now() + PAUSE;
    }
    if (this.#asked.has(key)) return false;
    this.#asked.add(key);
    return true;
  }
}
