import { css } from 'lit';

export const offerStyle = css`
  .head {
    display: grid;
    gap: 0.5rem;
    align-content: start;
  }
  .asked {
    display: flex;
    flex-wrap: wrap;
    gap: 0.375rem;
    margin-top: 0.25rem;
  }
  .asked li {
    padding: 0.125rem 0.625rem;
    border: 1px solid var(--_line);
    border-radius: 999px;
    font-size: 0.875rem;
  }
  .got {
    display: grid;
    align-content: center;
    gap: 0.25rem;
  }
  .decide {
    border-top: 1px solid var(--_line);
    padding: 1.1rem clamp(1rem, 5cqi, 1.75rem) 1.25rem;
  }
  form {
    border-top: 1px solid var(--_line);
    padding: 1.25rem clamp(1rem, 5cqi, 1.75rem) 1.5rem;
    display: grid;
    gap: 1.5rem;
  }
  .ask {
    display: grid;
    gap: 1rem;
  }
  .ask + .ask {
    border-top: 1px solid var(--_line);
    padding-top: 1.5rem;
  }
  .ask > .choice {
    justify-self: start;
  }
  .special {
    display: flex;
    gap: 0.6rem;
    padding: 0.75rem 0.9rem;
    border-radius: 10px;
    background: var(--_accent-wash);
    font-size: 0.9375rem;
  }
  .purposes {
    display: grid;
    gap: 0.5rem;
    margin-top: 0.5rem;
  }
  .purpose {
    display: grid;
    grid-template-columns: auto minmax(0, 1fr);
    gap: 0.25rem 0.75rem;
    padding: 0.75rem 0.9rem;
    border: 1.5px solid var(--_edge);
    border-radius: 10px;
    cursor: pointer;
  }
  .purpose:has(:checked) {
    border-color: var(--_accent);
    background: var(--_accent-wash);
  }
  .purpose strong {
    font-weight: 600;
  }
  .terms {
    display: grid;
    gap: 0.25rem;
  }
  .tag {
    font-size: 0.8125rem;
    font-weight: 600;
    color: var(--_soft);
  }
  details {
    margin-top: 0.75rem;
  }
  .notice {
    white-space: pre-line;
    font-size: 0.9375rem;
    padding: 0.75rem 0.9rem;
    border-left: 3px solid var(--_line);
    margin-top: 0.25rem;
  }
  .stamp {
    justify-self: start;
    padding: 0.0625rem 0.5rem;
    border: 1px solid var(--_soft);
    border-radius: 4px;
    font-size: 0.75rem;
    font-weight: 600;
    color: var(--_soft);
  }
`;
