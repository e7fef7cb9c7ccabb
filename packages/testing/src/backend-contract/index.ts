export { backendContract, type ContractCase } from './backend-contract.ts';
export type { BackendUnderContract } from './contract-bench.ts';
