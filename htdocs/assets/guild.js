// What people paste into the search, and the shards it means. SPDX-License-Identifier: ISC

/**
 * @typedef {import('./board.js').Hit} Hit
 * @typedef {{ name: string, size: number }} Named a cluster, as far as the search needs it
 * @typedef {object} Parsed
 * @property {'empty' | 'invalid' | 'direct' | 'guild' | 'shard'} kind
 * @property {bigint} [guild]
 * @property {string} [name] of the cluster, where one is given
 * @property {number} [id] of the shard
 */

const DIRECT = /^(?:.*\/channels\/)?@me(?:[/?#].*)?$/i;
const SHARD = /^(?:#|(?<name>[^:/;]+?)\s*[#:])\s*(?<id>\d{1,7})$/;
/** The ID of a server in whatever was pasted around it. */
const RUN = /(?:^|\D)(\d{15,20})(?!\d)/;
/** Marks that no reader sees, which come along with what is copied. */
const INVISIBLE = /[\p{Cf}\p{Default_Ignorable_Code_Point}]+/gu;

/**
 * By BigInt: a double would round the id, and now and then name another shard.
 * @param {bigint} guild
 * @param {number} shards
 */
export const shardOf = (guild, shards) => Number((guild >> 22n) % BigInt(shards));

/**
 * Drops the invisible marks, and turns full-width characters into ASCII.
 * @param {string} text
 */
const visible = (text) =>
  text
    .replace(INVISIBLE, '')
    .replace(/\s+/g, ' ')
    .replace(/[\uff01-\uff5e]/g, (wide) => String.fromCharCode(wide.charCodeAt(0) - 0xfee0))
    .trim();

/**
 * @param {string} text
 * @returns {Parsed}
 */
export function parse(text) {
  const shown = visible(text);
  const bare = shown.replace(/ /g, '');
  if (!bare) return { kind: 'empty' };
  if (DIRECT.test(bare)) return { kind: 'direct' };
  // An ID alone may be short, and have white space anywhere.
  const id = /^\d+$/.test(bare) ? bare : RUN.exec(shown)?.[1];
  if (id)
    return BigInt(id) < 1n << 64n ? { kind: 'guild', guild: BigInt(id) } : { kind: 'invalid' };

  const shard = SHARD.exec(shown)?.groups;
  return shard ? { kind: 'shard', name: shard.name, id: Number(shard.id) } : { kind: 'invalid' };
}

/**
 * Finds the shards that a text means, one in each cluster that it can be about.
 * @param {string} text
 * @param {Named[]} clusters
 */
export function find(text, clusters) {
  const parsed = parse(text);
  if (parsed.kind === 'empty') return { hits: [], hint: '', invalid: false };
  const hits = parsed.kind === 'invalid' ? [] : among(clusters, parsed);
  return { hits, hint: hint(parsed, hits.length, clusters), invalid: !hits.length };
}

/**
 * @param {Named[]} clusters
 * @param {Parsed} parsed
 * @returns {Hit[]}
 */
function among(clusters, { guild, name, id }) {
  /** @param {number} size */
  const shard = (size) => id ?? (guild === undefined ? 0 : shardOf(guild, size));
  return clusters
    .map(({ size }, index) => ({ index, id: shard(size) }))
    .filter((hit) => hit.id < clusters[hit.index].size)
    .filter((hit) => !name || name === clusters[hit.index].name);
}

/**
 * @param {Parsed} parsed
 * @param {number} found how many shards
 * @param {Named[]} clusters
 */
function hint({ kind, guild = 0n }, found, clusters) {
  if (kind === 'invalid') {
    return (
      'This is no server ID. To copy one, turn on Developer Mode in Discord ' +
      '(Settings, Advanced), right-click or long-press the server, and choose Copy Server ID.'
    );
  }
  if (!found) {
    const all = clusters.map(({ name, size }) => `${name}:0 to ${size - 1}`).join(', ');
    return `No such shard: there is ${all}.`;
  }
  if (kind === 'shard') return '';
  const which = found > 1 ? 'Look at the bot that was invited.' : '';
  if (kind === 'direct') return `Direct messages live on shard 0. ${which}`;
  return guild < 10n ** 16n ? `This looks too short. ${which}` : which;
}
