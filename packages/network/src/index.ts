export { candidatePorts, type PortRange } from './ports/candidate-ports.ts';
export type { PortHolder } from './ports/port-holder.ts';
export { findFreePort, firstFreePort, type PortUse, portTaken, portUse } from './ports/port-use.ts';
