/**
 * Imports point down only. Each module may import the faces (index.ts) of those named here, the platform, and, for its
 * controllers, access and idempotency; nobody gets past a face, and nothing goes round in a circle.
 */
const MAY_IMPORT = {
  access: [],
  pages: [],
  idempotency: [],
  outbox: [],
  ledger: [],
  catalogue: [],
  health: [],
  chain: [],
  jobs: ['outbox'],
  webhooks: ['catalogue', 'outbox'],
  offers: ['catalogue'],
  consents: ['catalogue', 'outbox'],
  discounts: ['catalogue', 'outbox'],
  vault: ['consents', 'catalogue', 'outbox'],
  awards: ['consents', 'outbox'],
  // revocation: a share that confirms a new notice ends what the former one allowed, in its own transaction (ADR 19).
  exchange: ['offers', 'consents', 'vault', 'outbox', 'revocation'],
  rewards: ['exchange', 'ledger', 'discounts', 'outbox', 'webhooks'],
  redemption: ['ledger', 'webhooks'],
  disclosure: ['consents', 'vault', 'catalogue'],
  // ledger: only to say which points stay (ADR 7). jobs and offers: for leaving and withdrawals (ADR 9).
  revocation: ['consents', 'vault', 'disclosure', 'outbox', 'ledger', 'jobs', 'offers', 'catalogue', 'webhooks'],
  merging: ['consents', 'jobs', 'ledger', 'offers', 'outbox', 'revocation'],
  'customer-view': [
    'awards',
    'catalogue',
    'offers',
    'consents',
    'vault',
    'exchange',
    'ledger',
    'disclosure',
    'revocation',
    'outbox',
  ],
  // What a journal says had happened is done again by those who did it.
  journal: ['consents', 'revocation', 'vault'],
  rights: ['offers'],
  oversight: ['chain', 'consents'],
  accounting: ['ledger'],
  marketing: [
    'accounting',
    'catalogue',
    'offers',
    'consents',
    'exchange',
    'ledger',
    'disclosure',
    'revocation',
    'outbox',
  ],
};
/** Whom everybody may import. */
const BELOW_ALL = ['platform', 'access', 'idempotency'];

const own = Object.entries(MAY_IMPORT).map(([name, others]) => ({
  name: `imports-of-${name}`,
  comment: 'See MAY_IMPORT in .dependency-cruiser.cjs.',
  severity: 'error',
  from: { path: `^src/${name}/`, pathNot: '\\.spec\\.ts$' },
  to: { path: '^src/[^/]+/', pathNot: `^src/(${[name, ...BELOW_ALL, ...others].join('|')})/` },
}));

module.exports = {
  forbidden: [
    ...own,
    {
      name: 'no-circle',
      comment: 'Types may look at each other; code may not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'only-through-the-face',
      comment: 'Import a module by its index.ts, or by its core.ts where nothing of Nest is needed.',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/([^/]+)/', pathNot: ['^src/$1/', '^src/platform/', '^src/[^/]+/(index|core)\\.ts$'] },
    },
    {
      name: 'platform-knows-no-module',
      comment: 'The platform is below everything.',
      severity: 'error',
      from: { path: '^src/platform/', pathNot: '^src/platform/http/' },
      to: { path: '^src/(?!platform/)[^/]+/' },
    },
    {
      name: 'processes-only-compose',
      comment: 'Nobody imports a process.',
      severity: 'error',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/(main|worker|start|demo|openapi|verify|reconcile|migrate|job|withdraw)\\.ts$' },
    },
    {
      name: 'known-modules-only',
      comment: 'A new module states here what it may import.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: `^src/([^/]+\\.ts$|demo/|cli/|platform/|(${Object.keys(MAY_IMPORT).join('|')})/)`,
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    exclude: { path: '\\.spec\\.ts$' },
  },
};
