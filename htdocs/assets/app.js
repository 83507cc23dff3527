// Connects events, grids, search and texts. SPDX-License-Identifier: ISC
import { Board } from './board.js';
import { keep } from './choices.js';
import { $, List, around, make, say, swatch, write } from './dom.js';
import { Finder } from './finder.js';
import { get, set } from './fragment.js';
import { Grid } from './grid.js';
import { settle } from './settings.js';
import {
  OFFLINE,
  ONLINE,
  ORDER,
  STATES,
  UNHEALTHY,
  count,
  headline,
  sentence,
  title,
} from './states.js';
import { listen } from './stream.js';

/**
 * @typedef {import('./board.js').Hit} Hit
 * @typedef {import('./dom.js').Entry} Entry
 */

/** How many shards are listed, and how many after "Show all". */
const FEW = 6;
const MOST = 50;
const settings = settle(window.config, location.href);
const board = new Board();
const { body } = document;
const { dataset: chosen } = document.documentElement;
/** @type {Grid[]} */
let grids = [];
/** @type {import('./extras.js').Extras | undefined} */
let extras;
/** @type {number | undefined} the time to show while the connection is lost: no age may grow */
let frozen;

const now = () => frozen ?? Date.now();

/** @param {Hit} hit */
const look = ({ index, id }) => board.clusters[index].shard(id, now());

/** @param {Hit} hit */
const spell = (hit, short = false) =>
  sentence(board.clusters[hit.index], hit.id, look(hit), short) + asOf();

/** What follows everything that may have changed since the connection was lost. */
const asOf = () => (frozen ? `, as of ${clock(frozen)}, connection lost` : '');

/** The state that the address filters for, or -1. */
const filtered = () => STATES.indexOf(get('state'));

const finder = new Finder(
  () => {
    learn();
    announce();
  },
  ({ index, id }) => grids[index].reveal(id),
);

/**
 * Opens the detail by the address.
 * @param {number} index
 * @param {number} id
 */
function open(index, id) {
  location.hash = set('shard', `${board.clusters[index].name}:${id}`);
}

// ---- events ----------------------------------------------------------------------------

/** @type {Record<string, (data: any, when: number) => void>} */
const takers = {
  hello(data) {
    const changes = board.hello(data);
    if (changes) changed(changes);
    else rebuild();
  },

  update(data, when) {
    const changes = board.update(data, when);
    if (changes.length) changed(changes);
  },

  health(data, when) {
    const hits = board.health(data, when);
    if (chosen.pulse) for (const { index, id } of hits) grids[index].heartbeat(id);
  },
};

/** Shows other clusters than before. */
function rebuild() {
  grids = board.clusters.map((cluster, index) => new Grid(cluster, now, (id) => open(index, id)));
  fit();
  $('#app-cluster').replaceChildren(...grids.map(({ element }) => element));
  finder.attach(board.clusters, grids);
  navigated();
  say(headline(board.counts()));
  announce();
  load();
}

/** @param {Hit[]} changes */
function changed(changes) {
  for (const { index, id } of changes) grids[index].paint(id);
  filter();
  say(headline(board.counts()));
  /** @param {Hit} hit */
  const hasChanged = ({ index, id }) =>
    changes.some((change) => change.index === index && change.id === id);
  if (finder.hits.some(hasChanged)) announce();
  learn();
}

/** Announces what was found to screen readers. */
function announce() {
  const text = [...finder.hits.map((hit) => spell(hit)), $('#hint').textContent].join('. ');
  /** @type {HTMLInputElement} */
  const field = $('#header-guild');
  if (field.value) say(text, true);
}

/** Emphasises the shards that are filtered for. */
function filter() {
  body.dataset.filter = String(filtered());
  for (const grid of grids) grid.filter(filtered());
}

function fit() {
  for (const grid of grids) grid.fit(chosen.tiles);
}

/** The address has changed, or the clusters that it names. */
function navigated() {
  finder.restore();
  filter();
  extras?.navigate(get('shard'));
  learn();
}

// ---- texts -----------------------------------------------------------------------------

/** A shard's line, which opens its detail. */
function line() {
  const sign = swatch();
  const text = make('span');
  return { element: make('li', {}, make('button', { type: 'button' }, sign, text)), sign, text };
}

/**
 * @param {ReturnType<typeof line>} parts
 * @param {Hit} hit
 */
function fillLine({ element, sign, text }, hit, short = false) {
  const state = String(look(hit).state);
  element.dataset.status = state;
  sign.dataset.status = state;
  write(text, spell(hit, short));
}

const answers = new List($('#answers'), line, (parts, hit) => fillLine(parts, hit));
const troubled = new List($('#troubled'), line, (parts, hit) => fillLine(parts, hit, true));
/** @type {Hit[]} */
let listed = [];

const totals = ORDER.map((state) => {
  const sign = swatch();
  const total = make('b');
  const link = make('a', {}, sign, total, ` ${STATES[state]}`);
  return { state, element: make('li', {}, link), link, sign, total };
});
const more = $('#more');
let expanded = false;

/** Writes everything that depends on the time. */
function refresh() {
  const counts = board.counts();
  showCounts(counts, filtered());
  showTrouble(counts, filtered());
  answers.show(finder.hits);
  extras?.show(filtered(), asOf());
  for (const grid of grids) grid.total(asOf());
  if (board.clusters.length) showHead(headline(counts), !board.first(1).length);
}

