import { html, nothing, type TemplateResult } from 'lit';
import { type Api, newKey } from '../api';
import { explain } from '../explain';
import { base, buttons } from '../styles/base';
import { dialogStyle } from '../styles/dialog';
import type { Consequence, Scope } from '../types';
import { define, Spoken } from './spoken';
import './progress';

export interface Wish {
  scope: Scope;
  /** Of the share, purpose or attribute. */
  title: string;
}

type Step = 'closed' | 'looking' | 'asking' | 'sending' | 'following' | 'nothing' | 'failed';

/**
 * Taking back, in a dialog: first what it would do, then whether to do it, then how it goes.
 * @fires gegenwert-changed when something was taken back or has moved on
 * @fires gegenwert-closed
 */
export class TakeBack extends Spoken {
  static override properties = {
    ...Spoken.properties,
    api: { attribute: false },
    step: { state: true },
    wish: { state: true },
    consequence: { state: true },
    following: { state: true },
    fault: { state: true },
  };
  declare api: Api;
  declare private step: Step;
  declare private wish: Wish | undefined;
  declare private consequence: Consequence | undefined;
  /** Ids of the revocations that are shown. */
  declare private following: string[];
  declare private fault: string;

  /** One for each wish, so that a retry of it takes back once. */
  private key = '';
  private looking: AbortController | undefined;
  private isTaking = false;

  static override styles = [base, buttons, dialogStyle];

  constructor() {
    super();
    this.step = 'closed';
    this.following = [];
    this.fault = '';
  }

  /** Says what it would do, and asks. */
  async ask(wish: Wish): Promise<void> {
    // What is still on its way is shown first: it may not have gone through.
    if (this.isTaking) return this.show('sending');
    this.key = newKey();
    this.wish = wish;
    this.fault = '';
    this.consequence = undefined;
    await this.show('looking');
    await this.look();
  }

  /** Shows what has been taken back before. */
  async follow(ids: string[], title: string): Promise<void> {
    if (this.isTaking) return this.show('sending');
    this.wish = { scope: {}, title };
    this.consequence = undefined;
    this.following = ids;
    await this.show('following');
  }

  protected override render(): TemplateResult {
    return html`<dialog
      part="dialog"
      aria-labelledby="title"
      @close=${() => this.closed()}
      @click=${(event: Event) => {
        if (event.target === this.dialog) this.dialog?.close();
      }}
    >
      <div>
        <h2 id="title" tabindex="-1">${this.text('take.title')}</h2>
        ${this.what()} ${this.content()}
      </div>
    </dialog>`;
  }

  private get dialog(): HTMLDialogElement | null {
    return this.one<HTMLDialogElement>('dialog');
  }

  private what(): TemplateResult | typeof nothing {
    if (!this.wish) return nothing;
    const { scope, title } = this.wish;
    if (scope.share !== undefined) return html`<p>${this.text('take.share', { title })}</p>`;
    if (scope.purpose !== undefined) return html`<p>${this.text('take.purpose', { title })}</p>`;
    if (scope.attribute !== undefined) return html`<p>${this.text('take.attribute', { title })}</p>`;
    if (scope.everything) return html`<p>${this.text('take.everything')}</p>`;
    return html`<p>${this.text('take.of', { title })}</p>`;
  }

