import type { RequestOptions } from 'node:http';

/** What to wait for in a guest. */
export type GuestCondition =
  /** Something listens on this TCP port in the guest, on any address. */
  | { readonly port: number }
  /** This systemd unit is active. */
  | { readonly unit: string }
  /** This URL, as the guest sees it, answers with one of these statuses (default 200 to 399). Asked over the session, so the guest needs no tool for it. */
  | {
      readonly http: string;
      readonly status?: number | readonly number[];
      readonly headers?: RequestOptions['headers'];
    }
  /** This path exists; with `contains`, and this text is in it. */
  | { readonly file: string; readonly contains?: string };

export interface WaitForOptions {
  /** In milliseconds; default 2 minutes. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with why it is not met yet, each time that changes. */
  readonly onReason?: (reason: string) => void;
}

/** What people read: `port 80`, `unit nginx.service`, … */
export function describeCondition(condition: GuestCondition): string {
  if ('port' in condition) return `port ${condition.port}`;
  if ('unit' in condition) return `unit ${condition.unit}`;
  if ('http' in condition) return `a good answer from ${condition.http}`;
  return condition.contains === undefined ? `file ${condition.file}` : `file ${condition.file} with its text`;
}
