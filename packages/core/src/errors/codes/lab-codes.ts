import type { ErrorMeaning } from '../error-meaning.ts';

export const labCodes = {
  'lab-missing': {
    when: 'There is no lab file at the place.',
    fix: 'Write one with "goqemu init", or name one with --lab FILE.',
  },
  'lab-foreign': {
    when: 'The nearest lab above the working folder belongs to another user.',
    fix: 'If you trust it, name it with --lab FILE.',
  },
  'lab-present': { when: '"goqemu init" would overwrite a file.', fix: 'Name another folder.' },
  'lab-extension': {
    when: 'The lab file has an extension that is not of TypeScript or JavaScript.',
    fix: 'Name the lab.ts that describes the machines.',
  },
  'lab-syntax': { when: 'The lab file cannot be parsed.', fix: 'Correct it at the place that is shown.' },
  'lab-import': {
    when: 'The lab imports a module that does not exist.',
    fix: 'Install the package or correct the path.',
  },
  'lab-export': {
    when: 'The file does not export a lab as its default.',
    fix: 'End it with export default defineLab(…).',
  },
  'lab-threw': { when: "The lab's program threw an error.", fix: 'Correct the program at the place that is shown.' },
  'lab-unfinished': {
    when: 'A lab, or a file that it imports, awaits a promise at its top level that nothing will settle.',
    fix: 'Await only what ends; give what may not end a time limit.',
  },
  'lab-types': {
    when: 'The TypeScript compiler found an error in the lab.',
    fix: 'Correct what it reports, or leave --check-types out.',
  },
  'lab-impure': {
    when: 'Evaluated twice, the lab describes different machines.',
    fix: 'Take time and chance out of the lab; make what changes a parameter.',
  },
  'lab-asynchronous': { when: "The lab's function is asynchronous.", fix: 'Describe the lab without await.' },
  'lab-invalid': { when: 'defineLab was given wrong arguments.', fix: 'Pass options with a name, and a function.' },
  'lab-empty': { when: 'The lab has no machines to take a checkpoint of.', fix: 'Run "goqemu apply" first.' },
  'lab-lock-invalid': {
    when: 'lab.lock.json cannot be read as a lock file of this version.',
    fix: 'Restore it from version control, or delete it and apply again.',
  },
  'late-value-used-early': {
    when: 'A value that is only known later is used as a plain text.',
    fix: 'Use it inside sh`…`, or pass it through `environment`.',
  },
  'types-not-built': {
    when: "goqemu's declarations are not built in this checkout.",
    fix: 'Run: npm run build -- --types.',
  },
  'typescript-missing': {
    when: '--check-types finds no TypeScript compiler beside the lab.',
    fix: 'Install typescript, or leave --check-types out.',
  },
  'parameter-invalid': {
    when: 'A parameter of the lab has a value that its schema refuses.',
    fix: 'Correct the value.',
  },
  'parameter-unknown': { when: 'The lab has no such parameter.', fix: 'Use one of those in the hint.' },
  'parameters-invalid': {
    when: 'The parameters file cannot be read as JSON.',
    fix: 'Write a JSON object such as {"workers": 3}.',
  },
  'lab-output-unknown': {
    when: 'The lab has no output of that name in its state.',
    fix: 'Use a name of "goqemu output"; apply the lab first.',
  },
  'lab-output-withheld': {
    when: 'The output is a secret, which the state does not hold, or its step has not run.',
    fix: 'Read it in the guest.',
  },
  'output-invalid': {
    when: 'The lab returns something that is not data.',
    fix: 'Return strings, numbers, booleans, lists, objects or late values.',
  },
  'output-unknown': {
    when: 'A step uses an output that is not one of this lab.',
    fix: 'Use an output of a machine declared above.',
  },
  'rename-duplicate': {
    when: 'Two machines are renamed from the same machine.',
    fix: 'Leave renamedFrom out of the machine that is new.',
  },
  'machine-duplicate': {
    when: 'Two machines of a lab have the same name.',
    fix: 'Give each machine its own name; case does not count.',
  },
  'machine-unknown': { when: 'No machine of the lab has this name.', fix: 'Use the name that the hint suggests.' },
  'step-unknown': { when: 'No step of the machine has this name.', fix: 'Use the name that the hint suggests.' },
  'network-duplicate': {
    when: 'Two networks of a lab have the same name.',
    fix: 'Give each network its own name; case does not count.',
  },
  'network-overlap': {
    when: 'Two networks of a lab share addresses.',
    fix: 'Give each a range of its own, or leave cidr out.',
  },
  'network-unknown': {
    when: 'A machine is in something that is no network of its lab.',
    fix: 'Write networks: { lan }, with what lab.network returned.',
  },
  'network-down': {
    when: 'What was asked of a network needs it to run.',
    fix: 'Run goqemu apply, which brings networks up.',
  },
  'network-full': {
    when: 'A network has no address left for a machine.',
    fix: 'Give the network a larger range.',
  },
  'cards-too-many': {
    when: 'A machine is in more networks than it has network cards for.',
    fix: 'Leave a network out, or let another machine route.',
  },
  'secret-duplicate': {
    when: 'Two secrets of one name come from different places.',
    fix: 'Give each secret its own name.',
  },
  'secret-invalid': {
    when: "A secret's source is not one that exists.",
    fix: "Write secret('token', { env: 'TOKEN' }).",
  },
  'secret-missing': { when: 'The value of a secret is not at its source.', fix: 'Provide it as the hint says.' },
  'secret-key-invalid': {
    when: "The key of the state's secrets is damaged.",
    fix: 'Restore the file from a copy, or destroy the lab, delete the file and apply again.',
  },
  'secret-unreadable': {
    when: 'A secret value in the state was encrypted with another key.',
    fix: "Restore the state's key file, or destroy the lab and apply it again.",
  },
  'source-unreadable': {
    when: 'A file that a step reads cannot be read.',
    fix: 'Check the path; it is relative to the folder of the lab.',
  },
  'source-changed': { when: 'A file that a step reads has changed since the plan was made.', fix: 'Plan again.' },
  'template-value-missing': {
    when: 'A template uses a value that was not passed.',
    fix: 'Pass the value, or correct its name.',
  },
} satisfies Record<string, ErrorMeaning>;
