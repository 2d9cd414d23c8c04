/**
 * Names are resolved by threads of this process, of which half may wait for name servers at a time: with the usual four, two names
 * whose servers never answer keep all others from being resolved. To be imported before anything else: the number is read once.
 */
process.env['UV_THREADPOOL_SIZE'] ??= '64';
