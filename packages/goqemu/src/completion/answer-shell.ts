import { dirname } from 'node:path';
import { visibleWord } from '@goqemu/core';
import { type KnownNames, knownNames } from '@goqemu/lab';
import { commands } from '../commands/command-table.ts';
import { isMachineWord } from '../lab/choose-lab.ts';
import { findLabFile } from '../loader/lab-file.ts';
import { topics } from '../pages/topics.ts';
import { exitCode } from '../shell/exit-code.ts';
import type { Shell } from '../shell/shell.ts';
import { commandWords } from './candidates.ts';
import { type WordToComplete, wordToComplete } from './complete-word.ts';

interface Candidate {
  readonly word: string;
  readonly summary: string;
}

/**
 * `goqemu __complete -- WORD…`, which the completion scripts call: a first line `files`, `folders` or `words` says what
 * the shell itself is to add, and each further line is a candidate for the last word, with a tab and what it is. Never
 * an error: a user who presses TAB does not want to read one.
 */
export async function answerShell(shell: Shell): Promise<number> {
  let answer = { adds: 'words', candidates: [] as readonly Candidate[] };
  try {
    const word = wordToComplete(shell.argv.slice(2), commands);
    if (word) answer = { adds: addsOf(word), candidates: await candidatesFor(word, shell) };
  } catch {
    // a command that is not there, a lab that is not there: there is nothing to offer
  }
  const lines = answer.candidates.map(({ word, summary }) => `${word}\t${visibleWord(summary)}`);
  shell.stdout.write(`${[answer.adds, ...lines].join('\n')}\n`);
  return exitCode.done;
}

function addsOf({ completes, current }: WordToComplete): string {
  if (completes === 'folder') return 'folders';
  if (completes === 'copy-end') return /^[A-Za-z0-9-]+:/.test(current) ? 'words' : 'files'; // in a machine, or here
  return completes === 'file' || completes === 'machine-or-file' ? 'files' : 'words';
}

async function candidatesFor(word: WordToComplete, shell: Shell): Promise<readonly Candidate[]> {
  const { completes, choices = [], given } = word;
  if (!completes || completes === 'file' || completes === 'folder')
    return choices.map((choice) => ({ word: choice, summary: '' }));
  if (completes === 'topic') return given.length === 0 ? helpTopics() : [];
  const lab = word.lab ?? word.machinesOrLab.find((one) => !isMachineWord(one, shell.workingFolder));
  const names = await knownNames(dirname(findLabFile(lab, shell)), word.stack);
  const candidates = namesFor(completes, names).filter((one) => !given.includes(one.word));
  // A name that would be read as something else by the shell or the terminal is left to be typed.
  return candidates.filter((one) => visibleWord(one.word) === one.word);
}

function helpTopics(): readonly Candidate[] {
  return [...(commandWords(commands)[0]?.words ?? []), ...topics.map(({ name, summary }) => ({ word: name, summary }))];
}

function namesFor(completes: WordToComplete['completes'], names: KnownNames): readonly Candidate[] {
  const all = (words: readonly string[], summary: string) => words.map((word) => ({ word, summary }));
  switch (completes) {
    case 'machine':
    case 'machine-or-file':
      return all(names.machines, 'machine');
    case 'network':
      return all(names.networks, 'network');
    case 'network-or-machine':
      return [...all(names.networks, 'network'), ...all(names.machines, 'machine')];
    case 'base':
      return [...all(names.machines, 'machine'), ...all(names.templates, 'template')];
    case 'copy-end':
      return all(
        names.machines.map((name) => `${name}:`),
        'machine',
      );
    case 'stack':
      return all(names.stacks, 'stack');
    case 'checkpoint':
      return [
        ...all([...new Set(names.checkpoints.map(({ name }) => name))], 'checkpoint'),
        ...names.checkpoints.map(({ id, name, createdAt }) => ({
          word: id,
          summary: `${name}${createdAt ? `, ${createdAt}` : ''}`,
        })),
      ];
    default:
      return [];
  }
}
