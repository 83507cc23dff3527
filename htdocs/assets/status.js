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
    if (Date.now() > this.#until) {
      this.#asked.clear();
      this.#until = Date.now() + PAUSE;
    }
    await Promise.all([...hits, ...detail ? [detail] : []].map(async ({ index, id }, at) => {
      const { clusters } = this.#board;
      const { name, states, since, reported } = clusters[index];
      const known = at < hits.length ? !states[id] || since[id] >= 0 : reported.has(id);
      const key = [index, id, states[id], at < hits.length].join();
      if (known || this.#asked.has(key)) return;
      this.#asked.add(key);
      // Where that fails, the words do without.
      const answer = await ask(`${this.#url}/${encodeURIComponent(name)}/${id}`);
      if (answer && clusters === this.#board.clusters) this.#board.learn(index, answer, Date.now());
    }));
  }

  /** The same of all shards at once. */
  async learnAll() {
    const answer = await ask(this.#url);
    this.#board.clusters.forEach(({ name }, index) => {
      const list = answer?.clusters.find((cluster) => cluster.name === name)?.list ?? [];
      for (const shard of list) if (shard.id < this.#board.clusters[index].size) this.#board.learn(index, shard, Date.now());
    });
  }
}
