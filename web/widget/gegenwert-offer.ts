import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import {
  type Draft,
  type Drafts,
  canBeEntered,
  emptyDraft,
  isLeftOut,
  missingTicks,
  purposeId,
  sharedOf,
} from './parts/answer';
import './parts/field';
import type { Field } from './parts/field';
import { DOWN, LOCK } from './parts/icons';
import { define, Spoken } from './parts/spoken';
import { base, buttons, fields, slip } from './styles/base';
import { offerStyle } from './styles/offer';
import { tokens } from './styles/tokens';
import type { Fault } from '../shared/problem';
import type { Ask, AskedPurpose, Quote, Schema } from './types';

export interface Shared {
  quote: Quote;
  values: Record<string, unknown>;
  consents: { attribute: string; purposes: string[] }[];
}

/**
 * An offer as the customer sees it: what is asked, for which purposes, who gets it, for how long, and what comes back.
 * With `preview` it is open and answers nothing: what an offer's author looks at beside the draft.
 * @fires gegenwert-share the customer says yes, with {@link Shared}
 * @fires gegenwert-decline the customer says no
 */
export class Offer extends Spoken {
  static override properties = {
    ...Spoken.properties,
    quote: { attribute: false },
    drafts: { attribute: false },
    preview: { type: Boolean },
    busy: { type: Boolean },
    isOpen: { state: true },
    draft: { state: true },
    faults: { state: true },
    message: { type: String },
  };
  declare quote: Quote;
  /** Where what is entered is kept, for when this element has to be made anew. */
  declare drafts: Drafts | undefined;
  declare preview: boolean;
  declare busy: boolean;
  /** What went wrong with the answer as a whole. */
  declare message: string;
  declare private isOpen: boolean;
  declare private draft: Draft;
  /** By attribute, and by `attribute:purpose`. */
  declare private faults: Record<string, string>;

  static override styles = [tokens, base, buttons, slip, fields, offerStyle];

  constructor() {
    super();
    this.preview = false;
    this.busy = false;
    this.message = '';
    this.isOpen = false;
    this.draft = emptyDraft();
    this.faults = {};
  }

  /** The service found faults in what was sent: each is shown where it is. */
  showFaults(faults: Fault[]): void {
    const found: Record<string, string> = {};
    for (const { pointer } of faults) {
      const attribute = /^\/values\/([^/]+)/.exec(pointer)?.[1];
      if (attribute !== undefined) found[attribute] = this.text('field.check');
    }
    this.faults = found;
    void this.focusFault();
  }

  override focus(): void {
    this.one('h3')?.focus();
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    const before = changed.get('quote') as Quote | undefined;
    // Another text is another question: what was ticked under the old one does not answer it.
    if (before && before.notice.hash !== this.quote.notice.hash && !this.preview) {
      this.draft = { ...emptyDraft(), entered: this.draft.entered };
      this.faults = {};
    }
    if (!before && this.quote) this.takeUp();
  }

  private takeUp(): void {
    const begun = this.drafts?.get(this.quote.offerId);
    if (begun?.noticeHash !== this.quote.notice.hash) return;
    this.draft = begun.draft;
    this.isOpen = true;
  }

  protected override render(): TemplateResult | typeof nothing {
    if (!this.quote) return nothing;
    const { title, text } = this.quote;
    const isOpen = this.isOpen || this.preview;
    return html`<article class="slip" part="offer" aria-labelledby="title">
      <div class="halves">
        <div class="half head">
          ${this.preview ? html`<span class="stamp">${this.text('offer.preview')}</span>` : nothing}
          <h3 id="title" tabindex="-1" part="offer-title">${title}</h3>
          <p>${text}</p>
          <h4>${this.text('offer.asks')}</h4>
          <ul class="asked">
            ${this.quote.asks.map((ask) => html`<li>${ask.title}</li>`)}
          </ul>
        </div>
        <div class="half got">${this.reward()}</div>
      </div>
      ${isOpen ? this.form() : this.decision()}
    </article>`;
  }

