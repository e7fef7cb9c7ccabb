/** Commands of the guest agent by name. */
export interface QgaCommands {
  // biome-ignore lint/suspicious/noExplicitAny: stands here until the generated types do
  [command: string]: { arguments: Record<string, unknown>; returns: any };
}
