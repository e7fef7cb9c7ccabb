import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GoqemuError } from '@goqemu/core';
import { type ExecuteOptions, isQmpCommandError, type QmpClient } from '@goqemu/protocol';
import { type KeyCode, keysOfCharacter } from './keyboard.ts';

export interface ScreenshotOptions extends ExecuteOptions {
  /** `png` needs QEMU 7.1 with libpng; `ppm` is always there. */
  readonly format?: 'png' | 'ppm';
}

export interface KeyOptions extends ExecuteOptions {
  /** Milliseconds that the keys are held; QEMU's own 100 unless given. */
  readonly holdMs?: number;
}

export interface TextOptions extends ExecuteOptions {
  /** Milliseconds for each character; 20 unless given. A guest under emulation may need more. */
  readonly characterMs?: number;
}

export type MouseButton = 'left' | 'middle' | 'right' | 'wheel-up' | 'wheel-down' | 'side' | 'extra';

/** When a password stops to be taken: never, at once, or after so many seconds. */
export type Expiry = 'never' | 'now' | { readonly seconds: number };

/** The screen, keyboard and mouse of a machine, and its VNC and SPICE servers. */
export class Display {
  readonly #qmp: QmpClient;

  constructor(qmp: QmpClient) {
    this.#qmp = qmp;
  }

  /**
   * A picture of the first screen.
   *
   * @throws QmpCommandError when the machine has no graphics card
   * @example
   * await writeFile('screen.png', await machine.display.screenshot());
   */
  async screenshot(options: ScreenshotOptions = {}): Promise<Buffer> {
    const { format = 'png', ...limits } = options;
    // QEMU writes to a file alone; its folder is this user's own.
    const folder = await mkdtemp(join(tmpdir(), 'goqemu-screen-'));
    try {
      const filename = join(folder, 'screen');
      // `format` is left out where it says nothing new, for QEMU before 7.1.
      await this.#qmp.execute('screendump', format === 'ppm' ? { filename } : { filename, format }, limits);
      return await readFile(filename);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }

  /**
   * Presses keys together, and lets them go; names are QEMU's `QKeyCode`.
   *
   * @example
   * await machine.display.pressKeys(['ctrl', 'alt', 'delete']);
   */
  async pressKeys(keys: readonly KeyCode[], options: KeyOptions = {}): Promise<void> {
    const { holdMs, ...limits } = options;
    await this.#qmp.execute(
      'send-key',
      {
        keys: keys.map((data) => ({ type: 'qcode', data })),
        ...(holdMs === undefined ? {} : { 'hold-time': holdMs }),
      },
      limits,
    );
  }

  /**
   * Types a text as on an American keyboard, which is what a guest expects unless it was told otherwise.
   *
   * @throws GoqemuError `key-missing` for a character that this keyboard has not; nothing is typed then
   */
  async typeText(text: string, options: TextOptions = {}): Promise<void> {
    const { characterMs = 20, ...limits } = options;
    const strokes = [...text].map(keysOfCharacter);
    for (const keys of strokes) await this.pressKeys(keys, { ...limits, holdMs: characterMs });
  }

  /** Moves the pointer of a USB tablet; 0 to 1 from left to right and from top to bottom. */
  async movePointer(x: number, y: number, options: ExecuteOptions = {}): Promise<void> {
    const value = (part: number) => Math.round(Math.min(1, Math.max(0, part)) * 0x7fff);
    const events = [
      { type: 'abs' as const, data: { axis: 'x' as const, value: value(x) } },
      { type: 'abs' as const, data: { axis: 'y' as const, value: value(y) } },
    ];
    await this.#qmp.execute('input-send-event', { events }, options);
  }

  /** Moves a mouse by so many of its steps. */
  async moveMouse(dx: number, dy: number, options: ExecuteOptions = {}): Promise<void> {
    const events = [
      { type: 'rel' as const, data: { axis: 'x' as const, value: Math.round(dx) } },
      { type: 'rel' as const, data: { axis: 'y' as const, value: Math.round(dy) } },
    ];
    await this.#qmp.execute('input-send-event', { events }, options);
  }

  /** Presses a button of the mouse and lets it go. */
  async click(button: MouseButton = 'left', options: ExecuteOptions = {}): Promise<void> {
    for (const down of [true, false]) {
      await this.#qmp.execute('input-send-event', { events: [{ type: 'btn', data: { down, button } }] }, options);
    }
  }

