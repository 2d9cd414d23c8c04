const TYPES = { 'application/json': 'json', 'text/csv': 'csv', 'application/zip': 'zip' } as const;
type Format = (typeof TYPES)[keyof typeof TYPES];

/**
 * Which of these forms a header Accept wants most by its weights (RFC 9110, 12.5.1), of equals the one that it names first; JSON
 * where it names none of them.
 */
export function preferred<Offered extends Format>(accept = '', offered: readonly Offered[]): Offered | 'json' {
  const wanted = accept.split(',').flatMap((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const format = offered.find((one) => one === TYPES[type as keyof typeof TYPES]);
    return format === undefined ? [] : [{ format, weight: weightOf(parameters) }];
  });
  const [first] = wanted.filter(({ weight }) => weight > 0).sort((a, b) => b.weight - a.weight);
  return first?.format ?? 'json';
}

function weightOf(parameters: string[]): number {
  const weight = parameters.find((one) => one.startsWith('q='));
  return weight === undefined ? 1 : Number(weight.slice(2));
}
