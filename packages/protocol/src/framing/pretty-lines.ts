const openingBrace = 0x7b;
const blank = 0x20;
const carriageReturn = 0x0d;

/**
 * Joins the lines of a monitor with `pretty=on`, where a message takes several: the first is `{`, those in between are
 * indented, the last is `}` (QEMU qobject/qjson.c, qobject_to_json_pretty). Any other line is a message of its own.
 */
export class PrettyLines {
  readonly #onMessage: (message: Buffer) => void;
  readonly #limit: number;
  #lines: Buffer[] = [];
  #held = 0;

  /** @param limit greatest length of a message, in bytes; a longer one is handed on as far as it came */
  constructor(onMessage: (message: Buffer) => void, limit: number) {
    this.#onMessage = onMessage;
    this.#limit = limit;
  }

  push(line: Buffer): void {
    if (this.#lines.length === 0) {
      if (isOpening(line)) this.#hold(line);
      else this.#onMessage(line);
      return;
    }
    this.#hold(line);
    if (line[0] === blank && this.#held <= this.#limit) return;
    const message = Buffer.concat(this.#lines, this.#held);
    this.#lines = [];
    this.#held = 0;
    this.#onMessage(message);
  }

  #hold(line: Buffer): void {
    this.#lines.push(line);
    this.#held += line.length;
  }
}

function isOpening(line: Buffer): boolean {
  return line[0] === openingBrace && (line.length === 1 || (line.length === 2 && line[1] === carriageReturn));
}
