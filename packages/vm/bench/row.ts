/** One figure of a bench; the ratio is value / baseline unless given. */
export interface Row {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly baseline?: number;
  readonly ratio?: number;
  readonly aim?: string;
}
