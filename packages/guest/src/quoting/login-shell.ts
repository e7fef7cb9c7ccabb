/**
 * Text for a user's login shell, whichever that is. sshd hands it each request (RFC 4254 §6.5), and shells differ: tcsh ends
 * a quoted word at the line's end and takes `!` for history within quotes, fish takes two backslashes there for one. What
 * all of them read alike is a single line, quotes around what is neither a backslash, nor a quote, nor an exclamation mark,
 * and a backslash before each of those.
 */

/** One word of a single line. */
function word(text: string): string {
  if (text === '') return "''";
  return text.replace(/[\\'!]|[^\\'!]+/g, (run) => {
    if (/^[\\'!]$/.test(run)) return `\\${run}`;
    return /^[A-Za-z0-9_@%+:,./-]+$/.test(run) ? run : `'${run}'`;
  });
}

/** Puts the lines of its first argument together again, of which `@n` stands for an end and `@a` for an `@`, and runs them. */
const decode =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: parameters of the guest's shell
  'n=${IFS#??}; s=$1; shift; r=; while :; do case "$s" in *@*) r="$r${s%%@*}"; s=${s#*@}; case "$s" in n*) r="$r$n";; *) r="$r@";; esac; s=${s#?};; *) break;; esac; done; eval "unset n r s; $r$s"';

/** A request that runs a script with /bin/sh, its arguments without line ends. */
export function shellRequest(script: string, words: readonly string[] = []): string {
  const line = script.replaceAll('@', '@a').replaceAll('\n', '@n');
  return ['exec', '/bin/sh', '-c', decode, 'goqemu', line, ...words].map(word).join(' ');
}

/** A request that runs a program. */
export function programRequest(words: readonly string[], quoted: string): string {
  return words.some((text) => text.includes('\n')) ? shellRequest(`exec ${quoted}`) : words.map(word).join(' ');
}
