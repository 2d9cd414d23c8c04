import { Inject, Injectable } from '@nestjs/common';
import { requireCursor } from '../access';
import { faultOfWebhookUrl } from '../catalogue';
import type { Config } from '../platform/config';
import type { Statement, Tx } from '../platform/database';
import { pageOf, type PageQuery } from '../platform/http/page.dto';
import { newId, requireId, toPublicId } from '../platform/ids';
import { KeyRing } from '../platform/key-ring';
import { CONFIG } from '../platform/platform.module';
import { conflict, invalidField, notFound } from '../platform/problem';
import { GIVE_UP_AFTER } from './announce';
import { SEEN, seenBy, type WebhookCaller } from './owner';
import { newSecret } from './secrets';
import type {
  NewWebhookBody,
  NewWebhookView,
  WebhookChangeBody,
  WebhookPage,
  WebhookSecretView,
  WebhookView,
} from './webhook.dto';

const COLUMNS = `w.id, w.url, w.events, w.recipient_id, w.disabled_at, w.disabled_because, w.created_at,
  (SELECT max(f.until) FROM unnest(w.former_untils) AS f(until) WHERE f.until > now()) AS former_until`;
/** At once: each signs every message. */
const MOST_FORMER_SECRETS = 10;
const ADD: Statement = {
  name: 'add_webhook_endpoint',
  text: `INSERT INTO webhook_endpoints AS w (programme_id, id, url, events, wrapped_secret) VALUES ($1, $2, $3, $4, $5) RETURNING ${COLUMNS}`,
};
const LIST: Statement = {
  name: 'list_webhook_endpoints',
  text: `SELECT ${COLUMNS} FROM webhook_endpoints w WHERE w.programme_id = $1 AND ${SEEN('$2', '$3')}
           AND ($4::uuid IS NULL OR w.id < $4) ORDER BY w.id DESC LIMIT $5`,
};
const FIND: Statement = {
  name: 'find_webhook_endpoint',
  text: `SELECT ${COLUMNS} FROM webhook_endpoints w WHERE w.programme_id = $1 AND ${SEEN('$2', '$3')} AND w.id = $4`,
};
const CHANGE: Statement = {
  name: 'change_webhook_endpoint',
  text: `UPDATE webhook_endpoints SET url = coalesce($3, url), events = coalesce($4, events),
           disabled_at = CASE WHEN $5 THEN NULL WHEN NOT $5 THEN coalesce(disabled_at, clock_timestamp()) ELSE disabled_at END,
           disabled_because = CASE WHEN $5 THEN NULL WHEN NOT $5 THEN coalesce(disabled_because, 'staff') ELSE disabled_because END
          WHERE programme_id = $1 AND id = $2`,
};
const MOVE_RECIPIENT: Statement = {
  name: 'move_recipient_webhook',
  text: 'UPDATE recipients SET webhook_url = $3 WHERE programme_id = $1 AND id = $2',
};
/** What waits is due at once, with all its tries; of a disabled endpoint it waits until somebody enables it. */
const WAIT_AGAIN: Statement = {
  name: 'webhooks_wait_again',
  text: `UPDATE webhook_deliveries SET tries = 0, give_up_at = clock_timestamp() + ${GIVE_UP_AFTER},
           next_attempt_at = CASE WHEN $3 THEN clock_timestamp() ELSE 'infinity' END
          WHERE programme_id = $1 AND endpoint_id = $2 AND status = 'pending'`,
};
const ROTATE: Statement = {
  name: 'rotate_webhook_secret',
  // No row where so many would sign beside it that there is no room for another one.
  text: `UPDATE webhook_endpoints w SET wrapped_secret = $3,
           former_wrapped_secrets = CASE WHEN $4 > 0 THEN w.wrapped_secret || ARRAY(
             SELECT f.secret FROM unnest(w.former_wrapped_secrets, w.former_untils) AS f(secret, until) WHERE f.until > now() ORDER BY f.until) END,
           former_untils = CASE WHEN $4 > 0 THEN clock_timestamp() + make_interval(secs => $4) || ARRAY(
             SELECT f.until FROM unnest(w.former_untils) AS f(until) WHERE f.until > now() ORDER BY f.until) END
          WHERE programme_id = $1 AND id = $2
            AND ($4 = 0 OR (SELECT count(*) FROM unnest(w.former_untils) AS f(until) WHERE f.until > now()) < $5) RETURNING w.id`,
};
const REMOVE: Statement = {
  name: 'remove_webhook_endpoint',
  text: 'DELETE FROM webhook_endpoints WHERE programme_id = $1 AND id = $2',
};

export interface EndpointRow {
  id: string;
  url: string;
  events: string[];
  recipient_id: string | null;
  disabled_at: Date | null;
  disabled_because: 'gone' | 'staff' | null;
  former_until: Date | null;
  created_at: Date;
}

