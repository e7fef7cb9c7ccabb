/**
 * `npm run test:windows`: the packed and installed package under a real node.exe on Wine, with this host's QEMU, whose
 * files are held as QEMU for Windows holds them. The long forms of the lane are part of `npm run test:soak`.
 */
import { build } from './build.mjs';
import { testFiles } from './run/stages.mjs';
import { setUp } from './setup.mjs';
import { runLane } from './windows/run-lane.mjs';

/** Milliseconds that a file may take; hosts differ threefold. */
const timeoutMs = 15 * 60_000;

const ready = (await setUp({ tests: true })) && (await build({ types: false }));
const title = 'The Windows lane: a lab under the share modes of Windows';
process.exitCode = ready ? await runLane(title, testFiles('test/windows'), { timeoutMs }) : 1;
