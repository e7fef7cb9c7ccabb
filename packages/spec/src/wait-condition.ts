/** What a `waitFor` step waits for. */
export type WaitCondition =
  | { readonly port: number; readonly host?: string }
  /** A systemd unit that is active. */
  | { readonly unit: string }
  /** A URL that the guest can fetch and that answers with this status. @default status 200 */
  | { readonly http: string; readonly status?: number }
  | { readonly file: string };
