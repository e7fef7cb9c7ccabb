import { dirname, relative } from 'node:path';
import { findLabFile, type LabPlace } from '../loader/lab-file.ts';
import { typedWord } from '../render/typed-word.ts';

/** The lab's file. One that was found above the working folder is named, so that it is known which lab is meant. */
export function locateLab(
  { shell, tell }: { readonly shell: LabPlace; readonly tell: (line: string) => void },
  choice: { readonly lab?: string | undefined },
): string {
  const file = findLabFile(choice.lab, shell);
  if (choice.lab === undefined && dirname(file) !== shell.workingFolder)
    tell(`using ${typedWord(relative(shell.workingFolder, file))}`);
  return file;
}
