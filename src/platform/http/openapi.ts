import { STATUS_CODES } from 'node:http';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { exampleOf, modernise, type Schema } from './openapi-examples';
import { addProblems, type Operation, PROBLEM_SCHEMA } from './openapi-problems';

const DESCRIPTION = `A fair exchange of profile data for rewards. A customer freely shares something about themselves, for a
purpose they were told; the shop gives something back at once; the customer can stop the use of it at any time and keeps
what they earned.

Times are RFC 3339 in UTC, points are integers, money is an integer of the currency's smallest unit with its ISO 4217 code.
Lists answer \`{data, nextCursor}\`: send nextCursor as \`after\` for the next page. Fields that are not described are refused.
Every error is a problem of RFC 9457, \`application/problem+json\`, and its \`type\` is \`urn:gegenwert:problem:<name>\`.`;

const TAGS: Record<string, string> = {
  Programmes: 'A programme is one brand’s: the tenant that every row belongs to.',
  Keys: 'Keys of storefronts and staff: shown once, rotated with an overlap, refused from the call after they are revoked.',
  Staff: 'Who is signed in, and how staff sign in to the console.',
  'Token issuers': 'OpenID Connect issuers whose tokens customers and staff may call with.',
  'Customer sessions': 'Short-lived tokens that stand for one customer.',
  Catalogue: 'What may be asked for, what for, and who may use it.',
  Offers: 'What is asked for and what is given in return. A published version never changes.',
  Marketing: 'What came of an offer.',
  Figures: 'What offers achieve, as numbers that give nobody away.',
  Quotes: 'What one customer would get for each offer now, and why not.',
  Exchange: 'The share: consents, values and the promised award as one.',
  Recipient: 'For the systems that use values: read them by purpose, be told when that has to stop.',
  Revocation: 'Taking back a share, a purpose, an attribute or everything. The points stay.',
  Awards: 'Points for something else than data, and what to do about a wrong award.',
  Discounts:
    'Codes for one order each: reserved, redeemed, given back. Read in any case, with hyphens, and I, L and O for 1 and 0.',
  Redemption: 'Spending points on orders, and what they are worth.',
  Merging: 'Two customers who are one: points come together, consents do not.',
  Webhooks:
    'Being told of what happens (Standard Webhooks): where, what of, and what became of each message. Bodies hold ids, never values.',
  Jobs: 'Long work: how far it has come, and stopping it.',
  History: 'Signed hashes of what has happened, by which a later change shows.',
  Accounting: 'What all points of a programme come to: outstanding, moved, and whether both sides of the books agree.',
  'Customer view': 'A customer’s points, and what they shared, what for and who used it.',
  'Data protection': 'What the controller has to be able to show.',
  Customer: 'The same for customers themselves, with their own token.',
  Service: 'Health, and the keys that receipts are verified with.',
};

/** Who may call: one scheme for each kind of caller; the roles of staff stand behind theirs. */
const CALLERS: Record<string, string> = {
  operatorKey: 'The operator’s own key, from the environment of the service.',
  staffKey:
    'A key of staff, `gw_st_…`, or a token of a registered issuer, with one of the roles. `admin` may do what the others may.',
  storefrontKey: 'A key of a storefront, `gw_sk_live_…` or `gw_sk_test_…`.',
  recipientKey: 'A key of a recipient, `gw_rk_…`.',
  customerToken: 'A token of a customer session, or of a registered issuer.',
};

/** The contract, from the routes and classes themselves: OpenAPI 3.1. */
export function openApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setOpenAPIVersion('3.1.0')
    .setTitle('Gegenwert')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .addServer('/', 'The service that serves this document');
  for (const [name, description] of Object.entries(TAGS)) builder.addTag(name, description);
  for (const [name, description] of Object.entries(CALLERS)) {
    builder.addBearerAuth({ type: 'http', scheme: 'bearer', description }, name);
  }
  const document = SwaggerModule.createDocument(app, builder.build());
  // By its identifier, as 3.1 may; the types are those of 3.0.
  Object.assign(document.info, { license: { name: 'Proprietary', identifier: 'LicenseRef-Gegenwert' } });
  modernise(document.components?.schemas);
  modernise(document.paths);
  (document.components ??= {}).schemas = { ...document.components.schemas, Problem: PROBLEM_SCHEMA as never };
  for (const [method, operation] of operationsOf(document)) complete(document, method, operation);
  return document;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

function operationsOf(document: OpenAPIObject): [method: string, operation: Operation][] {
  return Object.values(document.paths).flatMap((path) =>
    METHODS.flatMap((method): [string, Operation][] => {
      const operation = path[method];
      return operation ? [[method, operation]] : [];
    }),
  );
}

/** What follows from an operation's kind: nobody has to write it at each route, so nobody can forget it. */
function complete(document: OpenAPIObject, method: string, operation: Operation): void {
  operation.security ??= [];
  const takesKey = (operation.parameters ?? []).some(
    (parameter) => 'name' in parameter && parameter.name === 'Idempotency-Key',
  );
  for (const [status, response] of Object.entries(operation.responses)) {
    if (!response || '$ref' in response) continue;
    response.description ||= STATUS_CODES[status] ?? status;
    if (takesKey && status.startsWith('2')) {
      response.headers = {
        'Idempotency-Replayed': {
          description: 'Present where this is the answer of the first call with the same Idempotency-Key',
          schema: { type: 'string', enum: ['true'] },
        },
      };
    }
  }
  addProblems(document, method, operation, takesKey);
  if (operation.requestBody && 'content' in operation.requestBody) {
    for (const media of Object.values(operation.requestBody.content)) {
      if (media.examples === undefined) media.example = exampleOf(document, media.schema as Schema);
    }
  }
}

/** /docs: the contract as a page. The document is made when somebody first asks for it: most processes never need one. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    customSiteTitle: 'Gegenwert',
  });
}
