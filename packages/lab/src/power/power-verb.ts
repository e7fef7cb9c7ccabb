export const powerVerbs = ['stop', 'start', 'restart', 'suspend', 'resume'] as const;

/** What is done with machines that are there, whatever the lab says of them. */
export type PowerVerb = (typeof powerVerbs)[number];

/** Whether machines do not run after it. */
export function isDown(verb: PowerVerb): boolean {
  return verb === 'stop' || verb === 'suspend';
}
