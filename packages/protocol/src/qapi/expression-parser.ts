import { GoqemuError } from '@goqemu/core';

/** A value of the schema language: JSON with single quotes, without numbers and null. */
export type Expression = string | boolean | Expression[] | { [name: string]: Expression };

export interface TopLevelExpression {
  readonly value: { [name: string]: Expression };
  /** The lines of the documentation comment before it, without their `#`. */
  readonly documentation: readonly string[];
  readonly line: number;
}

const token = /[ \t\r]+|(\n)|(#[^\n]*)|([{}[\]:,])|'((?:[^'\\\n]|\\.)*)'|(true|false)\b/y;

type Token =
  | { readonly kind: 'string' | 'word' | 'punctuation'; readonly text: string; readonly line: number }
  | { readonly kind: 'documentation'; readonly lines: string[]; readonly line: number };

/**
 * Reads the top-level expressions of one schema file (QEMU docs/devel/qapi-code-gen, “Schema syntax”).
 *
 * @throws GoqemuError `qapi-syntax` with file and line
 */
export function parseExpressions(text: string, file: string): TopLevelExpression[] {
  return new ExpressionParser(tokenize(text, file), file).file();
}

/** Comments are dropped, except a block between two lines `##`, which documents what follows. */
function tokenize(text: string, file: string): Token[] {
  const tokens: Token[] = [];
  let block: string[] | undefined;
  let line = 1;
  token.lastIndex = 0;
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (!match) throw syntaxError(file, line, `cannot read ${JSON.stringify(text.slice(at, at + 20))}`);
    const [, newline, comment, punctuation, quoted, word] = match;
    if (newline) line += 1;
    else if (comment === '##' && block) {
      tokens.push({ kind: 'documentation', lines: block, line });
      block = undefined;
    } else if (comment === '##') block = [];
    else if (comment !== undefined) block?.push(comment.slice(1));
    else if (punctuation !== undefined) tokens.push({ kind: 'punctuation', text: punctuation, line });
    else if (quoted !== undefined) tokens.push({ kind: 'string', text: quoted.replace(/\\(.)/g, '$1'), line });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, line });
  }
  return tokens;
}

class ExpressionParser {
  readonly #tokens: Token[];
  readonly #file: string;
  #at = 0;

  constructor(tokens: Token[], file: string) {
    this.#tokens = tokens;
    this.#file = file;
  }

  file(): TopLevelExpression[] {
    const expressions: TopLevelExpression[] = [];
    let documentation: readonly string[] = [];
    while (this.#at < this.#tokens.length) {
      const next = this.#tokens[this.#at] as Token;
      if (next.kind === 'documentation') {
        documentation = next.lines;
        this.#at += 1;
        continue;
      }
      const value = this.#value();
      if (typeof value !== 'object' || Array.isArray(value)) throw this.#error('expected an object', next.line);
      expressions.push({ value, documentation, line: next.line });
      documentation = [];
    }
    return expressions;
  }

  #value(): Expression {
    const next = this.#take();
    if (next.kind === 'string') return next.text;
    if (next.kind === 'word') return next.text === 'true';
    if (next.kind === 'punctuation' && next.text === '[') return this.#list(next.line);
    if (next.kind === 'punctuation' && next.text === '{') return this.#object(next.line);
    throw this.#error('expected a value', next.line);
  }

  #list(line: number): Expression[] {
    const items: Expression[] = [];
    if (this.#skip(']')) return items;
    do items.push(this.#value());
    while (this.#skip(','));
    this.#expect(']', line);
    return items;
  }

  #object(line: number): { [name: string]: Expression } {
    // Without a prototype: a member may be called `constructor`.
    const members: { [name: string]: Expression } = Object.create(null);
    if (this.#skip('}')) return members;
    do {
      const name = this.#take();
      if (name.kind !== 'string') throw this.#error('expected a name in quotes', name.line);
      if (name.text in members) throw this.#error(`the name '${name.text}' is there twice`, name.line);
      this.#expect(':', name.line);
      members[name.text] = this.#value();
    } while (this.#skip(','));
    this.#expect('}', line);
    return members;
  }

  #take(): Token {
    const next = this.#tokens[this.#at];
    if (!next) throw this.#error('the file ends in the middle of an expression', this.#tokens.at(-1)?.line ?? 1);
    this.#at += 1;
    return next;
  }

  #skip(punctuation: string): boolean {
    const next = this.#tokens[this.#at];
    const found = next?.kind === 'punctuation' && next.text === punctuation;
    if (found) this.#at += 1;
    return found;
  }

  #expect(punctuation: string, openedAt: number): void {
    const line = this.#tokens[this.#at]?.line ?? openedAt;
    if (!this.#skip(punctuation)) throw this.#error(`expected ${punctuation}`, line);
  }

  #error(message: string, line: number): GoqemuError {
    return syntaxError(this.#file, line, message);
  }
}

export function syntaxError(file: string, line: number, message: string): GoqemuError {
  return new GoqemuError({
    code: 'qapi-syntax',
    source: 'user',
    message: `${file}:${line}: ${message}`,
    location: { file, line },
    hint: 'is this a QAPI schema of QEMU 6.1 or newer?',
  });
}
