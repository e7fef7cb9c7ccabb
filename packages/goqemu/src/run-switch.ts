/** The process of a lab's networks: a file of its own in the published package, which goqemu starts. */
export { runSwitch } from '@goqemu/network';
