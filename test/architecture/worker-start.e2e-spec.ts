import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const WORKER = join(__dirname, '../../dist/src/worker.js');

/** The packages that are loaded when the worker reads its settings, which is before it does anything. */
function packagesOfTheWorker(): string[] {
  const script = `
    process.on('exit', () => console.log(JSON.stringify(Object.keys(require.cache))));
    require(${JSON.stringify(WORKER)});`;
  const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
    encoding: 'utf8',
    env: { ...process.env, DATABASE_URL: 'nonsense' },
  });
  expect(stderr).toContain('DATABASE_URL must be');
  const files = JSON.parse(stdout) as string[];
  expect(files).toContain(WORKER);
  const packages = files.flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(packages)];
}

// Fails when something that the worker imports, whatever is between, takes a module's index.ts where its core.ts is enough.
it('a worker that was killed is back before a framework could be loaded: none is', () => {
  const heavy = /^(@nestjs\/.*|typeorm|class-validator|class-transformer|rxjs|fastify|bullmq|ioredis|jose)$/;
  const packages = packagesOfTheWorker();
  expect(packages).toContain('pg');
  expect(packages.filter((name) => heavy.test(name))).toEqual([]);
});
