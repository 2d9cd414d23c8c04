const CODE = /^[0-9A-HJKMNP-TV-Z]{12}$/;

/**
 * A code as somebody typed it: in any case, with hyphens, and with Crockford's look-alikes (I and L are 1, O is 0).
 * Undefined for what is no code.
 */
export function readCode(typed: string): string | undefined {
  const code = typed.toUpperCase().replaceAll('-', '').replaceAll(/[IL]/g, '1').replaceAll('O', '0');
  return CODE.test(code) ? code : undefined;
}
