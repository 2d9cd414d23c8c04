import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { open, seal } from '../../src/platform/crypto';

export interface KmsStub {
  url: string;
  /** What was asked for: Encrypt, Decrypt. */
  asked: string[];
  /** The encryption contexts that came along. */
  contexts: Record<string, string>[];
  /** Answers 500 from now on, or not any more. */
  away(isAway: boolean): void;
  /** Takes what it is asked and answers nothing from now on, or not any more. */
  silent(isSilent: boolean): void;
  stop(): Promise<void>;
}

interface Body {
  KeyId: string;
  Plaintext?: string;
  CiphertextBlob?: string;
  EncryptionContext?: Record<string, string>;
}

/** Encrypt and Decrypt of AWS KMS as its JSON protocol (TrentService, JSON 1.1) has them, for one key. */
export async function startKmsStub(keyId: string): Promise<KmsStub> {
  const key = randomBytes(32);
  const asked: string[] = [];
  const contexts: Record<string, string>[] = [];
  let isAway = false;
  let isSilent = false;
  const answer = (operation: string, body: Body): { status: number; body: object } => {
    if (isAway) return { status: 500, body: { __type: 'KMSInternalException', message: 'away' } };
    if (body.KeyId !== keyId) return { status: 400, body: { __type: 'NotFoundException', message: 'no such key' } };
    const context = JSON.stringify(body.EncryptionContext ?? {});
    contexts.push(body.EncryptionContext ?? {});
    if (operation === 'Encrypt') {
      const blob = seal(key, Buffer.from(body.Plaintext ?? '', 'base64'), context);
      return { status: 200, body: { KeyId: keyId, CiphertextBlob: blob.toString('base64') } };
    }
    try {
      const plain = open(key, Buffer.from(body.CiphertextBlob ?? '', 'base64'), context);
      return { status: 200, body: { KeyId: keyId, Plaintext: plain.toString('base64') } };
    } catch {
      return { status: 400, body: { __type: 'InvalidCiphertextException', message: null } };
    }
  };
  const server = createServer((request, reply) => {
    let text = '';
    request.on('data', (data: Buffer) => (text += data.toString()));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).replace('TrentService.', '');
      asked.push(operation);
      if (isSilent) return;
      const { status, body } = answer(operation, JSON.parse(text) as Body);
      reply.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    contexts,
    away: (now) => {
      isAway = now;
    },
    silent: (now) => {
      isSilent = now;
    },
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
