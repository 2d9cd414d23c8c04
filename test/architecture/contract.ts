import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020';
import addFormats from 'ajv-formats';

export interface Operation {
  method: string;
  /** With its parameters in braces. */
  path: string;
  operationId: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: { name: string; in: string; required: boolean; schema: object }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, Response>;
}

export interface Media {
  schema: object;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

interface Response {
  $ref?: string;
  headers?: Record<string, object>;
  content?: Record<string, Media>;
}

interface Document {
  paths: Record<string, Record<string, Omit<Operation, 'method' | 'path'>>>;
  components: { schemas: Record<string, object>; responses: Record<string, Response> };
}

export const CONTRACT_FILE = join(__dirname, '../../openapi.json');
export const contract = JSON.parse(readFileSync(CONTRACT_FILE, 'utf8')) as Document;

export const operations: Operation[] = Object.entries(contract.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...operation,
    parameters: operation.parameters ?? [],
    method: method.toUpperCase(),
    path,
  })),
);

/** A contract allows what it does not name; here, what an object does not name is refused, so that nothing leaks. */
function closed(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(closed);
  const copy = Object.fromEntries(Object.entries(node).map(([key, child]) => [key, closed(child)]));
  return copy['type'] === 'object' && copy['properties'] && copy['additionalProperties'] === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}

const ajv = new Ajv2020({ allErrors: true, strict: true, strictTypes: false, strictRequired: false });
addFormats(ajv);
ajv.addVocabulary(['discriminator', 'components']);
ajv.addSchema({ $id: 'https://contract.example/openapi', components: closed(contract.components) } as object);

const compiled = new Map<object, ValidateFunction>();

/** What is wrong with the value by the contract's schema; [] when nothing is. */
export function faultsOf(schema: object, value: unknown): string[] {
  let validate = compiled.get(schema);
  if (!validate) {
    const text = JSON.stringify(closed(schema)).replaceAll(
      '"#/components/',
      '"https://contract.example/openapi#/components/',
    );
    validate = ajv.compile(JSON.parse(text) as object);
    compiled.set(schema, validate);
  }
  validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** The operation that a call is of: as a router finds it, a fixed path before one with parameters. */
export function operationOf(method: string, pathname: string): Operation | undefined {
  const candidates = operations.filter((operation) => {
    const pattern = operation.path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+');
    return operation.method === method && new RegExp(`^${pattern}$`).test(pathname);
  });
  return candidates.sort((a, b) => a.path.split('{').length - b.path.split('{').length)[0];
}

export function responseOf(operation: Operation, status: number): Response | undefined {
  const response = operation.responses[String(status)];
  return response?.$ref === undefined
    ? response
    : contract.components.responses[response.$ref.replace('#/components/responses/', '')];
}

export interface Heard {
  method: string;
  pathname: string;
  status: number;
  contentType: string | null;
  body: unknown;
}

/** What is wrong with an answer by the contract; [] when nothing is. */
export function faultsOfAnswer(heard: Heard): string[] {
  const { method, pathname, status, contentType, body } = heard;
  const operation = operationOf(method, pathname);
  // What no route knows is no operation's, and still answers as a problem.
  if (!operation) return status === 404 ? faultsOf({ $ref: '#/components/schemas/Problem' }, body) : ['no operation'];
  const response = responseOf(operation, status);
  if (!response) return [`${operation.operationId} does not say that it answers ${status}`];
  if (!response.content) return body === undefined ? [] : ['a body where none is described'];
  const [type] = (contentType ?? '').split(';');
  const media = response.content[type ?? ''];
  if (media && type === NDJSON) return (body as unknown[]).flatMap((line) => faultsOf(media.schema, line));
  return media ? faultsOf(media.schema, body) : [`${operation.operationId} answers ${status} as ${contentType}`];
}

/** Of each line. */
const NDJSON = 'application/x-ndjson';

function bodyOf(contentType: string | null, text: string): unknown {
  if (contentType?.startsWith(NDJSON))
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as unknown);
  return contentType?.includes('json') ? (JSON.parse(text) as unknown) : text || undefined;
}

/** Holds every answer that fetch gets from now on to the contract, until it is put back. */
export function listen(): { heard: Heard[]; faults: string[]; stop: () => void } {
  const { fetch } = globalThis;
  const heard: Heard[] = [];
  const faults: string[] = [];
  globalThis.fetch = async (input, init) => {
    const response = await fetch(input, init);
    const text = await response.clone().text();
    const contentType = response.headers.get('content-type');
    const one = {
      method: init?.method ?? 'GET',
      pathname: new URL(input instanceof Request ? input.url : input).pathname,
      status: response.status,
      contentType,
      body: bodyOf(contentType, text),
    };
    heard.push(one);
    faults.push(...faultsOfAnswer(one).map((fault) => `${one.method} ${one.pathname} ${one.status}: ${fault}`));
    return response;
  };
  return { heard, faults, stop: () => (globalThis.fetch = fetch) };
}
