export { backendContract } from './backend-contract.ts';
export type { BackendUnderContract } from './contract-bench.ts';
export type { ContractCase } from './contract-case.ts';
