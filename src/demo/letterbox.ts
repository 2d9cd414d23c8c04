import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Api } from './api';
import type { DemoKeys } from './keys';

export interface Message {
  type: string;
  data: { customerRef: string; purposes: string[]; attributes: string[] };
}

/** Where the newsletter is told: what any recipient runs, which is a few lines. */
export class Letterbox {
  private readonly letters: { headers: IncomingHttpHeaders; body: string }[] = [];
  private readonly server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      this.letters.push({ headers: request.headers, body });
      response.writeHead(204).end();
    });
  });
  private secret = '';

  private constructor() {}

  static async open(): Promise<Letterbox> {
    const box = new Letterbox();
    await new Promise<void>((resolve) => box.server.listen(0, '127.0.0.1', resolve));
    // Only the services keep the demo up.
    box.server.unref();
    return box;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hooks`;
  }

  /** Has the newsletter told here, with a secret of this run. False where the newsletter is told nowhere. */
  async register(api: Api, { admin, newsletter }: DemoKeys): Promise<boolean> {
    const { body } = await api.get<{ data: { id: string }[] }>('/v1/webhooks', newsletter);
    const id = body.data?.[0]?.id;
    if (id === undefined) return false;
    await api.patch(`/v1/webhooks/${id}`, admin, { url: this.url });
    const rotated = await api.create<{ secret: string }>(`/v1/webhooks/${id}/rotate`, newsletter, {
      overlapSeconds: 0,
    });
    this.secret = rotated.secret;
    return true;
  }

  /** The first message that is wanted, of those that have come. @throws when its signature is not good. */
  find(wanted: (message: Message) => boolean): Message | undefined {
    const letter = this.letters.find(({ body }) => wanted(JSON.parse(body) as Message));
    return (
      letter && (new Webhook(this.secret).verify(letter.body, letter.headers as Record<string, string>) as Message)
    );
  }
}
