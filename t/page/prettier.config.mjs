// SPDX-License-Identifier: ISC
// No white space in index.html matters: labels and rows are flex containers.
export default { printWidth: 100, singleQuote: true, htmlWhitespaceSensitivity: 'ignore' };
