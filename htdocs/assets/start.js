// Says where else to look, where the page's modules do not run. It is no module itself, and has
// nothing that an old browser lacks. SPDX-License-Identifier: ISC
(function () {
  function show() {
    const root = document.documentElement;
    const without = document.getElementById('without');
    const pill = document.getElementById('data-connection-status');
    if (root.getAttribute('data-running') || !without || !pill) return;
    without.hidden = false;
    pill.textContent = 'not live';
  }

  // A module that does not load, whichever it is, is an error of the script element.
  addEventListener(
    'error',
    function (event) {
      const script = event.target;
      if (script instanceof HTMLScriptElement && script.type === 'module') show();
    },
    true,
  );
  setTimeout(show, 20000);
})();
