// Yours to edit; upgrades leave it alone. SPDX-License-Identifier: ISC
window.config = {
  // branding: 'Example Bot',
  // brandingLink: 'https://bot.example/',
  // support: 'https://discord.gg/example',
  // source: 'https://git.example/glance',
  // stream: '/api/stream',
  // feed: '/api/feed',
  // status: '/api/status',
  // theme: '/theme.css',
};
