import type { BackendCall } from '../backend/backend.ts';

/** Watches whether a machine resumes from the RAM of a layer (the backend reports the stage `restore`), or boots. */
export function watchRoad(call: BackendCall): { readonly call: BackendCall; readonly road: () => 'ram' | 'boot' } {
  let road: 'ram' | 'boot' = 'boot';
  const progress: BackendCall['progress'] = (event) => {
    if (event.kind === 'stage' && event.stage === 'restore' && event.status === 'done') road = 'ram';
    call.progress(event);
  };
  return { call: { ...call, progress }, road: () => road };
}
