import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { ErrorCode } from './error-codes.ts';
import { GoqemuError, isGoqemuError } from './goqemu-error.ts';
import { errorMessage, internalError, systemErrorCode } from './internal-error.ts';
import { firstFailure } from './late-failure.ts';

interface Cause {
  readonly code: ErrorCode;
  /** Completes "cannot open /etc/shadow: …". */
  readonly why: string;
  readonly hint: string;
}

const full = 'free some room on that file system, or set GOQEMU_HOME to a folder on a larger one';
const permission = 'check the owner and the mode of the file and of the folders above it, with ls -ld';

/** What the host's errors mean for a person (errno(3)). */
const causes: Readonly<Record<string, Cause>> = {
  ENOENT: { code: 'file-missing', why: 'there is no such file or folder', hint: 'check the path' },
  EACCES: { code: 'file-denied', why: 'permission denied', hint: permission },
  EPERM: { code: 'file-denied', why: 'the host does not permit it', hint: permission },
  EROFS: {
    code: 'file-system-read-only',
    why: 'the file system is mounted read-only',
    hint: 'use a folder on a file system that can be written to, or mount this one for writing',
  },
  ENOSPC: { code: 'disk-full', why: 'no room is left on the file system', hint: full },
  EDQUOT: { code: 'disk-full', why: "this user's disk quota is used up", hint: full },
  EFBIG: {
    code: 'file-too-large',
    why: 'the file is too large',
    hint: 'raise the limit (ulimit -f), or use another file system',
  },
  EISDIR: { code: 'path-is-folder', why: 'it is a folder', hint: 'name a file' },
  ENOTDIR: {
    code: 'path-not-folder',
    why: 'a part of the path is a file, not a folder',
    hint: 'name a path whose parent is a folder',
  },
  EEXIST: {
    code: 'file-exists',
    why: 'there is something of that name already',
    hint: 'choose another name, or remove what is there',
  },
  ENOTEMPTY: {
    code: 'folder-not-empty',
    why: 'the folder is not empty',
    hint: 'choose another name, or remove what is there',
  },
  ENAMETOOLONG: { code: 'path-too-long', why: 'the name is too long', hint: 'choose a shorter path' },
  EILSEQ: {
    code: 'file-unusable',
    why: 'the file system has no names with such characters',
    hint: 'choose another name',
  },
  ELOOP: { code: 'link-loop', why: 'its symbolic links lead in a circle', hint: 'correct the links' },
  EMFILE: { code: 'files-exhausted', why: 'too many files are open', hint: 'raise the limit with ulimit -n' },
  ENFILE: { code: 'files-exhausted', why: 'too many files are open on this host', hint: 'end other programs' },
  EBUSY: { code: 'file-busy', why: 'another program uses it', hint: 'end the other program, and try again' },
  ETXTBSY: { code: 'file-busy', why: 'another program runs it', hint: 'end the other program, and try again' },
  EIO: {
    code: 'device-failed',
    why: 'the device reported an error',
    hint: 'look at the kernel log (dmesg) and at the health of the disk',
  },
  ENODEV: { code: 'device-failed', why: 'the device is gone', hint: 'check that the device is there and mounted' },
  ENXIO: { code: 'device-failed', why: 'nothing answers at it', hint: 'name a regular file' },
  EXDEV: {
    code: 'file-systems-differ',
    why: 'the two paths lie on different file systems',
    hint: 'use one file system for both',
  },
  EINVAL: { code: 'file-unusable', why: 'the file system does not support this', hint: 'use another file system' },
  ENOTSUP: { code: 'file-unusable', why: 'the file system does not support this', hint: 'use another file system' },
  EPIPE: { code: 'output-closed', why: 'the reader has closed it', hint: 'keep the reading program running' },
};

/** What is to be done on Windows, where that is something else. */
const access = 'look who may use the file and the folders above it, with icacls, and whether a program has it open';
const windowsHints: Readonly<Record<string, string>> = {
  EACCES: access,
  EPERM: access,
  EFBIG: 'use another file system: FAT32 has no files of more than 4 GB',
  EMFILE: 'end other programs',
  EIO: 'look at the System log (Event Viewer) and at the health of the disk',
};

const verbs: Readonly<Record<string, string>> = {
  mkdir: 'create the folder',
  mkdtemp: 'create the folder',
  scandir: 'list',
  opendir: 'list',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  rename: 'write',
  link: 'create',
  symlink: 'create',
  copyfile: 'copy',
  cp: 'copy',
  write: 'write',
  writev: 'write',
  fsync: 'write',
  fdatasync: 'write',
  ftruncate: 'write',
  truncate: 'write',
  read: 'read',
  readlink: 'read',
  realpath: 'find',
  stat: 'find',
  lstat: 'find',
  statfs: 'find',
  access: 'access',
  chmod: 'change the mode of',
  fchmod: 'change the mode of',
  chown: 'change the owner of',
  utime: 'change the times of',
  futime: 'change the times of',
  open: 'open',
};

