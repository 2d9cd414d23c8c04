const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** https, or http to this machine where that is allowed; nothing that says more than where. */
export function isIssuerUrl(text: string, allowLoopback: boolean): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, hash } = new URL(text);
  if (username || password || hash) return false;
  const isLoopback = LOOPBACK.test(hostname);
  return isLoopback ? allowLoopback && (protocol === 'http:' || protocol === 'https:') : protocol === 'https:';
}