  private reward(): TemplateResult {
    const { reward, earnsNow, whyNot, confirms } = this.quote;
    const { worth, terms } = this.format.reward(reward);
    const why = whyNot === 'cool-off' || whyNot === 'confirming' ? this.text(`offer.${whyNot}`) : '';
    const by = confirms?.by === undefined ? '' : this.text('offer.confirmBy', { date: this.format.date(confirms.by) });
    return html`<h4>${this.text('offer.youGet')}</h4>
      <p class="worth" part="worth">${earnsNow ? worth : this.text('offer.nothing')}</p>
      ${earnsNow && terms ? html`<p class="small">${terms}</p>` : nothing}
      ${why || by ? html`<p class="small">${why} ${by}</p>` : nothing}`;
  }

  private decision(): TemplateResult {
    const { title } = this.quote;
    return html`<div class="decide even">
      <button aria-expanded="false" aria-label=${this.text('offer.lookAt', { title })} @click=${() => this.open()}>
        ${this.text('offer.look')}
      </button>
      <button
        aria-label=${this.text('offer.noTo', { title })}
        @click=${() => this.emit('gegenwert-decline', this.quote)}
      >
        ${this.text('offer.no')}
      </button>
    </div>`;
  }

  private form(): TemplateResult {
    const faults = Object.keys(this.faults).length;
    const yes = this.quote.confirms ? 'offer.confirm' : 'offer.yes';
    const canSay = canBeEntered(this.quote);
    return html`<form class="rise" novalidate @submit=${(event: Event) => this.submit(event)}>
      ${this.quote.asks.map((ask) => this.ask(ask))}
      <div>
        <p>${this.text('offer.freedom')}</p>
        <details>
          <summary>${this.text('offer.notice')} ${DOWN}</summary>
          <p class="notice" lang=${this.quote.notice.locale}>${this.quote.notice.text}</p>
        </details>
      </div>
      <div aria-live="assertive">
        ${faults > 0 ? html`<p class="fault">${this.count('form.faults', faults)}</p>` : nothing}
        ${this.message === '' ? nothing : html`<p class="fault">${this.message}</p>`}
      </div>
      <div class="even">
        ${
          canSay
            ? html`<button type="submit" part="yes" aria-disabled=${this.busy ? 'true' : 'false'}>
                ${this.busy ? this.text('offer.sending') : this.text(yes)}
              </button>`
            : nothing
        }
        <button type="button" part="no" @click=${() => this.decline()}>${this.text('offer.no')}</button>
      </div>
    </form>`;
  }

  private ask(ask: Ask): TemplateResult {
    const isDeclined = this.draft.declined.has(ask.attribute);
    return html`<div class="ask" role="group" aria-label=${ask.title}>
      ${ask.special ? html`<p class="special">${LOCK}<span>${this.text('offer.special')}</span></p>` : nothing}
      ${
        isDeclined
          ? html`<h4>${ask.title}</h4>`
          : html`<gegenwert-field
              data-attribute=${ask.attribute}
              .locale=${this.locale}
              .attribute=${ask.attribute}
              .label=${ask.title}
              .schema=${ask.schema as Schema}
              .entered=${this.draft.entered[ask.attribute]}
              .fault=${this.faults[ask.attribute] ?? ''}
              .optional=${!ask.required}
              @gegenwert-entered=${(event: CustomEvent<{ entered: unknown }>) => this.enter(ask, event)}
            ></gegenwert-field>`
      }
      ${ask.special ? this.preferNot(ask, isDeclined) : nothing}
      ${ask.required ? nothing : html`<p class="small soft">${this.text('offer.optionalAsk')}</p>`}
      ${
        isDeclined
          ? nothing
          : html`<fieldset>
                <legend>${this.text('offer.purposes')}</legend>
                <div class="purposes">${ask.purposes.map((purpose) => this.purpose(ask, purpose))}</div>
                ${this.faultAt(`${ask.attribute}:`)}
              </fieldset>
              <p class="small soft">${this.text('offer.retention', { days: this.format.days(ask.retentionDays) })}</p>`
      }
    </div>`;
  }

  private preferNot(ask: Ask, isDeclined: boolean): TemplateResult {
    return html`<label class="choice">
      <input
        type="checkbox"
        .checked=${isDeclined}
        @change=${() => this.change((draft) => toggle(draft.declined, ask.attribute))}
      />
      <span>${this.text('offer.preferNot')}</span>
    </label>`;
  }

