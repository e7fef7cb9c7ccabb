export * from './ssh-server/index.ts';
