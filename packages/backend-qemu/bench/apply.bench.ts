import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goqemuFolders, hostPlatform } from '@goqemu/core';
import { ImageStore } from '@goqemu/image';
import { bareBoot } from '../../../scripts/bench/bare-boot.ts';
import { finished, type ProgramPlace } from '../../../scripts/bench/program.ts';
import { median, timed } from '../../../scripts/bench/timing.ts';
import type { BenchReport, BenchRow } from '../../../scripts/run/bench-row.ts';

const command = fileURLToPath(new URL('../../goqemu/bin/goqemu.js', import.meta.url));

/**
 * From nothing to the first finished command of a Debian 12 with 1 GiB and two cores: `goqemu apply` of a lab with one
 * step, against the same image, overlay and seed started by a bare script that asks over OpenSSH until it gets in.
 * Node's start, the plan and the first layer's cut count; what is learnt once per boot of the host (QEMU's features,
 * the accelerator that runs a guest) is known. In turn in the same run; medians.
 *
 * And the same lab destroyed and applied again, from the command's start to its end: the machine goes on from the RAM of
 * the layer that is cached, and its agent has answered. Then the first apply of another lab with that image, whose
 * machine has another size: the layers of the first lab are still cached, but its RAM does not fit.
 */
export default async function applyBench(report: BenchReport, options: { quick: boolean }): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'goqemu-bench-'));
  try {
    const platform = { ...hostPlatform(), env: { ...process.env, GOQEMU_HOME: home } };
    const usual = goqemuFolders(hostPlatform()).images;
    const images = new ImageStore({ folders: { ...goqemuFolders(platform), images: usual }, platform });
    const image = await images.ensure('debian-12');
    const bare: number[] = [];
    const applied: Applies[] = [];
    for (let round = 0; round < (options.quick ? 1 : 3); round++) {
      bare.push(await bareCommand(join(home, `bare-${round}`), image.path));
      applied.push(await applies(join(home, `apply-${round}`), image.path));
    }
    report(
      row(
        'cold apply to the first finished command',
        applied.map(({ cold }) => cold),
        bare,
        '≤ 0.75 ×',
      ),
    );
    report(
      row(
        'cold apply of another shape, to the bare script',
        applied.map(({ otherShape }) => otherShape),
        bare,
        '≤ 0.1 ×',
      ),
    );
    report(
      row(
        'apply of a destroyed lab from its cached checkpoint, to the cold one',
        applied.flatMap(({ again }) => again),
        applied.map(({ cold }) => cold),
        '≤ 1 s',
      ),
    );
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

/** Milliseconds of the bare script. */
async function bareCommand(folder: string, image: string): Promise<number> {
  await using guest = await bareBoot(folder, image);
  return guest.command;
}

/** Medians of milliseconds, in seconds. */
function row(name: string, values: readonly number[], baselines: readonly number[], aim: string): BenchRow {
  return { name, value: median(values) / 1000, unit: 's', baseline: median(baselines) / 1000, aim };
}

interface Applies {
  readonly cold: number;
  readonly again: readonly number[];
  readonly otherShape: number;
}

/** Milliseconds of the whole command, Node's start and the first checkpoint included. */
async function applies(folder: string, image: string): Promise<Applies> {
  const env = { GOQEMU_HOME: join(folder, 'home') };
  const copied = join(folder, 'debian.qcow2');
  await mkdir(folder, { recursive: true });
  await copyFile(image, copied);
  const cwd = await labFolder(folder, { name: 'bench', image: copied, memory: '1 GiB', cpus: 2 });
  const other = await labFolder(folder, { name: 'other', image: copied, memory: '2 GiB', cpus: 1 });
  await goqemu({ cwd, env }, 'image', 'pull', copied);
  await goqemu({ cwd, env }, 'doctor');
  const cold = await firstCommand({ cwd, env });
  const again: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    await goqemu({ cwd, env }, 'destroy', '--yes');
    again.push(await timed(() => goqemu({ cwd, env }, 'apply', '--yes')));
  }
  await goqemu({ cwd, env }, 'destroy', '--yes');
  const otherShape = await firstCommand({ cwd: other, env });
  await goqemu({ cwd: other, env }, 'destroy', '--yes');
  return { cold, again, otherShape };
}

/** With one machine and one step, which says so. */
async function labFolder(
  folder: string,
  lab: { readonly name: string; readonly image: string; readonly memory: string; readonly cpus: number },
): Promise<string> {
  const { name, image, memory, cpus } = lab;
  const path = join(folder, name);
  const options = JSON.stringify({ image, user: 'debian', memory, cpus });
  const step = `.run('first', 'touch /root/${name} && echo finished')`;
  await mkdir(path);
  await writeFile(
    join(path, 'lab.ts'),
    `import { defineLab } from 'goqemu';\nexport default defineLab({ name: '${name}' }, (lab) => { lab.vm('web', ${options})${step}; });\n`,
  );
  return path;
}

/** From the start of an apply to the output of its step, by the events' own time stamps. */
async function firstCommand(place: Required<ProgramPlace>): Promise<number> {
  const events = join(place.cwd, 'events.ndjson');
  const begun = Date.now();
  await goqemu(place, 'apply', '--yes', '--events', events);
  return (await whenItSaid(events, 'finished')) - begun;
}

async function whenItSaid(events: string, text: string): Promise<number> {
  for (const line of (await readFile(events, 'utf8')).split('\n')) {
    if (!line.includes(`"text":"${text}`)) continue;
    return Date.parse((JSON.parse(line) as { at: string }).at);
  }
  throw new Error(`no event says ${text}`);
}

function goqemu(place: ProgramPlace, ...words: string[]): Promise<void> {
  return finished(process.execPath, [command, ...words], place);
}
