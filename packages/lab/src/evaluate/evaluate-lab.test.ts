import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type GoqemuError, isGoqemuError } from '@goqemu/core';
import { defineLab, type LabBuilder } from '../definition/define-lab.ts';
import { z } from '../definition/schema-library.ts';
import { secret } from '../value/secret.ts';
import { sh } from '../value/sh.ts';
import { evaluateLab, freshAllocations } from './evaluate-lab.ts';

const labFile = import.meta.filename;
const define = (program: (lab: LabBuilder) => unknown) => defineLab({ name: 'web' }, program);
const evaluate = (program: (lab: LabBuilder) => unknown) => evaluateLab(define(program), { labFile });

function failure(program: (lab: LabBuilder) => unknown): GoqemuError {
  try {
    evaluate(program);
  } catch (error) {
    assert.ok(isGoqemuError(error), String(error));
    return error;
  }
  return assert.fail('nothing was thrown');
}

/** Where this line is, for comparison with the place in an error. */
function here(): number {
  return Number(/:(\d+):\d+\)?$/.exec((new Error().stack ?? '').split('\n')[2] ?? '')?.[1]);
}

const mistakes: Readonly<Record<string, { code: string; program: (lab: LabBuilder) => unknown; hint?: RegExp }>> = {
  'a duplicate name': { code: 'machine-duplicate', program: (lab) => [lab.vm('web'), lab.vm('WEB')] },
  'a name that leaves its folder': { code: 'name-invalid', program: (lab) => lab.vm('../x') },
  'a negative size': { code: 'size-invalid', program: (lab) => lab.vm('a', { disk: -1 }) },
  'a size in an unknown unit': { code: 'size-invalid', program: (lab) => lab.vm('a', { memory: '1 GiBi' as '1 GiB' }) },
  'memory that is no whole number of MiB': {
    code: 'memory-invalid',
    program: (lab) => lab.vm('a', { memory: '1 GB' }),
  },
  'a disk without room for anything': { code: 'disk-invalid', program: (lab) => lab.vm('a', { disk: '1 kB' }) },
  'more cores than the machine type takes': { code: 'cpus-invalid', program: (lab) => lab.vm('a', { cpus: 256 }) },
  'root as the ordinary user': { code: 'user-invalid', program: (lab) => lab.vm('a', { user: 'root' }) },
  'a display that is no flag': { code: 'option-invalid', program: (lab) => lab.vm('a', { display: 'vnc' as never }) },
  'half a core': { code: 'cpus-invalid', program: (lab) => lab.vm('a', { cpus: 0.5 }) },
  'an unknown architecture': {
    code: 'option-invalid',
    program: (lab) => lab.vm('a', { arch: 'amd46' as 'amd64' }),
    hint: /did you mean "amd64"/,
  },
  'a port beyond the last': { code: 'port-invalid', program: (lab) => lab.vm('a', { forward: { http: 70_000 } }) },
  'two forwards of one host port': {
    code: 'port-duplicate',
    program: (lab) => [
      lab.vm('a', { forward: { x: { host: 80, guest: 1 } } }),
      lab.vm('b', { forward: { x: { host: 80, guest: 1 } } }),
    ],
  },
  'two machines that were the same one': {
    code: 'rename-duplicate',
    program: (lab) => [lab.vm('a', { renamedFrom: 'x' }), lab.vm('b', { renamedFrom: 'x' })],
    hint: /leave renamedFrom out/,
  },
  'an unknown option of a machine': {
    code: 'option-unknown',
    program: (lab) => lab.vm('a', { memroy: '1 GiB' } as never),
    hint: /did you mean "memory"/,
  },
  'a forward of a template': {
    code: 'option-unknown',
    program: (lab) => lab.template('a', { forward: { http: 80 } } as never),
  },
  'an unknown option of a forward': {
    code: 'option-unknown',
    program: (lab) => lab.vm('a', { forward: { http: { guest: 80, hots: 8080 } as never } }),
    hint: /did you mean "host"/,
  },
  'a disk of a machine with from': {
    code: 'option-inherited',
    program: (lab) => lab.vm('b', { from: lab.vm('a').checkpoint('x').at.x, disk: '20 GB' } as never),
    hint: /leave disk out/,
  },
  'options that are no object': { code: 'options-invalid', program: (lab) => lab.vm('a', '1 GiB' as never) },
  ...Object.fromEntries(
    (['run', 'capture', 'upload', 'file', 'render', 'waitFor', 'reboot'] as const).map((method) => [
      `an unknown option of ${method}`,
      {
        code: 'option-unknown',
        program: (lab: LabBuilder) => {
          const typo = { timout: '5 min' } as never;
          const a = lab.vm('a');
          if (method === 'run' || method === 'capture') a[method]('x', 'true', typo);
          else if (method === 'upload') a.upload('x', '.', '/x', typo);
          else if (method === 'file') a.file('x', '/x', '', typo);
          else if (method === 'render') a.render('x', './x', '/x', {}, typo);
          else if (method === 'reboot') a.reboot('x', typo);
          else a.waitFor('x', { port: 80 }, typo);
        },
        hint: /did you mean "timeout"/,
      },
    ]),
  ),
  'a reboot by a user': {
    code: 'option-unknown',
    program: (lab: LabBuilder) => lab.vm('a').reboot('x', { user: 'debian' } as never),
  },
  ...Object.fromEntries(
    [0, 1.5, 2 ** 24 + 1, '1 MiB' as never].map((maxBytes) => [
      `a capture of at most ${maxBytes} bytes`,
      {
        code: 'max-bytes-invalid',
        program: (lab: LabBuilder) => lab.vm('a').capture('x', 'true', { maxBytes }),
        hint: /goqemu cp/,
      },
    ]),
  ),
  'a time to live with a typing error': {
    code: 'option-unknown',
    program: (lab) => lab.vm('a').run('x', '', { cache: { tll: '1 h' } as never }),
    hint: /did you mean "ttl"/,
  },
  'a cache that is neither': {
    code: 'options-invalid',
    program: (lab) => lab.vm('a').run('x', '', { cache: 'sometimes' as never }),
  },
  'a condition with a member of another': {
    code: 'condition-invalid',
    program: (lab) => lab.vm('a').waitFor('x', { port: 80, status: 404 } as never),
  },
  'two steps of one name': { code: 'step-duplicate', program: (lab) => lab.vm('a').run('x', '').run('x', '') },
  'two checkpoints of one name': {
    code: 'checkpoint-duplicate',
    program: (lab) => lab.vm('a').checkpoint('x').checkpoint('x'),
  },
  'a checkpoint named like a path': {
    code: 'checkpoint-name-invalid',
    program: (lab) => lab.vm('a').checkpoint('../x'),
  },
  'a relative path in the guest': { code: 'path-invalid', program: (lab) => lab.vm('a').file('x', 'etc/motd', '') },
  'a mode that is no permission bits': {
    code: 'mode-invalid',
    program: (lab) => lab.vm('a').file('x', '/x', '', { mode: 0o10000 }),
  },
  'an owner that is no name': {
    code: 'owner-invalid',
    program: (lab) => lab.vm('a').file('x', '/x', '', { owner: 'root; rm' }),
  },
  'an environment variable that is no name': {
    code: 'environment-invalid',
    program: (lab) => lab.vm('a').run('x', '', { environment: { 'A B': '' } }),
  },
  'a negative time-out': { code: 'duration-invalid', program: (lab) => lab.vm('a').run('x', '', { timeout: -1 }) },
  'an unknown checkpoint': {
    code: 'checkpoint-unknown',
    program: (lab) => (lab.vm('a').checkpoint('ready').at as Record<string, unknown>).raedy,
    hint: /did you mean "ready"/,
  },
  'an unknown output': { code: 'output-unknown', program: (lab) => (lab.vm('a').out as Record<string, unknown>).token },
  'an unknown forward': {
    code: 'forward-unknown',
    program: (lab) => (lab.vm('a').forwarded as Record<string, unknown>).http,
  },
  'two networks of one name': {
    code: 'network-duplicate',
    program: (lab) => [lab.network('lan'), lab.network('LAN')],
  },
  'a network named like a path': { code: 'name-invalid', program: (lab) => lab.network('../x') },
  'networks that share addresses': {
    code: 'network-overlap',
    program: (lab) => [lab.network('lan', { cidr: '10.40.0.0/16' }), lab.network('dmz', { cidr: '10.40.7.0/24' })],
    hint: /leave cidr out/,
  },
  'an unknown option of a network': {
    code: 'option-unknown',
    program: (lab) => lab.network('lan', { cird: '10.40.0.0/24' } as never),
    hint: /did you mean "cidr"/,
  },
  'a range that begins elsewhere': {
    code: 'cidr-invalid',
    program: (lab) => lab.network('lan', { cidr: '10.40.0.1/24' }),
  },
  'a range without room': { code: 'cidr-invalid', program: (lab) => lab.network('lan', { cidr: '10.40.0.0/31' }) },
  'an IPv6 range of another length': {
    code: 'cidr6-invalid',
    program: (lab) => lab.network('lan', { cidr6: 'fd00:40::/48' }),
    hint: /ipv6: true/,
  },
  'an MTU below that of IPv6': { code: 'mtu-invalid', program: (lab) => lab.network('lan', { mtu: 68 }) },
  'an allowed place that is none': {
    code: 'internet-invalid',
    program: (lab) => lab.network('lan', { internet: { allow: ['deb.debian.org', 'https://example.org/'] } }),
    hint: /packages\.example\.org/,
  },
  'a way out both to everything and to some places': {
    code: 'internet-invalid',
    program: (lab) => lab.network('lan', { nat: true, internet: { allow: ['deb.debian.org'] } }),
    hint: /leave one of the two out/,
  },
  'a fault that does not exist': {
    code: 'faults-invalid',
    program: (lab) => lab.network('lan', { faults: { machines: { web: { to: { delay: 5 } as never } } } }),
    hint: /latency: 50/,
  },
  'faults of a machine that is not in the network': {
    code: 'faults-invalid',
    program: (lab) => {
      const lan = lab.network('lan', { faults: { partition: [['web'], ['bd']] } });
      for (const name of ['web', 'db']) lab.vm(name, { networks: { lan } });
    },
    hint: /did you mean "db"/,
  },
  'more machines than a network has addresses': {
    code: 'network-full',
    program: (lab) => {
      const lan = lab.network('lan', { cidr: '10.40.0.0/30' });
      return [lab.vm('a', { networks: { lan } }), lab.vm('b', { networks: { lan } })];
    },
  },
  'more networks than a machine has cards': {
    code: 'cards-too-many',
    program: (lab) => {
      const lan = lab.network('lan');
      return lab.vm('a', { networks: [lan, lan, lan, lan, lan] });
    },
  },
  'a network by its name': {
    code: 'network-unknown',
    program: (lab) => [lab.network('lan'), lab.vm('a', { networks: { lan: 'lan' } as never })],
    hint: /networks: \{ lan \}/,
  },
  'networks that are a text': { code: 'options-invalid', program: (lab) => lab.vm('a', { networks: 'lan' as never }) },
  'an unknown network': {
    code: 'network-unknown',
    program: (lab) => (lab.vm('a', { networks: { lan: lab.network('lan') } }).ip as Record<string, unknown>).lna,
    hint: /did you mean "lan"/,
  },
  'a base of another lab': {
    code: 'checkpoint-unknown',
    program: (lab) => lab.vm('a', { from: { machine: 'ghost', checkpoint: 'x' } }),
  },
  'a wait for nothing': { code: 'condition-invalid', program: (lab) => lab.vm('a').waitFor('x', {} as { port: 1 }) },
  'a late value in a plain template': {
    code: 'late-value-used-early',
    program: (lab) => lab.vm('a').run('x', `echo ${lab.vm('b').capture('t', '').out.t}`),
  },
  'a late value that is joined': {
    code: 'late-value-used-early',
    program: (lab) => [lab.vm('b').capture('t', '').out.t].join(','),
  },
  'an output that is a function': { code: 'output-invalid', program: (lab) => ({ run: [lab.vm] }) },
  'a program that throws': {
    code: 'lab-threw',
    program: () => {
      throw new TypeError('no');
    },
  },
  'an asynchronous program': { code: 'lab-asynchronous', program: async () => undefined },
  'one secret from two places': {
    code: 'secret-duplicate',
    program: (lab) =>
      lab
        .vm('a')
        .run('x', sh`${secret('t', { env: 'A' })}`)
        .run('y', sh`${secret('t', { env: 'B' })}`),
  },
};

