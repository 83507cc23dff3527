// What config.js sets for the page's modules. SPDX-License-Identifier: ISC
interface Window {
    config?: import('../../htdocs/assets/settings.js').Config;
}
