/** How much a line of the log matters. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Where operations are logged; silent by default. Never given a secret. */
export interface Logger {
  log(level: LogLevel, scope: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export const silentLogger: Logger = { log: () => undefined };
