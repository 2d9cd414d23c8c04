import { startTestApp } from './customer-view.test-app';

// Fails when the connection is broken off by it: whoever comes after it would never be read in a batch.
it('a value that does not open fails for its customer alone, and the lines after it are sent', async () => {
  const app = await startTestApp();
  try {
    const shop = await app.programme();
    for (const ref of ['before', 'broken', 'after']) await shop.share(ref, { values: { birthday: `of ${ref}` } });
    await app.owner.query(
      `UPDATE vault_values v SET ciphertext = o.ciphertext FROM customers c, vault_values o JOIN customers a ON a.id = o.customer_id
        WHERE c.id = v.customer_id AND c.ref = 'broken' AND a.ref = 'after'`,
    );
    const answer = await fetch(`${app.url}/v1/disclosures/batch`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${shop.recipients.newsletter.apiKey}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({
        customerRefs: ['before', 'broken', 'after'],
        purpose: 'greeting',
        attributes: ['birthday'],
        reason: 'test',
      }),
    });
    const lines = (await answer.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
      expect.objectContaining({ customerRef: 'before', values: { birthday: 'of before' } }),
      {
        customerRef: 'broken',
        type: 'urn:gegenwert:problem:internal',
        title: expect.any(String),
        status: 500,
      },
      expect.objectContaining({ customerRef: 'after', values: { birthday: 'of after' } }),
    ]);
    expect(lines[1]).not.toContain('of after');
  } finally {
    await app.stop();
  }
});
