/** Starts a canary: only a machine that is about to boot needs the proof. */
export { chooseAccelerator } from '@goqemu/machine';
