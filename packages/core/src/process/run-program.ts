/** Linux tells by files alone: what starts programs is loaded where one is asked. */
export async function run(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<{ readonly stdout: string }> {
  const { execFile } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...environment }, windowsHide: true, maxBuffer: 2 ** 26 };
    execFile(program, args, options, (error, stdout) => (error ? reject(error) : resolve({ stdout })));
  });
}
