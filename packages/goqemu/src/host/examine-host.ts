import { access, constants, mkdir, statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { errorMessage, goqemuFolders, goqemuHome, type HostPlatform, isGoqemuError } from '@goqemu/core';
import { checkBuildTools } from '@goqemu/image';
import { findQemu } from '@goqemu/machine';
import { roundedSize } from '../render/rounded-size.ts';

/** One thing that was looked at. */
export interface HostFact {
  readonly subject: string;
  /** `missing` keeps labs from running; a `notice` makes them slower or less able. */
  readonly verdict: 'good' | 'notice' | 'missing';
  readonly text: string;
  readonly hint?: string;
}

/** Below this, a Debian image, its overlays and a few layers do not fit. */
const roomWanted = 5 * 2 ** 30;

/** Looks at the host without changing it, but for making sure that goqemu's own folder can be written. */
export async function examineHost(platform: HostPlatform, signal: AbortSignal): Promise<HostFact[]> {
  return [
    { subject: 'Node.js', verdict: 'good', text: process.version },
    ...(await examineQemu(platform, signal)),
    await examineHome(platform),
    examineMemory(),
    await examineImageBuild(platform),
  ];
}

async function examineQemu(platform: HostPlatform, signal: AbortSignal): Promise<HostFact[]> {
  try {
    const qemu = await findQemu({ platform, signal, cacheFolder: goqemuFolders(platform).cache });
    const facts: HostFact[] = [
      { subject: 'QEMU', verdict: 'good', text: `${qemu.version.text}, ${qemu.systemPath}` },
      qemu.imgPath
        ? { subject: 'qemu-img', verdict: 'good', text: qemu.imgPath }
        : {
            subject: 'qemu-img',
            verdict: 'missing',
            text: 'not found beside QEMU',
            hint: 'install qemu-utils (Debian) or qemu-img (Fedora)',
          },
    ];
    return [...facts, await examineAcceleration(platform, qemu.features.accelerators)];
  } catch (error) {
    if (!isGoqemuError(error)) throw error;
    return [{ subject: 'QEMU', verdict: 'missing', text: error.message, ...(error.hint ? { hint: error.hint } : {}) }];
  }
}

/** What is compiled in and has its device: only a start proves that a guest runs, and each start checks it. */
async function examineAcceleration(platform: HostPlatform, builtIn: readonly string[]): Promise<HostFact> {
  const subject = 'acceleration';
  if (platform.system === 'linux' && builtIn.includes('kvm')) {
    try {
      await access('/dev/kvm', constants.R_OK | constants.W_OK);
      return {
        subject,
        verdict: 'good',
        text: '/dev/kvm opens; each start proves that it runs a guest, else tcg is used',
      };
    } catch (error) {
      return {
        subject,
        verdict: 'notice',
        text: `tcg only, about ten times slower: /dev/kvm: ${errorMessage(error)}`,
        hint: 'enable virtualisation in the firmware, and join the group kvm: sudo usermod -aG kvm "$USER"',
      };
    }
  }
  const own = platform.system === 'darwin' ? 'hvf' : platform.system === 'win32' ? 'whpx' : 'kvm';
  return builtIn.includes(own)
    ? {
        subject,
        verdict: 'good',
        text: `${own} is compiled in; each start proves that it runs a guest, else tcg is used`,
      }
    : { subject, verdict: 'notice', text: 'tcg only, about ten times slower: this QEMU has no hardware acceleration' };
}

async function examineHome(platform: HostPlatform): Promise<HostFact> {
  const subject = 'folder';
  const home = goqemuHome(platform);
  try {
    await mkdir(home, { recursive: true });
    await access(home, constants.R_OK | constants.W_OK);
    const { bavail, bsize } = await statfs(home);
    const free = bavail * bsize;
    const text = `${home}, ${roundedSize(free)} free`;
    return free < roomWanted
      ? {
          subject,
          verdict: 'notice',
          text,
          hint: `make room, or set GOQEMU_HOME to a folder with at least ${roundedSize(roomWanted)}`,
        }
      : { subject, verdict: 'good', text };
  } catch (error) {
    return {
      subject,
      verdict: 'missing',
      text: `${home}: ${errorMessage(error)}`,
      hint: 'set GOQEMU_HOME to a folder that can be written',
    };
  }
}

function examineMemory(): HostFact {
  const text = `${roundedSize(freemem())} of ${roundedSize(totalmem())} free`;
  return freemem() < 2 ** 30
    ? { subject: 'memory', verdict: 'notice', text, hint: 'give machines less: lab.vm(name, { memory: "512 MiB" })' }
    : { subject: 'memory', verdict: 'good', text };
}

async function examineImageBuild(platform: HostPlatform): Promise<HostFact> {
  const subject = 'image build';
  if (platform.system !== 'linux')
    return { subject, verdict: 'notice', text: 'images are downloaded only; building is for Linux hosts' };
  try {
    await checkBuildTools(platform.uid);
    return { subject, verdict: 'good', text: 'debian-12 can be built where its publisher cannot be reached' };
  } catch (error) {
    if (!isGoqemuError(error)) throw error;
    return {
      subject,
      verdict: 'notice',
      text: `images are downloaded only; ${error.message}`,
      ...(error.hint ? { hint: error.hint } : {}),
    };
  }
}
