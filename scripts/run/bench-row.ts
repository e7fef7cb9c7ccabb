/** One measurement, as every bench reports it. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is measured against, in the same unit and run. */
  readonly baseline?: number;
  /** Value over baseline unless given. */
  readonly ratio?: number;
  readonly aim?: string;
}

export type BenchReport = (row: BenchRow) => void;
