export { heardAddress, leasedAddress } from './addresses/find-address.ts';
export { type ChooseNetworkOptions, chooseHostNetwork } from './host-range/choose-host-network.ts';
export type { ChosenNetwork, HostNetwork, NetworkWish } from './host-range/host-network.ts';
export { endPasst } from './passt/end-passt.ts';
export { type StartPasstOptions, startPasst } from './passt/start-passt.ts';
export { candidatePorts, type PortRange } from './ports/candidate-ports.ts';
export type { PortHolder } from './ports/port-holder.ts';
export { findFreePort, firstFreePort, type PortUse, portTaken, portUse, portUses } from './ports/port-use.ts';
export * from './switch/index.ts';
