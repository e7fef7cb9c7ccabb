/** goqemu's public API: describing labs, and working with them. Clients of QMP, the guest agent and single machines are at the subpaths. */
export * from '@goqemu/core/public';
export * from '@goqemu/guest/public';
export * from '@goqemu/image/public';
export * from '@goqemu/lab/public';
export * from '@goqemu/vm/public';
export * from './sdk/public.ts';
