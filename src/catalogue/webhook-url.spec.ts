import { faultOfWebhookUrl } from './webhook-url';

const PRIVATE = /private, reserved or link-local/;
const ITSELF = /the service itself/;
const NOT_HTTPS = /https/;
const SECRET = /user name or a password/;

describe('faultOfWebhookUrl', () => {
  it.each([
    'https://hooks.example.com/in',
    'https://hooks.example.com:8443/in?x=1',
    'https://8.8.8.8/',
    'https://[2606:4700:4700::1111]/',
    'https://bücher.example/',
    'https://192.0.1.1/',
    'https://172.32.0.1/',
    'https://100.128.0.1/',
  ])('accepts %s', (url) => {
    expect(faultOfWebhookUrl(url, false)).toBeUndefined();
  });

  it.each([
    ['http://hooks.example.com/', NOT_HTTPS],
    ['ftp://hooks.example.com/', NOT_HTTPS],
    ['file:///etc/passwd', NOT_HTTPS],
    ['javascript:alert(1)', NOT_HTTPS],
    ['gopher://169.254.169.254/', NOT_HTTPS],
    ['not a url', /URL/],
    ['', /URL/],
    [`https://example.com/${'a'.repeat(2000)}`, /2000/],
    ['https://user:secret@hooks.example.com/', SECRET],
    ['https://user@hooks.example.com/', SECRET],
    ['https://hooks.example.com@10.0.0.1/', SECRET],
    ['https://10.1.2.3/', PRIVATE],
    ['https://172.16.0.1/', PRIVATE],
    ['https://172.31.255.255/', PRIVATE],
    ['https://192.168.1.1/', PRIVATE],
    ['https://169.254.169.254/latest/meta-data', PRIVATE],
    ['http://169.254.169.254/', PRIVATE],
    ['https://169.254.169.254./', PRIVATE],
    ['https://2852039166/', PRIVATE], // 169.254.169.254 in decimal
    ['https://0xa9fea9fe/', PRIVATE], // in hexadecimal
    ['https://0251.0376.0251.0376/', PRIVATE], // in octal
    ['https://169.254.43518/', PRIVATE], // two parts in one
    ['https://①⑥⑨.254.169.254/', PRIVATE], // full-width digits
    ['https://[::ffff:169.254.169.254]/', PRIVATE],
    ['https://[::ffff:a9fe:a9fe]/', PRIVATE],
    ['https://[::ffff:10.0.0.1]/', PRIVATE],
    ['https://[::10.0.0.1]/', PRIVATE],
    ['https://[64:ff9b::a9fe:a9fe]/', PRIVATE],
    ['https://[2002:a9fe:a9fe::1]/', PRIVATE],
    ['https://[fd00:ec2::254]/', PRIVATE],
    ['https://[fe80::1]/', PRIVATE],
    ['https://[fc00::1]/', PRIVATE],
    ['https://[ff02::1]/', PRIVATE],
    ['https://[::]/', PRIVATE],
    ['https://0.0.0.0/', PRIVATE],
    ['https://0/', PRIVATE],
    ['https://100.64.0.1/', PRIVATE],
    ['https://224.0.0.1/', PRIVATE],
    ['https://255.255.255.255/', PRIVATE],
    ['https://metadata.google.internal/', PRIVATE],
    ['https://printer.local/', PRIVATE],
    ['https://intranet/', PRIVATE],
    ['https://127.0.0.1/', ITSELF],
    ['https://127.1/', ITSELF],
    ['https://2130706433/', ITSELF],
    ['https://0x7f.1/', ITSELF],
    ['https://0177.0.0.1/', ITSELF],
    ['https://[::1]/', ITSELF],
    ['https://[::ffff:127.0.0.1]/', ITSELF],
    ['https://localhost/', ITSELF],
    ['https://LOCALHOST./', ITSELF],
    ['https://api.localhost/', ITSELF],
  ])('refuses %s', (url, fault) => {
    expect(faultOfWebhookUrl(url, false)).toMatch(fault);
  });

  it.each(['http://127.0.0.1:9000/', 'http://localhost/', 'https://[::1]:9000/', 'http://[::ffff:127.0.0.1]/'])(
    'accepts %s where loopback is allowed',
    (url) => {
      expect(faultOfWebhookUrl(url, true)).toBeUndefined();
    },
  );

  it.each(['http://hooks.example.com/', 'http://10.0.0.1/', 'https://10.0.0.1/', 'https://[::ffff:10.0.0.1]/'])(
    'refuses %s also where loopback is allowed',
    (url) => {
      expect(faultOfWebhookUrl(url, true)).toBeDefined();
    },
  );
});
