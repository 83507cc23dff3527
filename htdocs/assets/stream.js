// Receives events by an EventSource or a WebSocket. SPDX-License-Identifier: ISC
import { Connection, LIMITS } from './connection.js';
import { Route } from './route.js';
import { recall, remember } from './store.js';

/** An interruption of fewer milliseconds counts as none. */
const GAP = 15e3;
/** A greater difference between the clocks is a step of the reader's, or sleep of the computer. */
const STEP = 5e3;
/** The WebSocket close code of a server that restarts. */
const GOING_AWAY = 1001;

/**
 * @param {Pick<import('./settings.js').Settings, 'stream' | 'feed' | 'named'>} settings
 * @param {(name: string, data: any, when: number) => void} take called with each event; `when`
 *   is NaN for the first one after an absence
 * @param {(view: string, contact: number) => void} show called whenever the view of the
 *   connection may have changed, with the time of day of the last event
 * @param {() => void} stepped called after a step of the reader's clock, or sleep
 */
export function listen({ stream, feed, named }, take, show, stepped) {
  // Deadlines are by a clock that nobody sets.
  const clock = () => performance.now();
  const connection = new Connection(clock());
  const route = new Route(named || recall('feed', 'sessionStorage') === feed);
  /** @type {EventSource | undefined} */
  let source;
  /** @type {WebSocket | undefined} */
  let socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let hiding;
  let lastId = '';
  let first = false;
  let contact = 0;
  let offset = Date.now() - clock();

  const present = () => show(connection.view(clock()), contact);

  /** @param {string} url */
  function resumed(url) {
    const address = new URL(url);
    if (lastId) address.searchParams.set('last-event-id', lastId);
    return address;
  }

  function close() {
    if (socket?.readyState === WebSocket.CONNECTING) route.feedFailed();
    source?.close();
    socket?.close();
    source = undefined;
    socket = undefined;
  }

  function open() {
    close();
    connection.opening(clock());
    if (route.feed) openFeed();
    else openStream();
  }

  function openStream() {
    const opening = new EventSource(resumed(stream));
    source = opening;
    opening.onopen = opened;
    opening.onerror = () => {
      const { delivered } = connection;
      const closed = opening.readyState === EventSource.CLOSED;
      if (!connection.streamEnded(clock(), closed)) opening.close();
      route.streamEnded(delivered, connection.polling);
      if (connection.polling && route.feed && !socket) openFeed();
      present();
    };
    for (const name of ['hello', 'update', 'health']) {
      opening.addEventListener(name, ({ data, lastEventId }) => {
        receive(name, lastEventId, JSON.parse(data));
      });
    }
  }

  /** In place of the stream, or while the browser waits before it polls again. */
  function openFeed() {
    const opening = new WebSocket(resumed(feed), 'glance-events');
    socket = opening;
    let isOpen = false;
    opening.onopen = () => {
      isOpen = true;
      if (!source) opened();
    };
    opening.onmessage = ({ data: text }) => {
      if (opening !== socket) return;
      const { event, id, data } = JSON.parse(text);
      if (source) first = true;
      source?.close();
      source = undefined;
      keepFeed();
      receive(event, id, data);
    };
    opening.onclose = ({ code }) => {
      if (opening !== socket) return;
      socket = undefined;
      if (source) route.feedFailed();
      else if (isOpen) connection.feedEnded(clock(), code === GOING_AWAY);
      else route.feedFailed();
      if (!isOpen && !source) openStream();
      present();
    };
  }

  /** The feed works: it is kept, also when the page is loaded again. */
  function keepFeed() {
    if (!route.feed || !route.works) remember('feed', feed, 'sessionStorage');
    route.feedOpened();
  }

  /** Where one brings nothing, the other is opened beside it. */
  function openOther() {
    if (!socket) {
      openFeed();
      return;
    }
    route.feedFailed();
    openStream();
  }

  function opened() {
    first = true;
    connection.opened(clock());
  }

  /**
   * @param {string} name
   * @param {string} id
   * @param {any} data
   */
  function receive(name, id, data) {
    const now = Date.now();
    const missed = first && Math.max(now - contact, clock() - connection.contact) > GAP;
    first = false;
    lastId = id;
    contact = now;
    connection.received(clock());
    take(name, data, missed ? NaN : now);
    present();
  }

  function back() {
    if (!document.hidden && connection.returned(clock())) open();
  }

  function pause() {
    close();
    connection.paused(clock());
  }

  addEventListener('online', back);
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(pause, LIMITS.hidden);
    back();
  });
  setInterval(() => {
    const step = Math.abs(Date.now() - clock() - offset) > STEP;
    offset = Date.now() - clock();
    if (step) stepped();
    // After sleep, no connection is to be trusted.
    if (connection.due(clock()) || (step && connection.phase !== 'paused')) open();
    else if (!(source && socket) && connection.mute(clock())) openOther();
    present();
  }, 1000);
  open();
}
