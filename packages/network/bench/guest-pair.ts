import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sleep } from '@goqemu/core';
import { GuestAgentClient } from '@goqemu/protocol';
import { benchMac } from './bench-card.ts';

/** A way from one guest to the other: `-netdev` of each, without its `id`. */
export interface Way {
  readonly name: string;
  readonly netdevs: readonly [object, object];
}

/** How long a guest may take to boot and to end a command, without hardware acceleration on a busy host. */
const patienceMs = 180_000;

/** Two QEMUs with a card in each of several ways; what runs in them is asked of their agents. */
export class GuestPair implements AsyncDisposable {
  readonly #guests: readonly BenchQemu[];

  private constructor(guests: readonly BenchQemu[]) {
    this.#guests = guests;
  }

  static async boot(folder: string, image: string, ways: readonly Way[]): Promise<GuestPair> {
    const guests: BenchQemu[] = [];
    try {
      // The one that listens comes first.
      for (const side of [0, 1] as const) {
        const guest = new BenchQemu(folder, image, side, ways);
        guests.push(guest);
        await guest.ready();
        for (const index of ways.keys())
          await guest.run(`ip link set eth${index} up && ip addr add ${address(index, side)}/24 dev eth${index}`);
      }
      return new GuestPair(guests);
    } catch (error) {
      await Promise.all(guests.map((guest) => guest.end()));
      throw error;
    }
  }

  /** MB/s of a TCP connection from the first guest to the second. */
  async throughput(way: number, megabytes: number): Promise<number> {
    const [from, to] = this.#guests as readonly [BenchQemu, BenchQemu];
    await to.run('(setsid sh -c "sleep 1000 | nc -l -p 5001 > /dev/null" < /dev/null > /dev/null 2>&1 &)');
    await to.run('until cat /proc/net/tcp* | grep -q ":1389 .* 0A "; do usleep 20000; done'); // port 5001 is listened on
    const send = `dd if=/dev/zero bs=64k count=${megabytes * 16} 2> /dev/null | nc -w 60 ${address(way, 1)} 5001`;
    const said = await from.run(`${uptime}; ${send}; ${uptime}`);
    const [begun = 0, ended = 0] = said.split('\n').map(Number);
    return (megabytes * 2 ** 20) / (ended - begun) / 1e6;
  }

  /** Microseconds of a ping, on average. */
  async roundTrip(way: number, count: number): Promise<number> {
    const said = await (this.#guests[0] as BenchQemu).run(`ping -q -c ${count} -i 0.02 ${address(way, 1)}`);
    return Number(/= [\d.]+\/([\d.]+)\//.exec(said)?.[1]) * 1_000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#guests.map((guest) => guest.end()));
  }
}

/** proc(5): seconds since the boot, to the hundredth. */
const uptime = 'cut -d " " -f 1 /proc/uptime';

function address(way: number, side: number): string {
  return `10.9.${way}.${side + 1}`;
}

class BenchQemu {
  readonly #child: ChildProcess;
  readonly #agent: string;

  constructor(folder: string, image: string, side: 0 | 1, ways: readonly Way[]) {
    this.#agent = join(folder, `a${side}`);
    const port = [
      ...['-device', 'virtio-serial-pci', '-chardev', `socket,id=agent,path=${this.#agent},server=on,wait=off`],
      ...['-device', 'virtserialport,chardev=agent,name=org.qemu.guest_agent.0'],
    ];
    const cards = ways.flatMap(({ netdevs }, index) => [
      ...['-netdev', JSON.stringify({ ...netdevs[side], id: `n${index}` })],
      ...['-device', `virtio-net-pci,netdev=n${index},mac=${macOf(index, side)}`],
    ]);
    const disk = `file=${image},format=qcow2,if=virtio,snapshot=on`;
    const machine = ['-M', 'pc', '-accel', 'tcg', '-m', '256', '-display', 'none', '-nodefaults', '-drive', disk];
    this.#child = spawn('qemu-system-x86_64', [...machine, ...port, ...cards], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  async ready(): Promise<void> {
    const until = performance.now() + patienceMs;
    for (;;) {
      if (this.#child.exitCode !== null) throw new Error(`QEMU ended with ${this.#child.exitCode}`);
      try {
        await this.run('true');
        return;
      } catch (error) {
        if (performance.now() > until) throw error;
        await sleep(500);
      }
    }
  }

  async run(script: string): Promise<string> {
    await using agent = await GuestAgentClient.connect({ path: this.#agent });
    const options = { path: '/bin/sh', args: ['-c', script], timeoutMs: patienceMs };
    const { exitCode, stdout, stderr } = await agent.exec(options);
    if (exitCode !== 0) throw new Error(`${script} ended with ${exitCode}: ${stderr}`);
    return stdout.trim();
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill();
    await once(this.#child, 'exit');
  }
}

/** The address of a card. */
export function macOf(way: number, side: number): string {
  return benchMac(0x10 + way * 2 + side);
}