for (const [what, { code, program, hint }] of Object.entries(mistakes)) {
  test(`${what} is an error with its place in the lab`, () => {
    const error = failure(program);
    assert.equal(error.code, code);
    assert.equal(error.source, 'user');
    assert.equal(error.location?.file, labFile);
    assert.ok((error.location?.line ?? 0) > 1);
    assert.ok(error.hint, 'says what to do next');
    if (hint) assert.match(error.hint ?? '', hint);
  });
}

test('the place of an error is the line of the declaration', () => {
  let line = 0;
  const error = failure((lab) => {
    lab.vm('a');
    line = here();
    lab.vm('a');
  });
  assert.equal(error.location?.line, line + 1);
  assert.match(error.message, new RegExp(`first is declared in line ${line - 1}`));
});

test('defaults are those of the documentation', () => {
  const [machine] = evaluate((lab) => void lab.vm('web')).machines;
  assert.equal(machine?.memory, 4 * 2 ** 30);
  assert.equal(machine?.cpus, 2);
  assert.equal(machine?.disk, undefined, 'the image decides');
  assert.equal(machine?.image, 'debian-12');
  assert.equal(machine?.arch, 'amd64');
  assert.equal(machine?.identity.hostname, 'web');
  assert.match(machine?.identity.mac ?? '', /^52:54:00(:[0-9a-f]{2}){3}$/);
  assert.match(machine?.identity.machineId ?? '', /^[0-9a-f]{32}$/);
});

