export const unitTestCommand: readonly string[];
export interface PackageTests {
  readonly files: string[];
  readonly leftOut: string[];
}
export function unitTests(packages: readonly string[]): Promise<PackageTests[]>;
