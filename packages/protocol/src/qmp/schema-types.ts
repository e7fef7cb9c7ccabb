/** Commands by name. */
export interface QmpCommands {
  // biome-ignore lint/suspicious/noExplicitAny: stands here until the generated types do
  [command: string]: { arguments: Record<string, unknown>; returns: any };
}

/** The data of events by name. */
export interface QmpEvents {
  // biome-ignore lint/suspicious/noExplicitAny: stands here until the generated types do
  [event: string]: any;
}
