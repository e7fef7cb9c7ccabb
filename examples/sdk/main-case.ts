import { createVM } from 'goqemu';

await using vm = await createVM({ memory: '1 GiB' }); // Debian 12, with two cores and a disk of 10 GB
await vm.start();
await vm.exec('echo precious > note.txt', { check: true });

const snapshot = await vm.createSnapshot('with the note');
await vm.exec('rm note.txt', { check: true });

await vm.restoreSnapshot(snapshot.id);
const { stdout } = await vm.exec('cat note.txt', { check: true });
if (stdout !== 'precious\n') throw new Error('the note is not back');
