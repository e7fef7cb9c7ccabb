/** What the engine does beside planning and looking, in one file of the bundle: a plan with nothing to do loads none of it. */
export { applyPlan } from '../apply/apply-plan.ts';
export { carryOut } from '../apply/carry-out.ts';
export { fetchImages } from '../apply/fetch-images.ts';
export { createCheckpoint } from '../checkpoint/create-checkpoint.ts';
export { deleteCheckpoint } from '../checkpoint/delete-checkpoint.ts';
export { flattenCheckpoint } from '../checkpoint/flatten-checkpoint.ts';
export { listCheckpoints } from '../checkpoint/list-checkpoints.ts';
export { restoreCheckpoint } from '../checkpoint/restore-checkpoint.ts';
export { forkCheckpoint } from '../fork/fork-checkpoint.ts';
export { removeFork } from '../fork/remove-fork.ts';
export { readHistory } from '../history/history.ts';
export { importMachine } from '../import/import-machine.ts';
export { pruneLayers } from '../layer/prune-layers.ts';
export { updateLock } from '../lock/update-lock.ts';
export { parsePlan } from '../plan/parse-plan.ts';
export { refreshState } from '../refresh/refresh-state.ts';
