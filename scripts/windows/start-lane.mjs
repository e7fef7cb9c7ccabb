import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { laneFolder, places } from './lane-folder.ts';
import { startQemuServer } from './qemu-server.mjs';
import { wineServer } from './wine.ts';

/** Wine's server, which programs would otherwise start one by one, and that of the stand-ins for QEMU. */
export async function startLane(log) {
  const workFolder = join(laneFolder, 'work');
  for (const folder of [workFolder, join(laneFolder, 'log')]) mkdirSync(folder, { recursive: true });
  const server = await startQemuServer({
    driveC: places.driveC,
    library: join(places.tools, 'windows-paths.so'),
    workFolder,
    log,
  });
  const address = join(places.driveC, 'Program Files', 'qemu', 'stand-in.txt');
  writeFileSync(address, server.address, { mode: 0o600 });
  await wineServer('-p1200');
  return {
    /** Ends every program of this prefix, and every QEMU that was started for one. */
    async stop() {
      await wineServer('-k');
      server.close();
      rmSync(address, { force: true });
    },
  };
}
