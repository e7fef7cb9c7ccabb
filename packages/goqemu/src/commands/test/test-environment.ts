/** The environment of a process that runs tests: this one's, but for what ties it to another run of Node's runner. */
export function testEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  more: Readonly<Record<string, string>>,
): Record<string, string | undefined> {
  const { NODE_TEST_CONTEXT: _context, NODE_TEST_WORKER_ID: _worker, ...others } = env;
  return { ...others, ...more };
}
