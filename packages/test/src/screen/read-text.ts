import { execFile } from 'node:child_process';
import { GoqemuError } from '@goqemu/core';
import { enlarged, enlargement, type GreyPicture, margin } from './enlarged.ts';
import { readPng, type ScreenArea } from './picture.ts';

/** A word on a screen, and where it is. */
export interface ScreenWord extends ScreenArea {
  readonly text: string;
}

/** A line of a screen, from left to right. */
export type ScreenLine = readonly ScreenWord[];

/**
 * The lines on a screen, read by the host's program `tesseract`.
 *
 * @param png the picture of the screen
 * @throws GoqemuError `ocr-missing`, `ocr-failed`
 */
export async function readScreenText(png: Uint8Array, signal: AbortSignal | undefined): Promise<readonly ScreenLine[]> {
  const picture = await readPng(png, 'the picture of the screen');
  return linesOfTsv(await recognize(asPgm(enlarged(picture)), signal));
}

/**
 * tesseract(1): `--psm 6` takes the picture for one block of text, which a console is; `tsv` gives the words with their places.
 * One thread: more of them wait for each other longer than they save on such small pictures.
 */
function recognize(picture: Buffer, signal: AbortSignal | undefined): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'tesseract',
      ['stdin', 'stdout', '--psm', '6', '--dpi', '150', 'tsv'],
      {
        env: { ...process.env, OMP_THREAD_LIMIT: '1' },
        maxBuffer: 2 ** 26,
        killSignal: 'SIGKILL',
        ...(signal ? { signal } : {}),
      },
      (error, stdout, stderr) => {
        if (!error) return resolve(stdout);
        if (signal?.aborted) return reject(signal.reason);
        reject(error.code === 'ENOENT' ? ocrMissing() : ocrFailed(error.message, stderr));
      },
    );
    child.stdin?.on('error', () => undefined); // it has ended, and its exit code says why
    child.stdin?.end(picture);
  });
}

/** pgm(5), which takes no time to make. */
function asPgm({ width, height, grey }: GreyPicture): Buffer {
  return Buffer.concat([Buffer.from(`P5\n${width} ${height}\n255\n`), grey]);
}

/** Words of the picture as they are on the screen. Columns are those of tesseract's TSV; words are of level 5. */
export function linesOfTsv(tsv: string): readonly ScreenLine[] {
  const lines = new Map<string, ScreenWord[]>();
  for (const row of tsv.split('\n')) {
    const [level, page, block, paragraph, line, , left, top, width, height, , ...text] = row.split('\t');
    const word = text.join('\t').trim();
    if (level !== '5' || word === '') continue;
    const key = [page, block, paragraph, line].join();
    const on = (place: string | undefined) => (Number(place) - margin) / enlargement;
    const found = {
      text: word,
      x: on(left),
      y: on(top),
      width: Number(width) / enlargement,
      height: Number(height) / enlargement,
    };
    lines.set(key, [...(lines.get(key) ?? []), found]);
  }
  return [...lines.values()];
}

export function lineText(line: ScreenLine): string {
  return line.map(({ text }) => text).join(' ');
}

function ocrMissing(): GoqemuError {
  return new GoqemuError({
    code: 'ocr-missing',
    source: 'environment',
    subject: 'tesseract',
    message: 'text on a screen is read by the program tesseract, which is not on this host',
    hint: 'install it: apt-get install tesseract-ocr (Debian, Ubuntu), brew install tesseract (macOS), winget install UB-Mannheim.TesseractOCR (Windows, and put its folder on PATH)',
  });
}

function ocrFailed(message: string, stderr: string): GoqemuError {
  return new GoqemuError({
    code: 'ocr-failed',
    source: 'environment',
    subject: 'tesseract',
    message: 'tesseract could not read the screen',
    detail: stderr.trim() || message,
    hint: 'try it in a shell: tesseract FILE.png stdout; Debian has its English data in tesseract-ocr-eng',
  });
}
