import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Terminal } from '../cli/terminal.ts';
import { goqemuCommand, LabFolder } from './lab-folder.ts';
import { tinyImage } from './tiny-image.ts';

test('ssh, console, logs and exec on a terminal are the guest, and give it back', async (t) => {
  const image = JSON.stringify(await tinyImage());
  await using folder = await LabFolder.make(`
import { defineLab } from 'goqemu';
export default defineLab({ name: 'on-terminal' }, (lab) => {
  lab.vm('box', { image: ${image}, user: 'debian', memory: '256 MiB', cpus: 1 }).run('mark', 'echo marked > /etc/mark');
});
`);
  await folder.ok('apply', '--yes');
  const goqemu = `${process.execPath} ${goqemuCommand}`;
  await using terminal = await Terminal.start('sh', { folder: folder.path, env: folder.env, columns: 80, rows: 24 });
  /** Types a command line, and waits for what the screen shows then. */
  const typed = async (line: string, shows: RegExp) => {
    await terminal.type(line, 'Enter');
    return terminal.until(shows, 60_000);
  };
  const code = '; echo "code $?"';
  /** The command has left the terminal to the shell of the host, with this exit code. */
  const left = (exitCode: number) => terminal.until(new RegExp(`code ${exitCode}$`, 'm'), 60_000);

  await t.test('ssh is a shell of the size of the terminal, and returns its exit code', async () => {
    await terminal.type('clear', 'Enter');
    await typed(`${goqemu} ssh box${code}`, /[$#] *\n*$/);
    await typed('cat /etc/mark; stty size; tty', /^marked\n24 80\n\/dev\/pts\/\d+/m);
    await terminal.resize(100, 30);
    await typed('clear; stty size', /^30 100$/m);
    await terminal.type('exit 3', 'Enter');
    await left(3);
  });

  await t.test('Ctrl-C in exec ends the command in the guest, and the terminal is usable', async () => {
    await terminal.type('clear', 'Enter');
    await typed(`${goqemu} exec box -- sh -c "echo begun; exec sleep 4321"${code}`, /^begun$/m);
    await terminal.type('C-c');
    await left(130);
    const { stdout } = await folder.ok('exec', 'box', '--', 'sh', '-c', "pgrep -f '[s]leep 4321' | wc -l");
    assert.equal(stdout, '0\n');
  });

  await t.test('console shows the serial port, and Ctrl-] leaves it', async () => {
    await terminal.type('clear', 'Enter');
    await typed(`${goqemu} console box${code}`, /console of box; Ctrl-\] leaves/);
    await terminal.type('C-]');
    await left(0);
  });

  await t.test('logs --follow ends with Ctrl-C', async () => {
    await terminal.type('clear', 'Enter');
    await terminal.type(`${goqemu} logs box --follow${code}`, 'Enter');
    await folder.ok('exec', 'box', '--', 'sudo', 'sh', '-c', 'echo heard > /dev/ttyS0');
    await terminal.until(/^heard/m, 60_000);
    await terminal.type('C-c');
    await left(0);
  });
});
