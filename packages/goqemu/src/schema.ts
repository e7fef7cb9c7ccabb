/** What labs describe their parameters with; see describe.ts. */
export { z } from '@goqemu/lab';
