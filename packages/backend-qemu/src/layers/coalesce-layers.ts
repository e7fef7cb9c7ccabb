import type { BackendCall, SurveyedLayer } from '@goqemu/lab';
import { hostArchitecture } from '@goqemu/spec';
import { type Coalesced, coalesceLayers, qemuImgOf, surveyLayers, type VmHost } from '@goqemu/vm';

/** The layers of a lab, as the engine wants to know them. */
export async function surveyStored(host: VmHost, call: BackendCall): Promise<ReadonlyMap<string, SurveyedLayer>> {
  const found = await surveyLayers(whose(host, call));
  return new Map(
    [...found].map(([key, { layer, parent, bytes, above, isPinned }]) => [
      key,
      {
        key,
        ...(parent === undefined ? {} : { parent }),
        bytes,
        above,
        isPinned,
        isNamed: layer.manifest.descriptions.length > 0,
      },
    ]),
  );
}

export function coalesceStored(host: VmHost, keys: readonly string[], call: BackendCall): Promise<Coalesced> {
  const arch = hostArchitecture(host.platform.arch);
  return coalesceLayers({
    ...whose(host, call),
    keys,
    qemuImg: () => qemuImgOf(host, arch, call.signal),
    signal: call.signal,
    onStage: (stage) => host.logger.log('debug', 'layers', stage),
  });
}

function whose(host: VmHost, { scope }: BackendCall) {
  return { store: host.layers, labsFolder: host.folders.labs, lineage: scope.lineage };
}
