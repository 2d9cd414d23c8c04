import { css } from 'lit';

export const dialogStyle = css`
  dialog {
    width: min(34rem, calc(100vw - 1.5rem));
    max-height: calc(100dvh - 1.5rem);
    padding: 0;
    color: var(--_ink);
    background: var(--_card);
    border: 1px solid var(--_line);
    border-radius: var(--_radius);
    box-shadow: 0 24px 64px -16px rgb(0 0 0 / 45%);
    overflow: auto;
  }
  dialog::backdrop {
    background: rgb(20 26 22 / 55%);
  }
  /* Here and not around it: a click between its edge and its text is not beside it. */
  dialog > div {
    padding: clamp(1.1rem, 5vw, 2rem);
  }
  dialog > div,
  .stack {
    display: grid;
    gap: 1rem;
  }
  .consequence {
    display: grid;
    gap: 0.625rem;
    padding: 1rem 1.1rem;
    border-radius: 10px;
    background: var(--_got);
  }
  .consequence .keep {
    font: 600 1.25rem/1.3 var(--_display);
    color: var(--_gold);
  }
  .steps {
    display: grid;
    gap: 0;
  }
  .steps > li {
    position: relative;
    display: grid;
    grid-template-columns: 1.75rem minmax(0, 1fr);
    gap: 0.75rem;
    padding-bottom: 1rem;
  }
  .steps > li:not(:last-child)::before {
    content: '';
    position: absolute;
    left: calc(0.875rem - 1px);
    top: 1.75rem;
    bottom: 0;
    border-left: 2px solid var(--_line);
  }
  .dot {
    width: 1.75rem;
    height: 1.75rem;
    display: grid;
    place-items: center;
    border: 2px solid var(--_edge);
    border-radius: 50%;
    color: var(--_soft);
  }
  .done > .dot {
    border-color: var(--_accent);
    background: var(--_accent);
    color: var(--_on-accent);
  }
  .recipients {
    display: grid;
    gap: 0.375rem;
    margin-top: 0.375rem;
  }
  .late {
    color: var(--_alert);
  }
  .result {
    display: flex;
    flex-wrap: wrap;
    gap: 0.75rem;
  }
  .bone {
    height: 1.25rem;
    border-radius: 6px;
    background: var(--_line);
  }
`;
