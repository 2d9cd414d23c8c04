import { css, html, nothing, type TemplateResult } from 'lit';
import { type Choice, choicesOf, inputKind, isWhole } from '../choices';
import { type Entered, faultOf, hintOf, valueOf } from '../check-value';
import { base, fields } from '../styles/base';
import type { Schema } from '../types';
import { define, Spoken } from './spoken';

/** More choices than these are a list to open. */
const CHOICES_IN_SIGHT = 7;
/** What browsers can fill in (WCAG 1.3.5), by the attribute's key. */
const PURPOSES_OF_INPUT: Record<string, string> = {
  birthday: 'bday',
  birthdate: 'bday',
  dateofbirth: 'bday',
  email: 'email',
  phone: 'tel',
  postcode: 'postal-code',
  postalcode: 'postal-code',
  country: 'country',
  city: 'address-level2',
};

/** The input for one value, made from its JSON Schema. Says `gegenwert-entered` when it changes. */
export class Field extends Spoken {
  static override properties = {
    ...Spoken.properties,
    attribute: { type: String },
    label: { type: String },
    schema: { attribute: false },
    entered: { attribute: false },
    fault: { type: String },
    optional: { type: Boolean },
  };
  declare attribute: string;
  declare label: string;
  declare schema: Schema;
  declare entered: Entered;
  declare fault: string;
  declare optional: boolean;

  static override styles = [
    base,
    fields,
    css`
      .fault {
        margin-top: 0.25rem;
      }
    `,
  ];

  constructor() {
    super();
    this.attribute = '';
    this.label = '';
    this.schema = {};
    this.fault = '';
    this.optional = false;
  }

  /** The value, undefined while there is none. */
  get value(): unknown {
    return valueOf(this.schema, this.entered, this.locale);
  }

  /** What is wrong with it, in words. */
  check(): string {
    return faultOf(this.schema, this.entered, { locale: this.locale, format: this.format }) ?? '';
  }

  override focus(): void {
    this.one<HTMLElement>('input:checked, input, select, textarea')?.focus();
  }

  protected override render(): TemplateResult {
    const kind = inputKind(this.schema);
    const fault = this.fault === '' ? nothing : html`<p class="fault" id="fault">${this.fault}</p>`;
    if (kind === undefined) return html`<p class="soft">${this.text('offer.elsewhere')}</p>`;
    const choices =
      kind === 'boolean'
        ? [
            { value: true, label: this.text('field.yes') },
            { value: false, label: this.text('field.no') },
          ]
        : choicesOf(kind === 'choices' ? (this.schema.items ?? {}) : this.schema, this.locale);
    if (kind === 'number' || kind === 'date' || kind === 'text') return html`${this.typed(kind)}${fault}`;
    if (kind === 'choice' && choices.length > CHOICES_IN_SIGHT) return html`${this.list(choices)}${fault}`;
    return html`${this.inSight(choices, kind === 'choices')}${fault}`;
  }

  private get described(): string {
    return this.fault === '' ? 'hint' : 'hint fault';
  }

  private typed(kind: 'number' | 'date' | 'text'): TemplateResult {
    const { format, maxLength } = this.schema;
    const type = kind === 'date' ? 'date' : format === 'email' ? 'email' : 'text';
    const mode = kind === 'number' ? (isWhole(this.schema) ? 'numeric' : 'decimal') : nothing;
    const hint = kind === 'number' ? hintOf(this.schema, { locale: this.locale, format: this.format }) : '';
    return html`<div class="field">
      <label for="input">${this.label}</label>
      <span class="soft small" id="hint" ?hidden=${hint === ''}>${hint}</span>
      <input
        id="input"
        part="input"
        type=${type}
        inputmode=${mode}
        maxlength=${maxLength ?? nothing}
        autocomplete=${PURPOSES_OF_INPUT[this.attribute.toLowerCase()] ?? 'off'}
        .value=${String((this.entered as string | number | undefined) ?? '')}
        aria-invalid=${this.fault === '' ? 'false' : 'true'}
        aria-describedby=${this.described}
        aria-required=${this.optional ? 'false' : 'true'}
        @input=${(event: InputEvent) => this.enter((event.target as HTMLInputElement).value)}
      />
    </div>`;
  }

  private list(choices: Choice[]): TemplateResult {
    return html`<div class="field">
      <label for="input">${this.label}</label>
      <select
        id="input"
        part="input"
        aria-invalid=${this.fault === '' ? 'false' : 'true'}
        aria-describedby=${this.fault === '' ? nothing : 'fault'}
        aria-required=${this.optional ? 'false' : 'true'}
        @change=${(event: Event) => {
          const chosen = choices[(event.target as HTMLSelectElement).selectedIndex - 1];
          this.enter(chosen?.value);
        }}
      >
        <option ?selected=${this.entered === undefined}>${this.text('field.choose')}</option>
        ${choices.map(({ value, label }) => html`<option ?selected=${value === this.entered}>${label}</option>`)}
      </select>
    </div>`;
  }

  private inSight(choices: Choice[], isSeveral: boolean): TemplateResult {
    const chosen = isSeveral ? ((this.entered as unknown[] | undefined) ?? []) : [this.entered];
    return html`<fieldset
      aria-describedby=${this.described}
      aria-invalid=${this.fault === '' ? nothing : 'true'}
      role=${isSeveral ? 'group' : 'radiogroup'}
    >
      <legend>${this.label}</legend>
      <span class="soft small" id="hint" ?hidden=${!isSeveral}>${this.text('field.several')}</span>
      <div class="choices">
        ${choices.map(
          ({ value, label }) =>
            html`<label class="choice">
              <input
                type=${isSeveral ? 'checkbox' : 'radio'}
                name="value"
                .checked=${chosen.includes(value)}
                @change=${(event: Event) =>
                  this.choose(value, { isSeveral, isOn: (event.target as HTMLInputElement).checked })}
              />
              <span>${label}</span>
            </label>`,
        )}
      </div>
    </fieldset>`;
  }

  private choose(value: unknown, { isSeveral, isOn }: { isSeveral: boolean; isOn: boolean }): void {
    if (!isSeveral) return this.enter(value);
    const others = ((this.entered as unknown[] | undefined) ?? []).filter((one) => one !== value);
    // In the order of the schema, whatever the order of the clicks.
    const all = choicesOf(this.schema.items ?? {}, this.locale).map((choice) => choice.value);
    this.enter(all.filter((one) => others.includes(one) || (isOn && one === value)));
  }

  private enter(entered: Entered): void {
    this.entered = entered;
    this.emit('gegenwert-entered', { attribute: this.attribute, entered });
  }
}

define('gegenwert-field', Field);
declare global {
  interface HTMLElementTagNameMap {
    'gegenwert-field': Field;
  }
}
