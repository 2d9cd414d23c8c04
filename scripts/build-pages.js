// Builds the pages (web/widget, web/console) to static files beside the service's code: `npm run build:pages`.
const { createHash } = require('node:crypto');
const { execFileSync } = require('node:child_process');
const { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } = require('node:fs');
const { extname, join, resolve } = require('node:path');
const { promisify } = require('node:util');
const { brotliCompress, constants, gzip } = require('node:zlib');

const PROJECT = resolve(__dirname, '..');
const WEB = join(PROJECT, 'web');
const OUT = join(PROJECT, 'dist/web');
const STAMP = join(OUT, '.made-of');
/** What is worth packing beforehand. */
const TEXT = new Set(['.js', '.css', '.html', '.svg', '.json']);

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

async function main() {
  const madeOf = fingerprint();
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === madeOf) return;
  generateTypes();
  const configs = ['widget', 'console'].flatMap((page) =>
    readdirSync(join(WEB, page))
      .filter((name) => /^vite\.(\w+\.)?config\.mts$/.test(name))
      .map((name) => join(WEB, page, name)),
  );
  const { build } = await import('vite');
  for (const configFile of configs) await build({ configFile, logLevel: 'warn' });
  await Promise.all(filesIn(OUT).map(pack));
  writeFileSync(STAMP, madeOf);
}

/** The pages call the published API, so its types are made from openapi.json. */
function generateTypes() {
  mkdirSync(join(WEB, 'generated'), { recursive: true });
  const generator = join(PROJECT, 'node_modules/openapi-typescript/bin/cli.js');
  const types = execFileSync(process.execPath, [generator, join(PROJECT, 'openapi.json')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  writeFileSync(join(WEB, 'generated/api.d.ts'), types);
}

/** Of everything that the pages are made of, so that an unchanged page is not built again. */
function fingerprint() {
  const hash = createHash('sha256');
  const sources = filesIn(WEB).filter((file) => !file.startsWith(join(WEB, 'generated')));
  for (const file of [__filename, join(PROJECT, 'package-lock.json'), join(PROJECT, 'openapi.json'), ...sources])
    hash.update(file.slice(PROJECT.length)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}

function filesIn(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile())
    .sort();
}

/** A file is packed once, here, rather than for each who asks for it. */
async function pack(file) {
  if (!TEXT.has(extname(file))) return;
  const content = readFileSync(file);
  const brotli = { params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY } };
  writeFileSync(`${file}.br`, await promisify(brotliCompress)(content, brotli));
  writeFileSync(`${file}.gz`, await promisify(gzip)(content, { level: 9 }));
}
