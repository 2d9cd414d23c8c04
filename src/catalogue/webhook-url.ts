import { kindOfHost } from '../platform/address-kind';

/** What is wrong with a recipient's webhook URL; undefined when nothing is. */
export function faultOfWebhookUrl(text: string, allowLoopback: boolean): string | undefined {
  if (text.length > 2000 || !URL.canParse(text)) return 'Must be a URL of at most 2000 characters';
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'Must be an https URL';
  if (url.username || url.password) return 'Must not hold a user name or a password';
  const kind = kindOfHost(url);
  if (kind === 'closed') return 'Must be reachable from outside: this address is private, reserved or link-local';
  if (kind === 'loopback') {
    return allowLoopback ? undefined : 'Must be reachable from outside: this address is the service itself';
  }
  return url.protocol === 'https:' ? undefined : 'Must be an https URL';
}
