import { usageError } from './usage-error.ts';

/** With `--json` standard output is one document: events go elsewhere. @throws GoqemuError `usage` */
export function oneDocument({ json, events }: { readonly json: boolean; readonly events?: string | undefined }): void {
  if (!json || events !== '-') return;
  throw usageError(
    '--json and --events - both write to standard output',
    'send the events to a file: --events run.ndjson',
  );
}
