import { html, nothing, type TemplateResult } from 'lit';
import { ProblemError } from '../../shared/problem';
import type { Api } from '../api';
import { explain } from '../explain';
import { saveFile } from '../../shared/save-file';
import { base, buttons } from '../styles/base';
import { dialogStyle } from '../styles/dialog';
import type { Certificate, Revocation, RevocationRecipient } from '../types';
import { watchRevocation } from '../watch-revocation';
import { CHECK, CLOCK, SAVE } from './icons';
import { define, Spoken } from './spoken';

/**
 * How far one revocation has come, as it happens: blocked, erased, how many have confirmed; and its certificate.
 * @fires gegenwert-moved at each change
 */
export class Progress extends Spoken {
  static override properties = {
    ...Spoken.properties,
    api: { attribute: false },
    revocation: { type: String },
    view: { state: true },
    fault: { state: true },
    notSaved: { state: true },
  };
  declare api: Api;
  /** Its id. */
  declare revocation: string;
  declare private view: Revocation | undefined;
  declare private fault: string;
  /** Why there is no certificate to save. */
  declare private notSaved: string;

  private watching: AbortController | undefined;

  static override styles = [base, buttons, dialogStyle];

  constructor() {
    super();
    this.fault = '';
    this.notSaved = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.watching = new AbortController();
    void this.watch(this.watching.signal);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watching?.abort();
  }

  protected override render(): TemplateResult {
    if (this.fault !== '') return html`<p class="fault" role="alert">${this.fault}</p>`;
    if (!this.view) return html`<p class="soft" role="status">${this.text('state.loading')}</p>`;
    const { view } = this;
    return html`<div class="stack">
      <ol class="steps" part="progress">
        ${this.step(
          true,
          html`<p>${this.text('take.blocked')}</p>
            ${this.at(view.blockedAt)}`,
        )}
        ${this.erased(view)} ${this.confirmed(view)}
      </ol>
      <p class="hidden" role="status">${this.summary(view)}</p>
      ${
        view.status === 'complete'
          ? html`<p><strong>${this.text('take.complete')}</strong></p>`
          : html`<p class="small soft">${this.text('take.running')}</p>`
      }
      <div>
        <button class="quiet" part="certificate" aria-describedby="what" @click=${() => this.save()}>
          ${SAVE} ${this.text('take.certificate')}
        </button>
        <p class="small soft" id="what">${this.text('take.certificateHelp')}</p>
        ${this.notSaved === '' ? nothing : html`<p class="fault" role="alert">${this.notSaved}</p>`}
      </div>
    </div>`;
  }

  private step(isDone: boolean, content: TemplateResult): TemplateResult {
    return html`<li class=${isDone ? 'done' : ''}>
      <span class="dot">${isDone ? CHECK : CLOCK}</span>
      <div>
        <span class="hidden">${this.text(isDone ? 'take.done' : 'take.open')}: </span>
        ${content}
      </div>
    </li>`;
  }

  private at(iso: string | undefined): TemplateResult | typeof nothing {
    return iso === undefined
      ? nothing
      : html`<p class="small soft"><time datetime=${iso}>${this.format.dateTime(iso)}</time></p>`;
  }

  private erased({ values, erasedAt }: Revocation): TemplateResult {
    const isDone = erasedAt !== undefined;
    return this.step(
      isDone,
      html`<p>${this.erasedText(values, isDone)}</p>
        ${this.at(erasedAt)}`,
    );
  }

  /** What was to be erased is counted as erased from then on. */
  private erasedText({ erasing, erased }: Revocation['values'], isDone: boolean): string {
    if (erasing + erased === 0) return this.text('take.erasedNone');
    return isDone ? this.count('take.erased', erased) : this.text('take.erasing');
  }

  private confirmed(view: Revocation): TemplateResult {
    return this.step(
      view.status === 'complete',
      html`<p data-confirmed>${this.confirmedText(view)}</p>
        <ul class="recipients small">
          ${view.recipients.map((one) => this.recipient(one))}
        </ul>`,
    );
  }

  private confirmedText({ recipients }: Revocation): string {
    if (recipients.length === 0) return this.text('take.confirmedNobody');
    const acknowledged = recipients.filter(({ status }) => status === 'acknowledged').length;
    return this.count('take.confirmed', recipients.length, { acknowledged: this.format.number(acknowledged) });
  }

  private recipient({ name, status, did, toldAt, dueAt, overdueSince }: RevocationRecipient): TemplateResult {
    const isLate = status === 'owed' && overdueSince !== undefined;
    const date = this.format.dateTime(overdueSince ?? dueAt);
    const key =
      status === 'acknowledged'
        ? did === 'erased'
          ? 'take.erasedBy'
          : 'take.stopped'
        : isLate
          ? 'take.overdue'
          : toldAt === undefined
            ? 'take.owed'
            : 'take.told';
    return html`<li class=${isLate ? 'late' : ''}><strong>${name}</strong> ${this.text(key, { date })}</li>`;
  }

  /** What a screen reader is told at each change. */
  private summary(view: Revocation): string {
    if (view.status === 'complete') return this.text('take.complete');
    return [
      this.text('take.blocked'),
      this.erasedText(view.values, view.erasedAt !== undefined),
      this.confirmedText(view),
    ].join(' ');
  }

  private async watch(signal: AbortSignal): Promise<void> {
    try {
      for await (const view of watchRevocation(this.api, this.revocation, signal)) {
        this.view = view;
        this.emit('gegenwert-moved', view);
      }
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      this.fault = error.status === 401 ? this.text('state.expired') : this.text('state.failed');
      if (error.status === 401) this.emit('gegenwert-unauthorized');
    }
  }

  private async save(): Promise<void> {
    this.notSaved = '';
    try {
      const certificate = await this.api.get<Certificate>(`/v1/me/revocations/${this.revocation}/certificate`, {
        locale: undefined,
      });
      const content = JSON.stringify(certificate, null, 2);
      saveFile(`${this.revocation}.json`, new Blob([content], { type: 'application/json' }));
    } catch (error) {
      this.notSaved = explain(this.locale, error, 'look');
      if (this.notSaved === '') this.emit('gegenwert-unauthorized');
    }
  }
}

define('gegenwert-progress', Progress);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-progress': Progress;
  }
}