/** Endpoints, as those who own them and staff manage them. */
@Injectable()
export class WebhookEndpoints {
  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly keyRing: KeyRing,
  ) {}

  /** @throws 422 for a URL that is not called. */
  async add(tx: Tx, { url, events }: NewWebhookBody): Promise<NewWebhookView> {
    this.checkUrl(url);
    const id = newId();
    const keys = await this.keyRing.of(tx.programmeId);
    const { secret, wrapped } = newSecret(keys, { endpointId: id, recipientId: null });
    const [row] = await tx.query<EndpointRow>(ADD, [tx.programmeId, id, url, events, wrapped]);
    return { ...viewOf(row!), secret };
  }

  async list(tx: Tx, caller: WebhookCaller, { limit, after }: PageQuery): Promise<WebhookPage> {
    const page = [requireCursor('whe', after), limit + 1];
    const rows = await tx.query<EndpointRow>(LIST, [tx.programmeId, ...seenBy(caller), ...page]);
    return pageOf(rows, limit, viewOf, ({ id }) => toPublicId('whe', id));
  }

  async one(tx: Tx, caller: WebhookCaller, publicId: string): Promise<WebhookView> {
    return viewOf(await findEndpoint(tx, caller, publicId));
  }

  /** What is null stays as it is. @throws 404; 422 for a URL that is not called, and for events of a recipient's. */
  async change(tx: Tx, caller: WebhookCaller, publicId: string, body: WebhookChangeBody): Promise<WebhookView> {
    const { url = null, events = null, enabled = null } = body;
    if (url !== null) this.checkUrl(url);
    const { id, recipient_id: recipientId, disabled_at: disabledAt } = await findEndpoint(tx, caller, publicId);
    if (events && recipientId)
      throw invalidField('/events', 'A recipient is told what concerns the values that it got');
    await tx.query(CHANGE, [tx.programmeId, id, url, events, enabled]);
    if (url !== null && recipientId) await tx.query(MOVE_RECIPIENT, [tx.programmeId, recipientId, url]);
    const isOther = enabled !== null && enabled !== (disabledAt === null);
    if (isOther) await tx.query(WAIT_AGAIN, [tx.programmeId, id, enabled]);
    return viewOf(await findEndpoint(tx, caller, publicId));
  }

  /**
   * Every message is signed with this secret too, until overlapSeconds are over; and with those before it until theirs are, save
   * where overlapSeconds are 0: then with the new one alone. @throws 404; 422 where too many sign already.
   */
  async rotate(tx: Tx, caller: WebhookCaller, publicId: string, overlapSeconds: number): Promise<WebhookSecretView> {
    const { id, recipient_id: recipientId } = await findEndpoint(tx, caller, publicId);
    const { secret, wrapped } = newSecret(await this.keyRing.of(tx.programmeId), { endpointId: id, recipientId });
    const rotated = await tx.query(ROTATE, [tx.programmeId, id, wrapped, overlapSeconds, MOST_FORMER_SECRETS]);
    if (rotated.length === 0)
      throw invalidField(
        '/overlapSeconds',
        `${MOST_FORMER_SECRETS} former secrets sign still, and no more may; with 0 none of them does any more`,
      );
    return { id: publicId, secret };
  }

  /** What it was sent, and was still to be, goes with it. @throws 404; 409 `webhook-of-recipient`. */
  async remove(tx: Tx, caller: WebhookCaller, publicId: string): Promise<void> {
    const { id, recipient_id: recipientId } = await findEndpoint(tx, caller, publicId);
    if (recipientId)
      throw conflict(
        'webhook-of-recipient',
        'A recipient is told as long as it is one',
        'Change its URL, or disable it.',
      );
    await tx.query(REMOVE, [tx.programmeId, id]);
  }

  private checkUrl(url: string): void {
    const fault = faultOfWebhookUrl(url, this.config.allowLoopbackWebhooks);
    if (fault !== undefined) throw invalidField('/url', fault);
  }
}

/** @throws 404, also for one that the caller may not see. */
export async function findEndpoint(tx: Tx, caller: WebhookCaller, publicId: string): Promise<EndpointRow> {
  const id = requireId('whe', publicId, 'webhook');
  const [row] = await tx.query<EndpointRow>(FIND, [tx.programmeId, ...seenBy(caller), id]);
  if (!row) throw notFound('webhook');
  return row;
}

const viewOf = (row: EndpointRow): WebhookView => ({
  id: toPublicId('whe', row.id),
  url: row.url,
  events: row.events,
  ...(row.recipient_id && { recipientId: toPublicId('rcp', row.recipient_id) }),
  enabled: row.disabled_at === null,
  ...(row.disabled_because && { disabledBecause: row.disabled_because }),
  ...(row.disabled_at && { disabledAt: row.disabled_at.toISOString() }),
  ...(row.former_until && { formerSecretUntil: row.former_until.toISOString() }),
  createdAt: row.created_at.toISOString(),
});
