/** Shells: to them the CR before a line's end is part of its last word. Python, Perl and others read such lines. */
const shell = /(?:^|\/)[a-z]*sh$/;
/** Where a line ends in CRLF, the first does. */
const firstLine = /^[^\n]*\r\n/;

/** True for the text of a script that does not run in a guest because of its lines' ends. */
export function hasCrlfLines(script: string, interpreter: string): boolean {
  return shell.test(interpreter) && script.includes('\r\n');
}

/**
 * The same for a file, by its beginning: the kernel looks for the program that `#!` names with a CR at the end of its name,
 * and what is called `.sh` is for a shell.
 */
export function isCrlfScript(name: string, beginning: string): boolean {
  return (beginning.startsWith('#!') || /\.(?:ba|da|k|z)?sh$/.test(name)) && firstLine.test(beginning);
}
