/** Everything that acts on this host, in one file of the bundle: a look at it loads none of this. */
export { runStep } from '@goqemu/vm';
export { doctor } from '../doctor/doctor.ts';
export { discardHolding } from '../holdings/discard-holding.ts';
export { findHoldings } from '../holdings/find-holdings.ts';
export { portProblems } from '../holdings/port-problems.ts';
export { machinesElsewhere } from '../holdings/running-machines.ts';
export { disposeLab } from '../host/dispose-lab.ts';
export { fetchImage, presentImage } from '../images/fetch-image.ts';
export { claimLayers } from '../layers/claim-layers.ts';
export { coalesceStored, surveyStored } from '../layers/coalesce-layers.ts';
export { collectStored } from '../layers/collect-stored.ts';
export { cutLayers } from '../layers/cut-layers.ts';
export { describeLayer, flattenStored } from '../layers/keep-layers.ts';
export { adoptMachine } from '../machines/adopt-machine.ts';
export { ImportedMachineVerbs } from '../machines/imported-machine-verbs.ts';
export { OwnMachineVerbs } from '../machines/own-machine-verbs.ts';
export { vmAt } from '../machines/vm-at.ts';
