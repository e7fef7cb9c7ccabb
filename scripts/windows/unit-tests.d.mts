export const unitTestCommand: readonly string[];
export function unitTests(packages: readonly string[]): Promise<string[][]>;