test('what is given out stays when machines are added or change places', () => {
  const identities = (names: readonly string[]) => {
    const lab = evaluate((l) => {
      for (const name of names) l.vm(name, { forward: { http: 80 } });
    });
    return new Map(lab.machines.map(({ name, identity, forwards }) => [name, { identity, forwards }]));
  };
  const before = identities(['a', 'b']);
  const after = identities(['c', 'b', 'a']);
  for (const name of ['a', 'b']) assert.deepEqual(after.get(name), before.get(name));
});

test('what the state has recorded goes before what would be given out', () => {
  const [first] = evaluate((lab) => void lab.vm('a', { forward: { http: 80 } })).machines;
  assert.ok(first);
  const identity = { ...first.identity, sshPort: 22_222 };
  const allocations = {
    ...freshAllocations('web', 'default'),
    machines: { a: { identity, forwards: { http: { host: 23_333 } } } },
  };
  const lab = evaluateLab(
    define((l) => void l.vm('a', { forward: { http: 80 } })),
    { labFile, allocations },
  );
  assert.equal(lab.machines[0]?.identity.sshPort, 22_222);
  assert.equal(lab.machines[0]?.forwards.http?.host, 23_333);
  assert.deepEqual(lab.freshPorts, []);
});

test('a machine among the outputs is its name there, wherever it stands', () => {
  const definition = define((lab) => {
    const [web, db] = [lab.vm('web').capture('token', 'cat /token').checkpoint('ready'), lab.vm('db')];
    return { web, all: [web, { db }], token: web.out.token };
  });
  const { outputs } = evaluateLab(definition, { labFile });
  const { token, ...names } = outputs as Record<string, unknown>;
  assert.deepEqual([names, typeof token], [{ web: 'web', all: ['web', { db: 'db' }] }, 'object']);
});

