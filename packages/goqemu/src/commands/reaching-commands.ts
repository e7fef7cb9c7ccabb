/** The commands that reach into a machine that is there, in one file of the bundle with what reaches it, and nothing that acts on it. */
export * as consoleAttach from './console/console.ts';
export * as cp from './cp/cp.ts';
export * as exec from './exec/exec.ts';
export * as logs from './logs/logs.ts';
export * as qmp from './qmp/qmp.ts';
export * as screenshot from './screenshot/screenshot.ts';
export * as ssh from './ssh/ssh.ts';
export * as sshConfig from './ssh-config/ssh-config.ts';
