// Events in, tiles and words out. SPDX-License-Identifier: ISC
import { Board } from './board.js';
import { keep } from './choices.js';
import { Detail } from './detail.js';
import { $, follow, make, say, swatch, write } from './dom.js';
import { Finder } from './finder.js';
import { get, rewrite, set } from './fragment.js';
import { Grid } from './grid.js';
import { settle } from './settings.js';
import { OFFLINE, ONLINE, ORDER, STATES, UNHEALTHY, age, count, headline, sentence, time, title } from './states.js';
import { Status } from './status.js';
import { listen } from './stream.js';

const FEW = 6, MOST = 50, ROWS = 2000;
const settings = settle(window.config, location.href);
const board = new Board();
const known = new Status(settings.status, board);
const { body, documentElement: { dataset: chosen } } = document;
const more = $('#more');
const totals = ORDER.map((state) => make('li', {}, make('a', {}, swatch(), make('b'), ` ${STATES[state]}`)));
let grids = [], listed = [];
let frozen;          // without connection, no age may go on growing

const now = () => frozen ?? Date.now();
const goTo = (name, value) => set(location.hash, name, value);
const finder = new Finder(found, ({ index, id }) => grids[index].reveal(id));
const detail = new Detail(() => rewrite('shard'));

function open({ index, id }) {
  location.hash = goTo('shard', `${board.clusters[index].name}:${id}`);
}

const takers = {
  hello(data) {
    const changes = board.hello(data);
    write($('#timeout'), age(board.timeout));
    if (changes) return changed(changes);
    grids = board.clusters.map((cluster, index) => new Grid(cluster, (id) => open({ index, id })));
    fit();
    $('#app-cluster').replaceChildren(...grids.map(({ element }) => element));
    finder.attach(board.clusters, grids);
    navigated();
    tabulate();
    say(headline(board.counts()));
    return announce();
  },

  update(data, when) {
    const changes = board.update(data, when);
    if (changes.length) changed(changes);
  },

  health(data, when) {
    const beats = board.health(data, when);
    if (chosen.pulse) for (const { index, id } of beats) grids[index].pulse(id);
  },
};

function changed(changes) {
  for (const { index, id } of changes) grids[index].paint(id);
  for (const grid of grids) grid.total();
  filter();
  say(headline(board.counts()));
  const ours = ({ index, id }) => changes.some((change) => change.index === index && change.id === id);
  if (finder.hits.some(ours)) announce();
  learn();
}

/** Other hits. */
function found() {
  announce();
  learn();
}

/** What is watched, to those who listen. */
function announce() {
  const text = [...finder.hits.map((hit) => spell(hit)), $('#hint').textContent].join('. ');
  if ($('#header-guild').value) say(text, true);
}

/** What is filtered for stands out. */
function filter() {
  const only = STATES.indexOf(get(location.hash, 'state'));
  for (const grid of grids) grid.filter(only);
  body.dataset.filter = only;
}

function fit() {
  for (const grid of grids) grid.fit(chosen.tiles);
}

/** The address has changed, or what it is about. */
function navigated() {
  finder.restore();
  filter();
  const [, name, id] = /^(.*):(\d+)$/.exec(get(location.hash, 'shard')) ?? [];
  const index = board.clusters.findIndex((cluster) => cluster.name === name && id < cluster.size);
  if (index < 0) detail.close();
  else detail.open({ index, id: Number(id) });
  learn();
}

// ---- words ---------------------------------------------------------------------------

const look = ({ index, id }) => board.clusters[index].shard(id, now());
const spell = (hit, brief) => sentence(board.clusters[hit.index], hit.id, look(hit), brief);
const line = () => make('li', {}, make('button', { type: 'button' }, swatch(), make('span')));
const row = () => make('tr', {}, make('td'), make('td', {}, make('button')), make('td', {}, swatch(), make('span')), make('td'));

function fillLine(element, hit, brief) {
  const { firstChild: { firstChild: sign, lastChild: text } } = element;
  element.dataset.status = sign.dataset.status = look(hit).state;
  write(text, spell(hit, brief));
}

function fillRow({ children: [name, number, state, when] }, hit) {
  const shard = look(hit);
  write(name, board.clusters[hit.index].name);
  write(number.firstChild, String(hit.id));
  state.firstChild.dataset.status = shard.state;
  write(state.lastChild, title(shard.state));
  write(when, time(shard));
}

/** Writes everything whose words depend on the time. */
function refresh() {
  const counts = board.counts();
  const only = STATES.indexOf(get(location.hash, 'state'));
  showCounts(counts, only);
  showTrouble(counts, only);
  follow($('#answers'), finder.hits, line, fillLine);
  showTable(counts, only);
  if (detail.hit) detail.fill(board.clusters[detail.hit.index], detail.hit.id, look(detail.hit));
  if (board.clusters.length) showHead(headline(counts), !board.first(1).length);
}

