/** The directives of a Content-Security-Policy, as helmet takes them. */
export type Directives = Record<string, string[] | null>;

/**
 * What the customer's page may: its own scripts and styles, and calls to this service. No inline script or style, no frame
 * around it, nothing of anybody else.
 */
export const CUSTOMERS_PAGE: Directives = {
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'"],
  connectSrc: ["'self'"],
  manifestSrc: ["'self'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'none'"],
};

/**
 * The console's as well; and it asks an issuer for tokens. Whoever signs in has not said yet at whose, and an issuer may have its
 * keys and tokens at other addresses than its own: any over https, and where loopback is allowed those of this machine.
 */
export const CONSOLE = (allowLoopback: boolean): Directives => ({
  ...CUSTOMERS_PAGE,
  connectSrc: ["'self'", 'https:', ...(allowLoopback ? ['http://localhost:*', 'http://127.0.0.1:*'] : [])],
});

/** Styles that a page's own script makes, with the nonce that this answer holds, are let in as well. */
export const withNonce = (directives: Directives, nonce: string): Directives => ({
  ...directives,
  styleSrc: ["'self'", `'nonce-${nonce}'`],
});
