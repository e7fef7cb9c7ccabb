import { QmpClient } from '../qmp/index.ts';

// Run by a test as a process of its own, with a connected socket as descriptor 3.
await using qmp = await QmpClient.connect({ fd: 3 });
process.stdout.write((await qmp.execute('query-status')).status);
