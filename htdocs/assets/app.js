// Events in, tiles and words out. SPDX-License-Identifier: ISC
import { Board } from './board.js';
import { $, list, make, say, swatch, write } from './dom.js';
import { Finder } from './finder.js';
import { Grid } from './grid.js';
import { settle } from './settings.js';
import { ONLINE, ORDER, STATES, age, count, headline, sentence } from './states.js';
import { listen } from './stream.js';

const FEW = 6, MOST = 50;
const settings = settle(window.config, location.href);
const board = new Board();
const pulse = $('#settings-pulse-health');
const more = $('#more');
const totals = ORDER.map((state) => make('li', {}, swatch(), make('b'), STATES[state]));
let grids = [], listed = [];
let frozen;          // without connection, no age may go on growing

const reveal = ({ index, id }) => grids[index].reveal(id);
const describe = ({ index, id }, brief) => {
  const cluster = board.clusters[index];
  const shard = cluster.shard(id, frozen ?? Date.now());
  return { state: shard.state, text: sentence(cluster, id, shard, brief) };
};
const finder = new Finder(found, reveal);

const takers = {
  hello(data) {
    const changes = board.hello(data);
    write($('#timeout'), age(board.timeout));
    if (!changes) {
      grids = board.clusters.map((cluster) => new Grid(cluster));
      $('#app-cluster').replaceChildren(...grids.map(({ element }) => element));
      finder.attach(board.clusters, grids);
    }
    changed(changes ?? finder.hits);
  },

  update(data, when) {
    const changes = board.update(data, when);
    if (changes.length) changed(changes);
  },

  health(data, when) {
    const beats = board.health(data, when);
    if (pulse.checked) for (const { index, id } of beats) grids[index].pulse(id);
  },
};

function changed(changes) {
  for (const { index, id } of changes) grids[index].paint(id);
  for (const grid of grids) grid.total();
  const counts = board.counts();
  ORDER.forEach((state, at) => {
    totals[at].firstChild.dataset.status = state;
    totals[at].hidden = !counts[state];
    write(totals[at].children[1], count(counts[state]));
  });
  write($('#headline'), headline(counts));
  document.title = `${headline(counts)} · ${settings.branding}`;
  say(headline(counts));
  const ours = ({ index, id }) => changes.some((change) => change.index === index && change.id === id);
  if (finder.hits.some(ours)) found();
  else learn();
}

/** Other hits, or a change among them. */
function found() {
  learn();
  const text = [...finder.hits.map((hit) => describe(hit).text), $('#hint').textContent].join('. ');
  if ($('#header-guild').value) say(text, true);
}

/** Writes everything whose words depend on the time. */
function refresh() {
  const bad = board.clusters.reduce((sum, { size, counts }) => sum + size - counts[ONLINE], 0);
  const all = more.getAttribute('aria-expanded') === 'true';
  listed = board.troubled(all ? MOST : FEW);
  list($('#troubled'), listed, (hit) => describe(hit, true), reveal);
  list($('#answers'), finder.hits, describe, reveal);
  $('#attention').hidden = !bad;
  more.hidden = bad <= FEW;
  write(more, all ? `Show fewer (${listed.length} of ${count(bad)})` : `Show ${bad > MOST ? `the first ${MOST} of ${count(bad)}` : `all ${bad}`}`);
}

/** Asks for the times, before the stream began, of the shards that are spelled out. */
async function learn() {
  refresh();
  const { clusters } = board;
  await Promise.all([...finder.hits, ...listed].map(async ({ index, id }) => {
    const { name, states, since } = clusters[index];
    if (!states[id] || since[id]) return;
    // Where that fails, the words do without.
    const answer = await fetch(`${settings.status}/${encodeURIComponent(name)}/${id}`).catch(() => ({}));
    if (answer.ok && clusters === board.clusters) board.learn(index, await answer.json(), Date.now());
  }));
  refresh();
}

function showConnection(view, contact) {
  const lost = view === 'lost';
  frozen = lost ? contact : undefined;
  if (document.body.dataset.connection === view) return;
  document.body.dataset.connection = view;
  write($('.pill'), lost ? 'connection lost' : view);
  const [date, time] = new Date(contact).toLocaleString('en-GB').split(', ');
  const today = new Date().toLocaleDateString('en-GB');
  $('#banner').hidden = !lost || !contact;
  write($('#banner'), `connection lost, showing ${date === today ? time : `${date}, ${time}`}`);
  refresh();
  if (lost) say('Connection lost');
}

const link = (text, href) => (href ? make('a', { href }, text) : '');
const { branding, brandingLink, support, status, source } = settings;
$('#header-brand').append(link(branding, brandingLink) || branding);
$('nav').append(link('Support', support), link('JSON', status), link('Source', source));
$('#counts').append(...totals);
try {
  pulse.checked = localStorage.pulse === 'true';
  pulse.onchange = () => { localStorage.pulse = pulse.checked; };
} catch { /* storage is forbidden: the choice lasts as long as the page */ }
more.onclick = () => {
  more.setAttribute('aria-expanded', more.getAttribute('aria-expanded') === 'false');
  learn();
};
setInterval(() => document.hidden || refresh(), 1000);
listen(settings, (name, data, when) => takers[name]?.(data, when), showConnection);
