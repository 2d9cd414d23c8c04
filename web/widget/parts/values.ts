import { html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { ProblemError } from '../../shared/problem';
import type { Api } from '../api';
import { choicesOf, inputKind, labelOf } from '../choices';
import { explain } from '../explain';
import { base, buttons } from '../styles/base';
import { panelStyle } from '../styles/panels';
import type { MyValue, Page } from '../types';
import type { Field } from './field';
import './field';
import { define, Spoken } from './spoken';

/**
 * What the service holds of the customer, shown when asked for, and corrected.
 * @fires gegenwert-changed
 */
export class Values extends Spoken {
  static override properties = {
    ...Spoken.properties,
    api: { attribute: false },
    values: { state: true },
    correcting: { state: true },
    fault: { state: true },
    said: { state: true },
    busy: { state: true },
  };
  declare api: Api;
  declare private values: MyValue[] | undefined;
  /** Key of the attribute that is being corrected. */
  declare private correcting: string | undefined;
  declare private fault: string;
  declare private said: string;
  declare private busy: boolean;

  static override styles = [base, buttons, panelStyle];

  constructor() {
    super();
    this.fault = '';
    this.said = '';
    this.busy = false;
  }

  /** What was shown may have been erased since, or be written in another language: it is read again before it is shown again. */
  forget(): void {
    // What is being typed stays: where nothing is left to correct, the service says so.
    if (this.correcting !== undefined) return;
    this.values = undefined;
  }

  protected override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('locale')) this.forget();
  }

  protected override render(): TemplateResult {
    return html`<div class="stack">
      <p>${this.text('values.intro')}</p>
      ${this.values ? this.list(this.values) : this.ask()}
      <p role="status">${this.said}</p>
      ${this.correcting === undefined && this.fault !== '' ? html`<p class="fault" role="alert">${this.fault}</p>` : nothing}
    </div>`;
  }

  private ask(): TemplateResult {
    return html`<div>
      <button aria-disabled=${this.busy ? 'true' : 'false'} @click=${() => this.load()}>
        ${this.text(this.busy ? 'state.loading' : 'values.show')}
      </button>
    </div>`;
  }

  private list(values: MyValue[]): TemplateResult {
    if (values.length === 0) return html`<p class="soft" tabindex="-1">${this.text('values.none')}</p>`;
    return html`<ul class="values" tabindex="-1" part="values" aria-label=${this.text('values.title')}>
      ${values.map((value) => this.item(value))}
    </ul>`;
  }

  private item(value: MyValue): TemplateResult {
    const { attribute, title, keptUntil } = value;
    return html`<li>
      <div>
        <p class="small soft">${title}</p>
        <p class="value">${this.written(value)}</p>
        <p class="small soft">${this.text('values.keptUntil', { date: this.format.date(keptUntil) })}</p>
      </div>
      ${
        this.correcting === attribute
          ? this.form(value)
          : html`<button
              class="link"
              data-correct=${attribute}
              aria-label=${this.text('values.correctOf', { title })}
              @click=${() => this.correct(attribute)}
            >
              ${this.text('values.correct')}
            </button>`
      }
    </li>`;
  }

  private written({ schema, value }: MyValue): string {
    const label = (one: unknown): string =>
      choicesOf(schema.items ?? schema, this.locale).find((choice) => choice.value === one)?.label ?? labelOf(one);
    if (Array.isArray(value)) return this.format.list(value.map(label));
    if (typeof value === 'boolean') return this.text(value ? 'field.yes' : 'field.no');
    if (typeof value === 'number') return this.format.number(value);
    if (typeof value === 'string' && schema.format === 'date') return this.format.date(value);
    if (typeof value === 'object') return JSON.stringify(value);
    return inputKind(schema) === 'choice' ? label(value) : String(value);
  }

  private form({ attribute, title, schema, value }: MyValue): TemplateResult {
    const entered = typeof value === 'number' ? this.format.typed(value) : value;
    return html`<form novalidate @submit=${(event: Event) => this.save(event, { attribute, title })}>
      <gegenwert-field
        .locale=${this.locale}
        .attribute=${attribute}
        .label=${title}
        .schema=${schema}
        .entered=${entered}
        .fault=${this.fault}
      ></gegenwert-field>
      <div class="row">
        <button class="quiet" type="submit" aria-disabled=${this.busy ? 'true' : 'false'}>
          ${this.text('values.save')}
        </button>
        <button class="quiet" type="button" @click=${() => this.end(attribute)}>${this.text('values.cancel')}</button>
      </div>
    </form>`;
  }

  private correct(attribute: string): void {
    this.correcting = attribute;
    this.fault = '';
    this.said = '';
    void this.updateComplete.then(async () => {
      const field = this.one<Field>('gegenwert-field');
      await field?.updateComplete;
      field?.focus();
    });
  }

  private end(attribute: string): void {
    this.correcting = undefined;
    this.fault = '';
    void this.updateComplete.then(() => this.one(`[data-correct="${CSS.escape(attribute)}"]`)?.focus());
  }

  private async load(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    this.fault = '';
    await this.tried(async () => {
      this.values = (await this.api.get<Page<MyValue>>('/v1/me/values')).data;
    });
    await this.updateComplete;
    this.one('ul, .soft')?.focus();
  }

  private async save(event: Event, { attribute, title }: { attribute: string; title: string }): Promise<void> {
    event.preventDefault();
    const field = this.one<Field>('gegenwert-field');
    if (!field || this.busy) return;
    this.fault = field.check();
    if (this.fault !== '') return field.focus();
    this.busy = true;
    const isSaved = await this.tried(async () => {
      await this.api.change('PUT', `/v1/me/values/${encodeURIComponent(attribute)}`, { body: { value: field.value } });
      this.values = this.values?.map((one) =>
        one.attribute === attribute ? { ...one, value: field.value as MyValue['value'] } : one,
      );
    });
    if (!isSaved) return field.focus();
    this.said = this.text('values.saved', { title });
    this.end(attribute);
    this.emit('gegenwert-changed');
  }

  private async tried(what: () => Promise<void>): Promise<boolean> {
    try {
      await what();
      return true;
    } catch (error) {
      const isFaulty = error instanceof ProblemError && error.faults.length > 0;
      this.fault = isFaulty ? this.text('field.check') : explain(this.locale, error, 'change');
      if (this.fault === '') this.emit('gegenwert-unauthorized');
      return false;
    } finally {
      this.busy = false;
    }
  }
}

define('gegenwert-values', Values);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-values': Values;
  }
}