  /**
   * Sets the password of the VNC or SPICE server, which must have been started with `password: true`.
   *
   * @param password VNC's own method reads 8 characters (RFC 6143 §7.2.2): a longer one is refused here
   * @throws GoqemuError `password-too-long`; QmpCommandError when there is no such server
   */
  async setPassword(
    protocol: 'vnc' | 'spice',
    password: string,
    options: ExecuteOptions & { readonly expires?: Expiry } = {},
  ): Promise<void> {
    if (protocol === 'vnc' && Buffer.byteLength(password) > 8) throw passwordTooLong();
    const { expires, ...limits } = options;
    await this.#qmp.execute('set_password', { protocol, password }, limits);
    if (expires !== undefined) await this.expirePassword(protocol, expires, limits);
  }

  /** Says when the password ends; clients that are connected stay. */
  async expirePassword(protocol: 'vnc' | 'spice', expires: Expiry, options: ExecuteOptions = {}): Promise<void> {
    const time = typeof expires === 'string' ? expires : `+${Math.round(expires.seconds)}`;
    await this.#qmp.execute('expire_password', { protocol, time }, options);
  }

  /**
   * Hands a connected client over to the VNC server: from then on QEMU speaks with it. The socket is closed here, also
   * when it cannot be handed over. The server needs no address of its own (`display: { kind: 'vnc' }`).
   *
   * @param skipAuth lets this client in without the password
   * @throws GoqemuError `display-absent` when the machine has no VNC server; `fd-passing-unavailable` where descriptors
   *   cannot be passed
   */
  async addVncClient(socket: Socket, options: ExecuteOptions & { readonly skipAuth?: boolean } = {}): Promise<void> {
    await this.#addClient('vnc', socket, options);
  }

  /**
   * The same for SPICE; `tls` when the client speaks TLS.
   *
   * @throws GoqemuError `display-absent`, `fd-passing-unavailable`
   */
  async addSpiceClient(
    socket: Socket,
    options: ExecuteOptions & { readonly skipAuth?: boolean; readonly tls?: boolean } = {},
  ): Promise<void> {
    await this.#addClient('spice', socket, options);
  }

  async #addClient(
    protocol: 'vnc' | 'spice',
    socket: Socket,
    options: ExecuteOptions & { readonly skipAuth?: boolean; readonly tls?: boolean },
  ): Promise<void> {
    const { skipAuth = false, tls, ...limits } = options;
    const fdname = `client-${randomBytes(4).toString('hex')}`;
    socket.pause(); // what it says from here on is for QEMU
    try {
      await this.#checkServer(protocol, limits);
      await this.#qmp.passDescriptor(fdname, socket, limits);
      await this.#qmp.execute('add_client', { protocol, fdname, skipauth: skipAuth, ...(tls ? { tls } : {}) }, limits);
    } catch (error) {
      socket.destroy();
      await this.#takeBack(fdname);
      throw error;
    }
  }

  /** Without a VNC server QEMU accepts `add_client` and keeps the descriptor until it ends (7.2, ui/vnc.c). */
  async #checkServer(protocol: 'vnc' | 'spice', limits: ExecuteOptions): Promise<void> {
    try {
      if (protocol === 'spice' && (await this.#qmp.execute('query-spice', undefined, limits)).enabled) return;
      if (protocol === 'vnc' && (await this.#qmp.execute('query-vnc-servers', undefined, limits)).length > 0) return;
    } catch (error) {
      if (!isQmpCommandError(error, 'CommandNotFound')) throw error; // a build without this kind of server
    }
    throw displayAbsent(protocol);
  }

  /** A descriptor that was passed and not used would stay open in QEMU. It fails when QEMU has none of this name. */
  async #takeBack(fdname: string): Promise<void> {
    await this.#qmp.execute('closefd', { fdname }, { timeoutMs: takeBackMs }).catch(() => undefined);
  }
}

const takeBackMs = 2000;

function displayAbsent(protocol: 'vnc' | 'spice'): GoqemuError {
  return new GoqemuError({
    code: 'display-absent',
    source: 'user',
    subject: protocol,
    message: `the machine has no ${protocol.toUpperCase()} server that could take the client`,
    hint: `start it with display: { kind: '${protocol}' }`,
  });
}

function passwordTooLong(): GoqemuError {
  return new GoqemuError({
    code: 'password-too-long',
    source: 'user',
    subject: 'password',
    message: 'a VNC password has at most 8 bytes: the protocol ignores the rest',
    hint: 'shorten it, or use SPICE',
  });
}
