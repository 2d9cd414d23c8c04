/*
 * Calls that openapi.json does not know yet, in the form that openapi-typescript gives the others; each leaves when openapi.json has it.
 */

/** What openapi-typescript makes of a call: its answer, its query and path parameters, its body. */
export interface PendingCall<Answer, Parameters extends { query?: object; path?: object } = object> {
  parameters: Parameters;
  responses: { 200: { headers: Record<string, unknown>; content: { 'application/json': Answer } } };
}

/** The same with a body. */
export interface PendingPost<
  Body,
  Answer,
  Parameters extends { query?: object; path?: object } = object,
> extends PendingCall<Answer, Parameters> {
  requestBody: { content: { 'application/json': Body } };
}

export interface ConsoleConfig {
  programme: { name: string; slug: string };
  issuers: { issuer: string; clientId: string; audience: string }[];
  /** Whether a staff key will do, as it does in development. */
  staffKey: boolean;
}

export interface StaffMe {
  programme: { id: string; name: string; slug: string; locale: 'de' | 'en'; requiresApproval: boolean };
  role: 'marketing' | 'dpo' | 'admin';
  /** Of the token or the key; empty where neither says one. */
  name: string;
}

export interface PendingPaths {
  '/v1/console-config': { get: PendingCall<ConsoleConfig, { query: { programme: string } }> };
  '/v1/staff/me': { get: PendingCall<StaffMe> };
}
