import { chmodSync, readFileSync, writeFileSync } from 'node:fs';

/** The variables of demo.env: test keys, the programme's slug, and what a first share needs, under the names that the curl lines use. */
const NAMES = {
  url: 'GW_URL',
  programme: 'GW_PROGRAMME',
  operator: 'GW_OPERATOR',
  admin: 'GW_ADMIN',
  marketing: 'GW_MARKETING',
  dpo: 'GW_DPO',
  storefront: 'GW_STOREFRONT',
  newsletter: 'GW_NEWSLETTER',
  recommender: 'GW_RECOMMENDER',
  planner: 'GW_PLANNER',
  offer: 'GW_OFFER',
  offerVersion: 'GW_OFFER_VERSION',
  noticeHash: 'GW_NOTICE_HASH',
} as const;

export type DemoKeys = Record<keyof typeof NAMES, string>;

/** What an earlier run has left; undefined when there is none, or not all of it. */
export function readKeys(file: string): DemoKeys | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const values = new Map([...text.matchAll(/^export (\w+)='(.*)'$/gm)].map(([, name, value]) => [name, value]));
  const entries = Object.entries(NAMES).map(([key, name]) => [key, values.get(name)]);
  return entries.every(([, value]) => value !== undefined) ? (Object.fromEntries(entries) as DemoKeys) : undefined;
}

/** As a file for `.` in a shell, for its owner alone. */
export function writeKeys(file: string, keys: DemoKeys): void {
  const lines = exportLines(keys);
  writeFileSync(file, `# Test keys of the demo, written by it at every start.\n${lines.join('\n')}\n`, { mode: 0o600 });
  chmodSync(file, 0o600); // mode counts only where the file is new.
}

export const exportLines = (keys: DemoKeys): string[] =>
  Object.entries(NAMES).map(([key, name]) => `export ${name}='${keys[key as keyof DemoKeys]}'`);
