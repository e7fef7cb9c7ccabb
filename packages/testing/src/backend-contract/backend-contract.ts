import { type BackendUnderContract, ContractBench } from './contract-bench.ts';
import type { ContractCase } from './contract-case.ts';
import { layerCases } from './layer-cases.ts';
import { machineCases } from './machine-cases.ts';
import { networkCases } from './network-cases.ts';
import { placeCases } from './place-cases.ts';
import { powerCases } from './power-cases.ts';

/**
 * What the engine relies on in every backend. The cases follow one machine from its making to its end: run them in their
 * order, one after another. At the end nothing of it is left, whichever of them failed before.
 *
 * @example
 * for (const { name, run } of backendContract({ backend, image: 'debian-12', machine })) test(name, run);
 */
export function backendContract(subject: BackendUnderContract): readonly ContractCase[] {
  const bench = new ContractBench(subject);
  return [
    ...placeCases(bench),
    ...machineCases(bench),
    ...powerCases(bench),
    ...networkCases(bench),
    ...layerCases(bench),
  ];
}
