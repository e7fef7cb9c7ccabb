/** Linux tells by files alone: what starts programs is loaded where one is asked. */
export async function run(program: string, args: readonly string[]): Promise<{ readonly stdout: string }> {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    execFile(program, args, (error, stdout) => (error ? reject(error) : resolve({ stdout })));
  });
}
