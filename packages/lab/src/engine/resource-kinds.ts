import type { ResourceKind } from '../resource/resource-kind.ts';
import { machineKind } from './machine-kind.ts';
import { networkKind } from './network-kind.ts';

/** The kinds of resources that goqemu knows, each after those whose resources its own may need. */
export const resourceKinds: readonly ResourceKind[] = [networkKind, machineKind];
