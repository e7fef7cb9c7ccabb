/** What a backend tells while it works; the engine adds the operation that it belongs to. */
export type BackendProgress =
  /**
   * A stage of getting ready began or ended: `firmware`, `kernel`, `ssh-banner`, `login`, `cloud-init`, `download`, `build`,
   * …; `restore` is that of a machine that resumes from the RAM of a layer, and does not boot.
   */
  | {
      readonly kind: 'stage';
      readonly stage: string;
      readonly status: 'started' | 'done';
      readonly durationMs?: number;
    }
  | { readonly kind: 'transfer'; readonly what: string; readonly done: number; readonly total?: number }
  /** Output of a step, as it comes; already free of secrets. */
  | { readonly kind: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  /** Something that the user should know but that stops nothing, such as the choice of tcg. */
  | { readonly kind: 'notice'; readonly code: string; readonly message: string };
