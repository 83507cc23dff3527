// The status documents: what the stream does not tell. SPDX-License-Identifier: ISC

const PAUSE = 10e3;      // before the same is asked again

const ask = (url) => fetch(url).then((answer) => (answer.ok ? answer.json() : null)).catch(() => null);

export class Status {
  #url;
  #board;
  #asked = new Set();
  #until = 0;

  constructor(url, board) {
    this.#url = url;
    this.#board = board;
  }

  /** Asks for the times of these shards, where they are not known, and for all of one's in detail. */
  async learn(hits, detail) {
    await Promise.all([...hits, ...detail ? [detail] : []].map(async ({ index, id }, at) => {
      const { clusters } = this.#board;
      const { name, states, since, reported } = clusters[index];
      const known = at < hits.length ? !states[id] || since[id] >= 0 : reported.has(id);
      if (known || !this.#due([index, id, states[id], at < hits.length].join())) return;
      // Where that fails, the words do without.
      const answer = await ask(`${this.#url}/${encodeURIComponent(name)}/${id}`);
      if (answer && clusters === this.#board.clusters) this.#board.learn(index, answer, Date.now());
    }));
  }

  /** Asks for those of all shards at once, where there is one whose times are not known. */
  async learnAll() {
    const { clusters } = this.#board;
    const known = clusters.every(({ states, since }) => states.every((state, id) => !state || since[id] >= 0));
    if (known || !this.#due('all')) return;
    const answer = await ask(this.#url);
    if (clusters !== this.#board.clusters) return;
    clusters.forEach(({ name, size }, index) => {
      const list = answer?.clusters.find((cluster) => cluster.name === name)?.list ?? [];
      for (const shard of list) if (shard.id < size) this.#board.learn(index, shard, Date.now());
    });
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
