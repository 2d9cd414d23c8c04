import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { tabMemory } from '../../shared/memory';
import { ProblemError } from '../../shared/problem';
import { type Api, newKey } from '../api';
import { explain } from '../explain';
import '../gegenwert-offer';
import type { Offer, Shared } from '../gegenwert-offer';
import { base, buttons } from '../styles/base';
import { ledgerStyle } from '../styles/ledger';
import type { Card, Quote, ShareAnswer } from '../types';
import type { Drafts } from './answer';
import { DOWN } from './icons';
import { define, Spoken } from './spoken';

const DECLINED = 'gegenwert-declined';
/** Nothing that the customer could say yes to. */
const OUT_OF_REACH = new Set(['too-young', 'not-eligible', 'exhausted']);

/**
 * Offers to say yes or no to.
 * @fires gegenwert-changed when something was shared
 */
export class Offers extends Spoken {
  static override properties = {
    ...Spoken.properties,
    api: { attribute: false },
    quotes: { attribute: false },
    cards: { attribute: false },
    drafts: { attribute: false },
    theme: { type: String },
    declined: { state: true },
    sending: { state: true },
    message: { state: true },
    said: { state: true },
    last: { state: true },
  };
  declare api: Api;
  declare quotes: Quote[];
  declare cards: Card[];
  /** What was begun of each, which outlives this element. */
  declare drafts: Drafts;
  declare theme: string | undefined;
  /** `offer:version` to which the customer said no, in this tab. */
  declare private declined: string[];
  declare private sending: string | undefined;
  /** What went wrong, by offer. */
  declare private message: { offer: string; text: string } | undefined;
  declare private said: string;
  /** What was just shared, to say when it is paid. */
  declare private last: { share: string; reward: string; isCode: boolean } | undefined;

  /** Of the share that was sent last: a retry of the same is the same. */
  private attempt = { body: '', key: '' };

  static override styles = [base, buttons, ledgerStyle];

  constructor() {
    super();
    this.declined = JSON.parse(tabMemory.read(DECLINED) ?? '[]') as string[];
    this.said = '';
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const { message } = this;
    if (!changed.has('quotes') || !message || this.quotes.some((one) => isToBeSeen(one, message.offer))) return;
    // The offer has gone, and with it the place where it was said why.
    this.message = undefined;
    this.last = undefined;
    this.say(message.text);
  }

  protected override render(): TemplateResult {
    const open = this.quotes.filter(isInReach);
    const shown = open.filter((quote) => !this.declined.includes(versionOf(quote)));
    const paying = shown.filter(({ earnsNow, confirms }) => earnsNow || confirms);
    const again = shown.filter((quote) => !paying.includes(quote));
    const hidden = open.length - shown.length;
    return html`<div class="stack">
      <p class=${this.said === '' ? 'hidden' : 'said'} role="status" tabindex="-1" id="said">${this.saidNow()}</p>
      ${paying.length === 0 ? html`<p class="empty">${this.text('offers.none')}</p>` : this.list(paying)}
      ${
        again.length === 0
          ? nothing
          : html`<details>
              <summary>${this.count('offers.again', again.length)} ${DOWN}</summary>
              ${this.list(again)}
            </details>`
      }
      ${
        hidden === 0
          ? nothing
          : html`<div>
              <button class="link" @click=${() => this.undecline()}>
                ${this.count('offers.showDeclined', hidden)}
              </button>
            </div>`
      }
    </div>`;
  }

  private list(quotes: Quote[]): TemplateResult {
    return html`<ul class="stack" part="offers">
      ${repeat(
        quotes,
        ({ offerId }) => offerId,
        (quote) => html`<li>${this.offer(quote)}</li>`,
      )}
    </ul>`;
  }

