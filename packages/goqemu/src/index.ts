/** goqemu's public API. */
export { type ErrorSource, GoqemuError, isGoqemuError, type SourceLocation } from '@goqemu/core';
