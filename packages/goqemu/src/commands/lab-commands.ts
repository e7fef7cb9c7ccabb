/**
 * The commands that do something with a lab, in one file of the bundle: they share nearly all of their code, and a file
 * for each costs more to find and read than its few lines save.
 */
export * as apply from './apply/apply.ts';
export * as checkpointCreate from './checkpoint/create.ts';
export * as checkpointDelete from './checkpoint/delete.ts';
export * as checkpointFlatten from './checkpoint/flatten.ts';
export * as checkpointFork from './checkpoint/fork.ts';
export * as checkpointList from './checkpoint/list.ts';
export * as checkpointPrune from './checkpoint/prune.ts';
export * as checkpointRestore from './checkpoint/restore.ts';
export * as destroy from './destroy/destroy.ts';
export * as forward from './forward/forward.ts';
export * as history from './history/history.ts';
export * as importMachine from './import/import.ts';
export * as lock from './lock/lock.ts';
export * as networkCable from './network/cable.ts';
export * as networkCapture from './network/capture.ts';
export * as networkFaults from './network/faults.ts';
export * as networkHeal from './network/heal.ts';
export * as networkList from './network/list.ts';
export * as networkPartition from './network/partition.ts';
export * as power from './power/power.ts';
export * as refresh from './refresh/refresh.ts';