  private offer(quote: Quote): TemplateResult {
    return html`<gegenwert-offer
      exportparts="offer, offer-title, worth, yes, no"
      data-offer=${quote.key}
      theme=${this.theme ?? nothing}
      .locale=${this.locale}
      .quote=${quote}
      .drafts=${this.drafts}
      .busy=${this.sending === quote.offerId}
      .message=${this.message?.offer === quote.offerId ? this.message.text : ''}
      @gegenwert-share=${(event: CustomEvent<Shared>) => this.share(event)}
      @gegenwert-decline=${() => this.decline(quote)}
    ></gegenwert-offer>`;
  }

  /** Once it is paid, that is what is said. */
  private saidNow(): string {
    const card = this.cards.find(({ shareId }) => shareId === this.last?.share);
    if (!this.last || card?.awardStatus !== 'granted') return this.said;
    const { reward, isCode } = this.last;
    return this.text(isCode ? 'offers.codeReady' : 'offers.paid', { reward });
  }

  private async share({ detail, target }: CustomEvent<Shared>): Promise<void> {
    const { quote, values, consents } = detail;
    const body = {
      offerId: quote.offerId,
      offerVersion: quote.offerVersion,
      noticeHash: quote.notice.hash,
      locale: quote.notice.locale,
      channel: 'ledger',
      values,
      consents,
    };
    const written = JSON.stringify(body);
    if (this.attempt.body !== written) this.attempt = { body: written, key: newKey() };
    this.sending = quote.offerId;
    this.message = undefined;
    try {
      const sent = { body, idempotencyKey: this.attempt.key };
      const answer = await this.api.change<ShareAnswer>('POST', '/v1/me/shares', sent);
      this.thank(quote, answer);
    } catch (error) {
      this.refused(quote, { error, offer: target as Offer });
    } finally {
      this.sending = undefined;
    }
  }

  private thank(quote: Quote, { id, award, globalPrivacyControl }: ShareAnswer): void {
    this.drafts.delete(quote.offerId);
    const reward = award.reward ? this.format.reward(award.reward).worth : '';
    const isCode = award.reward?.type === 'discount';
    this.last = reward === '' ? undefined : { share: id, reward, isCode };
    const thanks = reward
      ? this.text(isCode ? 'offers.codePending' : 'offers.sharedPending', { reward })
      : this.text('offers.shared', { title: quote.title });
    const isBySignal = (globalPrivacyControl?.refused.length ?? 0) > 0;
    this.say(isBySignal ? `${thanks} ${this.text('offers.signal')}` : thanks);
    this.emit('gegenwert-changed');
    this.emit('gegenwert-shared', { shareId: id, offerId: quote.offerId });
  }

  private refused(quote: Quote, { error, offer }: { error: unknown; offer: Offer }): void {
    const text = explain(this.locale, error, 'change');
    if (text === '') return this.emit('gegenwert-unauthorized');
    this.message = { offer: quote.offerId, text };
    if (!(error instanceof ProblemError)) return;
    offer.showFaults(error.faults);
    // Another text, an empty budget: what is shown is not what is in force.
    if (error.status === 409) this.emit('gegenwert-changed');
  }

  private decline(quote: Quote): void {
    this.declined = [...this.declined, versionOf(quote)];
    tabMemory.keep(DECLINED, JSON.stringify(this.declined));
    this.last = undefined;
    this.say(this.text('offers.declined'));
  }

  private undecline(): void {
    this.declined = [];
    tabMemory.forget(DECLINED);
    void this.updateComplete.then(() => this.one<HTMLElement>('gegenwert-offer')?.focus());
  }

  /** The offer has gone: what became of it is where the reader is put. */
  private say(what: string): void {
    this.said = what;
    void this.updateComplete.then(() => {
      this.one('#said')?.focus();
      this.one('#said')?.scrollIntoView({ block: 'nearest' });
    });
  }
}

const isInReach = ({ whyNot }: Quote): boolean => !OUT_OF_REACH.has(whyNot ?? '');

const isToBeSeen = (quote: Quote, offerId: string): boolean => quote.offerId === offerId && isInReach(quote);

const versionOf = ({ offerId, offerVersion }: Quote): string => `${offerId}:${offerVersion}`;

define('gegenwert-offers', Offers);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-offers': Offers;
  }
}
