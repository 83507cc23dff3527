// An EventSource or a WebSocket, kept up by a Connection. SPDX-License-Identifier: ISC
import { Connection, LIMITS } from './connection.js';
import { Route } from './route.js';

const GAP = 15e3;          // a shorter absence hides nothing
const GOING_AWAY = 1001;   // what a server says that restarts

/** Calls take(name, data, when) with each event, where `when` is NaN after an absence,
 *  and show(view, contact) whenever the connection may look different. */
export function listen({ stream, feed, named }, take, show) {
  const connection = new Connection(Date.now());
  const route = new Route(named);
  let source, socket, lastId, first, hiding;

  const present = () => show(connection.view(Date.now()), connection.contact);

  function resumed(url) {
    const address = new URL(url);
    if (lastId) address.searchParams.set('last-event-id', lastId);
    return address;
  }

  function close() {
    if (socket?.readyState === 0) route.failed();
    source?.close();
    socket?.close();
    source = socket = undefined;
  }

  function open() {
    close();
    connection.opening(Date.now());
    if (route.feed) dial();
    else tune();
  }

  function tune() {
    source = new EventSource(resumed(stream));
    source.onopen = opened;
    source.onerror = () => {
      const { fed } = connection;
      if (!connection.ended(Date.now(), source.readyState === 2)) source.close();
      route.ended(fed, connection.brief);
      if (connection.brief && route.feed && !socket) dial();
      present();
    };
    for (const name of ['hello', 'update', 'health']) {
      source.addEventListener(name, ({ data, lastEventId }) => receive(name, lastEventId, JSON.parse(data)));
    }
  }

  /** While the stream rests, or in its place. */
  function dial() {
    const mine = socket = new WebSocket(resumed(feed), 'glance-events');
    let open = false;
    mine.onopen = () => {
      source?.close();
      source = undefined;
      open = true;
      route.opened();
      opened();
    };
    mine.onmessage = ({ data: text }) => {
      const { event, id, data } = JSON.parse(text);
      receive(event, id, data);
    };
    mine.onclose = ({ code }) => {
      if (mine !== socket) return;
      socket = undefined;
      if (open) connection.left(Date.now(), code === GOING_AWAY);
      else route.failed();
      if (!open && !source) tune();
      present();
    };
  }

  function opened() {
    first = true;
    connection.opened(Date.now());
  }

  function receive(name, id, data) {
    const now = Date.now();
    const missed = first && now - connection.contact > GAP;
    first = false;
    lastId = id;
    connection.sign(now);
    take(name, data, missed ? NaN : now);
    present();
  }

  function back() {
    if (!document.hidden && connection.returned(Date.now())) open();
  }

  addEventListener('online', back);
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    hiding = document.hidden && setTimeout(() => {
      close();
      connection.paused(Date.now());
    }, LIMITS.hidden);
    back();
  });
  setInterval(() => {
    if (connection.due(Date.now())) open();
    present();
  }, 1000);
  open();
}
