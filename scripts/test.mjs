/**
 * `npm test`: sets the checkout up, builds, and runs every stage; ends with the code of the first that fails.
 * `npm test -- unit` runs one stage, `npm test -- unit packages/lab` those of its files that lie there.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { installPackage } from './run/installed-package.mjs';
import { tool } from './run/program.mjs';
import { root, run } from './run/run.mjs';
import { heading, say, seconds } from './run/say.mjs';
import { stages, testFiles } from './run/stages.mjs';
import { runTests } from './run/test-runner.mjs';
import { setUp } from './setup.mjs';

process.exitCode = await main(process.argv.slice(2));

async function main(words) {
  const names = stages.map((stage) => stage.name);
  const wanted = words.filter((word) => names.includes(word));
  const paths = words
    .filter((word) => !names.includes(word))
    .map((path) => path.replace(/^\.\//, '').replace(/\/$/, ''));
  const unknown = paths.find((path) => !existsSync(join(root, path)));
  if (unknown) {
    say(`"${unknown}" is neither a stage (${names.join(', ')}) nor a file`);
    return 64;
  }
  if (paths.length > 0 && !stages.some((stage) => filesOf(stage, paths)?.length)) {
    say(`no file *.test.ts of a stage is at ${paths.join(' or ')}; those of the soak run by "npm run test:soak"`);
    return 64;
  }
  const begun = performance.now();
  heading('Set up');
  if (!(await setUp({ tests: true })) || !(await build({ types: false }))) return 1;
  say(`  ${seconds(performance.now() - begun)}`);
  for (const stage of stages) {
    if (wanted.length > 0 ? !wanted.includes(stage.name) : paths.length > 0 && !stage.folders) continue;
    const code = await runStage(stage, paths);
    if (code !== 0) return code;
  }
  return 0;
}

async function runStage(stage, paths) {
  const files = filesOf(stage, paths);
  if (files?.length === 0) return 0;
  heading(stage.title);
  if (stage.installed && !(await installPackage())) return 1;
  const begun = performance.now();
  const code = files
    ? await runTests(files, { concurrency: stage.concurrency, installed: stage.installed })
    : await run(...tool(stage.command[0], stage.command.slice(1), root));
  if (code !== 0) say(`${stage.title}: failed after ${seconds(performance.now() - begun)}`);
  else if (!files) say(`  ${seconds(performance.now() - begun)}`); // after tests, the runner has the last word
  return code;
}

/** Undefined for a stage that is a command. */
function filesOf(stage, paths) {
  return stage.folders?.flatMap((folder) => testFiles(folder)).filter((file) => chosen(file, paths));
}

function chosen(file, paths) {
  return paths.length === 0 || paths.some((path) => file === path || file.startsWith(`${path}/`));
}
