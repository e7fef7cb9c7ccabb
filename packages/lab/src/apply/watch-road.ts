import type { BackendCall } from '../backend/backend.ts';

/** How a machine is taken back to a layer. */
export type Road = 'ram' | 'boot';

/** Watches whether a machine resumes from the RAM of a layer (the backend reports the stage `restore`), or boots. */
export function watchRoad(call: BackendCall): { readonly call: BackendCall; readonly road: () => Road } {
  let road: Road = 'boot';
  const progress: BackendCall['progress'] = (event) => {
    if (event.kind === 'stage' && event.stage === 'restore' && event.status === 'done') road = 'ram';
    call.progress(event);
  };
  return { call: { ...call, progress }, road: () => road };
}
