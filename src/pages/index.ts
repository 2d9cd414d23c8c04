export { servePages } from './serve-pages';
