export { anySignal } from './cancellation/any-signal.ts';
export { longestTimerMs, orAborted, timeoutError, withDeadline } from './cancellation/deadline.ts';
export { type Deferred, deferred } from './cancellation/deferred.ts';
export { OpenOnce } from './cancellation/open-once.ts';
export { sleep } from './cancellation/sleep.ts';
export { type Moved, type StallLimit, withStallLimit } from './cancellation/stall-limit.ts';
export { scaledTimeout, timeoutScale } from './cancellation/timeout-scale.ts';
export { orUndone, within } from './cancellation/undo.ts';
export { canonicalJson } from './digest/canonical-json.ts';
export { lengthPrefixedDigest } from './digest/length-prefixed-digest.ts';
export { changedError } from './errors/changed-error.ts';
export type { ErrorCode } from './errors/error-codes.ts';
export {
  type ErrorSource,
  GoqemuError,
  type GoqemuErrorOptions,
  hasErrorCode,
  isGoqemuError,
  type SourceLocation,
} from './errors/goqemu-error.ts';
export { asGoqemuError, hostError, withPath } from './errors/host-error.ts';
export { errorMessage, internalError, systemErrorCode } from './errors/internal-error.ts';
export { afterCleanUp, withCleanUp } from './errors/late-failure.ts';
export { gotWords, issueWords, type SchemaIssue } from './errors/schema-issue.ts';
export { schemaMismatch } from './errors/schema-mismatch.ts';
export { callListener } from './events/call-listener.ts';
export { TypedEmitter, type Unsubscribe } from './events/event-emitter.ts';
export { removeAbandonedDrafts } from './files/abandoned-drafts.ts';
export { type AtomicWriteOptions, syncFolder, writeFileAtomic, writeOwnFile } from './files/atomic-write.ts';
export {
  acquireFileLock,
  type FileLock,
  type FileLockOptions,
  type LockHolder,
  readLockHolder,
  removeDeadLock,
} from './files/file-lock.ts';
export { type FileOperations, hostFileOperations } from './files/file-operations.ts';
export { folderNames } from './files/folder-names.ts';
export { freeBytes } from './files/free-bytes.ts';
export { copyPath, type KeptTwice, readTwice, removeTwice, writeCopy, writeTwice } from './files/kept-twice.ts';
export { type LocalEntry, type LocalFile, type LocalLink, localTree } from './files/local-tree.ts';
export { makeFolders } from './files/make-folders.ts';
export { parseJson } from './files/parse-json.ts';
export { makePrivateFolder, type PrivateFolderHost, privateFolderHost } from './files/private-folder.ts';
export { readIfThere } from './files/read-if-there.ts';
export { type OwnFile, readOwnFile, readOwnText } from './files/read-own-file.ts';
export {
  isHeldError,
  removeFile,
  removeTree,
  removeTreeUnlessHeld,
  removeUnlessHeld,
  replaceFile,
  replaceUnlessHeld,
  withPatience,
} from './files/remove-and-replace.ts';
export { moveFolderAside } from './files/rename-over.ts';
export { statIfThere } from './files/stat-if-there.ts';
export { type Logger, type LogLevel, silentLogger } from './log/logger.ts';
export { checkResourceName, isResourceName } from './names/resource-name.ts';
export { type GoqemuFolders, goqemuFolders } from './platform/goqemu-folders.ts';
export { goqemuHome, type HostPlatform, type HostSystem, type MovedFolder } from './platform/host-platform.ts';
export { hostPlatform } from './platform/this-host.ts';
export { lastingEnvironment } from './process/lasting-environment.ts';
export { askPowerShell } from './process/powershell.ts';
export {
  hostProcessTable,
  isAlive,
  ownIdentity,
  ownSign,
  type ProcessIdentity,
  type ProcessTable,
} from './process/process-identity.ts';
export { hostProcessorMeter, type ProcessorMeter, type ProcessorUse } from './process/processor-use.ts';
export { type ResettableSocket, resetSocket } from './sockets/reset-socket.ts';
export { nearestWord } from './text/nearest-word.ts';
export { escapedCharacter, printable, unseen, visible, visibleWord } from './text/printable.ts';
export { refuseNul, shellQuote, shellQuoteAll } from './text/shell-quote.ts';
export { shownValue } from './text/shown-value.ts';
export { type ByteSize, type ByteUnit, formatByteSize, parseByteSize } from './units/bytes.ts';
export { type Duration, type DurationUnit, formatDuration, parseDuration } from './units/duration.ts';
