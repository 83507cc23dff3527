// Events in, tiles and words out. SPDX-License-Identifier: ISC
import { Board } from './board.js';
import { keep } from './choices.js';
import { $, follow, make, say, swatch, write } from './dom.js';
import { Finder } from './finder.js';
import { get, set } from './fragment.js';
import { Grid } from './grid.js';
import { settle } from './settings.js';
import { OFFLINE, ONLINE, ORDER, STATES, UNHEALTHY, count, headline, sentence, title } from './states.js';
import { listen } from './stream.js';

const FEW = 6, MOST = 50;
const settings = settle(window.config, location.href);
const board = new Board();
const { body, documentElement: { dataset: chosen } } = document;
const more = $('#more');
const totals = ORDER.map((state) => make('li', {}, make('a', {}, swatch(), make('b'), ` ${STATES[state]}`)));
let grids = [], listed = [], extras;
let frozen;          // without connection, no age may go on growing

const now = () => frozen ?? Date.now();
const look = ({ index, id }) => board.clusters[index].shard(id, now());
const spell = (hit, brief) => sentence(board.clusters[hit.index], hit.id, look(hit), brief);
const filtered = () => STATES.indexOf(get('state'));
const finder = new Finder(() => announce(learn()), ({ index, id }) => grids[index].reveal(id));

function open(index, id) {
  location.hash = set('shard', `${board.clusters[index].name}:${id}`);
}

const takers = {
  hello(data) {
    const changes = board.hello(data);
    if (changes) return changed(changes);
    grids = board.clusters.map((cluster, index) => new Grid(cluster, now, (id) => open(index, id)));
    fit();
    $('#app-cluster').replaceChildren(...grids.map(({ element }) => element));
    finder.attach(board.clusters, grids);
    navigated();
    say(headline(board.counts()));
    announce();
    load();
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
  if (finder.hits.some(({ index, id }) => changes.some((change) => change.index === index && change.id === id))) announce();
  learn();
}

/** What is watched, to those who listen. */
function announce() {
  const text = [...finder.hits.map((hit) => spell(hit)), $('#hint').textContent].join('. ');
  if ($('#header-guild').value) say(text, true);
}

/** What is filtered for stands out. */
function filter() {
  body.dataset.filter = filtered();
  for (const grid of grids) grid.filter(filtered());
}

function fit() {
  for (const grid of grids) grid.fit(chosen.tiles);
}

/** The address has changed, or what it is about. */
function navigated() {
  finder.restore();
  filter();
  extras?.navigate(get('shard'));
  learn();
}

// ---- words ---------------------------------------------------------------------------

const line = () => make('li', {}, make('button', { type: 'button' }, swatch(), make('span')));

function fill(element, hit, brief) {
  const { firstChild: sign, lastChild: text } = element.firstChild;
  element.dataset.status = sign.dataset.status = look(hit).state;
  write(text, spell(hit, brief));
}

/** Writes everything whose words depend on the time. */
function refresh() {
  const counts = board.counts();
  showCounts(counts, filtered());
  showTrouble(counts, filtered());
  follow($('#answers'), finder.hits, line, fill);
  extras?.show(look, filtered());
  if (board.clusters.length) showHead(headline(counts), !board.first(1).length);
}

function showCounts(counts, only) {
  ORDER.forEach((state, at) => {
    const { firstChild: link } = totals[at];
    totals[at].hidden = !counts[state] && state !== only;
    link.href = set('state', state !== only && STATES[state]) || '#state=';    // "#" would scroll to the top
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
  follow($('#troubled'), listed, line, (element, hit) => fill(element, hit, true));
  more.hidden = sum <= FEW;
  const part = `${sum > MOST ? `${MOST} of` : 'all'} ${count(sum)}`;
  write(more, `Show ${all ? `fewer (${part})` : part}`);
}

/** Title and icon: of what is watched, the worst of it first, else of all. */
function showHead(text, well) {
  const rank = (hit) => ORDER.indexOf(look(hit).state) || ORDER.length;
  const [hit] = [...finder.hits].sort((a, b) => rank(a) - rank(b));
  const state = hit ? look(hit).state : well ? ONLINE : UNHEALTHY;
  const watched = hit && sentence(board.clusters[hit.index], hit.id, { state }, true);
  const gap = { lost: 'Connection lost', paused: 'Paused' }[body.dataset.connection];
  document.title = `${gap ?? watched ?? text} · ${settings.branding}`;
  const icon = `assets/favicon${{ [ONLINE]: '', [OFFLINE]: '-offline' }[state] ?? '-trouble'}.svg`;
  if ($('[rel=icon]').getAttribute('href') !== icon) $('[rel=icon]').href = icon;
  write($('#headline'), text);
}

/** Writes what is known, asks for the rest, and writes that. */
async function learn() {
  refresh();
  await extras?.learn(look, [...finder.hits, ...listed]);
  refresh();
}

// ---- the connection --------------------------------------------------------------------

const lost = () => body.dataset.connection === 'lost';

function showConnection(view, contact) {
  if (body.dataset.connection === view) return;
  if (lost()) say(headline(board.counts()));
  body.dataset.connection = view;
  frozen = lost() ? contact : undefined;
  write($('.pill'), lost() ? 'connection lost' : view);
  $('#banner').hidden = !lost() || !contact;
  refresh();
  if (!lost()) return;
  const [date, time] = new Date(contact).toLocaleString('en-GB').split(', ');
  const day = date === new Date().toLocaleDateString('en-GB') ? '' : `${date}, `;
  write($('#banner'), `connection lost, showing ${day}${time}`);
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
  learn();
});
more.onclick = () => {
  more.ariaExpanded = more.ariaExpanded !== 'true';
  learn();
};
document.onclick = ({ target }) => {
  const { key } = target.closest('[data-key]')?.dataset ?? {};
  if (key) open(...key.split(':'));
};
addEventListener('hashchange', navigated);
setInterval(() => document.hidden || lost() || learn(), 1000);
listen(settings, (name, data, when) => takers[name]?.(data, when), showConnection);

/** What the page stands without. */
function load() {
  import('./extras.js').then(({ Extras }) => {
    extras ??= new Extras(board, status);
    navigated();
  }).catch(() => setTimeout(load, 1e4));
}
