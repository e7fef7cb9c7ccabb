/** What reaches machines that are there, in one file of the bundle: `goqemu exec` loads this, and nothing that acts. */
export { readLog } from '../endpoints/log-file.ts';
export { openMachineEndpoint } from '../endpoints/open-endpoint.ts';
export { onHostNetwork } from '../machines/host-network.ts';
export { ImportedMachineReach } from '../machines/imported-machine-reach.ts';
export { OwnMachineReach } from '../machines/own-machine-reach.ts';
