import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import ts from 'typescript';

/** What an editor shows of a lab, by TypeScript's language service. */
class Editor {
  readonly #file = resolve('examples/editor-help.ts');
  readonly #service: ts.LanguageService;
  #text = '';
  #version = 0;

  constructor() {
    const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile);
    const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, resolve('.'));
    this.#service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [this.#file],
      getScriptVersion: (file) => (file === this.#file ? String(this.#version) : '0'),
      getScriptSnapshot: (file) => {
        const text = file === this.#file ? this.#text : ts.sys.readFile(file);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => resolve('.'),
      getDefaultLibFileName: (settings) => ts.getDefaultLibFilePath(settings),
      fileExists: (file) => file === this.#file || ts.sys.fileExists(file),
      readFile: ts.sys.readFile,
      readDirectory: ts.sys.readDirectory,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
    });
  }

  /** What hovering over the first `word` after `before` shows. */
  hover(
    text: string,
    word: string,
  ): { readonly type: string; readonly text: string; readonly tags: readonly string[] } {
    this.#write(text);
    const info = this.#service.getQuickInfoAtPosition(this.#file, text.indexOf(word));
    return {
      type: ts.displayPartsToString(info?.displayParts),
      text: ts.displayPartsToString(info?.documentation),
      tags: (info?.tags ?? []).map((tag) => tag.name),
    };
  }

  mistakes(text: string): readonly string[] {
    this.#write(text);
    return this.#service
      .getSemanticDiagnostics(this.#file)
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  }

  #write(text: string): void {
    this.#text = text;
    this.#version++;
  }
}

const editor = new Editor();
const labOf = (statement: string) =>
  `import { defineLab } from 'goqemu';\nexport default defineLab({ name: 'x' }, (lab) => {\n${statement}\n});\n`;

test('hovering over an option of a machine shows its type and its text, with default and example', () => {
  const memory = editor.hover(labOf("lab.vm('web', { memory: '1 GiB' });"), 'memory:');
  assert.match(memory.type, /TemplateOptions\.memory\?: ByteSize/);
  assert.match(memory.text, /^RAM: .*MiB/);
  assert.deepEqual(memory.tags, ['default', 'example']);
  const derived = editor.hover(
    labOf("const base = lab.template('base').checkpoint('ready');\nlab.vm('web', { from: base.at.ready, cpus: 2 });"),
    'cpus:',
  );
  assert.match(derived.text, /^Processor cores/);
  assert.match(editor.hover(labOf("lab.vm('web');"), 'vm(').text, /^A virtual machine/);
});

test('the message of a mistyped option names it, and the one that was meant', () => {
  const [typo, ...others] = editor.mistakes(labOf("lab.vm('web', { memroy: '1 GiB' });"));
  assert.match(typo ?? '', /'memroy' does not exist.*'memory'\?/s);
  assert.deepEqual(others, []);
  assert.match(editor.mistakes(labOf("lab.template('web', { forward: {} });"))[0] ?? '', /'forward' does not exist/);
});

test('the code of an error that does not exist is a mistake, which names the code', () => {
  const [mistake] = editor.mistakes("import { hasErrorCode } from 'goqemu';\nhasErrorCode(new Error(), 'lokced');\n");
  assert.match(mistake ?? '', /"lokced"/);
  assert.deepEqual(
    editor.mistakes("import { hasErrorCode } from 'goqemu';\nhasErrorCode(new Error(), 'locked');\n"),
    [],
  );
});

test("a call of a guest shows the guest's docstring, on a VM and on a machine of a lab", () => {
  const vm = "import { createVM } from 'goqemu';\n(await createVM()).exec('true');\n";
  const machine = "import { openLab } from 'goqemu';\n(await openLab()).machine('web').exec('true');\n";
  for (const text of [vm, machine])
    assert.match(editor.hover(text, 'exec(').text, /^Runs a command as the machine's user/);
});
