const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

export const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (one) => ENTITIES[one] ?? one);

export const link = (url: string, text: string): string => `<a href="${escaped(url)}">${escaped(text)}</a>`;

/** A plain page of the demo's own; of the body, whoever calls it has escaped what needs to be. */
export const page = (locale: string, title: string, body: string): string => `<!doctype html>
<html lang="${escaped(locale)}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>body { font: 1rem/1.5 system-ui; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }</style>
<h1>${escaped(title)}</h1>
${body}
`;
