import { randomBytes } from 'node:crypto';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Api } from './demo/api';
import { farewell } from './demo/farewell';
import { readKeys, writeKeys, type DemoKeys } from './demo/keys';
import { Letterbox } from './demo/letterbox';
import { openNeighbours } from './demo/neighbours';
import { Past, WEEKS } from './demo/past';
import { findProgramme, foundProgramme } from './demo/seed';
import { Story } from './demo/story';
import { Teller } from './demo/teller';
import { readConfig } from './platform/config';
import { runService } from './platform/run-service';
import { startServices } from './start-services';

const PROJECT = resolve(__dirname, '../..');

/** Everything embedded, a programme, and the story over HTTP; then it stays up, or with `--once` ends with 0 or 1. */
runService('demo', async () => {
  const isOnce = readArguments(process.argv.slice(2));
  const dataDir = resolve(process.env.GEGENWERT_DATA_DIR || join(PROJECT, '.data'));
  const files = { keys: join(dataDir, 'demo.env'), log: join(dataDir, 'demo.log') };
  mkdirSync(dataDir, { recursive: true });
  const earlier = readKeys(files.keys);
  const operator = process.env.GEGENWERT_OPERATOR_KEY || earlier?.operator || randomBytes(24).toString('base64url');
  // Invented customers are kept out of a database that may be in earnest use.
  const embedded = { DATABASE_URL: '', REDIS_URL: '', GEGENWERT_DATA_DIR: dataDir, GEGENWERT_OPERATOR_KEY: operator };
  const env = { ...process.env, ...embedded };
  const teller = new Teller();
  const services = await startServices(readConfig(env), env, {
    onLine: logTo(files.log),
    onProgress: (what) => teller.progress(what),
  });
  let isClosing = false;
  const close = (): Promise<void> => {
    isClosing = true;
    return services.close();
  };
  const api = new Api(`http://localhost:${services.port}`);
  const past = isOnce ? undefined : services.databaseUrl;
  void tell(api, teller, { operator, earlier, file: files.keys, past }).then(
    async ({ isGood, keys }) => {
      if (isClosing) return;
      if (!isOnce) return console.log(farewell(keys, await openNeighbours(api, keys), files));
      await close();
      process.exit(isGood ? 0 : 1);
    },
    async (error: unknown) => {
      if (isClosing) return;
      console.error('The story cannot be told.', error);
      await close();
      process.exit(1);
    },
  );
  return { ready: { port: services.port }, close };
});

function readArguments(given: string[]): boolean {
  const unknown = given.filter((argument) => argument !== '--once');
  if (unknown.length > 0) throw new Error(`The demo knows --once, and not ${unknown.join(' ')}`);
  return given.includes('--once');
}

interface Beginning {
  operator: string;
  /** Keys of an earlier run. */
  earlier: DemoKeys | undefined;
  file: string;
  /** Where a past is to be written; the story itself needs none. */
  past: string | undefined;
}

async function tell(
  api: Api,
  teller: Teller,
  { operator, earlier, file, past }: Beginning,
): Promise<{ isGood: boolean; keys: DemoKeys }> {
  const letterbox = await Letterbox.open();
  let keys = earlier && (await findProgramme(api, { ...earlier, operator }));
  if (keys === undefined || !(await letterbox.register(api, keys))) {
    teller.progress('founding a programme over HTTP: attributes, purposes, recipients, offers, keys');
    keys = await foundProgramme(api, operator, letterbox.url);
    await letterbox.register(api, keys);
  } else {
    teller.progress('the programme of the last run is there: the story has a new customer');
  }
  writeKeys(file, keys);
  if (past !== undefined && !(await Past.isThere(api, keys))) {
    await new Past(api, keys, past).tell((week) =>
      teller.progress(`inventing ${WEEKS} weeks of customers: week ${week}`),
    );
  }
  teller.progress(`ready at ${api.url}`);
  await new Story(api, keys, teller, letterbox).tell();
  return { isGood: teller.summary(), keys };
}

/** The services' JSON lines go to a file of their own; what they have to say to people is shown. */
function logTo(file: string): (line: string) => void {
  const log = createWriteStream(file, { mode: 0o600 });
  return (line) => {
    log.write(`${line}\n`);
    if (!line.startsWith('{')) console.error(line);
  };
}
