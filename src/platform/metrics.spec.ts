import { metrics, startMetricsServer } from './metrics';

describe('the metrics server', () => {
  it('serves what was measured, and nothing but GET /metrics', async () => {
    metrics.owedAwards.set(3);
    metrics.batchSize.observe({ what: 'posting' }, 700);
    metrics.httpRequestSeconds.observe({ method: 'POST', route: '/v1/shares', status: '201' }, 0.004);
    const server = await startMetricsServer(0);
    try {
      const address = `http://127.0.0.1:${server.port}`;
      const answer = await fetch(`${address}/metrics`);
      const text = await answer.text();
      expect(answer.headers.get('content-type')).toContain('text/plain');
      expect(text).toContain('gegenwert_owed_awards 3');
      expect(text).toContain('gegenwert_batch_size_bucket{le="1000",what="posting"} 1');
      expect(text).toContain('gegenwert_batch_size_bucket{le="500",what="posting"} 0');
      expect(text).toContain('route="/v1/shares"');
      expect((await fetch(`${address}/`)).status).toBe(404);
      expect((await fetch(`${address}/metrics`, { method: 'POST' })).status).toBe(404);
    } finally {
      await server.close();
    }
  });

  it('rejects a port that is taken', async () => {
    const server = await startMetricsServer(0);
    try {
      await expect(startMetricsServer(server.port)).rejects.toThrow(
        /Port \d+ is taken by another program.* METRICS_PORT=/,
      );
    } finally {
      await server.close();
    }
  });
});
