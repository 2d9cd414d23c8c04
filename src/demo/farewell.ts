import { PROGRAMME_NAME } from './catalogue';
import { STAFF } from './issuer';
import { exportLines, type DemoKeys } from './keys';
import type { Neighbours } from './neighbours';
import { ANNA, BEN } from './past';

/** What there is to try while the demo stays up. */
export function farewell(keys: DemoKeys, neighbours: Neighbours, files: { keys: string; log: string }): string {
  const { url } = keys;
  const shop = neighbours.url;
  return `
Gegenwert is running, and stays up until Ctrl-C.

  A customer's own page         ${shop}/page/${ANNA} (German)
                                ${shop}/page/${BEN} (English)
  The same within a shop's page ${shop}/account/${ANNA}
  The shop, with somebody new   ${shop}

  The console of the programme  ${url}/console?programme=${keys.programme}
${signIn(keys, neighbours)}

  The API, to read and to try   ${url}/docs
  Is it ready?                  ${url}/health/ready
  Keys that receipts are        ${url}/.well-known/jwks.json
  signed with
  What the services log         ${files.log}

Test keys of the programme "${PROGRAMME_NAME}", also in a file to load: . '${files.keys}'

${exportLines(keys)
  .map((line) => `  ${line}`)
  .join('\n')}

To try in another terminal:

  . '${files.keys}'

  # What would customer c-1 get, and for what?
  curl -s "$GW_URL/v1/customers/c-1/offers?locale=de" -H "Authorization: Bearer $GW_STOREFRONT"

  # The customer shares a birthday.
  curl -s "$GW_URL/v1/shares" -H "Authorization: Bearer $GW_STOREFRONT" -H "Idempotency-Key: first-share" \\
    -H "Content-Type: application/json" -d '{"customerRef": "c-1", "offerId": "'$GW_OFFER'", "offerVersion": '$GW_OFFER_VERSION',
      "noticeHash": "'$GW_NOTICE_HASH'", "values": {"birthday": "1990-04-01"},
      "consents": [{"attribute": "birthday", "purposes": ["birthdayGreeting"]}]}'

  # The newsletter reads it, the customer takes it back, the newsletter tries again, and the points are still there.
  curl -s "$GW_URL/v1/disclosures" -H "Authorization: Bearer $GW_NEWSLETTER" -H "Content-Type: application/json" \\
    -d '{"customerRef": "c-1", "purpose": "birthdayGreeting", "attributes": ["birthday"], "reason": "Greeting"}'
  curl -s "$GW_URL/v1/revocations" -H "Authorization: Bearer $GW_STOREFRONT" -H "Idempotency-Key: first-revocation" \\
    -H "Content-Type: application/json" -d '{"customerRef": "c-1", "everything": true}'
  curl -s "$GW_URL/v1/customers/c-1/balance" -H "Authorization: Bearer $GW_STOREFRONT"
`;
}

function signIn({ marketing, dpo, admin }: DemoKeys, { hasIssuer }: Neighbours): string {
  const keyOf = { marketing, dpo, admin };
  const lines = STAFF.map(({ name, role }) => {
    const who = hasIssuer ? `${name}, or the key` : 'the key';
    return `    as ${role.padEnd(24)}${who} ${keyOf[role]}`;
  });
  return lines.join('\n');
}
