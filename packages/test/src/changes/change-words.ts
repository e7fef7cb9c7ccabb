import type { Changes, FileChange, PackageChange } from './read-changes.ts';

export function areNoChanges({ packages, files }: Changes): boolean {
  return packages.length + files.length === 0;
}

/** `2 packages and 1 file`; empty for none. */
export function countedChanges({ packages, files }: Changes): string {
  return [counted(packages.length, 'package'), counted(files.length, 'file')].filter(Boolean).join(' and ');
}

/** A line for each change. */
export function changeLines({ packages, files }: Changes): string {
  return [...packages.map(packageLine), ...files.map(fileLine)].join('\n');
}

/** For programs: not more than a report can hold. */
export function someChanges({ packages, files }: Changes): Changes {
  return { packages: packages.slice(0, 100), files: files.slice(0, 100) };
}

function packageLine({ name, before, now }: PackageChange): string {
  if (before === undefined) return `+ package ${name} ${now}`;
  return now === undefined ? `- package ${name} ${before}` : `~ package ${name} ${before} → ${now}`;
}

function fileLine({ path, change, details }: FileChange): string {
  return `${{ created: '+', removed: '-', changed: '~' }[change]} ${path}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}

function counted(count: number, word: string): string {
  return count === 0 ? '' : `${count} ${word}${count === 1 ? '' : 's'}`;
}
