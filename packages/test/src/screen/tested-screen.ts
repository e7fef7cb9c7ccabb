/** Options of each call of a {@link TestedScreen}. */
export interface TestedScreenOptions {
  /** Milliseconds that it may take. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** The screen of a machine as a matcher needs it: that of a `QemuVM` and of a machine of a lab are both one. */
export interface TestedScreen {
  /** As PNG. @throws GoqemuError `display-absent` for a machine without a display */
  screenshot(options?: TestedScreenOptions): Promise<Uint8Array>;
  /** At a pixel, from the upper left corner. */
  click(x: number, y: number, options?: TestedScreenOptions): Promise<void>;
}
