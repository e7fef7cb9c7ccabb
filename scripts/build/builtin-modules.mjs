import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/**
 * Takes Node.js's own modules as objects (`process.getBuiltinModule`, of Node.js 20.16). An ES module of a bundle that imports
 * one has Node.js read all that it has, to make an export of each, which loads modules that nobody asked for: with
 * `node:fs` the streams, with `node:crypto` Web Crypto. `node:test` stays an import: `goqemu test` resolves it to a module of
 * its own while it looks for tests.
 */
export const builtinModules = {
  name: 'builtin-modules',
  setup(build) {
    build.onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' && path !== 'node:test'
        ? { path, namespace: 'builtin', sideEffects: false }
        : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'builtin' }, ({ path }) => {
      const names = Object.keys(require(path)).filter((name) => /^[\p{ID_Start}_][\p{ID_Continue}$]*$/u.test(name));
      const contents = [
        `const builtin = process.getBuiltinModule(${JSON.stringify(path)});`,
        'const of = (name) => builtin[name];',
        'export default builtin;',
        // Pure, so that what nobody imports is not read.
        ...names.map((name) => `export const ${name} = /* @__PURE__ */ of(${JSON.stringify(name)});`),
      ].join('\n');
      return { contents };
    });
  },
};