  private purpose(ask: Ask, purpose: AskedPurpose): TemplateResult {
    const id = purposeId(ask, purpose);
    const isFaulty = this.faults[id] !== undefined;
    const to = purpose.recipients;
    return html`<label class="purpose">
        <input
          type="checkbox"
          data-purpose=${id}
          .checked=${this.draft.ticked.has(id)}
          aria-invalid=${isFaulty ? 'true' : 'false'}
          aria-describedby=${isFaulty ? `fault-${id}` : nothing}
          @change=${() => this.change((draft) => toggle(draft.ticked, id))}
        />
        <span class="terms">
          <strong>${purpose.title}</strong>
          <span class="tag">${this.text(purpose.required ? 'offer.required' : 'offer.optional')}</span>
          <span class="small">${purpose.description}</span>
          <span class="small soft">
            ${
              to.length === 0
                ? this.text('offer.noRecipients')
                : this.text('offer.recipients', { names: this.format.list(to) })
            }
          </span>
        </span>
      </label>
      ${this.faultAt(id)}`;
  }

  private faultAt(id: string): TemplateResult | typeof nothing {
    const fault = this.faults[id];
    return fault === undefined ? nothing : html`<p class="fault" id=${`fault-${id}`}>${fault}</p>`;
  }

  private open(): void {
    this.isOpen = true;
    void this.updateComplete.then(() => this.focus());
  }

  private decline(): void {
    if (this.preview) return;
    this.isOpen = false;
    this.draft = emptyDraft();
    this.drafts?.delete(this.quote.offerId);
    this.faults = {};
    this.emit('gegenwert-decline', this.quote);
  }

  private enter(ask: Ask, { detail }: CustomEvent<{ entered: unknown }>): void {
    this.change((draft) => void (draft.entered[ask.attribute] = detail.entered));
    if (this.faults[ask.attribute] !== undefined) this.faults = without(this.faults, ask.attribute);
  }

  private change(how: (draft: Draft) => void): void {
    how(this.draft);
    this.draft = { ...this.draft };
    this.drafts?.set(this.quote.offerId, { draft: this.draft, noticeHash: this.quote.notice.hash });
    if (Object.keys(this.faults).length > 0) this.faults = this.check();
  }

  private submit(event: Event): void {
    event.preventDefault();
    if (this.busy || this.preview) return;
    this.faults = this.check();
    if (Object.keys(this.faults).length > 0) return void this.focusFault();
    const shared = sharedOf(this.quote, this.draft, (ask) => this.fieldOf(ask)?.value);
    this.emit('gegenwert-share', { quote: this.quote, ...shared } satisfies Shared);
  }

  private check(): Record<string, string> {
    const found: Record<string, string> = {};
    for (const ask of this.quote.asks) {
      for (const id of missingTicks(ask, this.draft))
        found[id] = this.text(id.endsWith(':') ? 'field.onePurpose' : 'field.purposeMissing');
      if (this.draft.declined.has(ask.attribute) || isLeftOut(ask, this.draft)) continue;
      const fault = this.fieldOf(ask)?.check();
      if (fault) found[ask.attribute] = fault;
    }
    return found;
  }

  private fieldOf(ask: Ask): Field | undefined {
    return [...this.renderRoot.querySelectorAll('gegenwert-field')].find((one) => one.attribute === ask.attribute);
  }

  private async focusFault(): Promise<void> {
    await this.updateComplete;
    const all = this.renderRoot.querySelectorAll<HTMLElement>('gegenwert-field, input[data-purpose]');
    const first = [...all].find(({ dataset }) => {
      const { attribute, purpose } = dataset;
      if (attribute !== undefined) return this.faults[attribute] !== undefined;
      return purpose !== undefined && (this.faults[purpose] ?? this.faults[`${purpose.split(':')[0]}:`]) !== undefined;
    });
    first?.focus();
  }
}

function toggle(set: Set<string>, one: string): void {
  if (!set.delete(one)) set.add(one);
}

function without(faults: Record<string, string>, name: string): Record<string, string> {
  return Object.fromEntries(Object.entries(faults).filter(([key]) => key !== name));
}

define('gegenwert-offer', Offer);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-offer': Offer;
  }
}
