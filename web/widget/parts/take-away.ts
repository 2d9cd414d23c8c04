import { html, nothing, type TemplateResult } from 'lit';
import type { Api } from '../api';
import { explain } from '../explain';
import { saveFile } from '../../shared/save-file';
import { base, buttons } from '../styles/base';
import { panelStyle } from '../styles/panels';
import { SAVE } from './icons';
import { define, Spoken } from './spoken';

const FORMATS = ['zip', 'json', 'csv'] as const;
type Format = (typeof FORMATS)[number];

/** Everything that is held about the customer, to download. */
export class TakeAway extends Spoken {
  static override properties = {
    ...Spoken.properties,
    api: { attribute: false },
    busy: { state: true },
    said: { state: true },
    fault: { state: true },
  };
  declare api: Api;
  declare private busy: Format | undefined;
  declare private said: string;
  declare private fault: string;

  static override styles = [base, buttons, panelStyle];

  constructor() {
    super();
    this.said = '';
    this.fault = '';
  }

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <p>${this.text('export.intro')}</p>
      <div class="row">
        ${FORMATS.map(
          (format) =>
            html`<button
              class="quiet"
              aria-disabled=${this.busy === undefined ? 'false' : 'true'}
              @click=${() => this.save(format)}
            >
              ${SAVE} ${this.text(this.busy === format ? 'export.preparing' : `export.${format}`)}
            </button>`,
        )}
      </div>
      <p role="status">${this.said}</p>
      ${this.fault === '' ? nothing : html`<p class="fault" role="alert">${this.fault}</p>`}
    </div>`;
  }

  private async save(format: Format): Promise<void> {
    if (this.busy !== undefined) return;
    this.busy = format;
    this.said = '';
    this.fault = '';
    const name = `gegenwert-export.${format}`;
    try {
      saveFile(name, await this.api.download('/v1/me/export', { format }));
      this.said = this.text('export.done', { name });
    } catch (error) {
      this.fault = explain(this.locale, error, 'look');
      if (this.fault === '') this.emit('gegenwert-unauthorized');
    } finally {
      this.busy = undefined;
    }
  }
}

define('gegenwert-take-away', TakeAway);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-take-away': TakeAway;
  }
}
