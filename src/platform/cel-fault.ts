/** What is wrong, for those who word it in a language of their own. */
export const CEL_FAULT_KINDS = [
  'out-of-place',
  'open-text',
  'no-number',
  'other-types',
  'unknown-function',
  'loop-in-loop',
  'sum-in-loop',
  'too-large',
  'no-condition',
  'other',
] as const;
export type CelFaultKind = (typeof CEL_FAULT_KINDS)[number];

/** The library's own codes by what they come to; those that are not here are told by their message alone. */
const KIND_OF_CODE: Readonly<Record<string, CelFaultKind>> = {
  unexpected_token: 'out-of-place',
  expected_token: 'out-of-place',
  unexpected_character: 'out-of-place',
  reserved_identifier: 'out-of-place',
  unterminated_string: 'open-text',
  unterminated_triple_quoted_string: 'open-text',
  newline_in_string: 'open-text',
  invalid_number: 'no-number',
  invalid_integer: 'no-number',
  invalid_hex_integer: 'no-number',
  invalid_exponent: 'no-number',
  no_such_overload: 'other-types',
  no_matching_overload: 'other-types',
  invalid_comparison_type: 'other-types',
  invalid_logical_operand: 'other-types',
  invalid_condition_type: 'other-types',
  incompatible_ternary_branches: 'other-types',
  heterogeneous_list_element: 'other-types',
  heterogeneous_map_key: 'other-types',
  heterogeneous_map_value: 'other-types',
  invalid_comprehension_range: 'other-types',
  invalid_index_type: 'other-types',
  cannot_index_type: 'other-types',
  limit_exceeded: 'too-large',
};

/** What is wrong with an expression, and where in it, if it is wrong somewhere; line and column count from 1. */
export interface CelFault {
  kind: CelFaultKind;
  /** English. */
  message: string;
  position?: { line: number; column: number };
}

/** What is wrong from a character on, counted from 0. */
export interface CelRefusal {
  kind: CelFaultKind;
  message: string;
  start: number;
}

export function faultAt(expression: string, { kind, message, start }: CelRefusal): CelFault {
  const before = expression.slice(0, start).split('\n');
  return { kind, message, position: { line: before.length, column: (before.at(-1) ?? '').length + 1 } };
}

/** Of what the library throws. @throws what is none of its errors */
export function faultOfLibrary(expression: string, error: unknown): CelFault {
  const { code = '', summary, range } = error as { code?: string; summary?: string; range?: { start: number } };
  if (summary === undefined) throw error;
  return faultAt(expression, { kind: KIND_OF_CODE[code] ?? 'other', message: summary, start: range?.start ?? 0 });
}