test('parameters are checked by the schema, and text is read as what it wants', () => {
  const definition = defineLab(
    { name: 'web', params: z.object({ workers: z.number().int().default(2), name: z.string().default('12') }) },
    (lab, params) => {
      for (let index = 0; index < params.workers; index++) lab.vm(`w${index}`);
      return { name: params.name };
    },
  );
  assert.equal(evaluateLab(definition, { labFile }).machines.length, 2);
  const given = evaluateLab(definition, { labFile, parameters: { workers: '3', name: '7' } });
  assert.equal(given.machines.length, 3);
  assert.deepEqual(given.outputs, { name: '7' });
  assert.throws(() => evaluateLab(definition, { labFile, parameters: { workers: 'many' } }), {
    code: 'parameter-invalid',
  });
  assert.throws(() => evaluateLab(definition, { labFile, parameters: { worker: 3 } }), { code: 'parameter-unknown' });
});

test('sh quotes every value as one word', () => {
  const lab = evaluate((l) => void l.vm('a').run('x', sh`printf %s ${"it's $(here)"} ${['a b', 'c']} ${sh`| cat`}`));
  const step = lab.machines[0]?.steps[0];
  assert.ok(step?.kind === 'run');
  assert.deepEqual(step.script, [`printf %s 'it'\\''s $(here)' 'a b' c | cat`]);
});

test('a lab is plain data: it survives being written as JSON', () => {
  const lab = evaluate((l) => {
    const web = l.vm('web').capture('token', 'cat');
    return { token: web.out.token };
  });
  assert.deepEqual(
    JSON.parse(JSON.stringify(lab)),
    JSON.parse(JSON.stringify(evaluate((l) => ({ token: l.vm('web').capture('token', 'cat').out.token })))),
  );
});

test('mistakes in the options of the lab itself have their place', () => {
  for (const [options, code, hint] of [
    [{ name: 'web', parms: z.object({}) }, 'option-unknown', /did you mean "params"/],
    [{ name: 'Not a name' }, 'name-invalid', /choose a name/],
    [{ nmae: 'web' }, 'lab-invalid', /write defineLab/],
  ] as const) {
    let line = 0;
    assert.throws(
      () => {
        line = here();
        defineLab(options as never, () => ({}));
      },
      (error: GoqemuError) => {
        assert.equal(error.code, code);
        assert.match(error.hint ?? '', hint);
        assert.deepEqual([error.location?.file, error.location?.line], [labFile, line + 1]);
        return true;
      },
    );
  }
  const layers = { perMachien: 3 } as never;
  assert.throws(
    () =>
      evaluateLab(
        defineLab({ name: 'web', layers }, () => ({})),
        { labFile },
      ),
    {
      code: 'option-unknown',
      hint: 'did you mean "perMachine"?',
    },
  );
});
