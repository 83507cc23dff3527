// The page's copy of the board, kept up to date by events. SPDX-License-Identifier: ISC
import { ORDER, STATES, UNHEALTHY } from './states.js';

/**
 * @typedef {{ index: number, id: number }} Hit a shard: index of its cluster, and its id
 * @typedef {object} Shard times in seconds, NaN or undefined where they are not known
 * @property {number} state
 * @property {number} silent since the last heartbeat
 * @property {number} since in this state
 * @property {number | null} [reported] the state that the bot reported last
 * @typedef {{ timeout: number, clusters: { name: string, states: string }[] }} Hello
 * @typedef {{ clusters: Record<string, Record<string, string>> }} Update cluster, state, ranges
 * @typedef {{ clusters: Record<string, string> }} Health cluster, ranges
 */

/** The sweep may mark a shard as unhealthy so many seconds after its timeout. */
const SWEEP_DELAY = 2;

/**
 * Calls visit with each id below size in "0-15,17".
 * @param {string} ranges
 * @param {number} size
 * @param {(id: number) => void} visit
 */
export function eachId(ranges, size, visit) {
  for (const range of ranges.split(',')) {
    const [first, last = first] = range.split('-');
    const end = Number(last);
    for (let id = Number(first || NaN); id <= end && id < size; id++) visit(id);
  }
}

/** Times are milliseconds of the reader's clock, NaN where they are not known. */
export class Cluster {
  /** Seconds without a heartbeat that make a shard unhealthy. */
  timeout = NaN;
  /** @type {Map<number, number | null | undefined>} the state that the bot reported last */
  reported = new Map();

  /** @param {{ name: string, states: string }} cluster */
  constructor({ name, states: { length } }) {
    this.name = name;
    this.size = length;
    this.states = new Uint8Array(length);
    this.heartbeats = new Float64Array(length).fill(NaN);
    this.since = new Float64Array(length).fill(NaN);
    this.counts = STATES.map((_, state) => (state ? 0 : length));
  }

  /**
   * Returns whether the state differs from the old one. Where it does not, the shard has changed
   * and changed back unseen, so that its times start anew as well.
   * @param {number} id
   * @param {number} state
   * @param {number} now
   * @param {number} heartbeat
   */
  set(id, state, now, heartbeat) {
    const old = this.states[id];
    this.states[id] = state;
    this.counts[old]--;
    this.counts[state]++;
    this.since[id] = now;
    this.heartbeats[id] = heartbeat;
    this.reported.delete(id);
    return old !== state;
  }

  /**
   * @param {number} id
   * @param {number} now
   * @returns {Shard}
   */
  shard(id, now) {
    /** @param {Float64Array} times */
    const ago = (times) => Math.max(0, now - times[id]) / 1e3;
    const state = this.states[id];
    let silent = ago(this.heartbeats);
    // The sweep would have made it unhealthy, so the page has missed heartbeats.
    if (state !== UNHEALTHY && silent > this.timeout + SWEEP_DELAY) silent = NaN;
    return { state, silent, since: ago(this.since), reported: this.reported.get(id) };
  }
}

export class Board {
  /** @type {Cluster[]} */
  clusters = [];

  /**
   * Returns the changed shards, or null where the clusters differ from those before.
   * @param {Hello} hello
   */
  hello({ timeout, clusters }) {
    const named = this.clusters.map(({ name, size }) => `${name}:${size}`).join();
    const same = clusters.map(({ name, states }) => `${name}:${states.length}`).join() === named;
    if (!same) this.clusters = clusters.map((cluster) => new Cluster(cluster));
    /** @type {Hit[]} */
    const changes = [];
    this.clusters.forEach((cluster, index) => {
      const { states } = clusters[index];
      cluster.timeout = timeout;
      for (let id = 0; id < cluster.size; id++) {
        if (cluster.set(id, Number(states[id]), NaN, NaN) && same) changes.push({ index, id });
      }
    });
    return same ? changes : null;
  }

  /**
   * Returns the changed shards.
   * @param {Update} update
   * @param {number} now NaN for an update that sums up an absence
   */
  update({ clusters }, now) {
    /** @type {Hit[]} */
    const changes = [];
    this.#each(clusters, (cluster, index, states) => {
      for (const key in states) {
        const state = Number(key);
        eachId(states[key], cluster.size, (id) => {
          // A shard becomes unhealthy by silence only. Every other change is a heartbeat.
          const silent = state === UNHEALTHY ? cluster.shard(id, now).silent || cluster.timeout : 0;
          if (cluster.set(id, state, now, now - silent * 1e3)) changes.push({ index, id });
        });
      }
    });
    return changes;
  }

  /**
   * Returns the shards that gave a heartbeat.
   * @param {Health} health
   * @param {number} now
   */
  health({ clusters }, now) {
    /** @type {Hit[]} */
    const hits = [];
    this.#each(clusters, (cluster, index, ids) => {
      eachId(ids, cluster.size, (id) => {
        cluster.heartbeats[id] = now;
        hits.push({ index, id });
      });
    });
    return hits;
  }

  /** The number of shards in each state. */
  counts() {
    return STATES.map((_, state) =>
      this.clusters.reduce((sum, { counts }) => sum + counts[state], 0),
    );
  }

  /** Forgets all times, as after a step of the reader's clock. */
  forgetTimes() {
    for (const { heartbeats, since } of this.clusters) {
      heartbeats.fill(NaN);
      since.fill(NaN);
    }
  }

  /**
   * The first shards in one of the states, in the order of these.
   * @param {number} limit
   */
  first(limit, order = ORDER.slice(1)) {
    /** @type {Hit[]} */
    const found = [];
    for (const state of order) {
      this.clusters.forEach(({ states }, index) => {
        let id = states.indexOf(state);
        while (id >= 0 && found.length < limit) {
          found.push({ index, id });
          id = states.indexOf(state, id + 1);
        }
      });
    }
    return found;
  }

  /**
   * Visits the clusters that an event is about.
   * @template Part
   * @param {Record<string, Part>} clusters
   * @param {(cluster: Cluster, index: number, part: Part) => void} visit
   */
  #each(clusters, visit) {
    this.clusters.forEach((cluster, index) => {
      const { name } = cluster;
      if (Object.hasOwn(clusters, name)) visit(cluster, index, clusters[name]);
    });
  }
}
