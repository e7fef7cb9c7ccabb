import { z } from 'zod';
import { path, port } from './fields.ts';

/** Where a display listens: a Unix socket, a loopback port, or nowhere (clients are handed over through QMP). */
const listen = z
  .union([
    z.literal('none'),
    z.strictObject({ path }),
    z.strictObject({ host: z.string().min(1).default('127.0.0.1'), port }),
  ])
  .default('none');

const vnc = z.strictObject({
  kind: z.literal('vnc'),
  listen,
  /** Clients need a password, which is set over QMP after the start: it is never in the arguments. */
  password: z.boolean().default(false),
});
const spice = z.strictObject({
  kind: z.literal('spice'),
  listen,
  password: z.boolean().default(false),
  /** The guest's spice-vdagent: clipboard, screen size. */
  agent: z.boolean().default(true),
});
const none = z.strictObject({ kind: z.literal('none') });
/** A window on this desktop. */
const window = z.strictObject({ kind: z.enum(['gtk', 'sdl', 'cocoa']) });

export const display = z
  .union([
    z.enum(['none', 'gtk', 'sdl', 'cocoa']).transform((kind) => ({ kind })),
    z.literal('vnc').transform((kind) => ({ kind, listen: 'none' as const, password: false })),
    z.literal('spice').transform((kind) => ({ kind, listen: 'none' as const, password: false, agent: true })),
    z.discriminatedUnion('kind', [none, vnc, spice, window]),
  ])
  .default({ kind: 'none' });

/** The graphics card; `auto` is none without a display, and else the one that the firmware can write to. */
export const video = z.enum(['auto', 'none', 'std', 'virtio', 'qxl', 'cirrus', 'vmware', 'ramfb']).default('auto');

export const audio = z
  .strictObject({
    backend: z.enum(['none', 'alsa', 'coreaudio', 'dsound', 'pa', 'pipewire', 'sdl', 'spice', 'wav']).default('none'),
    device: z.enum(['hda', 'ac97']).default('hda'),
    /** The file of the `wav` backend. */
    path: path.optional(),
  })
  .optional();
