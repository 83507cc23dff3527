// Receives events by an EventSource or a WebSocket. SPDX-License-Identifier: ISC
import { Connection, LIMITS } from './connection.js';
import { Route } from './route.js';

/** An interruption of fewer milliseconds counts as none. */
const GAP = 15e3;
/** The WebSocket close code of a server that restarts. */
const GOING_AWAY = 1001;

/**
 * @param {Pick<import('./settings.js').Settings, 'stream' | 'feed' | 'named'>} settings
 * @param {(name: string, data: any, when: number) => void} take called with each event; `when`
 *   is NaN for the first one after an absence
 * @param {(view: string, contact: number) => void} show called whenever the view of the
 *   connection may have changed
 */
export function listen({ stream, feed, named }, take, show) {
  const connection = new Connection(Date.now());
  const route = new Route(named);
  /** @type {EventSource | undefined} */
  let source;
  /** @type {WebSocket | undefined} */
  let socket;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let hiding;
  let lastId = '';
  let first = false;

  const present = () => show(connection.view(Date.now()), connection.contact);

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
    connection.opening(Date.now());
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
      if (!connection.streamEnded(Date.now(), closed)) opening.close();
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
      source?.close();
      source = undefined;
      isOpen = true;
      route.feedOpened();
      opened();
    };
    opening.onmessage = ({ data: text }) => {
      const { event, id, data } = JSON.parse(text);
      receive(event, id, data);
    };
    opening.onclose = ({ code }) => {
      if (opening !== socket) return;
      socket = undefined;
      if (isOpen) connection.feedEnded(Date.now(), code === GOING_AWAY);
      else route.feedFailed();
      if (!isOpen && !source) openStream();
      present();
    };
  }

  function opened() {
    first = true;
    connection.opened(Date.now());
  }

  /**
   * @param {string} name
   * @param {string} id
   * @param {any} data
   */
  function receive(name, id, data) {
    const now = Date.now();
    const missed = first && now - connection.contact > GAP;
    first = false;
    lastId = id;
    connection.received(now);
    take(name, data, missed ? NaN : now);
    present();
  }

  function back() {
    if (!document.hidden && connection.returned(Date.now())) open();
  }

  function pause() {
    close();
    connection.paused(Date.now());
  }

  addEventListener('online', back);
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(pause, LIMITS.hidden);
    back();
  });
  setInterval(() => {
    if (connection.due(Date.now())) open();
    present();
  }, 1000);
  open();
}
