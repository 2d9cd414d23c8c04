import { css } from 'lit';

export const panelStyle = css`
  .stack {
    display: grid;
    gap: 1rem;
  }
  .values {
    border-top: 1px solid var(--_line);
  }
  .values > li {
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    gap: 0.25rem 1rem;
    padding: 0.75rem 0;
    border-bottom: 1px solid var(--_line);
  }
  .values form {
    grid-column: 1 / -1;
    display: grid;
    gap: 1rem;
  }
  .value {
    font-weight: 600;
  }
  .row {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem;
  }
  table {
    width: 100%;
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 0.625rem 0.5rem 0.625rem 0;
    border-bottom: 1px solid var(--_line);
    text-align: start;
    vertical-align: top;
    font-weight: 400;
  }
  thead th {
    font-size: 0.8125rem;
    font-weight: 600;
    color: var(--_soft);
  }
  td:first-child {
    white-space: nowrap;
  }
  .number {
    text-align: end;
    white-space: nowrap;
    padding-inline-end: 0;
    padding-inline-start: 0.5rem;
  }
  .plus {
    color: var(--_gold);
    font-weight: 600;
  }
  @container (max-width: 28rem) {
    .balance {
      display: none;
    }
  }
`;
