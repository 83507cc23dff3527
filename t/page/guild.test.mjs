// The search: what it takes, what it refuses, and which shard it names.
// SPDX-License-Identifier: ISC
import assert from 'node:assert/strict';
import test from 'node:test';
import { load } from './modules.mjs';

const { find, parse, shardOf } = await load('guild.js');

const GUILD = '1327614406976077726';
const CLUSTERS = [
  { name: 'main', size: 60 },
  { name: 'patron bots', size: 6 },
];
const guild = { kind: 'guild', guild: 1327614406976077726n };

test('a guild is never converted to a double', () => {
  assert.equal(shardOf(1327614406976077726n, 60), 5);
  assert.equal(Number(BigInt(Number(GUILD)) >> 22n) % 60, 6, 'as a double it would be 6');
});

test('shards of guilds at the ends of the range', () => {
  assert.equal(shardOf(0n, 360), 0);
  assert.equal(shardOf((1n << 64n) - 1n, 1), 0);
  assert.equal(shardOf((1n << 64n) - 1n, 1000000), 511103);
  assert.equal(shardOf((5n << 22n) - 1n, 60), 4);
  assert.equal(shardOf(5n << 22n, 60), 5);
});

test('takes an ID with any white space', () => {
  for (const text of [
    GUILD,
    ` ${GUILD}\n`,
    '1327 6144\t0697 6077 726',
    `\u200b${GUILD}\ufeff`,
    `000${GUILD}`,
  ]) {
    assert.deepEqual(parse(text), guild, JSON.stringify(text));
  }
});

test('takes links to any channel', () => {
  for (const host of [
    'discord.com',
    'ptb.discord.com',
    'canary.discord.com',
    'discordapp.com',
    'Discord.com',
  ]) {
    for (const rest of ['', '/', '/1327614406976077999', '/1/2?x=1#y']) {
      assert.deepEqual(parse(`https://${host}/channels/${GUILD}${rest}`), guild, host + rest);
    }
  }
  assert.deepEqual(parse(`discord.com/channels/${GUILD}/1`), guild, 'without a scheme');
});

test('takes what people paste: the run of 15 to 20 digits', () => {
  for (const text of [
    `\u200e${GUILD}\u200f`,
    `\u2066${GUILD}\u2069`,
    '1327\u00ad6144\u200d0697\u20606077\u200e726',
    '１３２７６１４４０６９７６０７７７２６',
    `<#${GUILD}>`,
    `<@&${GUILD}>`,
    `Server ID: ${GUILD}`,
    `Server ID:${GUILD}`,
    `serveur\u00a0: ${GUILD}.`,
    `"${GUILD}"`,
    `“${GUILD}”`,
    `\`${GUILD}\``,
    `${GUILD},`,
    `(${GUILD})`,
    `"1327\ufeff614406976077726"`,
    `discord://-/channels/${GUILD}/1327614406976077999`,
    `discord://discord.com/channels/${GUILD}`,
    `https://discord.com/events/${GUILD}/1327614406976077999`,
    `https://ptb.discord.com/channels/${GUILD}/1`,
    `https://discord.com/servers/example-${GUILD}`,
    `https://example.org/#guild=${GUILD}`,
    `Example (${GUILD}) #2`,
  ]) {
    assert.deepEqual(parse(text), guild, JSON.stringify(text));
  }
  assert.deepEqual(parse('ID: 132761440697607'), { kind: 'guild', guild: 132761440697607n });
});

test('takes direct messages', () => {
  for (const text of [
    '@me',
    '@ME',
    'https://discord.com/channels/@me/123',
    `discord://-/channels/@me/${GUILD}`,
    `discord://discord.com/channels/@me/${GUILD}`,
  ]) {
    assert.deepEqual(parse(text), { kind: 'direct' }, text);
  }
});

test('takes shards, with and without a cluster', () => {
  assert.deepEqual(parse('#17'), { kind: 'shard', name: undefined, id: 17 });
  assert.deepEqual(parse(' # 17 '), { kind: 'shard', name: undefined, id: 17 });
  assert.deepEqual(parse('main:17'), { kind: 'shard', name: 'main', id: 17 });
  assert.deepEqual(parse('team #1 : 5'), { kind: 'shard', name: 'team #1', id: 5 });
  assert.deepEqual(parse('patron bots: 5'), { kind: 'shard', name: 'patron bots', id: 5 });
});

test('an empty search is valid and finds nothing', () => {
  assert.deepEqual(find(' \n', CLUSTERS), { hits: [], hint: '', invalid: false });
});

const BAD = [
  '0x10',
  '1e18',
  '-5',
  '+5',
  'abc',
  '18446744073709551616',
  '1.5',
  '1,000',
  '#',
  ':17',
  '#-1',
  '#1e1',
  'https://example.com/channels/1',
  'ID: 18446744073709551616',
  'ID: 12345678901234',
  'ID: 123456789012345678901',
  '99999999999999999999',
  'discord.com/channels/abc',
  'https://discord.com/invite/1',
  '\u0661\u0662\u0663',
  'main:17:3',
];
for (const text of BAD) {
  test(`refuses ${text}`, () => {
    assert.deepEqual(parse(text), { kind: 'invalid' });
    const { hits, hint, invalid } = find(text, CLUSTERS);
    assert.deepEqual(hits, []);
    assert.ok(invalid);
    assert.match(hint, /Developer Mode .* Copy Server ID/);
  });
}

test('2^64 - 1 is the largest ID', () => {
  assert.equal(parse('18446744073709551615').kind, 'guild');
});

test('answers for every cluster in the configured order', () => {
  const { hits, hint, invalid } = find(GUILD, CLUSTERS);
  assert.deepEqual(hits, [
    { index: 0, id: 5 },
    { index: 1, id: 5 },
  ]);
  assert.equal(hint, 'Look at the bot that was invited.');
  assert.equal(invalid, false);
});

test('one cluster needs no hint', () => {
  assert.equal(find(GUILD, CLUSTERS.slice(0, 1)).hint, '');
});

test('fewer than 17 digits: an answer, and a doubt', () => {
  assert.match(find('9999999999999999', CLUSTERS).hint, /^This looks too short\./);
  assert.equal(find('9999999999999999', CLUSTERS).hits.length, 2);
  assert.doesNotMatch(find('10000000000000000', CLUSTERS).hint, /short/);
});

test('direct messages are on shard 0', () => {
  const { hits, hint } = find('@me', CLUSTERS);
  assert.deepEqual(hits, [
    { index: 0, id: 0 },
    { index: 1, id: 0 },
  ]);
  assert.match(hint, /^Direct messages live on shard 0\./);
});

test('a shard is found where it exists', () => {
  assert.deepEqual(find('#5', CLUSTERS).hits, [
    { index: 0, id: 5 },
    { index: 1, id: 5 },
  ]);
  assert.deepEqual(find('#17', CLUSTERS).hits, [{ index: 0, id: 17 }]);
  assert.deepEqual(find('patron bots:5', CLUSTERS).hits, [{ index: 1, id: 5 }]);
});

test('no such shard or cluster: says which there are', () => {
  for (const text of ['#60', 'patron bots:6', 'other:1']) {
    const { hits, hint, invalid } = find(text, CLUSTERS);
    assert.deepEqual(hits, [], text);
    assert.equal(hint, 'No such shard: there is main:0 to 59, patron bots:0 to 5.');
    assert.ok(invalid);
  }
});