function showCounts(counts, only) {
  ORDER.forEach((state, at) => {
    const { firstChild: link } = totals[at];
    totals[at].hidden = !counts[state] && state !== only;
    link.href = goTo('state', state !== only && STATES[state]) || '#state=';    // "#" would scroll to the top
    link.ariaCurrent = state === only;
    link.firstChild.dataset.status = state;
    write(link.children[1], count(counts[state]));
  });
}

function showTrouble(counts, only) {
  const sum = only < 0 ? counts.reduce((all, n) => all + n) - counts[ONLINE] : counts[only];
  const all = more.ariaExpanded === 'true';
  listed = board.first(all ? MOST : FEW, only < 0 ? undefined : [only]);
  $('#attention').hidden = !sum;
  write($('#attention h2'), only < 0 ? 'Needs attention' : title(only));
  follow($('#troubled'), listed, line, (element, hit) => fillLine(element, hit, true));
  more.hidden = sum <= FEW;
  write(more, all ? `Show fewer (${listed.length} of ${count(sum)})` : `Show ${sum > MOST ? `the first ${MOST} of ${count(sum)}` : `all ${sum}`}`);
}

function showTable(counts, only) {
  const sum = only < 0 ? counts.reduce((all, n) => all + n) : counts[only];
  const rows = chosen.table ? board.first(ROWS, only < 0 ? [...ORDER.slice(1), ONLINE] : [only]) : [];
  write($('caption'), `Shards, the worst first: ${sum > ROWS ? `${count(ROWS)} of ` : ''}${count(sum)}`);
  follow($('tbody'), rows, row, fillRow);
}

/** Title and icon: of what is watched, the worst of it first, else of all. */
function showHead(text, well) {
  const rank = (hit) => ORDER.indexOf(look(hit).state) || ORDER.length;
  const [hit] = [...finder.hits].sort((a, b) => rank(a) - rank(b));
  const state = hit ? look(hit).state : well ? ONLINE : UNHEALTHY;
  const watched = hit && sentence(board.clusters[hit.index], hit.id, { state }, true);
  document.title = `${lost() ? 'Connection lost' : watched ?? text} · ${settings.branding}`;
  const icon = `assets/favicon${{ [ONLINE]: '', [OFFLINE]: '-offline' }[state] ?? '-trouble'}.svg`;
  if ($('[rel=icon]').getAttribute('href') !== icon) $('[rel=icon]').href = icon;
  write($('#headline'), text);
}

/** The table shows the times of all. */
async function tabulate() {
  refresh();
  if (!chosen.table) return;
  await known.learnAll();
  refresh();
}

/** Writes what is known, asks for the rest, and writes that. */
async function learn() {
  refresh();
  await known.learn([...finder.hits, ...listed], detail.hit);
  refresh();
}

// ---- the connection --------------------------------------------------------------------

const lost = () => body.dataset.connection === 'lost';

function showConnection(view, contact) {
  if (body.dataset.connection === view) return;
  body.dataset.connection = view;
  frozen = lost() ? contact : undefined;
  write($('.pill'), lost() ? 'connection lost' : view);
  $('#banner').hidden = !lost() || !contact;
  refresh();
  if (!lost()) return;
  const [date, time] = new Date(contact).toLocaleString('en-GB').split(', ');
  const today = new Date().toLocaleDateString('en-GB');
  write($('#banner'), `connection lost, showing ${date === today ? time : `${date}, ${time}`}`);
  say('Connection lost');
}

// ---- the beginning -----------------------------------------------------------------------

const link = (text, href) => (href ? make('a', { href }, text) : '');
const { branding, brandingLink, support, status, source, theme } = settings;
if (theme) document.head.append(make('link', { rel: 'stylesheet', href: theme }));
$('#header-brand').append(link(branding, brandingLink) || branding);
$('#links').append(link('Support', support), link('JSON', status), link('Source', source));
$('#counts').append(...totals);
keep(document.querySelectorAll('label [name]'), () => {
  fit();
  tabulate();
});
more.onclick = () => {
  more.ariaExpanded = more.ariaExpanded !== 'true';
  learn();
};
document.onclick = ({ target }) => {
  const [index, id] = target.closest('[data-key]')?.dataset.key.split(':').map(Number) ?? [];
  if (index >= 0) open({ index, id });
};
addEventListener('hashchange', navigated);
setInterval(() => document.hidden || refresh(), 1000);
listen(settings, (name, data, when) => takers[name]?.(data, when), showConnection);
