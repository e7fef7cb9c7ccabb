import type { GuestFiles } from './guest-files.ts';
import type { GuestPrograms } from './guest-programs.ts';

/** Arguments of a command of the guest agent, as they arrive. */
export type AgentArguments = Readonly<Record<string, unknown>>;

/** The guest as a command of its agent sees it. */
export interface FakeGuestState {
  readonly version: string;
  readonly hostName: string;
  readonly files: GuestFiles;
  readonly programs: GuestPrograms;
  /** That of the agent itself, which programs get without one of their own. */
  readonly environment: Readonly<Record<string, string>>;
  /** Commands that the guest's administrator has forbidden. */
  readonly disabled: Set<string>;
  readonly commandNames: readonly string[];
  readonly passwords: Map<string, string>;
  /** The modes of the shutdowns that were asked for. */
  readonly shutdowns: string[];
  /** The guest's clock, in milliseconds; it stands still. */
  time: number;
  frozen: boolean;
  freezes: number;
  /** Sends bytes as they are. */
  sendRaw(bytes: string | Uint8Array): void;
  /** Hangs up on the client, after what was sent so far. */
  hangUp(): void;
}

/** Answers one command of the guest agent: what it returns is the answer, what it throws the error. */
export type AgentHandler = (args: AgentArguments, agent: FakeGuestState) => unknown;