/**
 * A system error of Node.js about a file or a program, in goqemu's words: what could not be done, to which path, why,
 * and what to do. Undefined for everything else, errors of the network among it.
 */
export function hostError(thrown: unknown, system: NodeJS.Platform = process.platform): GoqemuError | undefined {
  const errno = systemErrorCode(thrown);
  const { syscall, path, dest } = (thrown ?? {}) as { syscall?: unknown; path?: unknown; dest?: unknown };
  if (errno === undefined || typeof syscall !== 'string') return undefined;
  if (syscall.startsWith('spawn'))
    return programError(errno, { program: String(path ?? syscall.slice('spawn '.length)), system }, thrown);
  const verb = verbs[syscall];
  const isTarget = typeof dest === 'string' && syscall !== 'copyfile';
  const file = isTarget ? dest : typeof path === 'string' ? path : undefined;
  const cause = trueCause(errno, syscall, { file, system });
  const found = causes[cause];
  if (verb === undefined || found === undefined) return undefined;
  const named = file === undefined ? undefined : withoutDraft(file);
  return new GoqemuError({
    code: found.code,
    source: 'environment',
    message: `cannot ${verb} ${named ?? 'a file'}: ${found.why}`,
    hint: (system === 'win32' ? windowsHints[cause] : undefined) ?? found.hint,
    data: { errno, ...(named === undefined ? {} : { path: named }) },
    cause: thrown,
  });
}

/** Anything that was thrown, as goqemu reports it: a GoqemuError stays, an error of the host is put into words. */
export function asGoqemuError(thrown: unknown): GoqemuError {
  const first = firstFailure(thrown);
  return isGoqemuError(first) ? first : (hostError(first) ?? internalError(errorMessage(first), first));
}

/** Some of Node.js' errors name no path, such as those of a write: the caller adds it. */
export function withPath(thrown: unknown, path: string): unknown {
  const error = thrown as { path?: unknown } | null;
  if (systemErrorCode(error) !== undefined && error !== null && error.path === undefined) error.path = path;
  return thrown;
}

interface Program {
  readonly program: string;
  readonly system: NodeJS.Platform;
}

function programError(errno: string, { program, system }: Program, cause: unknown): GoqemuError | undefined {
  const missing = errno === 'ENOENT';
  const denied = errno === 'EACCES' || errno === 'EPERM';
  if (!missing && !denied) return undefined;
  return new GoqemuError({
    code: missing ? 'program-missing' : 'program-denied',
    source: 'environment',
    message: missing
      ? `the program ${program} is not installed`
      : `the program ${program} cannot be run: permission denied`,
    hint: missing
      ? `install ${program}, or add its folder to PATH; "goqemu doctor" lists what is missing`
      : system === 'win32'
        ? access
        : permission,
    data: { errno, program },
    cause,
  });
}

/**
 * What the error should have been: Windows refuses to open a folder as a file, or to replace it by one, and says of a name that it
 * cannot have that it is not there, or is invalid.
 */
function trueCause(
  errno: string,
  syscall: string,
  { file, system }: { readonly file: string | undefined; readonly system: NodeJS.Platform },
): string {
  if (file === undefined) return errno;
  if (system === 'win32' && (errno === 'ENOENT' || errno === 'EINVAL')) {
    const fault = nameFault(file);
    if (fault !== undefined) return fault;
  }
  if (errno === 'ENOENT' && syscall === 'mkdir') return whyNoFolder(file);
  const isRefused = system === 'win32' && (errno === 'EPERM' || errno === 'EACCES');
  if (isRefused && (syscall === 'open' || syscall === 'rename') && isFolder(file)) return 'EISDIR';
  return errno;
}

/** Of a name in a path of Windows (Microsoft, Naming Files, Paths, and Namespaces). */
function nameFault(path: string): 'ENAMETOOLONG' | 'EILSEQ' | undefined {
  const names = path.replace(/^(?:[\\/]{2}[?.][\\/])?[A-Za-z]:/, '').split(/[\\/]/);
  if (names.some((name) => name.length > 255)) return 'ENAMETOOLONG';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return names.some((name) => /[<>:"|?*\u0000-\u001f]/.test(name)) ? 'EILSEQ' : undefined;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // one that cannot be looked at is refused, as was said
  }
}

/**
 * mkdir with `recursive` reports every reason why a folder cannot be made, except a refusal, as ENOENT: libuv looks for the
 * folder after the failure, and reports that it is not there. The nearest folder that is there says why.
 */
function whyNoFolder(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    try {
      if (statSync(folder, { throwIfNoEntry: false }) !== undefined) {
        accessSync(folder, constants.W_OK);
        return 'ENOENT';
      }
    } catch (error) {
      return systemErrorCode(error) ?? 'ENOENT';
    }
    if (dirname(folder) === folder) return 'ENOENT';
  }
}

/** A file is written under a temporary name (`NAME.PID.HEX.tmp`), which means nothing to the user. */
function withoutDraft(path: string): string {
  return path.replace(/\.\d+\.[0-9a-f]{8}(?:\.tmp)?$/, '');
}
