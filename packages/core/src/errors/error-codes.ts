import { engineCodes } from './codes/engine-codes.ts';
import { expectationCodes } from './codes/expectation-codes.ts';
import { guestCodes } from './codes/guest-codes.ts';
import { hostCodes } from './codes/host-codes.ts';
import { imageCodes } from './codes/image-codes.ts';
import { labCodes } from './codes/lab-codes.ts';
import { machineCodes } from './codes/machine-codes.ts';
import { networkCodes } from './codes/network-codes.ts';
import { optionCodes } from './codes/option-codes.ts';
import { protocolCodes } from './codes/protocol-codes.ts';
import { runnerCodes } from './codes/runner-codes.ts';
import { vmCodes } from './codes/vm-codes.ts';

/**
 * Every code that a GoqemuError can have, by area. Errors from outside keep their own words in `data` (the errno of a
 * file's error, the class of a QMP error, the exit code of a tool); their code is always one of these.
 */
export const errorCodes = {
  host: { title: 'Host: files, programs and time', codes: hostCodes },
  option: { title: 'Options and names', codes: optionCodes },
  lab: { title: 'Labs', codes: labCodes },
  engine: { title: 'Plan, apply, state and checkpoints', codes: engineCodes },
  vm: { title: 'Virtual machines of the SDK', codes: vmCodes },
  test: { title: 'Tests on machines', codes: runnerCodes },
  guest: { title: 'Guests: commands, sessions and files', codes: guestCodes },
  image: { title: 'Images', codes: imageCodes },
  machine: { title: 'QEMU machines', codes: machineCodes },
  network: { title: 'Networks between machines', codes: networkCodes },
  expectation: { title: 'Expectations of tests', codes: expectationCodes },
  protocol: { title: 'QMP and the guest agent', codes: protocolCodes },
} as const;

/** The stable codes of goqemu's errors; docs/errors.md says when each occurs and what to do. */
export type ErrorCode = {
  [Area in keyof typeof errorCodes]: keyof (typeof errorCodes)[Area]['codes'];
}[keyof typeof errorCodes] &
  string;
