/** What describing a lab takes, and no more: bundled labs import it in the place of the whole package. */
export { GoqemuError, hasErrorCode, isGoqemuError } from '@goqemu/core';
export { defineLab, isLabDefinition, secret, sh } from '@goqemu/lab';
