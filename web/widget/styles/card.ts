import { css } from 'lit';

export const cardStyle = css`
  /* Of a thousand cards those out of sight cost nothing. */
  :host([far]) {
    content-visibility: auto;
    contain-intrinsic-size: auto 20rem;
  }
  .head {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 1rem;
    justify-content: space-between;
    align-items: baseline;
  }
  .given {
    display: grid;
    gap: 1rem;
    align-content: start;
  }
  .attribute {
    font-weight: 600;
  }
  .purposes {
    display: grid;
    margin-top: 0.375rem;
    border-top: 1px solid var(--_line);
  }
  .purpose {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0.125rem 0.75rem;
    padding: 0.625rem 0;
    border-bottom: 1px solid var(--_line);
  }
  .purpose .small {
    grid-column: 1;
  }
  .purpose button {
    grid-row: 1 / span 2;
    grid-column: 2;
    align-self: start;
  }
  /* What a button beside it would leave is less than a long word. */
  @container (max-width: 22rem) {
    .purpose {
      grid-template-columns: minmax(0, 1fr);
    }
    .purpose button {
      grid-row: auto;
      grid-column: 1;
      justify-self: start;
    }
  }
  .mark {
    font-size: 0.875rem;
    font-weight: 600;
    color: var(--_soft);
  }
  .mark.on {
    color: var(--_accent);
  }
  .got {
    display: grid;
    gap: 0.5rem;
    align-content: start;
  }
  .code {
    font:
      600 1.0625rem/1.3 ui-monospace,
      'DejaVu Sans Mono',
      monospace;
    letter-spacing: 0.06em;
    padding: 0.5rem 0.75rem;
    border: 1.5px dashed var(--_gold);
    border-radius: 8px;
    overflow-wrap: anywhere;
  }
  .foot {
    padding: 0.75rem clamp(1rem, 5cqi, 1.75rem) 1rem;
    border-top: 1px solid var(--_line);
    display: grid;
    gap: 0.5rem;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 0.5rem;
  }
  .told {
    display: flex;
    flex-wrap: wrap;
    gap: 0.25rem 0.75rem;
    align-items: center;
  }
`;

export const timelineStyle = css`
  ol.uses {
    padding: 0.5rem 0 0.25rem 1.1rem;
    margin-inline-start: 0.35rem;
    border-inline-start: 2px solid var(--_line);
    display: grid;
    gap: 0.875rem;
  }
  ol.uses li {
    position: relative;
  }
  ol.uses li::before {
    content: '';
    position: absolute;
    left: calc(-1.1rem - 6px);
    top: 0.45rem;
    width: 10px;
    height: 10px;
    border-radius: 50%;
    background: var(--_accent);
    box-shadow: 0 0 0 3px var(--_card);
  }
`;
