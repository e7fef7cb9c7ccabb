import { GoqemuError } from '@goqemu/core';

/** What is asked of a network that does not run. */
export function networkDown(network: string): GoqemuError {
  return new GoqemuError({
    code: 'network-down',
    source: 'environment',
    subject: network,
    message: `network ${network} is not running`,
    hint: 'run goqemu apply: it brings networks up',
  });
}
