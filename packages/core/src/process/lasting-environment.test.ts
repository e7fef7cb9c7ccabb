import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastingEnvironment } from './lasting-environment.ts';

test('what a window, sound and libraries need is passed on; tokens and passwords are not', () => {
  const needed = {
    PATH: '/usr/bin',
    DISPLAY: ':0',
    XDG_RUNTIME_DIR: '/run/user/1000',
    SDL_VIDEODRIVER: 'x11',
    LC_ALL: 'C',
    Path: 'C:\\Windows',
    SystemRoot: 'C:\\Windows',
    'ProgramFiles(x86)': 'C:\\Program Files (x86)',
    QEMU_AUDIO_DRV: 'none',
  };
  const kept = { TOKEN: '1', AWS_SECRET_ACCESS_KEY: '2', NODE_OPTIONS: '--inspect', GOQEMU_PARAM_PASSWORD: '3' };
  assert.deepEqual(lastingEnvironment({ ...needed, ...kept }), needed);
});
