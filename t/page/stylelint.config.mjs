// SPDX-License-Identifier: ISC
export default { extends: 'stylelint-config-standard' };
