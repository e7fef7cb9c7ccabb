/** The layers of docs/architecture.md: imports point down only, and neighbours do not know each other. */
const below = {
  core: [],
  spec: ['core'],
  protocol: ['core', 'spec'],
  machine: ['core', 'spec', 'protocol'],
  image: ['core', 'spec', 'protocol'],
  guest: ['core', 'spec', 'protocol'],
  network: ['core', 'spec', 'protocol'],
  lab: ['core', 'spec'],
  vm: ['core', 'spec', 'protocol', 'machine', 'image', 'guest', 'network'],
  test: ['core', 'spec', 'guest', 'lab'],
  'backend-qemu': ['core', 'spec', 'protocol', 'machine', 'image', 'guest', 'network', 'vm', 'lab'],
  testing: ['core', 'spec', 'protocol', 'machine', 'image', 'guest', 'network', 'vm', 'lab', 'backend-qemu'],
};

/** Tests, benches and what only they use may import downwards and sideways. */
const tests = '\\.(?:test|bench|soak|fixture)\\.ts$|/(?:bench|fixture)/';

const source = (names) => `^packages/(?:${names.join('|')})/src/`;

const layers = Object.entries(below).map(([name, allowed]) => ({
  name: `${name}-imports-only-what-is-below`,
  comment: `packages/${name} may import ${allowed.join(', ') || 'no other package'}; see docs/architecture.md, “Layers”.`,
  severity: 'error',
  from: { path: source([name]), pathNot: tests },
  to: { path: '^packages/', pathNot: source([name, ...allowed]) },
}));

export default {
  forbidden: [
    ...layers,
    {
      name: 'fakes-stay-out-of-the-product',
      comment:
        'packages/testing is published as goqemu/testing, and the contract of a backend as part of goqemu/backend; only the backend that GOQEMU_BACKEND=fake asks for uses it, loaded late.',
      severity: 'error',
      from: {
        path: '^packages/(?!testing/)',
        pathNot: `${tests}|^packages/goqemu/src/(?:testing|backend)\\.ts$|^packages/goqemu/src/host/fake/`,
      },
      to: { path: '^packages/testing/' },
    },
    {
      name: 'the-engine-knows-no-terminal-and-no-qemu',
      comment: 'packages/lab speaks in events; only packages/goqemu renders them.',
      severity: 'error',
      from: { path: '^packages/lab/src/', pathNot: tests },
      to: { path: 'listr2|ssh2|execa|undici|^(?:node:)?(?:readline|tty|child_process)$' },
    },
    {
      name: 'public-code-does-not-reach-into-the-command-line',
      comment: 'What users import must not load the shell around it.',
      severity: 'error',
      from: { path: '^packages/goqemu/src/(?:index|qmp|qga|machine|test|testing|vitest|playwright|backend)\\.ts$' },
      to: { path: '^packages/goqemu/src/(?:cli\\.ts|shell|commands|render|loader)' },
    },
    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one concept, or lack a third.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-type-cycles',
      comment:
        'A type that two files need of each other is a third file. What a command loads when it runs is no cycle.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['dynamic-import'] } },
    },
    {
      name: 'packages-are-imported-by-name',
      comment: 'Across packages, import @goqemu/name: what a package does not export is its own affair.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/', pathNot: '^packages/$1/', dependencyTypes: ['local'], dependencyTypesNot: ['aliased'] },
    },
    {
      name: 'no-undeclared-dependencies',
      comment: 'What is not in package.json is not there after npm install.',
      severity: 'error',
      from: { path: '^packages/', pathNot: tests },
      // peerDependenciesMeta, where one is optional, is taken for a list of dependencies that does not have it.
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'], dependencyTypesNot: ['npm-peer'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '/dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
};
