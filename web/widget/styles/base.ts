import { css } from 'lit';

/** Text, focus and motion, the same in every element. */
export const base = css`
  :host {
    display: block;
    color: var(--_ink);
    font: 400 1rem/1.5 var(--_font);
    -webkit-text-size-adjust: 100%;
    overflow-wrap: anywhere;
  }
  :host([hidden]) {
    display: none;
  }
  *,
  ::before,
  ::after {
    box-sizing: border-box;
  }
  h2,
  h3,
  h4,
  p,
  ul,
  ol,
  dl,
  dd,
  fieldset,
  figure {
    margin: 0;
    padding: 0;
    border: 0;
  }
  ul,
  ol {
    list-style: none;
  }
  h2,
  h3 {
    font-family: var(--_display);
    font-weight: 600;
    line-height: 1.2;
    letter-spacing: -0.01em;
    text-wrap: balance;
  }
  h2 {
    font-size: 1.55rem;
  }
  h3 {
    font-size: 1.25rem;
  }
  h4 {
    font: 600 0.8125rem/1.4 var(--_font);
    color: var(--_soft);
  }
  h3.small {
    font: 600 0.8125rem/1.4 var(--_font);
    letter-spacing: 0;
  }
  .soft {
    color: var(--_soft);
  }
  .small {
    font-size: 0.875rem;
  }
  .icon {
    width: 1.1em;
    height: 1.1em;
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.9;
    stroke-linecap: round;
    stroke-linejoin: round;
    vertical-align: -0.18em;
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    margin: -1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  :focus-visible {
    outline: 3px solid var(--_accent);
    outline-offset: 2px;
  }
  [tabindex='-1']:focus {
    outline: none;
  }
  .fault {
    color: var(--_alert);
    font-weight: 600;
    font-size: 0.875rem;
  }
  @media (prefers-reduced-motion: no-preference) {
    .rise {
      animation: rise 0.35s cubic-bezier(0.2, 0.7, 0.2, 1) both;
    }
    @keyframes rise {
      from {
        opacity: 0;
        transform: translateY(6px);
      }
    }
  }
`;

export const buttons = css`
  button,
  summary {
    font: inherit;
    color: inherit;
    cursor: pointer;
  }
  button {
    min-height: 2.75rem;
    padding: 0.5rem 1.1rem;
    display: inline-flex;
    gap: 0.5rem;
    align-items: center;
    justify-content: center;
    text-align: center;
    font-weight: 600;
    line-height: 1.25;
    background: var(--_card);
    border: 1.5px solid var(--_edge);
    border-radius: 999px;
  }
  button:hover {
    border-color: var(--_ink);
  }
  button[aria-disabled='true'] {
    opacity: 0.75;
    cursor: progress;
  }
  button.main {
    background: var(--_accent);
    border-color: var(--_accent);
    color: var(--_on-accent);
  }
  button.main:hover {
    filter: brightness(1.12);
  }
  button.quiet {
    min-height: 2.25rem;
    padding: 0.25rem 0.75rem;
    font-size: 0.875rem;
    background: none;
  }
  button.link {
    min-height: 1.75rem;
    padding: 0.125rem 0.375rem;
    margin-inline: -0.375rem;
    border-color: transparent;
    background: none;
    color: var(--_accent);
    font-size: 0.875rem;
    text-decoration: underline;
    text-underline-offset: 0.2em;
    text-decoration-thickness: 1px;
  }
  button.link:hover {
    text-decoration-thickness: 2px;
  }
  /* Yes and no weigh the same. */
  .even {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(9.5rem, 100%), 1fr));
    gap: 0.75rem;
  }
  .even > button {
    width: 100%;
    border-width: 2px;
  }
  summary {
    min-height: 2.25rem;
    display: flex;
    align-items: center;
    gap: 0.4rem;
    list-style: none;
  }
  summary::-webkit-details-marker {
    display: none;
  }
  summary > .icon:last-child {
    margin-inline-start: auto;
  }
  details[open] > summary > .icon:last-child {
    transform: rotate(180deg);
  }
`;

/** A slip of paper in two halves, torn between what was given and what was got. */
export const slip = css`
  .slip {
    container-type: inline-size;
    background: var(--_card);
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    box-shadow: var(--_shade);
    overflow: clip;
  }
  .halves {
    display: grid;
    grid-template-columns: minmax(0, 1fr);
  }
  .half {
    padding: 1.25rem clamp(1rem, 5cqi, 1.75rem);
  }
  .got {
    position: relative;
    background: var(--_got);
    border-top: 2px dashed var(--_line);
  }
  .got::before,
  .got::after {
    content: '';
    position: absolute;
    width: 18px;
    height: 18px;
    border-radius: 50%;
    background: var(--_paper);
    border: 1px solid var(--_line);
    top: -10px;
    left: -10px;
  }
  .got::after {
    left: auto;
    right: -10px;
  }
  .worth {
    font: 600 1.6rem/1.15 var(--_display);
    color: var(--_gold);
    font-variant-numeric: tabular-nums;
    text-wrap: balance;
  }
  @container (min-width: 36rem) {
    .halves {
      grid-template-columns: minmax(0, 1fr) minmax(12rem, 15rem);
    }
    .got {
      border-top: 0;
      border-left: 2px dashed var(--_line);
    }
    .got::after {
      left: -10px;
      right: auto;
      top: auto;
      bottom: -10px;
    }
  }
`;

export const fields = css`
  .field {
    display: grid;
    gap: 0.375rem;
  }
  .field > label,
  legend {
    font-weight: 600;
    padding: 0;
  }
  input:not([type='checkbox'], [type='radio']),
  select,
  textarea {
    font: inherit;
    color: inherit;
    width: 100%;
    max-width: 22rem;
    min-height: 2.75rem;
    padding: 0.5rem 0.75rem;
    background: var(--_card);
    border: 1.5px solid var(--_edge);
    border-radius: 10px;
  }
  [aria-invalid='true'] {
    border-color: var(--_alert) !important;
    border-width: 2px !important;
  }
  input[type='checkbox'],
  input[type='radio'] {
    width: 1.5rem;
    height: 1.5rem;
    margin: 0;
    flex: none;
    accent-color: var(--_accent);
  }
  .choices {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
    margin-top: 0.375rem;
  }
  .choice {
    display: flex;
    gap: 0.6rem;
    align-items: center;
    min-height: 2.75rem;
    padding: 0.5rem 0.9rem 0.5rem 0.7rem;
    border: 1.5px solid var(--_edge);
    border-radius: 10px;
    cursor: pointer;
    font-weight: 500;
  }
  .choice:has(:checked) {
    border-color: var(--_accent);
    background: var(--_accent-wash);
  }
`;
