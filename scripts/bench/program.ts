import { spawn } from 'node:child_process';

/** Where a program runs, and what its environment has beside this process's. */
export interface ProgramPlace {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** @throws Error where it does not end with 0 */
export async function finished(program: string, args: readonly string[], place: ProgramPlace = {}): Promise<void> {
  const code = await exitCode(program, args, place);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
}

export function exitCode(program: string, args: readonly string[], place: ProgramPlace = {}): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      stdio: 'ignore',
      env: { ...process.env, ...place.env },
      ...(place.cwd === undefined ? {} : { cwd: place.cwd }),
    });
    child.on('error', reject);
    child.on('close', resolve);
  });
}
