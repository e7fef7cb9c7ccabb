export function installCommands(family: string, names: readonly string[]): string[][];
export function lookCommand(family: string, name: string): string[];
