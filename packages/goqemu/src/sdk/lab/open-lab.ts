import type { LabDefinition } from '@goqemu/lab';
import type { OpenLabOptions } from './lab-options.ts';
import type { RunningLab } from './running-lab.ts';

/**
 * Opens a lab for a script: the commands of goqemu as calls. Nothing is made or started yet.
 *
 * A definition types parameters and outputs; its state lies beside the file that `defineLab` was called in. For a file,
 * its type does the same: `openLab<typeof import('./lab.ts').default>('lab.ts')`.
 *
 * @param lab the lab's definition, or its file or folder relative to the working folder; default: the nearest
 * `lab.ts`, in that folder or above it
 * @throws GoqemuError `lab-missing`, `lab-foreign`, `lab-syntax`, `lab-threw`, `lab-export`
 * @example
 * await using lab = await openLab('lab.ts');
 * await lab.apply();
 * await using fork = await lab.fork('ready');
 * await fork.machine('web').exec('systemctl restart nginx', { sudo: true, check: true });
 */
export async function openLab<Definition extends LabDefinition = LabDefinition>(
  lab?: string | Definition,
  options: OpenLabOptions<Definition> = {},
): Promise<RunningLab<Definition>> {
  // Labs import this package, too: what opens them loads when it is asked for.
  const { openRunningLab } = await import('./open-running-lab.ts');
  return (await openRunningLab(lab, options as OpenLabOptions)) as RunningLab<Definition>;
}
