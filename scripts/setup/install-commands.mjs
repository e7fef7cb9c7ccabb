/**
 * The commands that install packages where goqemu does it by the system's own manager. winget takes one package at a time,
 * and must neither ask for its licence nor wait for a terminal.
 */
export function installCommands(family, names) {
  if (family === 'darwin') return [['brew', 'install', ...names]];
  return names.map((name) => ['winget', 'install', '--exact', '--id', name, '--silent', ...unasked, ...packageTerms]);
}

/** The command that ends with 0 where a package is installed. */
export function lookCommand(family, name) {
  if (family === 'darwin') return ['brew', 'list', '--versions', name];
  return ['winget', 'list', '--exact', '--id', name, ...unasked];
}

const unasked = ['--accept-source-agreements', '--disable-interactivity'];
const packageTerms = ['--accept-package-agreements'];
