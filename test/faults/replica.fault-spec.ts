import { execFileSync } from 'node:child_process';
import { appendFileSync, chownSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { Client } from 'pg';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/embedded-postgres';
import { freePort } from '../../src/platform/free-port';
import { keepProcess, type KeptProcess } from '../../src/platform/kept-process';
import { migrate } from '../../src/platform/migrate';
import { parsePublicId } from '../../src/platform/ids';
import { postgresBinaries } from '../../src/platform/postgres-binaries';
import { spawnService } from '../../src/platform/supervisor';
import { createProgramme, type TestProgramme } from '../builders/programme';
import { brokenInvariants } from '../setup/invariants';
import { eventually, startService, type RunningService } from '../setup/service';
import { temporaryFolder } from '../setup/temporary-folder';
import { trueCertificate } from '../setup/true-certificate';

/**
 * A replica that lags behind still has the consents that were taken back. Nothing is decided by it: the service asks the
 * primary, takes no standby for one at its start, and releases nothing when the way to the primary comes to lead to one.
 */

jest.setTimeout(180_000);

/** An address that leads where it is told to, and drops whoever is connected when that changes. */
async function startAddress(port: number): Promise<{ port: number; leadTo(port: number): void; stop(): void }> {
  let target = port;
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1');
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => [from, to].forEach((one) => one.destroy()));
    }
    from.pipe(to).pipe(from);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const drop = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    port: (server.address() as AddressInfo).port,
    leadTo: (other) => {
      target = other;
      drop();
    },
    stop: () => {
      server.close();
      drop();
    },
  };
}

const at = (url: string, port: number): string => {
  const other = new URL(url);
  other.port = String(port);
  return other.href;
};

describe('a replica that lags behind', () => {
  const folder = temporaryFolder();
  let primary: EmbeddedPostgres;
  let standby: KeptProcess;
  let ports: { primary: number; standby: number };
  let address: Awaited<ReturnType<typeof startAddress>>;
  let service: RunningService;
  let programme: TestProgramme;
  let owner: Client;
  let behind: Client;

  beforeAll(async () => {
    ports = { primary: await freePort(), standby: await freePort() };
    const settings = { port: String(ports.primary), wal_level: 'replica' };
    const first = await startEmbeddedPostgres({ dataDir: folder, settings });
    await migrate(first.url);
    await first.stop();
    const copy = copyCluster(realpathSync(join(folder, 'postgres')), first.url);
    primary = await startEmbeddedPostgres({ dataDir: folder, settings });
    standby = startStandby(copy, ports.standby);
    behind = await connected(at(primary.url, ports.standby));
    owner = await connected(primary.url);
    address = await startAddress(ports.primary);
    service = await startService({ databaseUrl: at(primary.url, address.port) });
    programme = await createProgramme(service);
    for (const ref of ['anna', 'bea']) await programme.share(ref);
  });
  afterAll(async () => {
    await Promise.all([behind.end(), owner.end(), service.stop()]);
    address.stop();
    await standby.stop();
    await primary.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const countBehind = async (text: string): Promise<number> =>
    (await behind.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${text}`)).rows[0]!.count;

  // Fails as soon as a release looks at a replica.
  it('is not asked by a release: what was revoked meanwhile is refused', async () => {
    await eventually(
      () => countBehind('consents'),
      (count) => count === 4,
    );
    expect((await programme.disclose('anna')).status).toBe(200);
    await behind.query('SELECT pg_wal_replay_pause()');
    const { status, body } = await programme.revoke('anna', { everything: true });
    expect([status, body['status']]).toEqual([201, 'blocked']);
    expect((await programme.disclose('anna')).status).toBe(403);
    expect(await countBehind(`consents WHERE status = 'active'`)).toBe(4);
    const id = parsePublicId('rev', body['id'] as string)!;
    await eventually(
      async () => (await owner.query('SELECT FROM outbox')).rowCount,
      (owed) => owed === 0,
    );
    const onlooker = { url: service.url, key: programme.storefrontKey, owner };
    expect(await trueCertificate(onlooker, id)).toMatchObject({ status: 'erased', of: 1 });
  });

  // Fails when a process starts on whatever answers.
  it.each(['main', 'worker'])('is no database for a service to start on: %s says so', async (name) => {
    const lines: string[] = [];
    const starting = spawnService(join(__dirname, `../../dist/src/${name}.js`), {
      name,
      env: { ...service.env, DATABASE_URL: at(primary.url, ports.standby) },
      restart: false,
      onLine: (line) => void lines.push(line),
    });
    await expect(starting).rejects.toThrow('ended with code 1');
    await eventually(
      () => Promise.resolve(lines.join('\n')),
      (said) => said.includes('DATABASE_URL leads to a standby'),
    );
  });

  // Fails when it counts as our own fault, or the connections stay when the primary is back.
  it('releases nothing where the address of the primary comes to lead to it, and all goes on when it does no more', async () => {
    address.leadTo(ports.standby);
    for (const ref of ['anna', 'bea']) {
      const refused = await eventually(
        () => programme.disclose(ref),
        // Of those that were connected, the first hears that it is not.
        ({ headers }) => headers.get('retry-after') === '1',
      );
      expect([refused.status, refused.body['type']]).toEqual([503, 'urn:gegenwert:problem:unavailable']);
    }
    expect((await programme.revoke('bea', { everything: true })).status).toBe(503);
    address.leadTo(ports.primary);
    await eventually(
      () => programme.disclose('bea'),
      ({ status }) => status === 200,
    );
    expect((await programme.disclose('anna')).status).toBe(403);
    expect((await programme.revoke('bea', { everything: true })).status).toBe(201);
    expect((await programme.disclose('bea')).status).toBe(403);
  });

  it('has in the end what the primary has', async () => {
    await behind.query('SELECT pg_wal_replay_resume()');
    await eventually(
      () => countBehind(`consents WHERE status = 'active'`),
      (count) => count === 0,
    );
    expect(await brokenInvariants(primary.url)).toEqual({});
    await eventually(
      () => brokenInvariants(at(primary.url, ports.standby)),
      (broken) => Object.keys(broken).length === 0,
    );
  });
});

/** The primary's files while it is stopped, beside them, to follow it from there. */
function copyCluster(cluster: string, primaryUrl: string): string {
  const copy = join(dirname(cluster), 'standby');
  execFileSync('cp', ['-a', cluster, copy]);
  const { uid, gid } = statSync(cluster);
  const { username, password, port } = new URL(primaryUrl);
  const connection = `host=127.0.0.1 port=${port} user=${username} password=${password}`;
  appendFileSync(join(copy, 'postgresql.auto.conf'), `primary_conninfo = '${connection}'\n`);
  writeFileSync(join(copy, 'standby.signal'), '');
  chownSync(join(copy, 'standby.signal'), uid, gid);
  return copy;
}

function startStandby(cluster: string, port: number): KeptProcess {
  const { uid, gid } = statSync(cluster);
  const account = process.getuid?.() === 0 ? { uid, gid } : {};
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    // As many as the primary has, or it does not start.
    max_connections: 100,
    max_locks_per_transaction: 256,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const postgres = join(postgresBinaries(account).folder, 'bin', 'postgres');
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
  return keepProcess(postgres, ['-D', cluster, ...args], { signal: 'INT', output: 'ignore', env, ...account });
}

/** Resolves when whoever is there takes connections. */
async function connected(url: string): Promise<Client> {
  return eventually(
    async () => {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      return client.connect().then(
        () => client,
        () => undefined,
      );
    },
    (client) => client !== undefined,
    60_000,
  ) as Promise<Client>;
}
