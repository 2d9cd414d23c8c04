import { isIP } from 'node:net';
import { type KekSettings, readKeks } from './kek/settings';

/** Settings of a service process, read once at its start. */
export interface Config extends KekSettings {
  port: number;
  /** Port of /metrics; undefined: no metrics server. */
  metricsPort: number | undefined;
  /** Undefined: the embedded PostgreSQL in dataDir. */
  databaseUrl: string | undefined;
  /** Undefined: BullMQ on PostgreSQL. */
  redisUrl: string | undefined;
  dataDir: string;
  operatorKey: string | undefined;
  /** Where the values' data keys lie; undefined: beside the values. */
  keysDatabaseUrl: string | undefined;
  /** Which files an embedded database is, where the process that started it says so. */
  databaseFiles: string | undefined;
  logLevel: LogLevel;
  allowLoopbackWebhooks: boolean;
  /** How often each may call; 0: as often as it likes. */
  callsPerMinute: {
    /** Each key of storefronts, recipients and staff. */
    key: number;
    /** Each customer with a token of their own. */
    customer: number;
    /** Each address that calls without a key or token, or with one that is refused. */
    unknown: number;
  };
  /** Addresses and networks (CIDR) whose X-Forwarded-For, -Proto and -Host are believed. */
  trustedProxies: string[];
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** Every fault of the environment at once; names of settings and what they must be, never their values. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(`The environment cannot be used:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * @param options kek `unused`: for a process that opens no value, and so needs no key beside DATABASE_URL
 * @throws ConfigError that names every fault.
 */
export function readConfig(env: NodeJS.ProcessEnv, options: { kek?: 'unused' } = {}): Config {
  const faults: string[] = [];
  const port = (name: string, highest = 65535): number | undefined => {
    const text = env[name];
    if (text === undefined || text === '') return undefined;
    if (/^\d{1,5}$/.test(text) && Number(text) <= highest) return Number(text);
    faults.push(`${name} must be a port number from 0 to ${highest}`);
    return undefined;
  };
  const url = (name: string, protocols: string[]): string | undefined => {
    const text = env[name];
    if (text === undefined || text === '') return undefined;
    if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
      faults.push(
        `${name} must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
      );
    }
    return text;
  };
  const count = (name: string, otherwise: number): number => {
    const text = env[name];
    if (text === undefined || text === '') return otherwise;
    if (!/^\d{1,9}$/.test(text)) faults.push(`${name} must be a whole number, 0 for no limit`);
    return Number(text);
  };
  const databaseUrl = url('DATABASE_URL', ['postgres:', 'postgresql:']);
  const keysDatabaseUrl = url('GEGENWERT_KEYS_DATABASE_URL', ['postgres:', 'postgresql:']);
  if (keysDatabaseUrl !== undefined && keysDatabaseUrl === databaseUrl)
    faults.push('GEGENWERT_KEYS_DATABASE_URL must name another database than DATABASE_URL');
  const loopback = env.GEGENWERT_WEBHOOK_ALLOW_LOOPBACK || (databaseUrl ? 'false' : 'true');
  if (loopback !== 'true' && loopback !== 'false')
    faults.push('GEGENWERT_WEBHOOK_ALLOW_LOOPBACK must be true or false');
  const logLevel = (env.LOG_LEVEL || 'info') as LogLevel;
  if (!LOG_LEVELS.includes(logLevel)) faults.push(`LOG_LEVEL must be one of ${LOG_LEVELS.join(', ')}`);
  const operatorKey = env.GEGENWERT_OPERATOR_KEY || undefined;
  if (operatorKey && operatorKey.length < 16) faults.push('GEGENWERT_OPERATOR_KEY must have 16 characters or more');
  const config: Config = {
    port: port('PORT') ?? 3000,
    // The worker's metrics are on the next one.
    metricsPort: port('METRICS_PORT', 65534),
    databaseUrl,
    redisUrl: url('REDIS_URL', ['redis:', 'rediss:']),
    dataDir: env.GEGENWERT_DATA_DIR || '.data',
    operatorKey,
    ...readKeks(env, databaseUrl !== undefined && options.kek !== 'unused', faults),
    keysDatabaseUrl,
    databaseFiles: env.GEGENWERT_DATABASE_FILES || undefined,
    logLevel,
    allowLoopbackWebhooks: loopback === 'true',
    callsPerMinute: {
      key: count('GEGENWERT_KEY_CALLS_PER_MINUTE', 0),
      customer: count('GEGENWERT_CUSTOMER_CALLS_PER_MINUTE', 120),
      unknown: count('GEGENWERT_UNKNOWN_CALLS_PER_MINUTE', 60),
    },
    trustedProxies: readNetworks('GEGENWERT_TRUSTED_PROXIES', env, faults),
  };
  const { port: served, metricsPort } = config;
  if (metricsPort && (served === metricsPort || served === metricsPort + 1))
    faults.push('METRICS_PORT and the next one, which the worker takes, must be other ports than PORT');
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function readNetworks(name: string, env: NodeJS.ProcessEnv, faults: string[]): string[] {
  const networks = (env[name] ?? '').split(',').flatMap((text) => text.trim() || []);
  if (!networks.every(isNetwork))
    faults.push(`${name} must be IP addresses or networks (10.0.0.0/8), set apart by commas`);
  return networks;
}

function isNetwork(text: string): boolean {
  const [address = '', prefix] = text.split('/', 2);
  const bits = { 0: 0, 4: 32, 6: 128 }[isIP(address)] ?? 0;
  if (prefix === undefined) return bits > 0;
  // A prefix of 0 would believe everyone.
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= bits && text === `${address}/${prefix}`;
}
