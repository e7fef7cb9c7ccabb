import { randomBytes } from 'node:crypto';
import { mkdtemp, open, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { GoqemuError, hostPlatform, internalError, removeTree, sleep } from '@goqemu/core';
import { type ExecuteOptions, isQmpCommandError, type QmpClient } from '@goqemu/protocol';
import { type InputEvent, inputDropped, sendInput } from './input.ts';
import { type KeyCode, keysOfCharacter } from './keyboard.ts';

/** The format of a picture of the screen. */
export interface ScreenshotOptions extends ExecuteOptions {
  /** `png` needs QEMU 7.1 with libpng; `ppm` is always there. */
  readonly format?: 'png' | 'ppm';
}

/** Of a screen, in pixels. */
export interface ScreenSize {
  readonly width: number;
  readonly height: number;
}

/** How long keys are held down. */
export interface KeyOptions extends ExecuteOptions {
  /** Milliseconds that the keys are held; default 100. */
  readonly holdMs?: number;
}

/** How a text is typed. */
export interface TextOptions extends ExecuteOptions {
  /** Milliseconds from one character to the next; default 40. A guest under emulation may need more. */
  readonly characterMs?: number;
}

/** A button of the mouse, by the name that QEMU has for it. */
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
    return this.#dump(format, limits, (filename) => readFile(filename));
  }

  /**
   * Width and height of the first screen in pixels, which a guest changes with its mode. QEMU has no word for it but a
   * picture.
   *
   * @throws QmpCommandError when the machine has no graphics card
   */
  async size(options: ExecuteOptions = {}): Promise<ScreenSize> {
    return this.#dump('ppm', options, async (filename) => ppmSize(await readStart(filename, 32)));
  }

  /** QEMU writes to a file alone; its folder is this user's own. */
  async #dump<T>(format: 'png' | 'ppm', limits: ExecuteOptions, read: (filename: string) => Promise<T>): Promise<T> {
    const folder = await mkdtemp(join(hostPlatform().temporaryFolder, 'goqemu-screen-'));
    try {
      const filename = join(folder, 'screen');
      // `format` is left out where it says nothing new, for QEMU before 7.1.
      await this.#qmp.execute('screendump', format === 'ppm' ? { filename } : { filename, format }, limits);
      return await read(filename);
    } finally {
      await removeTree(folder);
    }
  }

  /**
   * Presses keys together, and lets them go; names are QEMU's `QKeyCode`. The guest's keyboard has them when this
   * resolves.
   *
   * @throws GoqemuError `input-dropped` when the machine does not run
   * @example
   * await machine.display.pressKeys(['ctrl', 'alt', 'delete']);
   */
  async pressKeys(keys: readonly KeyCode[], options: KeyOptions = {}): Promise<void> {
    const { holdMs = 100, ...limits } = options;
    const groups = (down: boolean) => strokes(keys, down).map((event) => [event]);
    if (!(await sendInput(this.#qmp, groups(true), limits))) throw inputDropped('the keys were not pressed');
    // Whatever happens, the keys do not stay pressed.
    const held = await Promise.allSettled([sleep(holdMs, limits.signal)]);
    const released = await sendInput(this.#qmp, groups(false), {});
    if (held[0].status === 'rejected') throw held[0].reason;
    if (!released) throw inputDropped('the keys were pressed, and the guest may take them for held');
  }

  /**
   * Types a text as on an American keyboard, which is the default of most guests. The guest's keyboard has had all
   * of it, in order, when this resolves; a guest that does not read its keyboard for long still loses some, because a
   * keyboard keeps 16 bytes (PS/2) or key changes (USB): give it more time by `characterMs`.
   *
   * @throws GoqemuError `key-missing` for a character that this keyboard has not; nothing is typed then;
   *   `input-dropped` when the machine does not run, with the number of characters that were typed as `data.typed`
   */
  async typeText(text: string, options: TextOptions = {}): Promise<void> {
    const { characterMs = 40, ...limits } = options;
    const characters = [...text].map(keysOfCharacter);
    for (const [typed, keys] of characters.entries()) {
      const groups = [...strokes(keys, true), ...strokes(keys, false)].map((event) => [event]);
      if (!(await sendInput(this.#qmp, groups, limits))) throw typingStopped(typed, characters.length);
      await sleep(characterMs, limits.signal);
    }
  }

  /**
   * Moves the pointer of a USB tablet; 0 to 1 from left to right and from top to bottom.
   *
   * @throws GoqemuError `input-dropped` when the machine does not run
   */
  async movePointer(x: number, y: number, options: ExecuteOptions = {}): Promise<void> {
    const value = (part: number) => Math.round(Math.min(1, Math.max(0, part)) * 0x7fff);
    await this.#mouse(
      [
        [
          { type: 'abs', data: { axis: 'x', value: value(x) } },
          { type: 'abs', data: { axis: 'y', value: value(y) } },
        ],
      ],
      options,
    );
  }

  /**
   * Moves a mouse by so many of its steps.
   *
   * @throws GoqemuError `input-dropped` when the machine does not run
   */
  async moveMouse(dx: number, dy: number, options: ExecuteOptions = {}): Promise<void> {
    await this.#mouse(
      [
        [
          { type: 'rel', data: { axis: 'x', value: Math.round(dx) } },
          { type: 'rel', data: { axis: 'y', value: Math.round(dy) } },
        ],
      ],
      options,
    );
  }

  /**
   * Presses a button of the mouse and lets it go.
   *
   * @throws GoqemuError `input-dropped` when the machine does not run
   */
  async click(button: MouseButton = 'left', options: ExecuteOptions = {}): Promise<void> {
    await this.#mouse(
      [true, false].map((down) => [{ type: 'btn', data: { down, button } }]),
      options,
    );
  }

  async #mouse(groups: readonly (readonly InputEvent[])[], options: ExecuteOptions): Promise<void> {
    if (!(await sendInput(this.#qmp, groups, options))) throw inputDropped('the mouse was not moved or clicked');
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

async function readStart(path: string, bytes: number): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** ppm(5): magic number, width, height. */
function ppmSize(start: string): ScreenSize {
  const [, width, height] = /^P6\s+(\d+)\s+(\d+)\s/.exec(start) ?? [];
  if (width === undefined || height === undefined) throw internalError('QEMU wrote a picture that is no PPM');
  return { width: Number(width), height: Number(height) };
}

function displayAbsent(protocol: 'vnc' | 'spice'): GoqemuError {
  return new GoqemuError({
    code: 'display-absent',
    source: 'user',
    subject: protocol,
    message: `the machine has no ${protocol.toUpperCase()} server that could take the client`,
    hint: `start it with display: { kind: '${protocol}' }`,
  });
}

/** Let go in the reverse order. */
function strokes(keys: readonly KeyCode[], down: boolean): InputEvent[] {
  const order = down ? keys : [...keys].reverse();
  return order.map((data) => ({ type: 'key', data: { down, key: { type: 'qcode', data } } }));
}

function typingStopped(typed: number, total: number): GoqemuError {
  return inputDropped(`${typed} of ${total} characters were typed`, { typed, total });
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
