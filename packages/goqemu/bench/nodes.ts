import { type NodeVersion, nodeAt, nodeOf, ownNode } from '../../../scripts/run/node-versions.ts';

/**
 * The Node.js that runs the bench, and a current one: that of `GOQEMU_BENCH_NODE`, or the newest that npx can get. Without
 * either there is no row for it, and the reason is told.
 */
export async function benchNodes(): Promise<readonly NodeVersion[]> {
  const current = await currentNode();
  return current === undefined || current.version === ownNode.version ? [ownNode] : [ownNode, current];
}

async function currentNode(): Promise<NodeVersion | undefined> {
  const named = process.env.GOQEMU_BENCH_NODE;
  if (named) return nodeAt(named);
  try {
    return await nodeOf('latest');
  } catch (error) {
    process.stderr.write(`no current Node.js to measure on: ${error instanceof Error ? error.message : error}\n`);
    return undefined;
  }
}
