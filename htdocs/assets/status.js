// The status documents: what the stream does not tell. SPDX-License-Identifier: ISC
import { time } from './states.js';

const PAUSE = 10e3;      // before the same is asked again

const ask = (url) => fetch(url).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);

/** Takes what a document tells of a shard beyond the state, which is the stream's to tell. */
function take(cluster, { id, state, silent, since, reported }) {
  if (cluster.states[id] !== state) return;
  const ago = (seconds) => Date.now() - (seconds ?? NaN) * 1e3;
  cluster.heard[id] = ago(silent);
  cluster.since[id] = ago(since);
  cluster.reported.set(id, reported);
}

export class Status {
  #url;
  #board;
  #asked = new Set();
  #coming = new Set();     // the shards whose documents are on their way
  #until = 0;

  constructor(url, board) {
    this.#url = url;
    this.#board = board;
  }

  /** Asks for what the page tells of these shards where look(hit) does not know it, and for all of
   *  one's in detail. */
  async learn(look, hits, detail) {
    await Promise.all([...hits, ...detail ? [detail] : []].map(async ({ index, id }, at) => {
      const { clusters } = this.#board;
      const { name } = clusters[index];
      const shard = look({ index, id });
      const known = at < hits.length ? time(shard) : shard.reported >= 0 && (!shard.reported || shard.silent >= 0);
      if (known || !this.#due([index, id, shard.state, at < hits.length].join())) return;
      const key = [index, id].join();
      this.#coming.add(key);
      // Where that fails, the words do without.
      const answer = await ask(`${this.#url}/${encodeURIComponent(name)}/${id}`);
      this.#coming.delete(key);
      if (answer && clusters === this.#board.clusters) take(clusters[index], answer);
    }));
  }

  /** Whether that shard's document is on its way. */
  awaits = ({ index, id }) => this.#coming.has([index, id].join());

  /** Asks for those of all shards at once, where there is one whose times are not known. */
  async learnAll() {
    const { clusters } = this.#board;
    const known = clusters.every(({ states, since }) => states.every((state, id) => !state || since[id] >= 0));
    if (known || !this.#due('all')) return;
    const answer = await ask(this.#url);
    if (clusters !== this.#board.clusters) return;
    for (const cluster of clusters) {
      const list = answer?.clusters.find(({ name }) => name === cluster.name)?.list ?? [];
      for (const shard of list) if (shard.id < cluster.size) take(cluster, shard);
    }
  }

  /** Whether that has not been asked for a while. */
  #due(key) {
    if (Date.now() > this.#until) {
      this.#asked.clear();
      this.#until = Date.now() + PAUSE;
    }
    return !this.#asked.has(key) && Boolean(this.#asked.add(key));
  }
}