  private content(): TemplateResult | typeof nothing {
    const close = html`<button @click=${() => this.dialog?.close()}>${this.text('take.close')}</button>`;
    switch (this.step) {
      case 'closed':
        return nothing;
      case 'looking':
        return html`<div class="consequence" role="status">
            <p>${this.text('take.checking')}</p>
            <div class="bone"></div>
            <div class="bone"></div>
          </div>
          ${close}`;
      case 'asking':
      case 'sending':
        return html`${this.effects()} ${this.faultText()}
          <div class="even">
            <button part="yes" aria-disabled=${this.step === 'sending' ? 'true' : 'false'} @click=${() => this.take()}>
              ${this.text(this.step === 'sending' ? 'offer.sending' : 'take.do')}
            </button>
            <button part="no" @click=${() => this.dialog?.close()}>${this.text('take.leave')}</button>
          </div>`;
      case 'following':
        return html`${this.consequence ? html`<p><strong>${this.keeps()}</strong></p>` : nothing}
        ${this.following.map(
          (id, n) =>
            html`${
                this.following.length > 1
                  ? html`<h3>${this.text('take.several', { n: n + 1, of: this.following.length })}</h3>`
                  : nothing
              } <gegenwert-progress .locale=${this.locale} .api=${this.api} .revocation=${id}></gegenwert-progress>`,
        )}
        ${close}`;
      case 'nothing':
        return html`<p role="status">${this.text('take.nothing')}</p>
          ${close}`;
      case 'failed':
        return html`${this.faultText()}
          <div class="even">
            <button @click=${() => this.look()}>${this.text('state.retry')}</button>
            ${close}
          </div>`;
    }
  }

  private faultText(): TemplateResult | typeof nothing {
    return this.fault === '' ? nothing : html`<p class="fault" role="alert">${this.fault}</p>`;
  }

  private keeps(): string {
    const points = this.consequence?.keepsPoints ?? 0;
    return points > 0 ? this.text('take.keep', { points: this.format.points(points) }) : this.text('take.keepNothing');
  }

  private effects(): TemplateResult {
    const { recipients, values } = this.consequence!;
    const names = this.format.list(recipients.map(({ name }) => name));
    return html`<div class="consequence" part="consequence">
      <p class="keep">${this.keeps()}</p>
      <p>
        ${recipients.length === 0 ? this.text('take.tellNobody') : this.count('take.tell', recipients.length, { names })}
      </p>
      <p>${values.erasing === 0 ? this.text('take.eraseNone') : this.count('take.erase', values.erasing)}</p>
    </div>`;
  }

  private async show(step: Step): Promise<void> {
    this.step = step;
    await this.updateComplete;
    if (this.dialog?.open === false) this.dialog.showModal();
    this.one('#title')?.focus();
  }

  private async look(): Promise<void> {
    const looking = new AbortController();
    this.looking = looking;
    this.step = 'looking';
    try {
      const sent = { body: this.wish?.scope, signal: looking.signal };
      this.consequence = await this.api.change<Consequence>('POST', '/v1/me/revocations?dryRun=true', sent);
      this.step = this.consequence.consentsEnded === 0 ? 'nothing' : 'asking';
    } catch (error) {
      if (looking.signal.aborted) return;
      this.fail(error, 'failed');
    }
  }

  private async take(): Promise<void> {
    if (this.isTaking) return;
    this.isTaking = true;
    this.step = 'sending';
    this.fault = '';
    try {
      const sent = { body: this.wish?.scope, idempotencyKey: this.key };
      const answer = await this.api.change<Consequence>('POST', '/v1/me/revocations', sent);
      this.consequence = answer;
      this.following = answer.id === undefined ? [] : [answer.id];
      this.emit('gegenwert-changed');
      await this.show(answer.id === undefined ? 'nothing' : 'following');
    } catch (error) {
      this.fail(error, 'asking');
      // Also to who has closed it meanwhile, and takes it for done.
      if (this.dialog?.open === false && this.fault !== '') await this.show('asking');
    } finally {
      this.isTaking = false;
    }
  }

  private fail(error: unknown, step: Step): void {
    this.fault = explain(this.locale, error, step === 'asking' ? 'change' : 'look');
    this.step = step;
    if (this.fault !== '') return;
    this.emit('gegenwert-unauthorized');
    // That the session is over is said on the page underneath.
    this.dialog?.close();
  }

  private closed(): void {
    this.looking?.abort();
    this.step = 'closed';
    this.following = [];
    this.emit('gegenwert-closed');
  }
}

define('gegenwert-take-back', TakeBack);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-take-back': TakeBack;
  }
}
