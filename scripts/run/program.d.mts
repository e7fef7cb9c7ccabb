export interface ScriptHost {
  readonly platform: string;
  readonly node: string;
}
export function program(command: string, args: readonly string[], host?: ScriptHost): [string, string[]];
export function tool(name: string, args: readonly string[], root: string, host?: ScriptHost): [string, string[]];
