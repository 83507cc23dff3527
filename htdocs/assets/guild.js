// What people paste into the search, and the shards it means.
// SPDX-License-Identifier: ISC

const LINK = /^(https?:\/\/)?((ptb|canary)\.)?discord(app)?\.com\/channels\/(@me|\d+)([/?#].*)?$/i;
const SHARD = /^(?:#|([^:/;]+?)\s*[#:])\s*(\d{1,7})$/;
const SPACE = /[\s\u200b\u2060]+/g;    // \s misses the two without width

/** In BigInt: a double would round the id, to another shard now and then. */
export const shardOf = (guild, shards) => Number((guild >> 22n) % BigInt(shards));

/** {kind: 'empty', 'invalid' or 'direct'}, {kind: 'guild', guild: BigInt} or
 *  {kind: 'shard', name, id}, without a name for "#17". */
export function parse(text) {
  const bare = text.replace(SPACE, '');
  const id = LINK.exec(bare)?.[5] ?? bare;
  if (!id) return { kind: 'empty' };
  if (/^@me$/i.test(id)) return { kind: 'direct' };
  if (/^\d+$/.test(id) && BigInt(id) < 1n << 64n) return { kind: 'guild', guild: BigInt(id) };

  const [, name, shard] = SHARD.exec(text.trim()) ?? [];
  return shard ? { kind: 'shard', name, id: Number(shard) } : { kind: 'invalid' };
}

/** Finds `text` among clusters ({name, size}): {hits: [{index, id}], hint, invalid}. */
export function find(text, clusters) {
  const { kind, guild, name, id } = parse(text);
  if (kind === 'empty') return { hits: [], hint: '', invalid: false };
  const hits = kind === 'invalid' ? [] : clusters
    .map(({ size }, index) => ({ index, id: id ?? (guild === undefined ? 0 : shardOf(guild, size)) }))
    .filter(({ index, id }) => id < clusters[index].size && (!name || name === clusters[index].name));
  return { hits, hint: hint(kind, guild, hits.length, clusters), invalid: !hits.length };
}

function hint(kind, guild, found, clusters) {
  if (kind === 'invalid') {
    return 'This is no server ID. To copy one, turn on Developer Mode in Discord (Settings, Advanced), '
      + 'right-click or long-press the server, and choose Copy Server ID.';
  }
  if (!found) return `No such shard: there is ${clusters.map(({ name, size }) => `${name}:0 to ${size - 1}`).join(', ')}.`;
  if (kind === 'shard') return '';
  return (kind === 'direct' ? 'Direct messages live on shard 0. ' : guild < 10n ** 16n ? 'This looks too short. ' : '')
    + (found > 1 ? 'Look at the bot that was invited.' : '');
}
