import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { temporaryFolder } from '../setup/temporary-folder';

const WORKER = join(__dirname, '../../dist/src/worker.js');
const THREADS = join(__dirname, '../../dist/src/platform/threads.js');

/** The files that are loaded when the worker reads its settings, which is before it does anything; in their order. */
function filesOfTheWorker(): string[] {
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
  return files;
}

function packagesOfTheWorker(): string[] {
  const packages = filesOfTheWorker().flatMap((file) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return [...new Set(packages)];
}

// Fails when something that the worker imports, whatever is between, takes a module's index.ts where its core.ts is enough.
it('a worker that was killed is back before a framework could be loaded: none is', () => {
  const heavy = /^(@nestjs\/.*|typeorm|class-validator|class-transformer|rxjs|fastify|bullmq|ioredis|jose)$/;
  const packages = packagesOfTheWorker();
  expect(packages).toContain('pg');
  expect(packages.filter((name) => heavy.test(name))).toEqual([]);
});

// Fails with the usual four threads, of which two may resolve names at a time.
it('resolves a name while other threads wait for what never comes', () => {
  expect(filesOfTheWorker().slice(0, 2)).toEqual([WORKER, THREADS]);
  // A pipe that nobody writes to keeps the thread that opens it.
  const pipes = Array.from({ length: 16 }, (_, n) => join(temporaryFolder(), `pipe-${n}`));
  expect(spawnSync('mkfifo', pipes).status).toBe(0);
  const script = `
    require(${JSON.stringify(THREADS)});
    for (const pipe of ${JSON.stringify(pipes)}) require('node:fs').open(pipe, 'r', () => undefined);
    require('node:dns').lookup('localhost', (error) => {
      require('node:fs').writeSync(1, error ? error.code : 'resolved');
      process.kill(process.pid, 'SIGKILL');
    });`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { encoding: 'utf8', timeout: 20_000 });
  expect(stdout).toBe('resolved');
});
