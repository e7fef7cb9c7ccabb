import { parseOption } from '../arguments/option-text.ts';

/** One option of QEMU as its process was given it. */
export interface QemuOption {
  readonly name: string;
  readonly text: string;
  /** Its keys, whether they came as text, as JSON or in a file; a first value without a key is under ''. */
  readonly values: Readonly<Record<string, string>>;
}

/**
 * The options among a process's arguments, those of `-readconfig` files in their place.
 *
 * @param readFile gives the text of a file that the arguments name
 */
export async function qemuOptions(
  argv: readonly string[],
  readFile: (path: string) => Promise<string>,
): Promise<QemuOption[]> {
  const options: QemuOption[] = [];
  for (const [index, word] of argv.entries()) {
    const name = /^--?([a-zA-Z][\w-]*)$/.exec(word)?.[1];
    if (name === undefined || index === 0) continue;
    const text = argv[index + 1] ?? '';
    if (name === 'readconfig') options.push(...configurationOptions(await readFile(text)));
    else options.push({ name, text, values: valuesOf(text) });
  }
  return options;
}

function valuesOf(text: string): Record<string, string> {
  if (!text.startsWith('{')) return parseOption(text);
  const parsed = parseQemuJson(text);
  const values = Object.entries(parsed ?? {}).map(([key, value]) => [key, String(value)] as const);
  const type = parsed?.driver ?? parsed?.['qom-type'];
  return Object.fromEntries(type === undefined ? values : [['', String(type)], ...values]);
}

/** QEMU's JSON also takes strings in single quotes (qobject/json-lexer.c). Undefined when ps(1) has mangled it. */
function parseQemuJson(text: string): Record<string, unknown> | undefined {
  const strict = text.replaceAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, (quoted) =>
    quoted.startsWith('"') ? quoted : JSON.stringify(quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1')),
  );
  try {
    return JSON.parse(strict) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** The format of `-readconfig`: `[chardev "id"]` and `key = "value"` (util/qemu-config.c, qemu_config_foreach). */
function configurationOptions(text: string): QemuOption[] {
  const options: { name: string; text: string; values: Record<string, string> }[] = [];
  for (const line of text.split('\n')) {
    const section = /^\s*\[([\w-]+)(?:\s+"([^"]*)")?\]/.exec(line);
    if (section?.[1]) {
      const values: Record<string, string> = section[2] === undefined ? {} : { id: section[2] };
      options.push({ name: section[1], text: line, values });
    }
    const [, key, value] = /^\s*([\w.-]+)\s*=\s*"(.*)"\s*$/.exec(line) ?? [];
    const last = options.at(-1);
    if (last && key !== undefined && value !== undefined) last.values[key] = value;
  }
  return options;
}
