/** One promise of the contract, and the check that it is kept. */
export interface ContractCase {
  readonly name: string;
  /** @throws AssertionError when it is not kept */
  readonly run: () => Promise<void>;
}