/**
 * @param {number[]} counts
 * @param {number} only
 */
function showCounts(counts, only) {
  for (const { state, element, link, sign, total } of totals) {
    element.hidden = !counts[state] && state !== only;
    // An empty fragment would scroll to the top.
    link.href = set('state', state !== only && STATES[state]) || '#state=';
    link.setAttribute('aria-current', String(state === only));
    sign.dataset.status = String(state);
    write(total, count(counts[state]));
  }
}

/**
 * @param {number[]} counts
 * @param {number} only
 */
function showTrouble(counts, only) {
  const all = counts.reduce((sum, n) => sum + n);
  const sum = only < 0 ? all - counts[ONLINE] : counts[only];
  listed = board.first(expanded ? MOST : FEW, only < 0 ? undefined : [only]);
  $('#attention').hidden = !sum;
  write($('#attention h2'), only < 0 ? 'Needs attention' : title(only));
  troubled.show(listed);
  more.hidden = sum <= FEW;
  more.setAttribute('aria-expanded', String(expanded));
  const part = `${sum > MOST ? `${MOST} of` : 'all'} ${count(sum)}`;
  write(more, `Show ${expanded ? `fewer (${part})` : part}`);
}

/**
 * Title and icon: of the worst shard that was searched for, else of all shards.
 * @param {string} text
 * @param {boolean} well whether all shards are online
 */
function showHead(text, well) {
  /** @param {Hit} hit */
  const rank = (hit) => ORDER.indexOf(look(hit).state) || ORDER.length;
  const hit = [...finder.hits].sort((a, b) => rank(a) - rank(b)).at(0);
  const state = hit ? look(hit).state : well ? ONLINE : UNHEALTHY;
  const shard = { state, silent: NaN, since: NaN };
  const watched = hit && sentence(board.clusters[hit.index], hit.id, shard, true);
  document.title = `${interruption() ?? watched ?? text} · ${settings.branding}`;
  showIcon(interruption() ? -1 : state);
  write($('#headline'), text + asOf());
}

function interruption() {
  if (lost()) return 'Connection lost';
  return body.dataset.connection === 'paused' ? 'Paused' : undefined;
}

/** @param {number} state -1 where it is not known any more */
function showIcon(state) {
  const kind = { '-1': '-lost', [ONLINE]: '', [OFFLINE]: '-offline' }[state] ?? '-trouble';
  const href = `assets/favicon${kind}.svg`;
  const icon = $('[rel=icon]');
  if (icon.getAttribute('href') !== href) icon.setAttribute('href', href);
}

/** Writes what is known, asks for the rest, and writes that. */
async function learn() {
  refresh();
  await extras?.learn([...finder.hits, ...listed]);
  refresh();
}

// ---- the connection ----------------------------------------------------------------------

const lost = () => body.dataset.connection === 'lost';

/**
 * @param {string} view
 * @param {number} contact
 */
function showConnection(view, contact) {
  if (body.dataset.connection === view) return;
  if (lost()) say(headline(board.counts()));
  body.dataset.connection = view;
  frozen = lost() ? contact : undefined;
  write($('.pill'), lost() ? 'connection lost' : view);
  $('#banner').hidden = !lost() || !contact;
  refresh();
  if (!lost()) return;
  write($('#banner'), `connection lost, showing ${clock(contact)}`);
  say('Connection lost');
}

/**
 * The time of day, with the date unless it is today's.
 * @param {number} when
 */
function clock(when) {
  const [date, time] = new Date(when).toLocaleString('en-GB').split(', ');
  return date === new Date().toLocaleDateString('en-GB') ? time : `${date}, ${time}`;
}

// ---- the start -------------------------------------------------------------------------------

/**
 * @param {string} text
 * @param {string} [href]
 */
const link = (text, href) => (href ? make('a', { href }, text) : '');

function brand() {
  const { branding, brandingLink, support, status, source, theme } = settings;
  if (theme) document.head.append(make('link', { rel: 'stylesheet', href: theme }));
  $('#header-brand').append(link(branding, brandingLink) || branding);
  $('#links').append(link('Support', support), link('JSON', status), link('Source', source));
}

/** Loads what the page can start without; tries again until it comes. */
function load() {
  import('./extras.js')
    .then(({ Extras }) => {
      extras ??= new Extras(board, look, settings.status);
      navigated();
    })
    .catch(() => setTimeout(load, 1e4));
}

brand();
document.documentElement.dataset.running = 'true';
$('#without').hidden = true;
$('#counts').append(...totals.map(({ element }) => element));
/** @type {NodeListOf<HTMLInputElement | HTMLSelectElement>} */
const controls = document.querySelectorAll('label [name]');
keep(controls, () => {
  fit();
  learn();
});
more.onclick = () => {
  expanded = !expanded;
  learn();
};
document.onclick = (event) => {
  const [index, id] = around(event, '[data-key]')?.dataset.key?.split(':') ?? [];
  if (id) open(Number(index), Number(id));
};
addEventListener('hashchange', navigated);
setInterval(() => {
  if (!document.hidden && !lost()) learn();
}, 1000);
listen(
  settings,
  (name, data, when) => takers[name]?.(data, when),
  showConnection,
  () => board.forgetTimes(),
);
