// All that CI runs, in one command: `npm run check`. Stops at the first step that fails; the last line counts the tests.
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');
const { join } = require('node:path');

const results = join('dist', 'tests.json');

/** Name, command, and what to do when it fails. The build makes the types that the pages are checked against. */
const steps = [
  ['format', 'npx prettier --check .', 'npm run format'],
  ['build', 'npm run -s build', 'mend what it names'],
  ['lint', 'npx oxlint --type-aware', 'mend what it names'],
  ['types', 'npx tsc --noEmit -p tsconfig.json && npx tsc -p web/tsconfig.json', 'mend what it names'],
  [
    'boundaries',
    'npx depcruise src --config .dependency-cruiser.cjs',
    'import only what docs/adr and the table in .dependency-cruiser.cjs allow',
  ],
  [
    'contract',
    'node dist/src/openapi.js | cmp - openapi.json && npx redocly lint openapi.json',
    'npm run openapi, and commit it; then mend what redocly names',
  ],
  ['tests', `npx jest --json --outputFile=${results}`, 'run the file that failed alone: npx jest <file>'],
];

const started = Date.now();
for (const [name, command, advice] of steps) {
  const since = Date.now();
  console.log(`\n── ${name}: ${command}`);
  // Jest's report is wanted in its file alone.
  const { status } = spawnSync(command, {
    shell: true,
    env: { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    stdio: name === 'tests' ? ['ignore', 'ignore', 'inherit'] : ['ignore', 'inherit', 'inherit'],
  });
  console.log(`── ${name}: ${status === 0 ? '✓' : '✗'} after ${Math.round((Date.now() - since) / 1000)} s`);
  if (status === 0) continue;
  console.log(`\nTo do: ${advice}`);
  if (name !== 'tests') process.exit(1);
}
const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(results, 'utf8'));
console.log(`\nAll checks in ${Math.round((Date.now() - started) / 1000)} s.`);
// A suite that could not even be loaded has no tests to count, and has failed all the same.
const failed = Math.max(numFailedTests, numFailedTestSuites);
console.log(`${numPassedTests} passed, ${failed} failed`);
process.exit(failed === 0 && numPassedTests > 0 ? 0 : 1);
