// What the page knows of every shard. SPDX-License-Identifier: ISC
import { ORDER, STATES, UNHEALTHY } from './states.js';

/** Calls visit with each id below size in "0-15,17". */
export function eachId(ranges, size, visit) {
  for (const range of ranges.split(',')) {
    const [first, last = first] = range.split('-');
    for (let id = Number(first || NaN); id <= last && id < size; id++) visit(id);
  }
}

// Times are milliseconds of the reader's clock, NaN where nobody knows.
class Cluster {
  timeout;      // seconds of silence that make a shard unhealthy

  constructor({ name, states: { length } }) {
    this.name = name;
    this.size = length;
    this.states = new Uint8Array(length);
    this.heard = new Float64Array(length).fill(NaN);    // the last sign of life
    this.since = new Float64Array(length).fill(NaN);    // the last change
    this.reported = new Map();                          // what the bot last said
    this.counts = STATES.map((_, state) => (state ? 0 : length));
  }

  /** Answers whether that is another state. If not, it has changed and come back unseen. */
  set(id, state, now, heard) {
    const old = this.states[id];
    this.states[id] = state;
    this.counts[old]--;
    this.counts[state]++;
    this.since[id] = now;
    this.heard[id] = heard;
    this.reported.delete(id);
    return old !== state;
  }

  /** {state, silent, since, reported}, in seconds. */
  shard(id, now) {
    const ago = (times) => Math.max(0, now - times[id]) / 1e3;
    const state = this.states[id];
    let silent = ago(this.heard);
    // Only an unhealthy shard is silent for so long, the sweep's delay included: signs were missed.
    if (state !== UNHEALTHY && silent > this.timeout + 2) silent = NaN;
    return { state, silent, since: ago(this.since), reported: this.reported.get(id) };
  }
}

export class Board {
  clusters = [];

  /** Answers the changes as {index, id}, or null: these are other clusters. */
  hello({ timeout, clusters }) {
    const shape = (some) => some.map(({ name, states }) => `${name}:${states.length}`).join();
    const same = shape(clusters) === shape(this.clusters);
    if (!same) this.clusters = clusters.map((cluster) => new Cluster(cluster));
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

  /** `now` is NaN for an update that sums up an absence. Answers the changes. */
  update({ clusters }, now) {
    const changes = [];
    this.#each(clusters, (cluster, index, states) => {
      for (const state in states) {
        eachId(states[state], cluster.size, (id) => {
          // Only silence makes a shard unhealthy: any other change is a sign of life.
          const silent = Number(state) === UNHEALTHY ? cluster.shard(id, now).silent || cluster.timeout : 0;
          if (cluster.set(id, Number(state), now, now - silent * 1e3)) changes.push({ index, id });
        });
      }
    });
    return changes;
  }

  /** Answers who was heard, as {index, id}. */
  health({ clusters }, now) {
    const beats = [];
    this.#each(clusters, (cluster, index, ids) => eachId(ids, cluster.size, (id) => {
      cluster.heard[id] = now;
      beats.push({ index, id });
    }));
    return beats;
  }

  counts() {
    return STATES.map((_, state) => this.clusters.reduce((sum, { counts }) => sum + counts[state], 0));
  }

  /** The first shards in one of the states, in the order of these. */
  first(limit, order = ORDER.slice(1)) {
    const found = [];
    for (const state of order) {
      this.clusters.forEach(({ states }, index) => {
        for (let id = states.indexOf(state); id >= 0 && found.length < limit; id = states.indexOf(state, id + 1)) {
          found.push({ index, id });
        }
      });
    }
    return found;
  }

  #each(clusters, visit) {
    this.clusters.forEach((cluster, index) => {
      if (Object.hasOwn(clusters, cluster.name)) visit(cluster, index, clusters[cluster.name]);
    });
  }
}
