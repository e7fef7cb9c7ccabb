// Loaded before a measured command: writes the peak of its resident memory to descriptor 3, in KiB.
const { existsSync, readFileSync, writeSync } = require('node:fs');

const status = '/proc/self/status';

process.on('exit', () => {
  // Linux counts what the parent had before the exec into ru_maxrss (getrusage(2)); VmHWM is the process's own (proc(5)).
  const peak = existsSync(status)
    ? /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(status, 'utf8'))[1]
    : process.resourceUsage().maxRSS;
  writeSync(3, String(peak));
});
