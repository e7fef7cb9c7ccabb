/** Notices go to standard error; standard output is for results. */
export function say(line = '') {
  process.stderr.write(`${line}\n`);
}

const coloured = process.stderr.isTTY && !process.env.NO_COLOR;

export function heading(text) {
  say(coloured ? `\n\u001b[1m▶ ${text}\u001b[0m` : `\n▶ ${text}`);
}

export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}
