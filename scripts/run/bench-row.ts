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
  /** Where it lies in a plot: rows of one title make a line. */
  readonly plot?: { readonly title: string; readonly against: string; readonly at: number };
}

/** What `npm run bench -- all --json` writes. */
export interface BenchDocument {
  readonly version: 1;
  /** When it began, ISO 8601. */
  readonly at: string;
  readonly quick: boolean;
  readonly host: Readonly<Record<string, string | number | boolean | null>>;
  readonly benches: readonly {
    readonly bench: string;
    readonly rows: readonly BenchRow[];
    /** What ended it. */
    readonly failed?: string;
  }[];
}

export type BenchReport = (row: BenchRow) => void;

/** Three digits that count. */
export function shownMeasure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);
}
