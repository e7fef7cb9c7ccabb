import { internalError } from '@goqemu/core';
import { optionalVerb } from '../backend/optional-verb.ts';
import type { ApplyContext } from '../resource/apply-context.ts';
import type { Operation } from '../resource/operation.ts';
import type { NetworkWork } from './decide-network.ts';
import { networkConfiguration } from './network-configuration.ts';
import { type NetworkState, networkRows } from './network-state.ts';

/** Makes a network, changes it, brings it up again or ends it: the backend has all of the stack's in one configuration. */
export async function applyNetwork(context: ApplyContext, operation: Operation): Promise<void> {
  if (operation.action === 'stop') return stopNetwork(context, operation);
  const { backend, writer, call } = context;
  const { id } = operation;
  const { name } = operation.resource;
  const { spec, machines, isParked } = operation.work as NetworkWork;
  const { [name]: before, ...others } = networkRows(writer.state);
  const row: NetworkState = { name, spec, machines, record: before?.record ?? null, phase: 'making' };
  await writer.begin(id, { resources: { network: { [name]: row } } });
  const configuration = networkConfiguration([row, ...Object.values(others)]);
  if (!isParked) await needed(optionalVerb(backend, 'applyNetworks'))(configuration, call);
  await writer.end(id, { resources: { network: { [name]: { ...row, record: {}, phase: 'made' } } } });
}

/** No machine runs in any network of the stack. */
async function stopNetwork({ backend, writer, call }: ApplyContext, { id }: Operation): Promise<void> {
  await writer.begin(id, {});
  await needed(optionalVerb(backend, 'stopNetworks'))(call);
  await writer.end(id, {});
}

/** Leaves nothing of a network. */
export async function deleteNetwork({ backend, writer, call }: ApplyContext, operation: Operation): Promise<void> {
  const { id } = operation;
  const { name } = operation.resource;
  const { [name]: row, ...others } = networkRows(writer.state);
  await writer.begin(id, { resources: { network: { [name]: { ...row, phase: 'deleting' } } } });
  const rest = Object.values(others);
  const { isParked } = operation.work as NetworkWork;
  if (rest.length === 0) await needed(optionalVerb(backend, 'removeNetworks'))(call);
  else if (!isParked) await needed(optionalVerb(backend, 'applyNetworks'))(networkConfiguration(rest), call);
  await writer.end(id, { resources: { network: { [name]: null } } });
}

/** The plan has asked whether the backend has networks. */
function needed<T>(verb: T | undefined): T {
  if (verb === undefined) throw internalError('the backend has no networks');
  return verb;
}
