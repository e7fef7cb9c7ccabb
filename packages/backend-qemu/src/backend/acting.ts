/** Everything that acts on this host, in one file of the bundle: a look at it loads none of this. */
export { runStep } from '@goqemu/vm';
export { doctor } from '../doctor/doctor.ts';
export { findFootprints } from '../footprints/find-footprints.ts';
export { portProblems } from '../footprints/port-problems.ts';
export { removeFootprint } from '../footprints/remove-footprint.ts';
export { disposeLab } from '../host/dispose-lab.ts';
export { fetchImage, presentImage } from '../images/fetch-image.ts';
export { claimLayers } from '../layers/claim-layers.ts';
export { coalesceStored, surveyStored } from '../layers/coalesce-layers.ts';
export { collectStored } from '../layers/collect-stored.ts';
export { cutLayers } from '../layers/cut-layers.ts';
export { describeLayer, flattenStored } from '../layers/keep-layers.ts';
export { adoptMachine } from '../machines/adopt-machine.ts';
export { checkCopy, hostNetworkOf } from '../machines/host-network.ts';
export { ImportedMachineVerbs } from '../machines/imported-machine-verbs.ts';
export { OwnMachineVerbs } from '../machines/own-machine-verbs.ts';
export { vmAt } from '../machines/vm-at.ts';
export { LabSwitch } from '../networks/lab-switch.ts';
