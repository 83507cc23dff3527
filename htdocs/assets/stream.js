// An EventSource, kept up by a Connection. SPDX-License-Identifier: ISC
import { Connection, LIMITS } from './connection.js';

const GAP = 15e3;    // a shorter absence hides nothing

/** Calls take(name, data, when) with each event, where `when` is NaN after an absence,
 *  and show(view, contact) whenever the connection may look different. */
export function listen(url, take, show) {
  const connection = new Connection(Date.now());
  let source, lastId, first, hiding;

  const present = () => show(connection.view(Date.now()), connection.contact);

  function open() {
    source?.close();
    connection.opening(Date.now());
    const address = new URL(url, location);
    if (lastId) address.searchParams.set('last-event-id', lastId);
    source = new EventSource(address);
    source.onopen = () => {
      first = true;
      connection.opened(Date.now());
    };
    source.onerror = () => {
      if (!connection.ended(Date.now(), source.readyState === 2)) source.close();
      present();
    };
    for (const name of ['hello', 'update', 'health']) source.addEventListener(name, receive);
  }

  function receive({ type, data, lastEventId }) {
    const now = Date.now();
    const missed = first && now - connection.contact > GAP;
    first = false;
    lastId = lastEventId;
    connection.sign(now);
    take(type, JSON.parse(data), missed ? NaN : now);
    present();
  }

  function back() {
    if (!document.hidden && connection.returned(Date.now())) open();
  }

  addEventListener('online', back);
  document.addEventListener('visibilitychange', () => {
    clearTimeout(hiding);
    hiding = document.hidden && setTimeout(() => {
      source.close();
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
